//! `wrap` asks: before it writes, and once more for each server that a folder
//! brought along.

use std::fs;
use std::path::Path;

use crate::harness::OnTerminal;

const SIZE: (u16, u16) = (120, 36);

const CURSOR: &str = r#"{"mcpServers": {"mem": {"command": "npx", "args": ["mem"]}}}"#;

fn wrap(folder: &Path, words: &[&str]) -> OnTerminal {
    let words: Vec<&str> = ["wrap"].iter().chain(words).copied().collect();
    OnTerminal::fanout_in(folder, &words, SIZE)
}

#[test]
fn it_writes_after_a_yes_and_only_then() {
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir(home.path().join(".codeium")).expect("a folder");
    fs::create_dir(home.path().join(".codeium/windsurf")).expect("a folder");
    let path = home.path().join(".codeium/windsurf/mcp_config.json");
    fs::write(&path, CURSOR).expect("a file");
    for (answer, is_wrapped) in [("\r", false), ("n\r", false), ("y\r", true)] {
        let mut asked = wrap(home.path(), &[]);
        asked.wait_for("Write? [y/N]");
        asked.keys(answer);
        assert_eq!(asked.exit_code(), 0);
        let text = fs::read_to_string(&path).expect("the file");
        assert_eq!(text.contains("--lock"), is_wrapped, "{answer:?}: {text}");
    }
}

#[test]
fn a_file_that_changed_meanwhile_is_left() {
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(home.path().join(".codeium/windsurf")).expect("folders");
    let path = home.path().join(".codeium/windsurf/mcp_config.json");
    fs::write(&path, CURSOR).expect("a file");
    let mut asked = wrap(home.path(), &["windsurf"]);
    asked.wait_for("Write? [y/N]");
    let meanwhile = CURSOR.replace("npx", "uvx");
    fs::write(&path, &meanwhile).expect("another program");
    asked.keys("y\r");
    asked.wait_for("has changed since it was read");
    assert_eq!(asked.exit_code(), 1);
    assert_eq!(fs::read_to_string(&path).expect("the file"), meanwhile);
}

#[test]
fn a_server_that_a_folder_brought_along_is_asked_for_by_itself() {
    let project = tempfile::tempdir().expect("a folder");
    let path = project.path().join(".vscode");
    fs::create_dir(&path).expect("a folder");
    let path = path.join("mcp.json");
    let text = r#"{"servers": {"evil": {"command": "sh", "args": ["-c", "touch started"], "env": {"NAME": "value"}}}}"#;
    fs::write(&path, text).expect("a file");
    let mut asked = wrap(project.path(), &["vscode", "--yes"]);
    asked.wait_for("Wrap it all the same? [y/N]");
    asked.wait_for("sh -c 'touch started'");
    asked.wait_for("with NAME");
    asked.keys("\r");
    assert_eq!(asked.exit_code(), 0);
    assert_eq!(fs::read_to_string(&path).expect("the file"), text);
    let mut asked = wrap(project.path(), &["vscode", "--yes"]);
    asked.wait_for("Wrap it all the same? [y/N]");
    asked.keys("y\r");
    assert_eq!(asked.exit_code(), 0);
    let now = fs::read_to_string(&path).expect("the file");
    assert!(now.contains("--lock"), "{now}");
    assert!(!project.path().join("started").exists());
}
