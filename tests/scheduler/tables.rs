//! The scheduler by tables: what is told, at which time, and what it orders.

use std::time::Duration;

use fanout::model::{
    CallId, Cap, Edge, EdgeKind, Epoch, FailurePolicy, LockKey, Outcome, Policy, StopCause,
    ToolName, WaitReason,
};
use fanout::sched::{
    AttemptEnd, CallSpec, Effect, Effects, Force, Input, Reason, Rung, Scheduler, Settings,
};
use rand_pcg::Pcg64Mcg;

fn id(number: usize) -> CallId {
    CallId::from_index(number - 1)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn scheduler(cap: u32, on_failure: FailurePolicy) -> Scheduler {
    let policy = Policy {
        cap: Cap::new(cap).expect("a cap above 0"),
        on_failure,
        ..Policy::default()
    };
    Scheduler::new(Settings::new(policy, Pcg64Mcg::new(1)))
}

fn spec(number: usize) -> CallSpec {
    CallSpec::new(id(number), ToolName::new("tool"))
}

fn after(mut spec: CallSpec, parents: &[(usize, EdgeKind)]) -> CallSpec {
    let edges = parents.iter().map(|(parent, on)| Edge {
        call: id(*parent),
        on: *on,
    });
    spec.after = edges.collect();
    spec
}

fn starts(effects: &Effects) -> Vec<u32> {
    let start = |effect: &Effect| match effect {
        Effect::Start { id, .. } => Some(id.number()),
        _ => None,
    };
    effects.iter().filter_map(start).collect()
}

fn finishes(effects: &Effects) -> Vec<(u32, Outcome)> {
    let finish = |effect: &Effect| match effect {
        Effect::Finished { id, outcome, .. } => Some((id.number(), *outcome)),
        _ => None,
    };
    effects.iter().filter_map(finish).collect()
}

fn ended(number: usize, epoch: u64, outcome: Outcome) -> Input {
    Input::AttemptEnded {
        id: id(number),
        epoch: Epoch(epoch),
        end: AttemptEnd::plain(outcome),
    }
}

fn started(number: usize, epoch: u64) -> Input {
    Input::AttemptStarted {
        id: id(number),
        epoch: Epoch(epoch),
    }
}

fn cancelled(number: usize, force: Force) -> Input {
    Input::CancelRequested {
        ids: vec![id(number)],
        cause: StopCause::User,
        force,
    }
}

#[test]
fn a_raised_cap_admits_in_the_same_step_and_a_lowered_one_drains() {
    let mut scheduler = scheduler(1, FailurePolicy::Skip);
    let calls = (1..=4).map(spec).collect();
    assert_eq!(
        starts(&scheduler.step(seconds(0), Input::CallsQueued(calls))),
        [1]
    );
    let mut policy = scheduler.policy();
    policy.cap = Cap::new(3).expect("a cap above 0");
    assert_eq!(
        starts(&scheduler.step(seconds(1), Input::PolicyChanged(policy))),
        [2, 3]
    );
    policy.cap = Cap::new(1).expect("a cap above 0");
    assert!(
        scheduler
            .step(seconds(2), Input::PolicyChanged(policy))
            .is_empty()
    );
    assert_eq!(scheduler.lanes().len(), 3);
    assert!(starts(&scheduler.step(seconds(3), ended(1, 1, Outcome::Succeeded))).is_empty());
    assert!(starts(&scheduler.step(seconds(4), ended(2, 2, Outcome::Succeeded))).is_empty());
    assert_eq!(
        starts(&scheduler.step(seconds(5), ended(3, 3, Outcome::Succeeded))),
        [4]
    );
    assert_eq!(scheduler.lanes().len(), 1);
}

#[test]
fn dependents_of_a_failure_are_skipped_to_the_last_and_name_the_culprit() {
    let mut scheduler = scheduler(4, FailurePolicy::Skip);
    let calls = vec![
        spec(1),
        after(spec(2), &[(1, EdgeKind::Ok)]),
        after(spec(3), &[(2, EdgeKind::Ok)]),
        after(spec(4), &[(3, EdgeKind::Done)]),
    ];
    scheduler.step(seconds(0), Input::CallsQueued(calls));
    assert_eq!(
        scheduler.why_waiting(id(3)),
        Some(WaitReason::After { call: id(2) })
    );
    let effects = scheduler.step(seconds(1), ended(1, 1, Outcome::Failed));
    let skipped = Outcome::Skipped;
    assert_eq!(
        finishes(&effects),
        [(1, Outcome::Failed), (2, skipped), (3, skipped)]
    );
    assert_eq!(starts(&effects), [4]);
    let culprit = Reason::Culprit { call: id(1) };
    let names_culprit =
        |effect: &&Effect| matches!(effect, Effect::Finished { reason, .. } if *reason == culprit);
    assert_eq!(effects.iter().filter(names_culprit).count(), 2);
}

#[test]
fn under_continue_only_a_missing_output_skips() {
    let mut scheduler = scheduler(4, FailurePolicy::Continue);
    let calls = vec![
        spec(1),
        after(spec(2), &[(1, EdgeKind::Ok)]),
        after(spec(3), &[(1, EdgeKind::Output)]),
    ];
    scheduler.step(seconds(0), Input::CallsQueued(calls));
    let effects = scheduler.step(seconds(1), cancelled(1, Force::Ladder));
    assert!(effects.is_empty(), "no process is known yet: {effects:?}");
    let effects = scheduler.step(seconds(2), started(1, 1));
    assert_eq!(effects.len(), 1);
    let effects = scheduler.step(seconds(3), ended(1, 1, Outcome::Succeeded));
    assert_eq!(
        finishes(&effects),
        [(1, Outcome::Cancelled), (3, Outcome::Skipped)]
    );
    assert_eq!(starts(&effects), [2]);
}

#[test]
fn a_cancel_before_the_process_is_known_is_told_when_it_is() {
    let mut scheduler = scheduler(1, FailurePolicy::Skip);
    scheduler.step(seconds(0), Input::CallsQueued(vec![spec(1)]));
    scheduler.step(seconds(1), cancelled(1, Force::Ladder));
    let stop = |rung| Effect::Stop {
        id: id(1),
        epoch: Epoch(1),
        rung,
    };
    assert_eq!(
        scheduler.step(seconds(3), started(1, 1)),
        [stop(Rung::Soft)]
    );
    assert_eq!(scheduler.next_deadline(), Some(seconds(8)));
    assert_eq!(
        scheduler.step(seconds(8), Input::Ticked),
        [stop(Rung::Hard)]
    );
    let effects = scheduler.step(seconds(9), ended(1, 1, Outcome::Unconfirmed));
    assert_eq!(finishes(&effects), [(1, Outcome::Unconfirmed)]);
}

#[test]
fn a_second_cancel_is_hard_and_late_inputs_change_nothing() {
    let mut scheduler = scheduler(1, FailurePolicy::Skip);
    scheduler.step(seconds(0), Input::CallsQueued(vec![spec(1)]));
    scheduler.step(seconds(0), started(1, 1));
    scheduler.step(seconds(1), cancelled(1, Force::Ladder));
    let effects = scheduler.step(seconds(2), cancelled(1, Force::Ladder));
    assert!(matches!(
        effects[..],
        [Effect::Stop {
            rung: Rung::Hard,
            ..
        }]
    ));
    assert!(
        scheduler
            .step(seconds(3), cancelled(1, Force::Kill))
            .is_empty()
    );
    assert!(
        scheduler
            .step(seconds(3), ended(1, 7, Outcome::Failed))
            .is_empty()
    );
    let effects = scheduler.step(seconds(3), ended(1, 1, Outcome::Failed));
    assert_eq!(finishes(&effects), [(1, Outcome::Cancelled)]);
    assert!(
        scheduler
            .step(seconds(4), ended(1, 1, Outcome::Failed))
            .is_empty()
    );
    assert_eq!(scheduler.next_deadline(), None);
}

#[test]
fn a_writer_waits_for_the_one_below_its_path_and_is_told_who_holds_it() {
    let mut scheduler = scheduler(4, FailurePolicy::Skip);
    let mut first = spec(1);
    first.locks.read = vec![LockKey::new("file:out/a.txt")];
    let mut second = spec(2);
    second.locks.write = vec![LockKey::new("file:out")];
    let mut third = spec(3);
    third.locks.read = vec![LockKey::new("file:out/b.txt")];
    let effects = scheduler.step(seconds(0), Input::CallsQueued(vec![first, second, third]));
    assert_eq!(starts(&effects), [1, 3]);
    let key = LockKey::new("file:out");
    let holder = id(1);
    assert_eq!(
        scheduler.why_waiting(id(2)),
        Some(WaitReason::Lock { key, holder })
    );
    scheduler.step(seconds(1), ended(1, 1, Outcome::Succeeded));
    let effects = scheduler.step(seconds(1), ended(3, 2, Outcome::Succeeded));
    assert_eq!(starts(&effects), [2]);
}

#[test]
fn a_failed_attempt_backs_off_without_lane_or_lock_and_timeouts_count() {
    let mut scheduler = scheduler(1, FailurePolicy::Skip);
    let mut first = spec(1);
    first.retries = 1;
    first.timeouts.run = Some(seconds(2));
    scheduler.step(seconds(0), Input::CallsQueued(vec![first, spec(2)]));
    scheduler.step(seconds(0), started(1, 1));
    let effects = scheduler.step(seconds(2), Input::Ticked);
    assert!(matches!(
        effects[..],
        [Effect::Stop {
            rung: Rung::Soft,
            ..
        }]
    ));
    let effects = scheduler.step(seconds(3), ended(1, 1, Outcome::Failed));
    let timed_out = Outcome::TimedOut;
    assert!(matches!(effects[0], Effect::Retry { outcome, .. } if outcome == timed_out));
    assert_eq!(starts(&effects), [2]);
    assert!(matches!(
        scheduler.why_waiting(id(1)),
        Some(WaitReason::Retry { .. })
    ));
    let at = scheduler.next_deadline().expect("the backoff has an end");
    assert!(at <= Duration::from_millis(3_500));
    assert!(starts(&scheduler.step(at, Input::Ticked)).is_empty());
    assert_eq!(
        starts(&scheduler.step(seconds(4), ended(2, 2, Outcome::Succeeded))),
        [1]
    );
    let effects = scheduler.step(seconds(5), ended(1, 3, Outcome::Failed));
    assert_eq!(finishes(&effects), [(1, Outcome::Failed)]);
    assert_eq!(scheduler.open_calls(), 0);
}

#[test]
fn under_stop_nothing_more_is_admitted_and_running_calls_finish() {
    let mut scheduler = scheduler(2, FailurePolicy::Stop);
    let calls = vec![spec(1), spec(2), spec(3)];
    scheduler.step(seconds(0), Input::CallsQueued(calls));
    let effects = scheduler.step(seconds(1), ended(1, 1, Outcome::Failed));
    assert_eq!(
        finishes(&effects),
        [(1, Outcome::Failed), (3, Outcome::Skipped)]
    );
    let effects = scheduler.step(seconds(2), ended(2, 2, Outcome::Succeeded));
    assert_eq!(finishes(&effects), [(2, Outcome::Succeeded)]);
}

#[test]
fn an_idle_timeout_found_late_starts_again() {
    let mut scheduler = scheduler(1, FailurePolicy::Skip);
    let mut call = spec(1);
    call.timeouts.idle = Some(seconds(2));
    scheduler.step(seconds(0), Input::CallsQueued(vec![call]));
    scheduler.step(seconds(0), started(1, 1));
    let output = Input::OutputSeen {
        id: id(1),
        epoch: Epoch(1),
    };
    scheduler.step(seconds(1), output);
    assert_eq!(scheduler.next_deadline(), Some(seconds(3)));
    assert!(scheduler.step(seconds(60), Input::Ticked).is_empty());
    assert_eq!(scheduler.step(seconds(62), Input::Ticked).len(), 1);
}

#[test]
fn moves_pins_and_priorities_order_the_queue() {
    let mut scheduler = scheduler(1, FailurePolicy::Skip);
    scheduler.step(seconds(0), Input::CallsQueued((1..=5).map(spec).collect()));
    let before = Some(id(2));
    scheduler.step(seconds(0), Input::CallMoved { id: id(4), before });
    scheduler.step(seconds(0), Input::CallMoved { id: id(5), before });
    scheduler.step(
        seconds(0),
        Input::CallMoved {
            id: id(2),
            before: None,
        },
    );
    let order = |scheduler: &Scheduler| -> Vec<u32> {
        scheduler.queue().iter().map(|id| id.number()).collect()
    };
    assert_eq!(order(&scheduler), [4, 5, 3, 2]);
    scheduler.step(
        seconds(0),
        Input::PriorityChanged {
            id: id(2),
            priority: 3,
        },
    );
    scheduler.step(seconds(0), Input::RunNextRequested { id: id(3) });
    assert_eq!(order(&scheduler), [3, 2, 4, 5]);
}
