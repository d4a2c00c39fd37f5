//! Where calls of agents stand, as their proxies tell it.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::run::EngineLoop;
use crate::exec::proxy::attach::{CallMove, ProxyOrder};
use crate::exec::proxy::frames::{By, ProxiedState, Side};
use crate::model::{
    AgentMode, AskedTime, AttemptNo, AttemptRecord, CallId, CallState, CancelStatus, Epoch,
    EventKind, HeldAnswer, Hold, Intercepted, LaneId, LetGo, ProxiedStage, ProxyControl, ProxyId,
    StopCause, StopStep, Timeouts, WaitReason,
};
use crate::sched::Input;

impl EngineLoop {
    /// Takes over where a call stands.
    pub(super) fn call_moved(&mut self, proxy: ProxyId, moved: CallMove) {
        let Some(id) = self.known_call(proxy, moved.call) else {
            return;
        };
        let now = self.clock.now();
        let at = now.saturating_sub(moved.age);
        let Some(open) = self.agents.open.get_mut(&id) else {
            return;
        };
        let is_first = !std::mem::replace(&mut open.is_placed, true);
        let let_go_at = moved.let_go_in.map(|left| now + left);
        self.edit_proxied(id, |proxied| proxied.patience.let_go_at = let_go_at);
        match moved.state {
            ProxiedState::Waiting => self.waits(id, proxy, &moved, is_first),
            ProxiedState::Held => self.is_held(id, &moved, at),
            ProxiedState::Sent | ProxiedState::NeedsInput => self.was_sent(id, &moved, at),
            ProxiedState::AnswerHeld => self.answer_is_held(id, moved, at),
            ProxiedState::Stopping => self.is_stopping(id, at),
        }
        self.count_held(proxy);
    }

    /// A call waits at its proxy: the scheduler decides about it, where we are
    /// the ones who govern.
    fn waits(&mut self, id: CallId, proxy: ProxyId, moved: &CallMove, is_first: bool) {
        self.edit_proxied(id, |proxied| {
            proxied.stage = ProxiedStage::Waiting;
            proxied.held = None;
        });
        if !self.governs(proxy) {
            self.waits_at_proxy(id, moved);
            return;
        }
        if self.rows.get(id).is_some_and(|row| row.started.is_some()) {
            // It has its turn, and waits for the lock among proxies.
            self.waits_at_proxy(id, moved);
            return;
        }
        if is_first && self.is_intercepted(id) {
            let pattern = self.agents.shown.intercept.pattern.as_ref();
            let pattern = pattern.map_or("", |pattern| pattern.as_str());
            let why = format!("held by you ({pattern})").into();
            let side = Side::Call;
            let call = moved.call;
            self.order(proxy, ProxyOrder::Hold { call, side, why });
            return;
        }
        self.schedule(id);
    }

    fn waits_at_proxy(&mut self, id: CallId, moved: &CallMove) {
        let why = moved.why.clone().unwrap_or_else(|| "its turn".into());
        let now = self.clock.now();
        self.rows
            .set_wait(id, Some(WaitReason::AtProxy { why }), now);
    }

    /// Whether the scheduler of this run decides about calls of a proxy.
    pub(super) fn governs(&self, proxy: ProxyId) -> bool {
        let server = self.agents.server(proxy);
        self.agents.wanted == Some(AgentMode::Govern)
            && server.is_some_and(|it| it.control == ProxyControl::Ours)
    }

    fn is_intercepted(&self, id: CallId) -> bool {
        let row = self.rows.get(id);
        let Some(proxied) = row.and_then(|row| row.proxied.as_ref()) else {
            return false;
        };
        self.agents.shown.intercept.holds(&Intercepted {
            agent: proxied.agent.as_str(),
            server: proxied.server.as_str(),
            tool: &proxied.tool,
            is_read_only: proxied.access == crate::model::Access::ReadOnly,
        })
    }

    fn is_held(&mut self, id: CallId, moved: &CallMove, at: Duration) {
        self.withdraw(id);
        self.back_to_queue(id);
        let by = holder(moved.why.as_deref());
        let hold = Hold {
            by: Arc::clone(&by),
            since: at,
        };
        self.edit_proxied(id, |proxied| {
            proxied.stage = ProxiedStage::Waiting;
            proxied.held = Some(hold);
        });
        let now = self.clock.now();
        if self.rows.set_wait(
            id,
            Some(WaitReason::Held {
                by: Arc::clone(&by),
            }),
            now,
        ) {
            let what = EventKind::CallWaiting {
                call: id,
                reason: WaitReason::Held { by },
                ended: None,
            };
            self.record(now, what);
        }
    }

    /// A call whose turn had come, and which its server has not got, waits again.
    fn back_to_queue(&mut self, id: CallId) {
        let state = self.rows.get(id).map(|row| row.state);
        if !matches!(state, Some(CallState::Starting { .. })) {
            return;
        }
        let now = self.clock.now();
        self.agents.lanes.remove(&id);
        self.rows.set_state(id, CallState::Queued, now);
        if let Some(row) = self.rows.edit(id) {
            row.started = None;
            row.attempts.pop();
        }
    }

    /// The server has a call: by our order, by nobody's, or before its turn.
    fn was_sent(&mut self, id: CallId, moved: &CallMove, at: Duration) {
        let row = self.rows.get(id);
        let Some(state) = row.map(|row| row.state) else {
            return;
        };
        let was_waiting = row.is_some_and(|row| row.wait.is_some());
        match state {
            CallState::Starting { epoch, .. } => {
                let input = Input::AttemptStarted { id, epoch };
                self.step(self.clock.now(), input);
                self.sync_state(id, at);
                self.rows.set_wait(id, None, at);
            }
            CallState::Queued => {
                self.withdraw(id);
                self.run_watched(id, at);
                let before = moved.age.saturating_sub(self.clock.now());
                self.edit_proxied(id, |proxied| proxied.ran_before = before);
            }
            _ => {}
        }
        let let_go = match (state, moved.by) {
            (_, Some(By::Clock)) => Some(LetGo::AgentWouldGiveUp),
            (CallState::Queued, _) if was_waiting && self.agents.wanted.is_some() => {
                Some(LetGo::Elsewhere)
            }
            _ => None,
        };
        self.edit_proxied(id, |proxied| {
            proxied.stage = ProxiedStage::Sent;
            proxied.held = None;
            proxied.let_go = proxied.let_go.or(let_go);
        });
        if matches!(state, CallState::Queued | CallState::Starting { .. }) {
            self.record_start(id);
        }
    }

    /// A call runs without the scheduler: it takes a lane that nobody has.
    fn run_watched(&mut self, id: CallId, at: Duration) {
        let lane = self.free_lane(id);
        self.begin_attempt(id, lane, at);
        let epoch = Epoch::default();
        self.rows
            .set_state(id, CallState::Running { lane, epoch }, at);
    }

    /// Notes that a call has a lane from now on.
    pub(super) fn begin_attempt(&mut self, id: CallId, lane: LaneId, at: Duration) {
        self.rows.set_wait(id, None, at);
        let Some(row) = self.rows.edit(id) else {
            return;
        };
        row.started.get_or_insert(at);
        row.attempts.push(AttemptRecord {
            attempt: AttemptNo(1),
            lane,
            lane_taken: at,
            started: at,
            asked: AskedTime::default(),
            stop_ordered: None,
            ended: None,
            argv: None,
            ending: None,
            outcome: None,
        });
    }

    fn record_start(&mut self, id: CallId) {
        let Some(row) = self.rows.get(id) else { return };
        let Some(attempt) = row.attempts.last() else {
            return;
        };
        let what = EventKind::CallStarted {
            call: id,
            attempt: attempt.attempt,
            lane: attempt.lane,
            args: Arc::clone(&row.args),
            argv: None,
            pid: None,
        };
        let at = attempt.started;
        self.record(at, what);
    }

    fn answer_is_held(&mut self, id: CallId, moved: CallMove, at: Duration) {
        let hold = Hold {
            by: holder(moved.why.as_deref()),
            since: at,
        };
        // The server is done: what the call kept from others is free.
        self.withdraw(id);
        let answer = HeldAnswer {
            is_error: moved.is_error,
            bytes: moved.answer_bytes,
            result: moved.answer,
        };
        self.edit_proxied(id, |proxied| {
            proxied.stage = ProxiedStage::AnswerHeld(answer);
            proxied.holds_answer = false;
            proxied.held.get_or_insert(hold);
        });
    }

    fn is_stopping(&mut self, id: CallId, at: Duration) {
        self.edit_proxied(id, |proxied| {
            proxied.stage = ProxiedStage::Stopping { since: at };
            proxied.held = None;
        });
        let hard_at = at + Timeouts::DEFAULT_GRACE;
        let Some(row) = self.rows.edit(id) else {
            return;
        };
        let status = row.remote.get_or_insert_default();
        status.cancel.get_or_insert(CancelStatus::Sent);
        if let Some(attempt) = row.attempts.last_mut() {
            attempt.stop_ordered.get_or_insert(at);
        }
        let CallState::Running { lane, epoch } = row.state else {
            return;
        };
        let step = StopStep::Soft { hard_at };
        let cause = StopCause::User;
        let state = CallState::Stopping {
            lane,
            epoch,
            step,
            cause,
        };
        self.rows.set_state(id, state, at);
        self.record(
            at,
            EventKind::CallStopping {
                call: id,
                cause,
                step,
            },
        );
    }
}

/// The one who holds, from a proxy's words `held by you`.
fn holder(why: Option<&str>) -> Arc<str> {
    let why = why.unwrap_or("its proxy");
    let by = why.strip_prefix("held by ").unwrap_or(why);
    by.strip_suffix(", edited").unwrap_or(by).into()
}
