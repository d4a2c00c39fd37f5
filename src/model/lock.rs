//! Named locks, shared or exclusive, hierarchical for paths.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a lock. `file:` names are paths: one conflicts with any under
/// or above it. The reader of the file has normalised the path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LockKey(Arc<str>);

impl LockKey {
    /// The prefix of path locks.
    pub const FILE: &'static str = "file:";

    /// Takes a name; path locks lose `.` parts, doubled and trailing slashes,
    /// and `..` parts where a part stands before them.
    pub fn new(name: &str) -> Self {
        match name.strip_prefix(Self::FILE) {
            Some(path) => Self(format!("{}{}", Self::FILE, normalised(path)).into()),
            None => Self(name.into()),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a path lock.
    pub fn is_path(&self) -> bool {
        self.0.starts_with(Self::FILE)
    }

    /// The path lock of the folder this one stands in.
    pub fn above(&self) -> Option<Self> {
        let path = self.0.strip_prefix(Self::FILE)?;
        let folder = match path.rsplit_once('/') {
            Some(("", "")) => return None,
            Some(("", _)) => "/",
            Some((folder, _)) => folder,
            None if path == "." || path == ".." => return None,
            None => ".",
        };
        Some(Self(format!("{}{folder}", Self::FILE).into()))
    }

    /// Whether holding one concerns the other: the same name, or for path
    /// locks one at, under or above the other.
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.0 == other.0 {
            return true;
        }
        match (
            self.0.strip_prefix(Self::FILE),
            other.0.strip_prefix(Self::FILE),
        ) {
            (Some(a), Some(b)) => is_under(a, b) || is_under(b, a),
            _ => false,
        }
    }
}

/// Whether `path` stands under `folder`; both are normalised.
fn is_under(path: &str, folder: &str) -> bool {
    match folder {
        "/" => path.starts_with('/'),
        "." => !path.starts_with('/') && path != ".." && !path.starts_with("../"),
        _ => path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/')),
    }
}

fn normalised(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if path.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    match (path.starts_with('/'), parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

impl fmt::Display for LockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockMode {
    /// Beside other shared holders.
    Shared,
    /// Alone.
    Exclusive,
}

/// The locks of one call, taken all together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LockSet {
    /// Held alone.
    #[serde(default)]
    pub write: Vec<LockKey>,
    /// Held beside other readers.
    #[serde(default)]
    pub read: Vec<LockKey>,
}

impl LockSet {
    /// Each lock with its mode, the exclusive ones first.
    pub fn iter(&self) -> impl Iterator<Item = (&LockKey, LockMode)> {
        let write = self.write.iter().map(|key| (key, LockMode::Exclusive));
        let read = self.read.iter().map(|key| (key, LockMode::Shared));
        write.chain(read)
    }

    /// Whether the call needs no lock.
    pub fn is_empty(&self) -> bool {
        self.write.is_empty() && self.read.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlap(a: &str, b: &str) -> bool {
        let (a, b) = (LockKey::new(a), LockKey::new(b));
        assert_eq!(a.overlaps(&b), b.overlaps(&a));
        a.overlaps(&b)
    }

    #[test]
    fn path_locks_are_hierarchical() {
        assert!(overlap("file:a", "file:a/b"));
        assert!(overlap("file:./a//b/", "file:a/b"));
        assert!(overlap("file:.", "file:a"));
        assert!(overlap("file:/", "file:/etc"));
        assert!(overlap("file:a/../b", "file:b/c"));
        assert!(!overlap("file:a", "file:ab"));
        assert!(!overlap("file:a/b", "file:a/c"));
        assert!(!overlap("file:..", "file:a"));
    }

    #[test]
    fn plain_locks_match_by_name_only() {
        assert!(overlap("db", "db"));
        assert!(!overlap("db", "db/x"));
        assert!(!overlap("file:db", "db"));
    }
}
