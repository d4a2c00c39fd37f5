//! The names of the calls of a run, by number.

use std::time::Duration;

use crate::model::{CallId, CallName, EventKind, RunEvent, WaitReason};

/// The names heard of so far.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<Option<CallName>>);

impl Names {
    /// Takes the name that an event gives a call.
    pub(super) fn hear(&mut self, event: &RunEvent) {
        if let EventKind::CallQueued { call, name, .. } = &event.what {
            if self.0.len() <= call.index() {
                self.0.resize(call.index() + 1, None);
            }
            if let Some(slot) = self.0.get_mut(call.index()) {
                *slot = Some(name.clone());
            }
        }
    }

    /// The name of a call, or its number where no name was heard.
    pub(super) fn of(&self, call: CallId) -> String {
        let name = self.0.get(call.index()).and_then(Option::as_ref);
        name.map_or_else(|| call.to_string(), ToString::to_string)
    }

    /// Why a call waits, in words: with the names of the calls it is about and
    /// the time left at `now`.
    pub(super) fn reason(&self, reason: &WaitReason, now: Duration) -> String {
        let left = |at: &Duration| at.saturating_sub(now).as_secs_f64();
        match reason {
            WaitReason::After { call } => format!("after {}", self.of(*call)),
            WaitReason::Lock { key, holder } => {
                format!("lock {key} held by {}", self.of(*holder))
            }
            WaitReason::Reserved { call } => format!("reserved for {}", self.of(*call)),
            WaitReason::StartAfter { at } | WaitReason::Retry { at } => {
                format!("{reason} in {:.1} s", left(at))
            }
            WaitReason::Rate { at, .. } => format!("{reason}, {:.1} s", left(at)),
            WaitReason::Slot { .. }
            | WaitReason::ToolCap { .. }
            | WaitReason::Memory { .. }
            | WaitReason::Service { .. }
            | WaitReason::Cpu { .. }
            | WaitReason::Measuring
            | WaitReason::Held { .. }
            | WaitReason::Asks { .. }
            | WaitReason::AtProxy { .. }
            | WaitReason::Paused
            | WaitReason::Stopped => reason.to_string(),
        }
    }
}
