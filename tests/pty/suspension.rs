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
    let mut shell = shell();
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
    let processes = standing_still(&shell, folder.path());
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
    leave(shell);
}

#[test]
fn a_run_of_a_comparison_that_stood_still_is_done_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let [plan, tools] = files(folder.path());
    let mut shell = shell();
    let program = env!("CARGO_BIN_EXE_fanout");
    let asked = format!("compare '{plan}' --catalogue '{tools}' --caps 1,2 --repeats 1");
    shell.keys(&format!("'{program}' {asked}\n"));
    until("a call runs", || folder.path().join("ready").exists());
    shell.keys("\u{1a}");
    let processes = standing_still(&shell, folder.path());
    shell.keys("fg\n");
    until("all go on", || {
        processes.iter().all(|pid| state(*pid) != Some('T'))
    });
    fs::write(folder.path().join("go"), "").expect("a file");
    shell.wait_for("a run that was suspended does not count; it is done again");
    shell.wait_for("no difference between the caps in 3 runs");
    shell.keys("exit $?\n");
    assert_eq!(shell.exit_code(), 0);
}

#[test]
fn whenever_an_experiment_of_the_dashboard_is_suspended_all_of_it_stands_still() {
    const TIMES: usize = 8;
    let folder = tempfile::tempdir().expect("a folder");
    let [plan, tools] = files_with(folder.path(), "sleep 0.2");
    let mut shell = shell();
    let program = env!("CARGO_BIN_EXE_fanout");
    shell.keys(&format!("'{program}' run '{plan}' --catalogue '{tools}'\n"));
    shell.wait_for("✓1 done");
    shell.keys("5b");
    shell.wait_for("11 runs or more of 1 call");
    shell.keys("y");
    for time in 0..TIMES {
        // A call is hardly longer than a run takes to begin, so that some of
        // these moments lie between two runs.
        let held = Instant::now() + Duration::from_millis(37 * time as u64);
        until("a moment", || Instant::now() >= held);
        shell.keys("\u{1a}");
        wait_for_shell(&mut shell);
        let still = || {
            let processes = call_processes(&shell, folder.path());
            processes.iter().all(|pid| is_still(*pid, &processes))
        };
        until(
            &format!("all stand still, suspended the {time}th time"),
            still,
        );
        shell.keys("fg\n");
        shell.wait_until("the dashboard", |screen, _| screen.alternate_screen());
    }
    shell.wait_for("5 blocks");
    leave(shell);
}

/// A shell with job control.
fn shell() -> OnTerminal {
    let mut command = CommandBuilder::new("sh");
    command.args(["-i"]);
    let shell = OnTerminal::start(command, SIZE, &[("PS1", PROMPT)]);
    shell.wait_for(PROMPT);
    shell
}

/// Leaves the dashboard and the shell; both give the terminal back.
fn leave(mut shell: OnTerminal) {
    shell.keys("q");
    wait_for_shell(&mut shell);
    shell.keys("exit $?\n");
    assert_eq!(shell.exit_code(), 0);
    shell.assert_given_back();
}

fn wait_for_shell(shell: &mut OnTerminal) {
    shell.wait_until("the shell", |screen, _| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with(PROMPT.trim_end())
    });
}

/// The processes of the call that runs, once each of them stands still.
fn standing_still(shell: &OnTerminal, folder: &Path) -> Vec<i32> {
    let mut processes = Vec::new();
    until("all stand still", || {
        processes = call_processes(shell, folder);
        !processes.is_empty() && processes.iter().all(|pid| is_still(*pid, &processes))
    });
    processes
}

/// A call that says that it runs, and waits to be told that it may end.
fn files(folder: &Path) -> [String; 2] {
    let place = folder.display();
    files_with(
        folder,
        &format!("until [ -e {place}/go ]; do sleep 0.05; done"),
    )
}

/// A call that says that it runs, and does as told.
fn files_with(folder: &Path, what: &str) -> [String; 2] {
    let script = format!("touch {}/ready; {what}", folder.display());
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

/// Whether a process is stopped, or waits for a child that was stopped between
/// vfork and exec: until then it is not stopped, and does nothing.
fn is_still(pid: i32, processes: &[i32]) -> bool {
    let mut children = processes.iter().filter(|it| parent(**it) == Some(pid));
    match state(pid) {
        Some('T') => true,
        Some('D') => children.any(|child| state(*child) == Some('T')),
        _ => false,
    }
}

fn state(pid: i32) -> Option<char> {
    stat(pid)?.chars().next()
}

fn parent(pid: i32) -> Option<i32> {
    stat(pid)?.split(' ').nth(1)?.parse().ok()
}

/// What /proc tells of a process after its name: the state, the parent, ...
fn stat(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
