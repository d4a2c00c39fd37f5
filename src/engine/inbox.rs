//! Commands of users, as inputs of the scheduler.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Command;
use super::aside::AdmitError;
use super::run::{EngineLoop, cap_with_room};
use crate::model::{
    Call, CallId, CallName, CallOrigin, CallRow, Cap, CapCause, CapControl, CapStep, EventKind,
    StopCause, ToolName,
};
use crate::plan::{self, Draft};
use crate::sched::{Force, Input};

impl EngineLoop {
    /// Carries out a command.
    pub(super) fn handle_command(&mut self, command: Command) {
        if self.clock.is_suspended() && command != Command::Suspend {
            // What stands still cannot be stopped, and nobody who suspends a
            // run gives it other orders meanwhile.
            self.resume();
        }
        let now = self.clock.now();
        match command {
            Command::SetCap(cap) => {
                self.set_cap(cap, CapControl::Pinned);
                self.govern_agents();
            }
            Command::SetAuto(ceiling) => {
                self.set_cap(ceiling, CapControl::Auto);
                self.govern_agents();
            }
            Command::SetOrder(order) => {
                self.policy.order = order;
                self.step(now, Input::PolicyChanged(self.policy));
            }
            Command::Pause => {
                self.step(now, Input::Paused);
                self.govern_agents();
            }
            Command::Resume => self.step(now, Input::Resumed),
            Command::Suspend => self.suspend(),
            Command::Continue => self.resume(),
            Command::Cancel(ids) => self.cancel(ids, Force::Ladder),
            Command::Kill(ids) => self.cancel(ids, Force::Kill),
            Command::CancelAll => self.cancel(self.open_calls(), Force::Ladder),
            Command::KillAll => self.cancel(self.open_calls(), Force::Kill),
            Command::Rerun(ids) => self.rerun(&ids),
            Command::RerunPlan => self.rerun_plan(),
            Command::Inspect(call) => self.inspect(call),
            Command::Add(draft) => self.add(*draft),
            Command::Load(calls) => self.queue_load(&calls),
            Command::Move { call, before } => self.step(now, Input::CallMoved { id: call, before }),
            Command::SetPriority { call, priority } => {
                self.step(now, Input::PriorityChanged { id: call, priority });
            }
            Command::RunNext(id) => self.step(now, Input::RunNextRequested { id }),
            Command::Server { name, order } => self.launcher.spawner.control_server(&name, order),
            Command::AnswerQuestion { question, reply } => {
                self.launcher.spawner.answer_question(question, reply);
            }
            Command::Agents(command) => self.handle_agent_command(command),
            Command::Drain => {
                self.leave_agents();
                self.step(now, Input::DrainRequested);
            }
            Command::Shutdown => {
                self.leave_agents();
                self.step(now, Input::ShutdownRequested);
            }
        }
    }

    /// Cancels calls; those of agents through their proxies.
    fn cancel(&mut self, ids: Vec<CallId>, force: Force) {
        let ids = self.cancel_of_agents(ids);
        let input = Input::CancelRequested {
            ids,
            cause: StopCause::User,
            force,
        };
        self.step(self.clock.now(), input);
    }

    fn suspend(&mut self) {
        self.clock.suspend();
        self.launcher.pause.send_replace(true);
        self.launcher.spawner.suspend();
        self.mark();
    }

    fn resume(&mut self) {
        self.launcher.spawner.resume();
        self.launcher.pause.send_replace(false);
        self.clock.resume();
        self.mark();
    }

    fn set_cap(&mut self, asked: Cap, control: CapControl) {
        let cap = cap_with_room(self.launcher.spawner.as_ref(), asked);
        self.warn_of_lane_limit(asked);
        let was = (self.policy.cap, self.policy.control);
        if was == (cap, control) {
            return;
        }
        let before = self.scheduler.auto_cap().map_or(was.0, |auto| auto.lanes);
        (self.policy.cap, self.policy.control) = (cap, control);
        self.step(self.clock.now(), Input::PolicyChanged(self.policy));
        let auto = self.scheduler.auto_cap();
        if auto.is_none() {
            self.cap_log.highest = self.cap_log.highest.max(cap);
        }
        let step = CapStep {
            before,
            cap: auto.map_or(cap, |auto| auto.lanes),
            cause: match (was.1, control) {
                (CapControl::Pinned, CapControl::Auto) => CapCause::SwitchedOn,
                _ => CapCause::User,
            },
            auto,
            service: None,
        };
        self.cap_stepped(step, self.clock.now());
    }

    /// Keeps and tells a change of the cap.
    pub(super) fn cap_stepped(&mut self, step: CapStep, now: Duration) {
        self.cap_log.changed(now, step.clone());
        self.record(now, EventKind::CapChanged { step });
    }

    fn open_calls(&self) -> Vec<CallId> {
        let all = (0..self.rows.len()).map(CallId::from_index);
        // Calls of agents are cancelled one by one only.
        let is_open = |row: &CallRow| !row.state.is_ended() && row.proxied.is_none();
        all.filter(|id| self.rows.get(*id).is_some_and(is_open))
            .collect()
    }

    /// Runs ended calls again as new calls with the arguments they had.
    fn rerun(&mut self, ids: &[CallId]) {
        let first = self.rows.len();
        for id in ids {
            if let Some(name) = self.unknown_tool_of_agent(*id) {
                self.notify(&format!(
                    "not run again: {name} is a tool of an agent's server and not of the catalogue"
                ));
                continue;
            }
            if let Some(call) = self.copy_of(*id) {
                let now = self.clock.now();
                self.register(&Arc::new(call), now);
            }
        }
        self.queue(first..self.rows.len());
    }

    /// Runs every call of the plan again, each behind the new ones of those that
    /// it depends on.
    fn rerun_plan(&mut self) {
        let first = self.rows.len();
        let calls = (0..self.planned_calls).map(CallId::from_index);
        if calls
            .clone()
            .any(|id| self.rows.get(id).is_none_or(|row| !row.state.is_ended()))
        {
            self.notify("not run again: calls of the plan have not ended");
            return;
        }
        let now = self.clock.now();
        let mut planned = BTreeSet::clone(&self.planned);
        for id in calls {
            let Some(original) = self.rows.get(id).map(|row| Arc::clone(&row.call)) else {
                continue;
            };
            let mut call = Call::clone(&original);
            call.id = CallId::from_index(first + id.index());
            call.name = self.free_name(original.name.as_str());
            call.foreign_name = None;
            // It counts from the run's start, which was long ago.
            call.start_after = original.start_after.map(|at| now + at);
            call.origin = CallOrigin::Again(id);
            for edge in &mut call.after {
                edge.call = CallId::from_index(first + edge.call.index());
            }
            if self.planned.contains(&id) {
                planned.insert(call.id);
            }
            self.register(&Arc::new(call), now);
        }
        self.planned = Arc::new(planned);
        self.round = first;
        self.queue(first..self.rows.len());
    }

    /// The tool of an agent's call, where a run of its own cannot use it.
    fn unknown_tool_of_agent(&self, id: CallId) -> Option<ToolName> {
        let row = self.rows.get(id)?;
        let is_known = self.launcher.catalogue.get(&row.call.tool).is_some();
        (row.proxied.is_some() && !is_known).then(|| row.call.tool.clone())
    }

    fn copy_of(&self, id: CallId) -> Option<Call> {
        let row = self.rows.get(id).filter(|row| row.state.is_ended())?;
        let original = &row.call;
        let mut call = Call::clone(original);
        call.id = CallId::from_index(self.rows.len());
        call.name = self.free_name(original.name.as_str());
        call.foreign_name = None;
        call.start_after = None;
        call.origin = CallOrigin::Again(id);
        if row.are_args_resolved {
            // They may be of many megabytes: shared, and not escaped.
            call.args = Arc::clone(&row.args);
            call.are_args_final = true;
            call.after.clear();
        }
        Some(call)
    }

    /// A name that no call of the run has: the given one with a number behind it.
    fn free_name(&self, name: &str) -> CallName {
        let base = name.rsplit_once("-r").map_or(name, |(base, number)| {
            let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            if is_number { base } else { name }
        });
        let candidates = (2_u32..).map(|number| CallName::new(format!("{base}-r{number}")));
        let is_free = |candidate: &CallName| !self.names.contains_key(candidate);
        candidates
            .into_iter()
            .find(is_free)
            .unwrap_or_else(|| CallName::new(name))
    }

    /// Checks a call that a user asks for: at once where that is quick, else
    /// aside.
    fn add(&mut self, draft: Draft) {
        if self.launcher.is_quick_to_check(&draft.tool, &draft.args) {
            let admitted = plan::admit(draft, &self.names, &self.launcher.catalogue);
            self.admitted(admitted.map_err(AdmitError::Draft));
        } else {
            self.admit_aside(draft);
        }
    }

    /// Queues a call that a user asked for, or says why it cannot be.
    pub(super) fn admitted(&mut self, admitted: Result<Call, AdmitError>) {
        match admitted {
            Ok(mut call) => {
                if self.names.contains_key(&call.name) {
                    // Taken while it was checked.
                    call.name = self.free_name(call.name.as_str());
                }
                let first = self.rows.len();
                call.id = CallId::from_index(first);
                self.register(&Arc::new(call), self.clock.now());
                self.queue(first..first + 1);
            }
            Err(error) => self.notify(&format!("not added: {error}")),
        }
    }
}
