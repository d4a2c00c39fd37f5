//! The locks of a call, from the templates of its tool and its arguments.
//!
//! A `file:` lock is identified by the file itself: its path is taken from the
//! tool's working directory, and links are followed as far as they exist. Two
//! hard links to one file are two locks, and so are two spellings of a name
//! where the file system ignores case. Following links asks the file system,
//! which a thread that must answer leaves to others.

use std::cell::LazyCell;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::command::{as_text, folder_of};
use super::template::{Piece, pieces};
use crate::model::{LockKey, LockSet, Tool, ToolAction};

/// Most links that are followed one after another.
const MOST_LINKS: usize = 40;

/// The locks that a call of `tool` takes with these arguments. A lock that
/// names an argument without value is not taken: there is nothing to hold.
pub fn locks(tool: &Tool, args: &Value) -> LockSet {
    locks_where(tool, args, |_| true)
}

/// The same, without the locks that name an argument which is not known yet.
pub(crate) fn locks_where(tool: &Tool, args: &Value, is_known: impl Fn(&Value) -> bool) -> LockSet {
    let base = LazyCell::new(|| Base::of(tool));
    let filled = |names: &[String]| {
        let names = names.iter();
        let keys = names.filter_map(|name| filled(name, args, &is_known));
        keys.flat_map(|key| identify(&key, &base)).collect()
    };
    LockSet {
        write: filled(&tool.write_locks),
        read: filled(&tool.read_locks),
    }
}

/// The same locks, those of files identified as for calls of `tool`.
pub(crate) fn identified(locks: &LockSet, tool: &Tool) -> LockSet {
    let base = LazyCell::new(|| Base::of(tool));
    let all = |keys: &[LockKey]| {
        let keys = keys.iter();
        keys.flat_map(|key| identify(key.as_str(), &base)).collect()
    };
    LockSet {
        write: all(&locks.write),
        read: all(&locks.read),
    }
}

/// Returns the locks of a name. The disk is only looked at for files.
fn identify<F: FnOnce() -> Base>(name: &str, base: &LazyCell<Base, F>) -> Vec<LockKey> {
    match name.strip_prefix(LockKey::FILE) {
        Some(path) => base.identified(name, path),
        None => vec![LockKey::new(name)],
    }
}

/// The folders that paths of locks are relative to.
struct Base {
    /// The folder fanout works in, without links.
    here: PathBuf,
    /// The working directory of the tool.
    cwd: PathBuf,
}

impl Base {
    fn of(tool: &Tool) -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let here = here.canonicalize().unwrap_or(here);
        let cwd = match &tool.action {
            ToolAction::Command { cwd: Some(cwd), .. } => {
                folder_of(tool.origin.as_deref(), &here).join(cwd)
            }
            _ => here.clone(),
        };
        Self { here, cwd }
    }

    /// The locks of a file. A path under the folder fanout works in stays
    /// relative to it; a folder above it needs the lock of all that is in it,
    /// too.
    fn identified(&self, name: &str, path: &str) -> Vec<LockKey> {
        let Ok(real) = real_path(&self.cwd.join(path)) else {
            return vec![LockKey::new(name)];
        };
        let key = |path: &Path| LockKey::new(&format!("{}{}", LockKey::FILE, path.display()));
        match real.strip_prefix(&self.here) {
            Ok(inside) => vec![key(inside)],
            Err(_) if self.here.starts_with(&real) => vec![key(&real), key(Path::new("."))],
            Err(_) => vec![key(&real)],
        }
    }
}

/// Returns a path without links and `..`, as far as it exists.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..MOST_LINKS {
        let mut existing = path.as_path();
        let mut missing = Vec::new();
        let real = loop {
            match existing.canonicalize() {
                Ok(real) => break real,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let (Some(name), Some(above)) = (existing.file_name(), existing.parent())
                    else {
                        return Err(error);
                    };
                    missing.push(name.to_owned());
                    existing = above;
                }
                Err(error) => return Err(error),
            }
        };
        // The first part that is missing may be a link to what is missing.
        let link = missing
            .last()
            .and_then(|name| real.join(name).read_link().ok());
        let Some(target) = link else {
            return Ok(missing
                .iter()
                .rev()
                .fold(real, |path, name| path.join(name)));
        };
        missing.pop();
        let followed = real.join(target);
        path = missing
            .iter()
            .rev()
            .fold(followed, |path, name| path.join(name));
    }
    Err(io::Error::other("too many links"))
}

fn filled(name: &str, args: &Value, is_known: impl Fn(&Value) -> bool) -> Option<String> {
    let mut key = String::new();
    for piece in pieces(name).ok()? {
        match piece {
            Piece::Text(text) => key.push_str(text),
            Piece::Placeholder(argument) => {
                let value = args.get(argument).filter(|value| !value.is_null())?;
                if !is_known(value) {
                    return None;
                }
                key.push_str(&as_text(value));
            }
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::tests::tool;

    #[test]
    fn placeholders_are_filled_and_optional_ones_left_out() {
        let mut tool = tool(&["true"]);
        tool.write_locks = vec!["file:{{out}}".to_owned(), "db".to_owned()];
        tool.read_locks = vec!["{{a}}/{{b}}".to_owned()];
        let locks = locks(&tool, &json!({"out": "./x//y", "a": 1}));
        assert_eq!(locks.write, [LockKey::new("file:x/y"), LockKey::new("db")]);
        assert!(locks.read.is_empty());
    }

    /// A tool that locks the file of its argument, and works in a folder.
    fn locking(cwd: Option<&Path>) -> Tool {
        let mut tool = tool(&["true"]);
        tool.write_locks = vec!["file:{{path}}".to_owned()];
        if let ToolAction::Command { cwd: folder, .. } = &mut tool.action {
            *folder = cwd.map(Path::to_owned);
        }
        tool
    }

    fn file_lock(cwd: Option<&Path>, path: &Path) -> Vec<LockKey> {
        locks(
            &locking(cwd),
            &json!({ "path": path.display().to_string() }),
        )
        .write
    }

    #[test]
    fn all_names_of_a_file_are_one_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().canonicalize().expect("it is there");
        let link = std::os::unix::fs::symlink::<PathBuf, PathBuf>;
        std::fs::create_dir(folder.join("real")).expect("a folder");
        std::fs::write(folder.join("real/f"), "").expect("a file");
        link(folder.join("real"), folder.join("linked")).expect("a link");
        link("real/f".into(), folder.join("file-link")).expect("a link");
        link("real/new".into(), folder.join("dangling")).expect("a link");
        let wanted = file_lock(None, &folder.join("real/f"));
        for other in [
            "linked/f",
            "file-link",
            "real/../linked/./f",
            "linked/../real/f",
        ] {
            assert_eq!(file_lock(None, &folder.join(other)), wanted, "{other}");
        }
        assert_eq!(
            file_lock(Some(&folder), Path::new("linked/f")),
            wanted,
            "its cwd"
        );
        let cwd = folder.join("linked");
        assert_eq!(
            file_lock(Some(&cwd), Path::new("f")),
            wanted,
            "a linked cwd"
        );
        // What is not there yet is known by what is.
        let wanted = file_lock(None, &folder.join("real/new"));
        for other in ["linked/new", "dangling"] {
            assert_eq!(file_lock(None, &folder.join(other)), wanted, "{other}");
        }
    }

    #[test]
    fn files_under_the_working_folder_have_relative_names_and_folders_above_cover_them() {
        let here = std::env::current_dir().expect("a folder");
        let absolute = file_lock(None, &here.join("Cargo.toml"));
        assert_eq!(absolute, [LockKey::new("file:Cargo.toml")]);
        let above = file_lock(None, Path::new(".."));
        let inside = LockKey::new("file:not/there");
        assert!(above.iter().any(|key| key.overlaps(&inside)), "{above:?}");
        assert_eq!(file_lock(None, Path::new("not/there")), [inside]);
    }

    #[test]
    fn links_that_lead_in_a_circle_keep_their_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::os::unix::fs::symlink("a", &path).expect("a link");
        let name = LockKey::new(&format!("file:{}", path.display()));
        assert_eq!(file_lock(None, &path), [name]);
    }
}
