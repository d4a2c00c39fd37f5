//! Ends that a program cannot catch: the guardian gives the terminal back.

use std::collections::BTreeSet;
use std::time::Instant;

use rustix::process::Signal;

use crate::harness::OnTerminal;
use crate::{PATIENCE, SIZE, assert_gone, descendants};

#[test]
fn a_killed_dashboard_gives_the_terminal_back() {
    for signal in [Signal::KILL, Signal::ABORT] {
        let mut fanout = OnTerminal::fanout(&["demo"], SIZE, &[]);
        fanout.wait_for("running");
        // The system's list of children may miss some while others come.
        let deadline = Instant::now() + PATIENCE;
        let mut processes = BTreeSet::new();
        while processes.len() <= 2 {
            assert!(Instant::now() < deadline, "{processes:?}");
            processes = descendants(fanout.pid().as_raw_nonzero().get());
        }
        fanout.signal(signal);
        fanout.exit_code();
        fanout.assert_restored();
        let contents = fanout.contents();
        assert!(contents.contains("fanout was killed"), "{contents}");
        assert_gone(&processes);
    }
}

#[test]
fn a_dead_guardian_is_nobodys_end() {
    let mut fanout = OnTerminal::fanout(&[], SIZE, &[]);
    fanout.wait_for("Lanes 0/4");
    let guardian = guardian_of(&fanout);
    rustix::process::kill_process(guardian, Signal::KILL).expect("it lives");
    fanout.keys("?");
    fanout.wait_for("Help");
    fanout.keys("\u{1b}");
    fanout.wait_until("no help", |screen, _| !screen.contents().contains("Help"));
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
    fanout.assert_restored();
}

fn guardian_of(fanout: &OnTerminal) -> rustix::process::Pid {
    let below = descendants(fanout.pid().as_raw_nonzero().get());
    let named = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.starts_with(b"tty-guardian\0")
    };
    let pid = below.into_iter().find(named).expect("a guardian");
    rustix::process::Pid::from_raw(pid).expect("a pid")
}
