//! Terminals that no dashboard is shown on, and what a tool sees of them.

use std::fs;
use std::path::PathBuf;

use portable_pty::CommandBuilder;

use crate::SIZE;
use crate::harness::OnTerminal;

/// A catalogue with one tool, a script, and a plan that calls it.
fn files(folder: &tempfile::TempDir, script: &str) -> [String; 2] {
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let tool = format!(
        "[[tool]]\nname = \"t\"\ncommand = [\"sh\", \"-c\", '{script}']\noutput = \"text\"\n"
    );
    fs::write(path("tools.toml"), tool).expect("a catalogue");
    fs::write(path("plan.toml"), "[[call]]\ntool = \"t\"\n").expect("a plan");
    ["plan.toml", "tools.toml"].map(|name| path(name).display().to_string())
}

#[test]
fn torture_44_a_tool_cannot_open_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "if echo injected >/dev/tty; then echo opened; else echo refused; fi 2>&1";
    let [plan, tools] = files(&folder, script);
    let words = ["run", &plan, "--catalogue", &tools, "--plain"];
    let mut fanout = OnTerminal::fanout(&words, SIZE, &[]);
    assert_eq!(fanout.exit_code(), 0, "{}", fanout.contents());
    let contents = fanout.contents();
    assert!(contents.contains("refused"), "{contents}");
    assert!(!contents.contains("injected"), "{contents}");
}

#[test]
fn torture_47_a_terminal_of_which_nothing_is_known_gets_plain_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let [plan, tools] = files(&folder, "echo said");
    for term in ["TERM=dumb", "TERM=", "-uTERM"] {
        let mut command = CommandBuilder::new("env");
        let program = env!("CARGO_BIN_EXE_fanout");
        command.args([term, program, "run", &plan, "--catalogue", &tools]);
        let mut fanout = OnTerminal::start(command, SIZE, &[]);
        assert_eq!(fanout.exit_code(), 0, "{term}: {}", fanout.contents());
        let contents = fanout.contents();
        assert!(contents.contains("t-1 succeeded") && contents.contains("said"));
        fanout.wait_until("no escapes", |_, bytes| !bytes.contains(&0x1b));
    }
}

#[test]
fn torture_47_no_color_writes_no_colour() {
    let mut fanout = OnTerminal::fanout(&["demo"], SIZE, &[("NO_COLOR", "1")]);
    fanout.wait_for("running");
    fanout.wait_until("no colour", |screen, _| {
        let cells = (0..SIZE.1).flat_map(|row| (0..SIZE.0).map(move |col| (row, col)));
        cells
            .filter_map(|(row, col)| screen.cell(row, col))
            .all(|cell| {
                (cell.fgcolor(), cell.bgcolor()) == (vt100::Color::Default, vt100::Color::Default)
            })
    });
    fanout.keys("qy");
    fanout.exit_code();
    fanout.assert_restored();
}
