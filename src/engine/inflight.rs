//! Attempts between the scheduler's order and their end.
//!
//! An attempt is here under the epoch of its start; what comes for another
//! epoch is late and finds nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::exec::StopTokens;
use crate::model::{CallId, Ending, Epoch};

/// The attempts of a run that have not ended.
#[derive(Debug, Default)]
pub(super) struct Inflight {
    attempts: BTreeMap<CallId, InflightAttempt>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct InflightAttempt {
    epoch: Epoch,
    pub(super) stop: StopTokens,
    pub(super) pid: Option<u32>,
    phase: Phase,
}

/// How far it is.
#[derive(Debug)]
enum Phase {
    /// Its start is prepared aside; nothing runs. It times out at this time.
    Preparing(Option<Duration>),
    /// It was launched.
    Launched,
    /// It ended like this, and its output is looked at aside.
    Checking(Ending),
}

impl Inflight {
    /// Adds an attempt that is about to start.
    pub(super) fn add(&mut self, call: CallId, epoch: Epoch) {
        let attempt = InflightAttempt {
            epoch,
            stop: StopTokens::default(),
            pid: None,
            phase: Phase::Launched,
        };
        self.attempts.insert(call, attempt);
    }

    /// The attempt of this start.
    pub(super) fn get(&self, call: CallId, epoch: Epoch) -> Option<&InflightAttempt> {
        self.attempts.get(&call).filter(|it| it.epoch == epoch)
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, call: CallId, epoch: Epoch) -> Option<&mut InflightAttempt> {
        self.attempts.get_mut(&call).filter(|it| it.epoch == epoch)
    }

    /// The start that a call's attempt belongs to.
    pub(super) fn epoch(&self, call: CallId) -> Option<Epoch> {
        self.attempts.get(&call).map(|attempt| attempt.epoch)
    }

    /// Removes the attempt of this start; false if it is not here.
    pub(super) fn remove(&mut self, call: CallId, epoch: Epoch) -> bool {
        let is_here = self.get(call, epoch).is_some();
        if is_here {
            self.attempts.remove(&call);
        }
        is_here
    }

    /// Notes that an attempt's start is prepared aside, until `times_out` at
    /// the latest.
    pub(super) fn prepare(&mut self, call: CallId, epoch: Epoch, times_out: Option<Duration>) {
        if let Some(attempt) = self.get_mut(call, epoch) {
            attempt.phase = Phase::Preparing(times_out);
        }
    }

    /// Notes that an attempt was launched.
    pub(super) fn launch(&mut self, call: CallId, epoch: Epoch) {
        if let Some(attempt) = self.get_mut(call, epoch) {
            attempt.phase = Phase::Launched;
        }
    }

    /// Notes that an attempt ended and its output is looked at aside; false if
    /// it is not here.
    pub(super) fn check(&mut self, call: CallId, epoch: Epoch, ending: Ending) -> bool {
        let attempt = self.get_mut(call, epoch);
        attempt
            .map(|attempt| attempt.phase = Phase::Checking(ending))
            .is_some()
    }

    /// The ending of an attempt whose output is looked at.
    pub(super) fn checked(&self, call: CallId, epoch: Epoch) -> Option<&Ending> {
        match &self.get(call, epoch)?.phase {
            Phase::Checking(ending) => Some(ending),
            Phase::Preparing(_) | Phase::Launched => None,
        }
    }

    /// Attempts whose start is prepared, each with when it times out.
    pub(super) fn preparing(&self) -> impl Iterator<Item = (CallId, Epoch, Option<Duration>)> + '_ {
        let attempts = self.attempts.iter();
        attempts.filter_map(|(call, attempt)| match attempt.phase {
            Phase::Preparing(times_out) => Some((*call, attempt.epoch, times_out)),
            Phase::Launched | Phase::Checking(_) => None,
        })
    }

    /// When the next start that is prepared times out.
    pub(super) fn next_timeout(&self) -> Option<Duration> {
        self.preparing()
            .filter_map(|(_, _, times_out)| times_out)
            .min()
    }

    /// The processes that run.
    pub(super) fn processes(&self) -> impl Iterator<Item = (CallId, Epoch, u32)> + '_ {
        let attempts = self.attempts.iter();
        attempts.filter_map(|(call, attempt)| Some((*call, attempt.epoch, attempt.pid?)))
    }

    /// Whether every attempt has ended.
    pub(super) fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }
}
