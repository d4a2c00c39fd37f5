//! The program on a terminal: that it draws, obeys, writes nothing needlessly,
//! and gives the terminal back however it ends.

mod agents;
mod harness;
mod hostile;
mod killed;
mod leaving;
mod many;
mod panics;
mod plain;
mod sizes;
mod suspension;
mod trust;
mod viewers;
mod wrap;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::{OnTerminal, PATIENCE};

const SIZE: (u16, u16) = (120, 36);

#[test]
fn starts_and_gives_the_terminal_back() {
    let mut fanout = OnTerminal::fanout(&[], SIZE, &[]);
    fanout.wait_for("Lanes 0/4");
    fanout.wait_until("modes", |screen, _| {
        screen.alternate_screen()
            && screen.hide_cursor()
            && screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::ButtonMotion
    });
    fanout.assert_taken();
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
    fanout.assert_restored();
}

#[test]
fn torture_32_the_demo_is_steered_and_left_by_three_interrupts() {
    let mut fanout = OnTerminal::fanout(&["demo"], SIZE, &[]);
    fanout.wait_for("Lanes 4/4");
    let children = descendants(fanout.pid().as_raw_nonzero().get());
    assert!(!children.is_empty());
    fanout.keys("+");
    fanout.wait_for("Lanes 5/5");
    fanout.keys("---");
    fanout.wait_for("draining)");
    fanout.keys("x");
    fanout.wait_for("press x again to cancel");
    fanout.keys("x");
    fanout.wait_for("cancelled");
    fanout.keys("\u{3}");
    fanout.wait_for("Keep running");
    fanout.keys("\u{3}\u{3}");
    assert_eq!(fanout.exit_code(), 130);
    fanout.assert_restored();
    assert_gone(&children);
}

#[test]
fn nothing_is_written_while_nothing_runs_and_nobody_looks() {
    let mut fanout = OnTerminal::fanout(&[], SIZE, &[]);
    fanout.wait_for("CPU");
    // The terminal says that it lost the focus.
    fanout.keys("\u{1b}[O");
    let mut written = fanout.written();
    let settles = Instant::now() + PATIENCE;
    while fanout.holds_within(Duration::from_secs(3), |_, bytes| bytes.len() > written) {
        assert!(
            Instant::now() < settles,
            "it never rests\n{}",
            fanout.contents()
        );
        written = fanout.written();
    }
    fanout.keys("\u{1b}[I");
    fanout.wait_until("it draws again", |_, bytes| bytes.len() > written);
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
}

#[test]
fn an_empty_dashboard_opens_a_plan_that_is_near() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = "[[call]]\nid = \"near\"\ntool = \"echo\"\nargs = { text = \"hello\" }\n";
    std::fs::write(folder.path().join("trip.toml"), call).expect("a plan");
    let mut fanout = OnTerminal::fanout_in(folder.path(), &[], SIZE);
    fanout.wait_for("Lanes 0/4");
    fanout.keys("L");
    fanout.wait_for("run trip.toml");
    fanout.keys("trip\r");
    fanout.wait_for("near");
    fanout.wait_for("✓1 done");
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
    fanout.assert_restored();
}

/// The processes under a process, as far as they are its children's children.
fn descendants(pid: i32) -> BTreeSet<i32> {
    let mut found = BTreeSet::new();
    let mut open = vec![pid];
    while let Some(pid) = open.pop() {
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for task in tasks.flatten() {
            let children =
                std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            let children = children.split_whitespace().filter_map(|it| it.parse().ok());
            open.extend(children.filter(|child| found.insert(*child)));
        }
    }
    found
}

fn assert_gone(pids: &BTreeSet<i32>) {
    let deadline = Instant::now() + PATIENCE;
    let lives = |pid: &&i32| Path::new(&format!("/proc/{pid}")).exists();
    while let Some(pid) = pids.iter().find(lives) {
        assert!(Instant::now() < deadline, "{pid} still lives");
        std::thread::yield_now();
    }
}

#[test]
fn an_experiment_runs_from_the_dashboard_and_ends_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.toml");
    let call = "[[call]]\ntool = \"sleep\"\nargs = { ms = 200 }\n";
    std::fs::write(&plan, call.repeat(2)).expect("a plan");
    let plan = plan.to_str().expect("UTF-8");
    let mut fanout = OnTerminal::fanout(&["run", plan], SIZE, &[]);
    fanout.wait_for("0 running");
    fanout.wait_for("2 done");
    fanout.keys("5");
    fanout.wait_for("which cap is worth using");
    fanout.keys("b");
    fanout.wait_for("11 runs or more of 2 calls");
    fanout.keys("y");
    fanout.wait_for("Results: no difference between the caps in 11 runs.");
    fanout.wait_for("the experiment is over");
    fanout.keys("B");
    fanout.wait_for("about 8 runs");
    fanout.keys("y");
    fanout.wait_for("warm-up");
    fanout.keys("q");
    fanout.wait_for("An experiment is under way.");
    fanout.keys("y");
    assert_eq!(fanout.exit_code(), 0);
    fanout.assert_restored();
}
