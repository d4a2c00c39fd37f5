//! What becomes of calls when what holds them is suspended, unwound or stuck.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fanout::exec::Spawner;
use fanout::model::Outcome;
use rustix::process::{Pid, Signal, kill_process};

use crate::attempt::{PATIENCE, script, start};
use crate::contained::containment;
use crate::living::Living;
use crate::runner::stat_field;

/// A tree of three: the shell, a child, and one in a session of its own.
const TREE: &str = "setsid sleep 70 & sleep 71 & echo on; wait";

#[tokio::test]
async fn torture_33_a_suspended_tree_stands_still_and_goes_on() {
    let living = Living::new();
    let contained = containment();
    let mut run = start(&contained, script(&living, TREE));
    run.printed("on").await;
    living.wait_for_count(3, PATIENCE);
    contained.suspend();
    wait_for_states(&living, 'T');
    contained.resume();
    wait_for_states(&living, 'S');
    run.stop.soft.cancel();
    assert_eq!(run.ended().await.outcome, Outcome::Failed);
    assert_eq!(living.processes(), []);
}

#[test]
fn torture_30_unwinding_leaves_nothing() {
    let living = Living::new();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let contained = containment();
        runtime.block_on(async {
            let run = start(&contained, script(&living, TREE));
            run.printed("on").await;
            living.wait_for_count(3, PATIENCE);
            panic!("on purpose");
        });
    }));
    assert!(unwound.is_err());
    living.wait_for_count(0, PATIENCE);
}

#[tokio::test]
async fn a_supervisor_that_does_not_answer_is_given_up() {
    let living = Living::new();
    let mut run = start(&containment(), script(&living, TREE));
    let main = run.started().await;
    run.printed("on").await;
    living.wait_for_count(3, PATIENCE);
    let supervisor = parent_of(main);
    kill_process(supervisor, Signal::STOP).expect("it lives");
    run.stop.hard.cancel();
    let ending = run.ended().await;
    assert_eq!(ending.outcome, Outcome::Lost, "{ending:?}");
    assert_eq!(
        ending.reason.as_deref(),
        Some("its supervisor did not answer")
    );
    assert_eq!(living.processes(), []);
}

fn wait_for_states(living: &Living, state: char) {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let states: Vec<char> = living
            .processes()
            .iter()
            .filter_map(|(pid, _)| stat_field(*pid, 0)?.chars().next())
            .collect();
        if states.len() == 3 && states.iter().all(|it| *it == state) {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{states:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn parent_of(pid: u32) -> Pid {
    let parent = stat_field(pid, 1).and_then(|parent| parent.parse().ok());
    Pid::from_raw(parent.expect("a parent")).expect("a pid")
}
