//! Names of locks: the same for the same server, from whatever agent, file and
//! day it is started.
//!
//! A lock that is split by mistake loses data, one that is shared by mistake
//! only waits. Where it is not clear whether two servers are the same, they
//! share.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Hex digits of a digest in a key.
const DIGITS: usize = 8;

/// A server as a configuration starts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerCommand<'a> {
    /// Program, as it stands in the configuration.
    pub program: &'a OsStr,
    /// Its arguments.
    pub args: &'a [OsString],
    /// Folder that it is started in.
    pub cwd: &'a Path,
    /// Variables that the configuration adds; not the agent's own.
    pub env: &'a BTreeMap<String, String>,
    /// Value of `PATH`, in which the program is looked up.
    pub search: &'a OsStr,
}

impl ServerCommand<'_> {
    /// Returns the key of the server's lock: its name and eight hex digits of a
    /// digest of the rest. Servers of one digest share their lock, whatever
    /// their names are.
    pub fn lock_key(&self, name: &str) -> String {
        format!("{name}-{}", self.digest())
    }

    /// Digests the program, the arguments, the folder where one of them is a
    /// path relative to it, and the variables in the order of their names.
    fn digest(&self) -> String {
        let mut parts = Sha256::new();
        let mut add = |part: &[u8]| {
            parts.update((part.len() as u64).to_le_bytes());
            parts.update(part);
        };
        add(self.resolved_program().as_os_str().as_bytes());
        add(&(self.args.len() as u64).to_le_bytes());
        for argument in self.args {
            add(argument.as_bytes());
        }
        let words = self.args.iter().map(OsString::as_os_str);
        let values = self.env.values().map(OsStr::new);
        let mut words = words.chain(values).chain([self.program]);
        if words.any(|word| is_relative(word.as_bytes())) {
            add(self.cwd.as_os_str().as_bytes());
        }
        for (name, value) in self.env {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        hex(&parts.finalize())
    }

    /// Returns the program's file: links followed, so that `/bin/node` and
    /// `/usr/bin/node` are the same; as it is written where none is found.
    fn resolved_program(&self) -> PathBuf {
        let found = if self.program.as_bytes().contains(&b'/') {
            Some(self.cwd.join(self.program))
        } else {
            let folders = std::env::split_paths(self.search).filter(|it| it.is_absolute());
            let mut candidates = folders.map(|folder| folder.join(self.program));
            candidates.find(|candidate| candidate.is_file())
        };
        let found = found.unwrap_or_else(|| PathBuf::from(self.program));
        found.canonicalize().unwrap_or(found)
    }
}

/// Whether a word, or the value in a word such as `--file=./x`, begins with `.`
/// or `..` as a part of a path. Others with a slash, such as names of packages
/// and repositories, may be no path at all, and count as none.
fn is_relative(word: &[u8]) -> bool {
    let value = word.splitn(2, |byte| *byte == b'=').last();
    [Some(word), value].into_iter().flatten().any(|text| {
        let first = text.split(|byte| *byte == b'/').next();
        matches!(first, Some(b"." | b".."))
    })
}

/// Returns whether two keys name one lock. A key that ends with the digest of a
/// command is that digest; the name before it is for people.
pub fn is_same_lock(one: &str, other: &str) -> bool {
    one == other || file_name(one) == file_name(other)
}

/// Returns the name of a lock's file: hex digits. Keys that end with the same
/// digest have the same file.
pub(super) fn file_name(key: &str) -> String {
    let is_hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    let digest = key.rsplit_once('-').map(|(_, digest)| digest);
    match digest.filter(|it| it.len() == DIGITS && it.bytes().all(is_hex)) {
        Some(digest) => digest.to_owned(),
        None => hex(&Sha256::digest(key)),
    }
}

fn hex(digest: &[u8]) -> String {
    let mut text = String::with_capacity(DIGITS);
    for byte in digest.iter().take(DIGITS / 2) {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(args: &[&str], cwd: &str, env: &[(&str, &str)]) -> String {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let command = ServerCommand {
            program: OsStr::new("sh"),
            args: &args,
            cwd: Path::new(cwd),
            env: &env.collect(),
            search: OsStr::new("relative:/nowhere:/bin:/usr/bin"),
        };
        command.digest()
    }

    #[test]
    fn the_same_server_has_the_same_lock_from_any_folder() {
        let args = ["-y", "@modelcontextprotocol/server-memory", "--repo=a/b"];
        let env = [("B", "2"), ("A", "1")];
        let key = digest(&args, "/one", &env);
        assert_eq!(key, digest(&args, "/two", &[("A", "1"), ("B", "2")]));
        assert_ne!(key, digest(&args, "/one", &[("A", "1")]));
        assert_ne!(key, digest(&args[1..], "/one", &env));
        // The same on any day.
        assert_eq!(digest(&[], "/", &[]).len(), DIGITS);
    }

    #[test]
    fn a_relative_path_makes_the_folder_count() {
        for (args, env) in [
            (&["./m.json"][..], &[][..]),
            (&[".."][..], &[][..]),
            (&["--file=../m.json"][..], &[][..]),
            (&[][..], &[("FILE", "./m.json")][..]),
        ] {
            assert_ne!(
                digest(args, "/one", env),
                digest(args, "/two", env),
                "{args:?}"
            );
        }
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        assert_ne!(digest(&["a", "b"], "/", &[]), digest(&["ab"], "/", &[]));
        assert_ne!(digest(&["a"], "/", &[]), digest(&[], "/", &[("a", "")]));
    }

    #[test]
    fn locks_of_one_digest_are_one_file() {
        assert_eq!(file_name("mem-0a1b2c3d"), "0a1b2c3d");
        assert_eq!(file_name("memory-0a1b2c3d"), "0a1b2c3d");
        for key in ["mem", "mem-0A1B2C3D", "../../x", "", "a-0a1b2c3"] {
            let name = file_name(key);
            assert_eq!(name.len(), DIGITS, "{key}");
            assert_ne!(name, file_name("another"));
        }
    }
}
