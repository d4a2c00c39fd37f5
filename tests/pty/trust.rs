//! The question whether to trust a catalogue that was found.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::OnTerminal;

const SIZE: (u16, u16) = (100, 30);

/// Places a catalogue whose tool leaves a file of this name, and a plan.
fn place(folder: &Path, mark: &str, comment: &str) {
    let text = format!(
        "# {comment}\n[[tool]]\nname = \"ours\"\ncommand = [\"touch\", \"{mark}\"]\n\
         [[tool]]\nname = \"other\"\ncommand = [\"true\"]\n\
         [mcp.evil]\ncommand = [\"touch\", \"served\"]\n"
    );
    fs::write(folder.join("fanout.toml"), text).expect("a catalogue");
    fs::write(folder.join("plan.toml"), "[[call]]\ntool = \"ours\"\n").expect("a plan");
    let servers = r#"{"mcpServers": {"x": {"command": "touch", "args": ["served"]}}}"#;
    fs::write(folder.join(".mcp.json"), servers).expect("servers");
}

fn run(folder: &Path) -> OnTerminal {
    OnTerminal::fanout_in(folder, &["run", "plan.toml", "--plain"], SIZE)
}

#[test]
fn torture_6_the_answer_is_no_unless_it_is_yes() {
    let home = tempfile::tempdir().expect("a folder");
    place(home.path(), "started", "");
    for answer in ["\r", "n\r", "x\r", "\u{4}"] {
        let mut fanout = run(home.path());
        fanout.wait_for("runs   touch started");
        fanout.wait_for("Trust it? [y/N]");
        fanout.keys(answer);
        assert_eq!(fanout.exit_code(), 3, "{answer:?}");
    }
    for mark in ["started", "served"] {
        assert!(!home.path().join(mark).exists(), "{mark}");
    }
}

#[test]
fn torture_7_a_yes_is_kept_until_the_file_changes() {
    let home = tempfile::tempdir().expect("a folder");
    place(home.path(), "first", "");
    let mut asked = run(home.path());
    asked.wait_for("Trust it? [y/N]");
    asked.keys("y\r");
    assert_eq!(asked.exit_code(), 0);
    assert!(home.path().join("first").exists());
    let kept = home.path().join(".local/state/fanout/trust");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&kept), 0o700);
    for file in fs::read_dir(&kept).expect("a folder") {
        assert_eq!(mode(&file.expect("a file").path()), 0o600);
    }
    let mut known = run(home.path());
    assert_eq!(known.exit_code(), 0);
    assert!(!known.contents().contains("Trust"), "{}", known.contents());

    place(home.path(), "second", "");
    let mut changed = run(home.path());
    changed.wait_for("has changed since you trusted it");
    changed.wait_for("-   runs   touch first");
    changed.wait_for("+   runs   touch second");
    changed.wait_for("As before:");
    changed.wait_for("Trust it? [y/N]");
    changed.keys("n\r");
    assert_eq!(changed.exit_code(), 3);
    assert!(!home.path().join("second").exists());

    place(home.path(), "first", "only a comment");
    let mut same = run(home.path());
    same.wait_for("what is executed and asked is as it was");
    same.wait_for("Trust it? [y/N]");
    same.keys("y\r");
    assert_eq!(same.exit_code(), 0);
}

#[test]
fn torture_6_a_dashboard_in_a_hostile_folder_starts_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    place(home.path(), "started", "");
    let mut fanout = OnTerminal::fanout_in(home.path(), &[], SIZE);
    fanout.wait_for("Trust it? [y/N]");
    fanout.wait_until("no dashboard before the answer", |screen, _| {
        !screen.alternate_screen()
    });
    fanout.keys("\r");
    fanout.wait_for("Lanes 0/4");
    fanout.keys("3");
    fanout.wait_for("word-count");
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
    for mark in ["started", "served"] {
        assert!(!home.path().join(mark).exists(), "{mark}");
    }
}

#[test]
fn a_yes_that_cannot_be_kept_holds_once() {
    let home = tempfile::tempdir().expect("a folder");
    place(home.path(), "started", "");
    let state = home.path().join(".local/state");
    fs::create_dir_all(state.parent().expect("above")).expect("folders");
    fs::write(&state, "in the way").expect("a file");
    let mut fanout = run(home.path());
    fanout.wait_for("Trust it? [y/N]");
    fanout.keys("yes\r");
    assert_eq!(fanout.exit_code(), 0);
    assert!(fanout.contents().contains("for this time only"));
    assert!(home.path().join("started").exists());
}

#[test]
fn a_file_of_servers_that_is_named_alone_is_asked_about() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = env!("CARGO_BIN_EXE_fanout");
    let file = format!(
        r#"{{"mcpServers": {{"nb": {{"command": "{program}", "args": ["sample-tool", "notebook"]}}}}}}"#
    );
    fs::write(folder.path().join(".mcp.json"), file).expect("written");
    let mut fanout = OnTerminal::fanout_in(folder.path(), &[".mcp.json"], SIZE);
    fanout.wait_for("Trust it? [y/N]");
    fanout.keys("y\r");
    fanout.wait_for("Lanes 0/4");
    fanout.keys("8");
    fanout.wait_for("nb");
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
}

#[test]
fn servers_in_the_users_own_files_are_offered_and_not_started() {
    let home = tempfile::tempdir().expect("a folder");
    let servers = r#"{"mcpServers": {"x": {"command": "touch", "args": ["served"]}}}"#;
    fs::write(home.path().join(".claude.json"), servers).expect("servers");
    let mut fanout = OnTerminal::fanout_in(home.path(), &[], SIZE);
    fanout.wait_for("1 server in ~/.claude.json: press 8");
    fanout.keys("ax");
    fanout.wait_for("does not run; Enter starts it");
    assert!(
        !home.path().join("served").exists(),
        "nothing starts by itself"
    );
    fanout.keys("\u{1b}");
    fanout.wait_until("closed", |screen, _| {
        !screen.contents().contains("does not run; Enter")
    });
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
}
