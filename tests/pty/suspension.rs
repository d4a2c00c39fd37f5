//! Ctrl-Z in a shell: the terminal is the shell's, the calls stand still, and
//! so do their clocks; `fg` brings all of it back.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use crate::harness::{OnTerminal, PATIENCE};
use crate::{SIZE, descendants};

const PROMPT: &str = "the shell> ";

/// How long the call may take. It is suspended for longer than that.
const TIMEOUT: Duration = Duration::from_secs(5);

#[test]
fn torture_33_calls_and_clocks_stand_still_until_fg() {
    let folder = tempfile::tempdir().expect("a folder");
    let [plan, tools] = files(folder.path());
    let mut command = CommandBuilder::new("sh");
    command.args(["-i"]);
    let mut shell = OnTerminal::start(command, SIZE, &[("PS1", PROMPT)]);
    shell.wait_for(PROMPT);
    let modes = shell.modes();
    let program = env!("CARGO_BIN_EXE_fanout");
    shell.keys(&format!("'{program}' run '{plan}' --catalogue '{tools}'\n"));
    shell.wait_for("Lanes 1/4");
    until("the call runs", || folder.path().join("ready").exists());
    shell.keys("\u{1a}");
    shell.wait_until("the shell", |screen, _| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with(PROMPT.trim_end())
    });
    shell.assert_given_back();
    assert_eq!(shell.modes(), modes);
    let processes = call_processes(&shell, folder.path());
    assert!(!processes.is_empty());
    until("all stand still", || {
        processes.iter().all(|pid| state(*pid) == Some('T'))
    });
    let suspended = Instant::now();
    until("the timeout has passed", || suspended.elapsed() > TIMEOUT);
    shell.keys("fg\n");
    shell.wait_until("the dashboard", |screen, _| {
        screen.alternate_screen() && screen.contents().contains("Lanes 1/4")
    });
    shell.assert_taken();
    until("all go on", || {
        processes.iter().all(|pid| state(*pid) != Some('T'))
    });
    fs::write(folder.path().join("go"), "").expect("a file");
    shell.wait_for("✓1 done");
    shell.keys("q");
    shell.wait_until("the shell", |screen, _| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with(PROMPT.trim_end())
    });
    shell.keys("exit $?\n");
    assert_eq!(shell.exit_code(), 0);
    shell.assert_given_back();
}

/// A call that says that it runs, and waits to be told that it may end.
fn files(folder: &Path) -> [String; 2] {
    let place = folder.display();
    let script = format!("touch {place}/ready; until [ -e {place}/go ]; do sleep 0.05; done");
    let tool = format!("[[tool]]\nname = \"t\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\n");
    let call = format!(
        "[[call]]\ntool = \"t\"\ntimeout = \"{}s\"\n",
        TIMEOUT.as_secs()
    );
    [("plan.toml", call), ("tools.toml", tool)].map(|(name, text)| {
        let path = folder.join(name);
        fs::write(&path, text).expect("a file");
        path.display().to_string()
    })
}

/// The call's own shell, among what is under the user's.
fn call_processes(shell: &OnTerminal, folder: &Path) -> Vec<i32> {
    let mark = folder.join("ready").display().to_string();
    let below = descendants(shell.pid().as_raw_nonzero().get());
    let is_of_call = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&mark)
    };
    below.into_iter().filter(is_of_call).collect()
}

fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
