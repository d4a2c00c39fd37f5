//! Ends that come from outside: signals, and a terminal that is closed.

use std::fs;
use std::time::Instant;

use portable_pty::CommandBuilder;
use rustix::process::Signal;

use crate::harness::{OnTerminal, PATIENCE};
use crate::{SIZE, assert_gone, descendants};

/// Reads that a program which ends may make. One that reads a closed terminal
/// again and again makes as many at once.
const READS: u64 = 30_000;

#[test]
fn torture_31_signals_end_it_and_give_the_terminal_back() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 143), (Signal::INT, 130)] {
        let mut fanout = OnTerminal::fanout(&["demo"], SIZE, &[]);
        fanout.wait_for("running");
        fanout.signal(signal);
        assert_eq!(fanout.exit_code(), code, "{signal:?}");
        fanout.assert_restored();
    }
}

#[test]
fn torture_31_a_closed_terminal_ends_it_without_spinning() {
    let mut fanout = OnTerminal::fanout(&["demo"], SIZE, &[]);
    fanout.wait_for("running");
    let pid = fanout.pid().as_raw_nonzero().get();
    let children = descendants(pid);
    let before = reads(pid).expect("it lives");
    fanout.hang_up();
    let made = reads_until_end(&mut fanout, pid) - before;

    assert!(made < READS, "{made} reads");
    assert_eq!(fanout.exit_code(), 143);
    assert_gone(&children);
}

/// The signal goes to the session that the terminal controls: who is in
/// another one hears of the end by reading only.
#[test]
fn torture_31_a_closed_terminal_is_noticed_without_a_signal() {
    let mut command = CommandBuilder::new("sh");
    let program = env!("CARGO_BIN_EXE_fanout");
    let line = format!("trap '' HUP; exec setsid -w '{program}' demo");
    command.args(["-c", &line]);
    let mut fanout = OnTerminal::start(command, SIZE, &[]);
    fanout.wait_for("running");
    let shell = fanout.pid().as_raw_nonzero().get();
    let children = descendants(shell);
    let named = |pid: &&i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.ends_with(b"fanout\0demo\0")
    };
    let pid = *children.iter().find(named).expect("the program");
    let before = reads(pid).expect("it lives");
    fanout.hang_up();
    let made = reads_until_end(&mut fanout, pid) - before;

    assert!(made < READS, "{made} reads");
    assert_eq!(fanout.exit_code(), 143);
    assert_gone(&children);
}

#[test]
fn torture_02_an_invalid_plan_never_takes_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.toml");
    fs::write(&plan, "[[call]]\ntool = \n").expect("a plan");
    let mut fanout = OnTerminal::fanout(&["run", &plan.display().to_string()], SIZE, &[]);
    assert_eq!(fanout.exit_code(), 3);
    fanout.wait_until("no modes", |_, bytes| {
        !String::from_utf8_lossy(bytes).contains("\u{1b}[?")
    });
    assert!(fanout.contents().contains("plan.toml:2:"));
}

/// Reads that a process has made, as the system counts them; `None` once it
/// has ended.
fn reads(pid: i32) -> Option<u64> {
    let counts = fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    let reads = counts.lines().find_map(|line| line.strip_prefix("syscr: "));
    reads?.parse().ok()
}

/// The last count that was seen before the program ended.
fn reads_until_end(fanout: &mut OnTerminal, pid: i32) -> u64 {
    let deadline = Instant::now() + PATIENCE;
    let mut last = 0;
    while !fanout.has_ended() {
        last = reads(pid).unwrap_or(last).max(last);
        assert!(Instant::now() < deadline, "it does not end: {last} reads");
        std::thread::yield_now();
    }
    last
}
