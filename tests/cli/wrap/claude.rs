//! Claude Code, whose own file is changed by its own command.

use std::fs;

use super::{SECRET, User, files};

/// A project's file: one entry with a value, one without.
fn project() -> String {
    format!(
        r#"{{
  "mcpServers": {{
    "plain": {{ "command": "npx", "args": ["-y", "plain"], "env": {{ "A": "${{HOME}}" }} }},
    "valued": {{ "command": "npx", "args": ["-y", "valued"], "env": {{ "API_KEY": "{SECRET}" }} }},
    "unknown": {{ "command": "npx", "args": ["-y", "unknown"] }}
  }}
}}"#
    )
}

/// A user who has told Claude Code that it may start two of the three.
fn user() -> User {
    let user = User::new();
    user.file(".mcp.json", &project());
    let folder = user.bench.folder().canonicalize().expect("a folder");
    let own = serde_json::json!({
        "numStartups": 3,
        "projects": { folder.display().to_string(): {
            "enabledMcpjsonServers": ["plain", "valued"],
            "hasTrustDialogAccepted": true,
        } },
    });
    user.file("home/.claude.json", &format!("{own:#}"));
    user.program("claude", "exit 0");
    user
}

#[test]
fn the_project_stays_as_it_is_and_no_value_stands_in_a_command_line() {
    let user = user();
    let answer = user.run(&["wrap", "claude", "--yes"]).with_code(0);
    assert_eq!(user.text(".mcp.json"), project());
    let words = user.text("claude.argv");
    assert!(!words.contains(SECRET), "{words}");
    let words: Vec<&str> = words.lines().collect();
    assert_eq!(
        words[..6],
        ["mcp", "add-json", "-s", "local", "--", "plain"]
    );
    let entry: serde_json::Value = serde_json::from_str(words[6]).expect("JSON");
    assert_eq!(entry["env"]["A"], "${HOME}");
    assert_eq!(words.len(), 7, "{words:?}");
    // The one with a value goes into the file itself.
    let own: serde_json::Value =
        serde_json::from_str(&user.text("home/.claude.json")).expect("JSON");
    let folder = user.bench.folder().canonicalize().expect("a folder");
    let entry = &own["projects"][folder.display().to_string()]["mcpServers"]["valued"];
    assert_eq!(entry["env"]["API_KEY"], SECRET);
    assert_eq!(entry["args"][0], "mcp");
    assert_eq!(own["numStartups"], 3);
    // What Claude Code does not start yet is not touched, whatever was said.
    assert!(answer.stdout.contains("unknown"), "{answer:#?}");
    assert!(
        answer.stdout.contains("has not been told yet"),
        "{answer:#?}"
    );
    assert!(!user.text("home/.claude.json").contains("unknown"));
    assert!(answer.stdout.contains("Claude Code: /mcp"), "{answer:#?}");
}

#[test]
fn what_only_stands_before_the_project_is_removed_again() {
    let user = user();
    user.run(&["wrap", "claude", "--yes", "--server", "valued"])
        .with_code(0);
    let answer = user.run(&["unwrap", "--yes"]).with_code(0);
    assert!(answer.stdout.contains("is removed"), "{answer:#?}");
    let words = user.text("claude.argv");
    let words: Vec<&str> = words.lines().collect();
    assert_eq!(words, ["mcp", "remove", "-s", "local", "--", "valued"]);
}

#[test]
fn the_file_of_the_project_is_edited_where_that_is_asked_for() {
    let user = user();
    user.run(&["wrap", "claude", "--yes", "--scope", "project"])
        .with_code(0);
    let text = user.text(".mcp.json");
    assert_eq!(text.matches("--lock").count(), 2, "{text}");
    assert!(!user.bench.folder().join("claude.argv").exists());
    user.run(&["unwrap", "--yes"]).with_code(0);
    assert_eq!(user.text(".mcp.json"), project());
    user.run(&["wrap", "claude", "--yes", "--scope", "user"])
        .with_code(0);
    assert_eq!(user.text(".mcp.json"), project());
}

#[test]
fn an_entry_that_is_not_taken_is_put_back() {
    let user = User::new();
    let own = r#"{"mcpServers": {"mem": {"command": "npx", "args": ["mem"]}}}"#;
    user.file("home/.claude.json", own);
    user.program(
        "claude",
        "case $2$7 in add-json*fanout*) echo no >&2; exit 1;; esac",
    );
    let answer = user.run(&["wrap", "--yes"]).with_code(1);
    assert!(answer.stderr.contains("did not succeed: no"), "{answer:#?}");
    let words = user.text("claude.argv");
    let last: serde_json::Value =
        serde_json::from_str(words.lines().last().expect("words")).expect("JSON");
    assert_eq!(last, serde_json::json!({"command": "npx", "args": ["mem"]}));
}

#[test]
fn a_folder_that_is_not_trusted_approves_nothing() {
    let user = user();
    let own = user.text("home/.claude.json");
    let own = own.replace(
        "\"hasTrustDialogAccepted\": true",
        "\"hasTrustDialogAccepted\": false",
    );
    user.file("home/.claude.json", &own);
    // Nor can the folder approve itself.
    user.file(
        ".claude/settings.json",
        r#"{"enableAllProjectMcpServers": true}"#,
    );
    user.file(
        ".claude/settings.local.json",
        r#"{"enabledMcpjsonServers": ["plain"]}"#,
    );
    let answer = user.run(&["wrap", "claude", "--yes"]).with_code(0);
    assert!(answer.stdout.contains("nothing to change"), "{answer:#?}");
    assert_eq!(user.text("home/.claude.json"), own);
}

#[test]
fn without_claude_its_file_is_edited() {
    let user = user();
    fs::remove_file(user.bench.folder().join("bin/claude")).expect("removed");
    let before = user.text("home/.claude.json");
    user.run(&["wrap", "claude", "--yes"]).with_code(0);
    let own: serde_json::Value =
        serde_json::from_str(&user.text("home/.claude.json")).expect("JSON");
    let folder = user.bench.folder().canonicalize().expect("a folder");
    let entries = &own["projects"][folder.display().to_string()]["mcpServers"];
    assert_eq!(
        entries.as_object().map(serde_json::Map::len),
        Some(2),
        "{own:#}"
    );
    assert_ne!(before, user.text("home/.claude.json"));
    let left = files(&user.home());
    assert_eq!(left.len(), 1, "no file is left beside it");
}
