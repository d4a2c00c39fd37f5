//! The shim's own scheduler: the one of every run, for the calls of one server,
//! while no dashboard decides.

use std::collections::BTreeMap;
use std::time::Duration;

use rand_pcg::Pcg64Mcg;

use crate::exec::proxy::frames::ShimCall;
use crate::model::{CallId, Cap, Epoch, LockKey, LockSet, Outcome, Policy, StopCause, ToolName};
use crate::sched::{AttemptResult, CallSpec, Effect, Force, Input, Scheduler, SchedulerSettings};

/// Calls of one scheduler's run, after which another one begins as soon as none
/// is open.
const MOST_CALLS: usize = 1000;

/// A call's place with the scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Admission {
    id: CallId,
    /// Identity of its start; `None` while it waits.
    epoch: Option<Epoch>,
}

/// A call to be scheduled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) call: ShimCall,
    pub(super) tool: &'a str,
    pub(super) is_shared: bool,
    /// Whether it runs beside others whatever they do.
    pub(super) is_unlocked: bool,
}

/// Schedules the calls of one server.
#[derive(Debug)]
pub(super) struct Governor {
    cap: Cap,
    lock: LockKey,
    scheduler: Scheduler,
    calls: BTreeMap<CallId, ShimCall>,
    /// Start of the scheduler's time.
    origin: Duration,
}

impl Governor {
    /// Returns a governor; without a cap only the lock binds.
    pub(super) fn new(cap: Option<Cap>, lock: &str) -> Self {
        let cap = cap.or_else(|| Cap::new(Cap::MAX)).unwrap_or(Cap::ONE);
        Self {
            cap,
            lock: LockKey::new(&format!("server:{lock}")),
            scheduler: scheduler(cap),
            calls: BTreeMap::new(),
            origin: Duration::ZERO,
        }
    }

    /// Queues a call. Returns its place and the calls that start now.
    pub(super) fn queue(&mut self, now: Duration, call: Candidate<'_>) -> (Admission, Vec<Start>) {
        if self.scheduler.open_calls() == 0 && self.scheduler.len() >= MOST_CALLS {
            // A scheduler remembers the calls of its run; this run has no end.
            self.scheduler = scheduler(self.cap);
            self.calls.clear();
            self.origin = now;
        }
        let id = CallId::from_index(self.scheduler.len());
        let mut locks = LockSet::default();
        if !call.is_unlocked {
            let mode = if call.is_shared {
                &mut locks.read
            } else {
                &mut locks.write
            };
            mode.push(self.lock.clone());
        }
        let spec = CallSpec {
            locks,
            ..CallSpec::new(id, ToolName::new(call.tool))
        };
        self.calls.insert(id, call.call);
        let starts = self.step(now, Input::CallsQueued(vec![spec]));
        (Admission { id, epoch: None }, starts)
    }

    /// Notes that a call was sent. Returns calls that start now.
    pub(super) fn started(&mut self, now: Duration, place: &mut Admission, epoch: Epoch) {
        place.epoch = Some(epoch);
        let id = place.id;
        let _none = self.step(now, Input::AttemptStarted { id, epoch });
    }

    /// Takes a call out, whether it runs or waits. Returns calls that start now.
    pub(super) fn ended(&mut self, now: Duration, place: Admission) -> Vec<Start> {
        let id = place.id;
        let input = match place.epoch {
            Some(epoch) => Input::AttemptEnded {
                id,
                epoch,
                end: AttemptResult::plain(Outcome::Succeeded),
            },
            None => Input::CancelRequested {
                ids: vec![id],
                cause: StopCause::User,
                force: Force::Kill,
            },
        };
        self.calls.remove(&id);
        self.step(now, input)
    }

    /// Returns the reason that a call waits.
    pub(super) fn why(&self, place: Admission) -> Option<String> {
        use crate::model::WaitReason;
        let call = |id: CallId| match self.calls.get(&id) {
            Some(call) => format!("#{}", call.0),
            None => "another call".to_owned(),
        };
        Some(match self.scheduler.why_waiting(place.id)? {
            WaitReason::Lock { key, holder } => {
                format!("lock {} held by {}", key.as_str(), call(holder))
            }
            WaitReason::Reserved { call: other } => format!("reserved for {}", call(other)),
            reason => reason.to_string(),
        })
    }

    fn step(&mut self, now: Duration, input: Input) -> Vec<Start> {
        let now = now.saturating_sub(self.origin);
        let effects = self.scheduler.step(now, input);
        let starts = effects.into_iter().filter_map(|effect| match effect {
            Effect::Start { id, epoch, .. } => {
                let call = *self.calls.get(&id)?;
                Some(Start { call, epoch })
            }
            _ => None,
        });
        starts.collect()
    }
}

/// A call that starts now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) call: ShimCall,
    pub(super) epoch: Epoch,
}

fn scheduler(cap: Cap) -> Scheduler {
    let policy = Policy {
        cap,
        ..Policy::default()
    };
    Scheduler::new(SchedulerSettings::new(policy, Pcg64Mcg::new(0)))
}
