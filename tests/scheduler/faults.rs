//! Deliberate faults: a scheduler that errs in one way must be found out by the
//! reference or by the laws, or these prove nothing.
//!
//! The fault stands between what happens and the scheduler: it is told
//! something else than the reference and the laws are, and so does what a
//! scheduler with that fault in it would do.

use std::panic::catch_unwind;

use fanout::model::{CallState, Cap, EdgeKind, LockSet, Order, Policy};
use fanout::sched::{CallSpec, Input, Scheduler, SchedulerSettings};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::history::run_with;
use crate::properties::words;

/// One way to err.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    CapOneAbove,
    LocksForgotten,
    SharedLocksTakenAlone,
    DoneEdgesAskForSuccess,
    EdgesForgotten,
    StaleEndsTaken,
    CancelsForgotten,
    OneAttemptTooMany,
    RateForgotten,
    ToolCapForgotten,
    ClaimsForgotten,
    GraceForgotten,
    StartTimesForgotten,
    QueueTimeoutsForgotten,
    PauseForgotten,
    OrderForgotten,
    GroupsForgotten,
}

const FAULTS: [Fault; 17] = [
    Fault::CapOneAbove,
    Fault::LocksForgotten,
    Fault::SharedLocksTakenAlone,
    Fault::DoneEdgesAskForSuccess,
    Fault::EdgesForgotten,
    Fault::StaleEndsTaken,
    Fault::CancelsForgotten,
    Fault::OneAttemptTooMany,
    Fault::RateForgotten,
    Fault::ToolCapForgotten,
    Fault::ClaimsForgotten,
    Fault::GraceForgotten,
    Fault::StartTimesForgotten,
    Fault::QueueTimeoutsForgotten,
    Fault::PauseForgotten,
    Fault::OrderForgotten,
    Fault::GroupsForgotten,
];

impl Fault {
    /// The settings of a scheduler that errs so.
    pub(crate) fn settings(self, mut settings: SchedulerSettings) -> SchedulerSettings {
        settings.policy = self.policy(settings.policy);
        for tool in &mut settings.tools {
            match self {
                Self::RateForgotten => tool.rate = None,
                Self::ToolCapForgotten => tool.max_parallel = None,
                _ => {}
            }
        }
        settings
    }

    /// What a scheduler that errs so takes an input for.
    pub(crate) fn input(self, input: Input, scheduler: &Scheduler) -> Input {
        match (self, input) {
            (_, Input::CallsQueued(mut specs)) => {
                for spec in &mut specs {
                    self.spec(spec);
                }
                Input::CallsQueued(specs)
            }
            (_, Input::PolicyChanged(policy)) => Input::PolicyChanged(self.policy(policy)),
            (Self::LocksForgotten, Input::LocksResolved { id, .. }) => Input::LocksResolved {
                id,
                locks: LockSet::default(),
            },
            (Self::StaleEndsTaken, Input::AttemptEnded { id, epoch, end }) => {
                let epoch = match scheduler.state(id) {
                    Some(CallState::Running { epoch, .. }) => epoch,
                    _ => epoch,
                };
                Input::AttemptEnded { id, epoch, end }
            }
            (Self::CancelsForgotten, Input::CancelRequested { .. })
            | (Self::PauseForgotten, Input::Paused) => Input::Ticked,
            (_, input) => input,
        }
    }

    fn policy(self, mut policy: Policy) -> Policy {
        match self {
            Self::CapOneAbove => {
                policy.cap = Cap::new(policy.cap.get() + 1).expect("a cap above 0");
            }
            Self::OrderForgotten => policy.order = Order::Fifo,
            _ => {}
        }
        policy
    }

    fn spec(self, spec: &mut CallSpec) {
        match self {
            Self::LocksForgotten => spec.locks = LockSet::default(),
            Self::SharedLocksTakenAlone => {
                let read = std::mem::take(&mut spec.locks.read);
                spec.locks.write.extend(read);
            }
            Self::DoneEdgesAskForSuccess => {
                for edge in &mut spec.after {
                    if edge.on == EdgeKind::Done {
                        edge.on = EdgeKind::Ok;
                    }
                }
            }
            Self::EdgesForgotten => spec.after.clear(),
            Self::OneAttemptTooMany => spec.retries += 1,
            Self::ClaimsForgotten => spec.claims = fanout::model::Claims::default(),
            Self::GraceForgotten => spec.timeouts.grace = std::time::Duration::ZERO,
            Self::StartTimesForgotten => spec.start_after = None,
            Self::QueueTimeoutsForgotten => spec.timeouts.queue = None,
            Self::GroupsForgotten => spec.group = None,
            _ => {}
        }
    }
}

/// Histories after which the fault is found out.
fn found_after(fault: Fault) -> Option<usize> {
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let strategy = words(1..9, 0..40);
    (1..=2_000).find(|_| {
        let words = strategy.new_tree(&mut runner).expect("words").current();
        catch_unwind(|| run_with(&words, Some(fault))).is_err()
    })
}

#[test]
fn every_deliberate_fault_is_found_out() {
    let found = FAULTS.map(|fault| (fault, found_after(fault)));
    let missed: Vec<Fault> = found
        .iter()
        .filter(|(_, after)| after.is_none())
        .map(|(fault, _)| *fault)
        .collect();
    assert_eq!(missed, [], "found after so many histories: {found:?}");
}
