//! Every way to die, against a call that leaves one of each kind behind.
//! Counted from the process table: nothing may be left, neither of the call
//! nor of fanout itself.

use std::time::Duration;

use rustix::process::Signal;

use crate::runner::{ROLES, Runner};

/// How long anything may stay after a death. A calm machine needs a fraction
/// of a second; a busy one gets more.
const SOON: Duration = Duration::from_secs(10);

/// The call's main process stays as well.
const STAY: &str = "touch ready; sleep 68";

/// The main process exits only once it is told that all the rest are what
/// they are to be: before that, they are shells.
const LEAVE: &str = "touch ready; until [ -e leave ]; do sleep 0.02; done";

#[test]
fn torture_23_when_the_tool_exits() {
    let runner = Runner::hostile(&format!("{LEAVE}; exit 0"));
    runner.wait_until_hostile();
    runner.let_leave();
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_eq!(ended.outcome(), "leaked");
    let leaked = ended.field(0, "leaked");
    for name in ["sleep", "sh"] {
        assert!(leaked.contains(name), "{leaked}");
    }
    let count = leaked.matches("sleep").count();
    assert!(count >= ROLES - 1, "{count} of {leaked}");
}

#[test]
fn when_the_tool_fails_it_stays_failed() {
    let runner = Runner::hostile(&format!("{LEAVE}; exit 9"));
    runner.wait_until_hostile();
    runner.let_leave();
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.code(), Some(1));
    assert_eq!(ended.outcome(), "failed");
    assert!(ended.field(0, "leaked").contains("sleep"));
}

#[test]
fn when_the_call_is_cancelled() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    Runner::send(runner.runner(), Signal::INT);
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.code(), Some(130));
    assert_eq!(ended.outcome(), "cancelled");
}

#[test]
fn when_the_runner_is_terminated() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    Runner::send(runner.runner(), Signal::TERM);
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.code(), Some(143));
}

#[test]
fn torture_27_when_the_runner_is_killed() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    Runner::send(runner.runner(), Signal::KILL);
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.signal(), Some(9));
}

#[test]
fn torture_27_when_the_runners_group_is_killed() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    runner.kill_group();
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.signal(), Some(9));
}

#[test]
fn when_the_runner_aborts() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    Runner::send(runner.runner(), Signal::ABORT);
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.signal(), Some(6));
}

#[test]
fn torture_27_when_the_supervisor_is_killed() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    for supervisor in runner.supervisors() {
        Runner::send(supervisor, Signal::KILL);
    }
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.code(), Some(1));
    assert_eq!(ended.outcome(), "lost");
    assert_eq!(ended.field(0, "reason"), "its supervisor died");
    assert_eq!(ended.field(1, "outcome"), "succeeded");
}

#[test]
fn when_the_warden_is_killed() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    Runner::send(runner.warden(), Signal::KILL);
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.code(), Some(1));
    assert_eq!(ended.outcome(), "lost");
    assert_eq!(ended.field(0, "reason"), "the warden died");
    assert_eq!(ended.field(1, "outcome"), "succeeded", "under a new warden");
}

#[test]
fn when_warden_and_supervisor_are_killed() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    let all = [vec![runner.warden()], runner.supervisors()].concat();
    halt_and_kill(&all);
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.outcome(), "lost");
    assert_eq!(ended.field(1, "outcome"), "succeeded", "under a new warden");
}

#[test]
fn when_the_warden_is_killed_and_the_supervisor_hangs() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    for supervisor in runner.supervisors() {
        Runner::send(supervisor, Signal::STOP);
    }
    Runner::send(runner.warden(), Signal::KILL);
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.outcome(), "lost");
    assert_eq!(ended.field(1, "outcome"), "succeeded", "under a new warden");
}

#[test]
fn when_runner_and_warden_are_killed() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    halt_and_kill(&[runner.warden(), runner.runner()]);
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.signal(), Some(9));
}

#[test]
fn when_runner_and_supervisor_are_killed() {
    let runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    halt_and_kill(&[runner.supervisors(), vec![runner.runner()]].concat());
    let ended = runner.assert_nothing_is_left(SOON);
    assert_eq!(ended.signal(), Some(9));
}

#[test]
fn torture_28_when_all_of_them_are_killed_the_next_start_sweeps() {
    let mut runner = Runner::hostile(STAY);
    runner.wait_until_hostile();
    let all = [vec![runner.runner(), runner.warden()], runner.supervisors()];
    halt_and_kill(&all.concat());
    assert_eq!(runner.wait().signal(), Some(9));
    assert_eq!(
        runner.role_count(),
        ROLES,
        "{:?}",
        runner.living().processes()
    );
    let ended = runner.start_again().assert_nothing_is_left(SOON);
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(
        ended.stderr.contains("killed what an earlier run left: "),
        "{ended:?}"
    );
    assert_eq!(ended.outcome(), "succeeded");
}

/// Kills several at once: what stands still cannot answer another's death.
fn halt_and_kill(pids: &[u32]) {
    for signal in [Signal::STOP, Signal::KILL] {
        for pid in pids {
            Runner::send(*pid, signal);
        }
    }
}
