//! `wrap`, `unwrap` and `with`: that nothing but a command changes, that it is
//! undone to the byte, and that no secret stands in a command line.

mod claude;
mod formats;
mod with;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::bench::{Answer, Bench};

/// A user with agents: a home folder, a project, and programs on a path.
struct User {
    bench: Bench,
}

/// A value that must not be found in any command line.
const SECRET: &str = "sk-0123456789abcdef";

impl User {
    fn new() -> Self {
        let bench = Bench::new();
        for folder in ["home", "bin", "config", "state"] {
            fs::create_dir_all(bench.folder().join(folder)).expect("a folder");
        }
        Self { bench }
    }

    fn home(&self) -> PathBuf {
        self.bench.folder().join("home")
    }

    /// Writes a file, with the folders above it.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.bench.folder().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(&path, text).expect("a file");
        path
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.bench.folder().join(name)).expect("a text")
    }

    /// Puts a program on the path that writes down its words and its
    /// environment, and then does what `script` says.
    fn program(&self, name: &str, script: &str) {
        let folder = self.bench.folder().display();
        let text = format!(
            "#!/bin/sh\nfor word in \"$@\"; do printf '%s\\n' \"$word\"; done \
             >> '{folder}/{name}.argv'\n{script}\n"
        );
        let path = self.file(&format!("bin/{name}"), &text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
    }

    fn run(&self, words: &[&str]) -> Answer {
        let path = self.bench.folder().join("bin");
        let path = format!("{}:/usr/bin:/bin", path.display());
        let home = self.home().display().to_string();
        let state = self.bench.folder().join("state").display().to_string();
        let env = [
            ("PATH", path.as_str()),
            ("HOME", &home),
            ("XDG_STATE_HOME", &state),
        ];
        self.bench.run_with(&env, words)
    }
}

/// Every file below a folder, with its contents.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push((path.clone(), fs::read(&path).expect("a file")));
        }
    }
    all.sort();
    all
}
