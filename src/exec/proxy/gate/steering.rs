//! Commands of the controller, and its loss.

use std::time::Duration;

use super::call::{Phase, StopEnd, Stopping, WaitsFor};
use super::ending::Ended;
use super::own_messages::{self, OwnResult, ShapeError};
use super::{Control, Gate, GateEffect, Ruler};
use crate::exec::proxy::frames::{
    By, Command, Direction, EditCall, GoCall, HoldCalls, Mode, OnLost, ProxiedOutcome, RefusedWhy,
    ReleaseCalls, SetMode, ShimCall, Side, Which,
};

/// Reason that a command was not done, and words for it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::exec::proxy) struct NotDone {
    pub(in crate::exec::proxy) why: RefusedWhy,
    pub(in crate::exec::proxy) text: String,
}

impl NotDone {
    fn new(why: RefusedWhy) -> Self {
        let text = String::new();
        Self { why, text }
    }
}

impl From<ShapeError> for NotDone {
    fn from(error: ShapeError) -> Self {
        Self {
            why: RefusedWhy::Invalid,
            text: error.to_string(),
        }
    }
}

type Done = Result<(), NotDone>;

impl Gate {
    /// Accepts a controller. Nothing changes until it says so.
    pub(in crate::exec::proxy) fn controlled(&mut self) {
        self.control = Some(Control {
            mode: None,
            on_lost: self.settings.on_lost,
            lets_go: true,
        });
    }

    /// Falls back to what the command line said: the controller is gone. What
    /// waits or is held goes on, or is answered with errors.
    pub(in crate::exec::proxy) fn controller_lost(&mut self, now: Duration) {
        let Some(control) = self.control.take() else {
            return;
        };
        let open: Vec<ShimCall> = self.calls.keys().copied().collect();
        for id in open {
            let Some(call) = self.calls.get_mut(&id) else {
                continue;
            };
            call.holds_answer = None;
            let is_queued = call.admission.is_some();
            match &call.phase {
                Phase::AnswerHeld { .. } => self.deliver(now, id, Some(By::Rule)),
                Phase::Held { .. } | Phase::Waiting(_) if control.on_lost == OnLost::Fail => {
                    let text = "the dashboard that decided about this call is gone";
                    self.answer_with_error(now, id, text, By::Rule);
                }
                // It waits for the shim's own scheduler already.
                Phase::Waiting(WaitsFor::Lane | WaitsFor::Lock) if is_queued => {}
                Phase::Held { .. } | Phase::Waiting(_) => self.wait_anew(now, id),
                Phase::Sent | Phase::Stopping(_) => {}
            }
        }
        self.take_turns(now);
        self.effects.push(GateEffect::Introduce);
    }

    /// Has an unsent call wait for whoever decides now.
    fn wait_anew(&mut self, now: Duration, id: ShimCall) {
        self.withdraw(now, id);
        match self.ruler() {
            Ruler::Own => self.queue(now, id),
            Ruler::Controller => self.wait(now, id, WaitsFor::Go),
            Ruler::Nobody => self.wait(now, id, WaitsFor::Turn),
        }
    }

    /// Withdraws what an unsent call asked for.
    fn withdraw(&mut self, now: Duration, id: ShimCall) {
        self.leave_queue(now, id);
        self.effects.push(GateEffect::Unlock(id));
    }

    /// Does a command of the controller.
    pub(in crate::exec::proxy) fn command(
        &mut self,
        now: Duration,
        command: &Command,
        body: &[u8],
    ) -> Done {
        match command {
            Command::Mode(mode) => {
                self.set_mode(now, *mode);
                Ok(())
            }
            Command::Go(go) => self.go_now(now, *go),
            Command::Hold(hold) => self.hold(now, hold),
            Command::Release(release) => self.release(now, *release),
            Command::Edit(edit) => self.edit(now, *edit, body),
            Command::Answer(answer) => self.answer_by_hand(now, answer.call, body),
            Command::Cancel(cancel) => self.cancel(now, cancel.call),
            Command::Kill { .. } => {
                self.effects.push(GateEffect::Kill);
                Ok(())
            }
        }
    }

    fn set_mode(&mut self, now: Duration, set: SetMode) {
        if let Some(control) = &mut self.control {
            control.mode = Some(set.mode);
            control.on_lost = set.on_lost.unwrap_or(control.on_lost);
            control.lets_go = set.auto_release.unwrap_or(control.lets_go);
        }
        let open = self.calls.values();
        let waiting = open.filter(|call| matches!(call.phase, Phase::Waiting(_)));
        let waiting: Vec<ShimCall> = waiting.map(|call| call.call).collect();
        for id in waiting {
            self.wait_anew(now, id);
        }
        if set.mode == Mode::Watch {
            self.take_turns(now);
        }
        self.effects.push(GateEffect::Introduce);
    }

    fn go_now(&mut self, now: Duration, go: GoCall) -> Done {
        let call = self.calls.get_mut(&go.call);
        let call = call.ok_or(NotDone::new(RefusedWhy::Gone))?;
        if !call.is_unsent() {
            return Err(NotDone::new(RefusedWhy::NotHeld));
        }
        call.is_unlocked |= go.unlocked;
        if !matches!(call.phase, Phase::Waiting(WaitsFor::Lock)) {
            self.leave_queue(now, go.call);
            self.go(now, go.call, None, None);
        } else if go.unlocked {
            self.withdraw(now, go.call);
            self.send(now, go.call, None, Some(By::User));
        }
        Ok(())
    }

    fn hold(&mut self, now: Duration, hold: &HoldCalls) -> Done {
        let why = hold.why.clone().unwrap_or_else(|| "held by you".to_owned());
        let fits = |gate: &Self, id| match (hold.what, gate.calls.get(&id).map(|it| &it.phase)) {
            (_, Some(Phase::Waiting(_)))
            | (Side::Answer, Some(Phase::Held { .. } | Phase::Sent)) => true,
            (Side::Call | Side::Answer, _) => false,
        };
        for id in self.chosen(hold.call, &fits)? {
            if hold.what == Side::Answer {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.holds_answer = Some(why.clone());
                }
                continue;
            }
            self.withdraw(now, id);
            if let Some(call) = self.calls.get_mut(&id) {
                let why = why.clone();
                call.phase = Phase::Held { why };
            }
            self.begin_waiting(now, id);
            self.note(id, "held", &why);
            self.tell_state(now, id, Some(why.clone()), Some(By::User));
        }
        Ok(())
    }

    fn release(&mut self, now: Duration, release: ReleaseCalls) -> Done {
        let fits = |gate: &Self, id| {
            let call = gate.calls.get(&id);
            match (release.what, call.map(|it| &it.phase)) {
                (Side::Call, Some(Phase::Held { .. }))
                | (Side::Answer, Some(Phase::AnswerHeld { .. })) => true,
                (Side::Answer, Some(_)) => call.is_some_and(|it| it.holds_answer.is_some()),
                (Side::Call | Side::Answer, _) => false,
            }
        };
        for id in self.chosen(release.call, &fits)? {
            match release.what {
                Side::Call => self.wait_anew(now, id),
                Side::Answer => {
                    if let Some(call) = self.calls.get_mut(&id) {
                        call.holds_answer = None;
                    }
                    self.deliver(now, id, Some(By::User));
                }
            }
        }
        self.take_turns(now);
        Ok(())
    }

    /// Lists the calls that a command is about and fits.
    fn chosen(
        &self,
        which: Which,
        fits: &dyn Fn(&Self, ShimCall) -> bool,
    ) -> Result<Vec<ShimCall>, NotDone> {
        match which {
            Which::One(id) if !self.calls.contains_key(&id) => Err(NotDone::new(RefusedWhy::Gone)),
            Which::One(id) if fits(self, id) => Ok(vec![id]),
            Which::One(_) => Err(NotDone::new(RefusedWhy::NotHeld)),
            Which::All => {
                let open = self.calls.keys().copied();
                Ok(open.filter(|id| fits(self, *id)).collect())
            }
        }
    }

    /// Changes what is held, and lets it go where that is wanted too: in one
    /// step, so that nothing goes on unchanged.
    fn edit(&mut self, now: Duration, edit: EditCall, body: &[u8]) -> Done {
        match edit.what {
            Side::Call => self.edit_call(now, edit.call, body)?,
            Side::Answer => self.edit_answer(now, edit.call, body)?,
        }
        if !edit.release {
            return Ok(());
        }
        let call = Which::One(edit.call);
        let what = edit.what;
        let n = edit.n;
        self.release(now, ReleaseCalls { n, call, what })
    }

    fn edit_call(&mut self, now: Duration, id: ShimCall, body: &[u8]) -> Done {
        let call = self.calls.get_mut(&id);
        let call = call.ok_or(NotDone::new(RefusedWhy::Gone))?;
        if !call.is_unsent() {
            return Err(NotDone::new(RefusedWhy::NotHeld));
        }
        let edited = own_messages::with_arguments(&call.line, body)?;
        self.unsent.bytes = self.unsent.bytes + edited.len() - call.line.len();
        call.line.clone_from(&edited);
        self.tell_own(now, Direction::ToServer, id, &edited);
        let sent = String::from_utf8_lossy(&edited);
        self.note(id, "edited", sent.trim_end());
        let why = match &self.calls.get(&id).map(|call| &call.phase) {
            Some(Phase::Held { why }) => Some(format!("{why}, edited")),
            _ => None,
        };
        self.tell_state(now, id, why, Some(By::User));
        Ok(())
    }

    fn edit_answer(&mut self, now: Duration, id: ShimCall, body: &[u8]) -> Done {
        let call = self.calls.get_mut(&id);
        let call = call.ok_or(NotDone::new(RefusedWhy::Gone))?;
        let Phase::AnswerHeld { answer, .. } = &mut call.phase else {
            return Err(NotDone::new(RefusedWhy::NotHeld));
        };
        let result = own_messages::result_by_hand(body, call.is_new_era)?;
        let edited = own_messages::answer(&call.raw_id, &result);
        answer.clone_from(&edited);
        self.tell_own(now, Direction::ToAgent, id, &edited);
        let sent = String::from_utf8_lossy(&edited);
        self.note(id, "answer-edited", sent.trim_end());
        self.tell_state(now, id, Some("answer edited".to_owned()), Some(By::User));
        Ok(())
    }

    fn answer_by_hand(&mut self, now: Duration, id: ShimCall, body: &[u8]) -> Done {
        let call = self.calls.get(&id);
        let call = call.ok_or(NotDone::new(RefusedWhy::Gone))?;
        if matches!(call.phase, Phase::Stopping(_)) {
            return Err(NotDone::new(RefusedWhy::NotHeld));
        }
        let result = own_messages::result_by_hand(body, call.is_new_era)?;
        self.note(id, "answered", "by you");
        self.answer_instead(now, id, &result, By::User, ProxiedOutcome::Answered);
        Ok(())
    }

    fn cancel(&mut self, now: Duration, id: ShimCall) -> Done {
        let call = self.calls.get(&id);
        let call = call.ok_or(NotDone::new(RefusedWhy::Gone))?;
        let text = match &call.phase {
            Phase::Stopping(_) => return Err(NotDone::new(RefusedWhy::NotHeld)),
            Phase::Waiting(_) | Phase::Held { .. } => {
                "cancelled by the user before the server got it"
            }
            Phase::Sent => "cancelled by the user; the server was told to stop",
            Phase::AnswerHeld { .. } => "cancelled by the user; the server had answered",
        };
        let result = own_messages::error_result(text, call.is_new_era, "user");
        self.note(id, "cancelled", text);
        self.answer_instead(now, id, &result, By::User, ProxiedOutcome::Cancelled);
        Ok(())
    }

    fn answer_with_error(&mut self, now: Duration, id: ShimCall, text: &str, by: By) {
        if let Some(call) = self.calls.get(&id) {
            let result = own_messages::error_result(text, call.is_new_era, "rule:on-lost");
            self.answer_instead(now, id, &result, by, ProxiedOutcome::Answered);
        }
    }

    /// Answers a call in the server's place. A server that works on it is told to
    /// stop; the call ends when it has, or has had its time.
    fn answer_instead(
        &mut self,
        now: Duration,
        id: ShimCall,
        result: &OwnResult,
        by: By,
        outcome: ProxiedOutcome,
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let line = own_messages::answer(&call.raw_id, result);
        let (bytes, is_error) = (line.len() as u64, result.is_error);
        self.tell_own(now, Direction::ToAgent, id, &line);
        self.to_agent.line(line);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if !call.is_at_server() {
            let reason = match &call.phase {
                Phase::AnswerHeld { .. } => "the server had answered; that was dropped",
                _ => "the server never got it",
            };
            return self.end(
                now,
                id,
                Ended {
                    is_error,
                    bytes,
                    reason: Some(reason.to_owned()),
                    by: Some(by),
                    ..Ended::new(outcome)
                },
            );
        }
        let cancel = own_messages::cancel(&call.raw_id);
        call.phase = Phase::Stopping(Stopping {
            since: now,
            passes_answer: false,
            end: Some(match outcome {
                ProxiedOutcome::Answered => StopEnd::Answered { is_error, bytes },
                _ => StopEnd::Cancelled,
            }),
        });
        self.at_server -= 1;
        self.timed.insert(id);
        self.tell_own(now, Direction::ToServer, id, &cancel);
        self.to_server.line(cancel);
        self.tell_state(now, id, Some("told to stop".to_owned()), Some(by));
    }
}
