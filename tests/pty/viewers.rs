//! Another program on the terminal: it has the keys to itself, the calls run
//! on, and the dashboard comes back as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;

use crate::SIZE;
use crate::harness::OnTerminal;

/// A tool that prints, and one that runs on while the editor is open.
const CATALOGUE: &str = r#"
[[tool]]
name = "print"
command = ["printf", "\\033[31mred\\033[0m and plain\\n"]
read_only = true
[[tool]]
name = "answer"
command = ["sh", "-c", "until test -e open; do sleep 0.05; done; touch answered"]
timeout = "60s"
"#;

const PLAN: &str = r#"
name = "viewers"
[[call]]
id = "first"
tool = "print"
[[call]]
tool = "answer"
"#;

/// Says what it was given, waits until the other call has answered, and then
/// for a line that ends it.
const EDITOR: &str = r#"#!/bin/sh
trap 'echo "INTERRUPTED"' INT
echo "EDITOR $1 $(stat -c %a "$2") $(cat -v "$2")"
touch open
i=0
until test -e answered || test $i -ge 600; do sleep 0.05; i=$((i + 1)); done
test -e answered && echo "ANSWERED"
# An interrupted `read` fails once.
for try in 1 2 3; do
    while read -r line; do
        echo "GOT $line"
        test "$line" = end && exit 3
    done
done
"#;

/// What the user set up.
const OPTIONS: &str = "[clipboard]\ncommand = ['sh', '-c', 'cat > copied']\n";

struct Selected {
    fanout: OnTerminal,
    folder: tempfile::TempDir,
}

/// The dashboard with the first call selected, which has printed.
fn selected() -> Selected {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let write = |path: &Path, text: &str| fs::write(path, text).expect("written");
    write(&at("fanout.toml"), CATALOGUE);
    write(&at("plan.toml"), PLAN);
    write(&at("editor.sh"), EDITOR);
    fs::create_dir(at("fanout")).expect("made");
    write(&at("fanout/config.toml"), OPTIONS);
    fs::set_permissions(at("editor.sh"), fs::Permissions::from_mode(0o700)).expect("set");
    let text = |path: &Path| path.to_str().expect("a text").to_owned();
    let (plan, tools) = (text(&at("plan.toml")), text(&at("fanout.toml")));
    let editor = format!("'{}' --wait", text(&at("editor.sh")));
    let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_fanout"));
    command.args(["run", &plan, "--catalogue", &tools]);
    command.cwd(folder.path());
    let home = text(folder.path());
    let env = [("VISUAL", editor.as_str()), ("XDG_CONFIG_HOME", &home)];
    let mut fanout = OnTerminal::start(command, SIZE, &env);
    fanout.wait_for("✓1 done");
    // The first call stands on the screen of all calls.
    fanout.keys("2");
    fanout.wait_for("Nothing waits");
    fanout.keys("O");
    fanout.wait_for("All calls");
    fanout.keys("gg");
    fanout.wait_for("Output #1 first");
    Selected { fanout, folder }
}

/// The same in front of an editor.
fn viewed() -> Selected {
    let mut selected = selected();
    selected.fanout.keys("e");
    selected.fanout.wait_for("EDITOR --wait 400");
    selected
}

#[test]
fn an_editor_has_the_terminal_and_gives_it_back() {
    let Selected { mut fanout, folder } = viewed();
    fanout.wait_until("the text, made safe", |screen, _| {
        let contents = screen.contents();
        contents.contains("400 red and plain") && !screen.alternate_screen()
    });
    fanout.wait_for("ANSWERED");
    fanout.keys("\u{3}");
    fanout.wait_for("INTERRUPTED");
    fanout.keys("q\r");
    fanout.wait_for("GOT q");
    fanout.keys("end\r");
    fanout.wait_for("editor.sh ended with exit status: 3");
    fanout.wait_until("the dashboard's modes", |screen, _| {
        let contents = screen.contents();
        screen.alternate_screen() && screen.bracketed_paste() && contents.contains("✓2 done")
    });
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
    fanout.assert_restored();
    drop(folder);
}

#[test]
fn a_signal_ends_the_editor_too() {
    let Selected { mut fanout, folder } = viewed();
    fanout.wait_for("ANSWERED");
    let below = crate::descendants(fanout.pid().as_raw_nonzero().get());
    fanout.signal(Signal::TERM);
    assert_eq!(fanout.exit_code(), 143);
    fanout.assert_restored();
    crate::assert_gone(&below);
    drop(folder);
}

#[test]
fn what_is_copied_goes_to_the_program_of_the_config() {
    let mut selected = selected();
    selected.fanout.keys("y");
    let fanout = &mut selected.fanout;
    fanout.wait_for("copied to the clipboard (sh)");
    let copied = fs::read_to_string(selected.folder.path().join("copied")).expect("copied");
    assert_eq!(copied, "red and plain\n");
    fanout.keys("qy");
    fanout.exit_code();
    fanout.assert_restored();
}
