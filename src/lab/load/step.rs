//! One step under way: queues calls as they are due, and measures them.

use std::sync::Arc;
use std::time::Duration;

use super::callers::Callers;
use super::meter::StepMeter;
use super::under_way::Load;
use super::{LoadEvent, LoadLevel, StepFigures};
use crate::lab::ExperimentError;
use crate::model::{Call, CallId, CallRow, Cap, LoadNews};

/// Time between two looks at what the tool's server uses, and between two
/// reports of the figures so far.
const LOOK_PERIOD: Duration = Duration::from_millis(250);

/// Purpose of the calls of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// They measure fanout itself.
    NoOps,
    /// They do not count.
    WarmUp,
    /// They count.
    Counted,
}

/// A step under way.
pub(super) struct Step {
    purpose: Purpose,
    level: LoadLevel,
    callers: Callers,
    meter: StepMeter,
    /// The call in each place.
    open: Vec<Option<OpenCall>>,
    open_count: usize,
    /// Calls queued so far.
    turn: u64,
    next_look: Duration,
    /// The reason to end before the time.
    end: Option<End>,
}

/// A call that has not ended.
#[derive(Debug, Clone, Copy)]
struct OpenCall {
    number: u64,
    since: Duration,
    is_started: bool,
}

/// Reason that a step ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Stopped,
    FailedFast,
}

impl Step {
    /// Calls that do nothing, one after another.
    pub(super) fn of_no_ops(load: &Load<'_>, calls: u64) -> Self {
        Self::new(load, Purpose::NoOps, LoadLevel::Cap(Cap::ONE), Some(calls))
    }

    /// The calls before those that count.
    pub(super) fn warm_up(load: &Load<'_>, level: LoadLevel) -> Self {
        let calls = load.request().warm_up_at(level);
        Self::new(load, Purpose::WarmUp, level, Some(calls))
    }

    /// The calls that count.
    pub(super) fn counted(load: &Load<'_>, level: LoadLevel) -> Self {
        let calls = load.request().calls;
        Self::new(load, Purpose::Counted, level, calls)
    }

    fn new(load: &Load<'_>, purpose: Purpose, level: LoadLevel, calls: Option<u64>) -> Self {
        let now = load.target.now();
        let callers = Callers::new(load.request(), level, calls, now);
        Self {
            purpose,
            level,
            callers: match purpose {
                Purpose::Counted => callers,
                Purpose::NoOps | Purpose::WarmUp => callers.without_time(),
            },
            meter: StepMeter::new(level, now, load.target.usage()),
            open: Vec::new(),
            open_count: 0,
            turn: 0,
            next_look: now + LOOK_PERIOD,
            end: None,
        }
    }

    /// Runs it to its end. Returns its figures if a call ended, which stand in
    /// the findings if they count.
    pub(super) fn run(
        mut self,
        load: &mut Load<'_>,
    ) -> Result<Option<StepFigures>, ExperimentError> {
        loop {
            let now = load.target.now();
            self.queue_due(load, now)?;
            self.look(load, now);
            let is_done = self.callers.is_done(now);
            if is_done && self.open_count == 0 {
                break;
            }
            let wake = self.callers.wake().filter(|_| !is_done);
            let until = wake.map_or(self.next_look, |at| at.min(self.next_look));
            let event = load.target.next(Some(until));
            self.handle(load, event)?;
        }
        let figures = self.close(load);
        match self.end {
            None => Ok(figures),
            Some(End::Stopped) => Err(ExperimentError::Stopped),
            Some(End::FailedFast) => {
                load.findings.has_failed_fast = true;
                Err(ExperimentError::Stopped)
            }
        }
    }

    fn handle(&mut self, load: &mut Load<'_>, event: LoadEvent) -> Result<(), ExperimentError> {
        match event {
            LoadEvent::News(LoadNews::Started { call, at }) => {
                if let Some(Some(open)) = self.open.get_mut(call.index()) {
                    open.is_started = true;
                    self.meter.started(at);
                }
            }
            LoadEvent::News(LoadNews::Ended(row)) => self.call_ended(load, &row)?,
            LoadEvent::Due => {}
            LoadEvent::CapAsked(cap) => self.change_cap(load, cap)?,
            LoadEvent::StopAsked => self.stop(load, End::Stopped)?,
            LoadEvent::Gone => {
                return Err(ExperimentError::RunFailed {
                    reason: "the run ended in the middle of the load".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Queues the calls that are due by now.
    fn queue_due(&mut self, load: &mut Load<'_>, now: Duration) -> Result<(), ExperimentError> {
        let mut calls: Vec<Arc<Call>> = Vec::new();
        while let Some(due) = self.callers.take(now) {
            let place = CallId::from_index(due.place);
            let number = match self.purpose {
                Purpose::Counted => self.turn + 1,
                Purpose::NoOps | Purpose::WarmUp => 0,
            };
            calls.push(match self.purpose {
                Purpose::NoOps => load.calls.no_op(place),
                Purpose::WarmUp | Purpose::Counted => load.calls.call(self.turn, number, place),
            });
            self.turn += 1;
            if self.open.len() <= due.place {
                self.open.resize(due.place + 1, None);
            }
            self.open[due.place] = Some(OpenCall {
                number,
                since: due.since,
                is_started: false,
            });
            self.open_count += 1;
        }
        if calls.is_empty() {
            return Ok(());
        }
        load.target.queue(calls)
    }

    fn call_ended(&mut self, load: &mut Load<'_>, row: &CallRow) -> Result<(), ExperimentError> {
        let place = row.call.id.index();
        let Some(open) = self.open.get_mut(place).and_then(Option::take) else {
            return Ok(());
        };
        self.open_count -= 1;
        let ended = row.ended.unwrap_or_else(|| load.target.now());
        let call = self
            .meter
            .ended(row, open.number, open.since, open.is_started);
        self.callers.ended(place, ended);
        let Some(call) = call.filter(|_| self.purpose == Purpose::Counted) else {
            return Ok(());
        };
        if let Some(answers) = &mut load.answers {
            answers.add(self.level, row, load.target.result(row));
        }
        load.findings.trace.call_ended(ended, &call);
        load.observer.call_ended(self.level, &call);
        if call.error.is_some() && load.request().fails_fast {
            self.stop(load, End::FailedFast)?;
        }
        Ok(())
    }

    /// Ends it: no call comes any more, and those that run are stopped.
    fn stop(&mut self, load: &mut Load<'_>, end: End) -> Result<(), ExperimentError> {
        self.callers.stop();
        if self.end.replace(end).is_none() {
            load.target.stop_calls()?;
        }
        Ok(())
    }

    /// Goes on at another cap: what was measured until now is a step of its own.
    fn change_cap(&mut self, load: &mut Load<'_>, cap: Cap) -> Result<(), ExperimentError> {
        let LoadLevel::Cap(before) = self.level else {
            return Ok(());
        };
        if before == cap || self.purpose != Purpose::Counted || self.end.is_some() {
            return Ok(());
        }
        self.close(load);
        let now = load.target.now();
        let level = LoadLevel::Cap(cap);
        load.target.set_cap(cap)?;
        load.observer.step_starting(level);
        load.findings.trace.step_began(now, level);
        let open = &self.open;
        let is_busy = |place: usize| open.get(place).is_some_and(Option::is_some);
        self.callers.resize(cap.get() as usize, now, is_busy);
        self.callers
            .limit(load.request().calls, load.request().time, now);
        self.level = level;
        let running = open.iter().flatten().filter(|call| call.is_started).count();
        self.meter = StepMeter::new(level, now, load.target.usage());
        for _ in 0..running {
            self.meter.started(now);
        }
        Ok(())
    }

    /// Looks at the tool's server, and tells how the step is going.
    fn look(&mut self, load: &mut Load<'_>, now: Duration) {
        if now < self.next_look {
            return;
        }
        self.next_look = now + LOOK_PERIOD;
        self.meter.look(load.target.usage());
        if self.purpose == Purpose::Counted {
            let figures = self.figures(load);
            load.observer.step_changed(&figures);
            load.findings.trace.go_on(now);
            load.findings.live = Some(figures);
            load.publish();
        }
    }

    fn figures(&self, load: &Load<'_>) -> StepFigures {
        let request = load.request();
        let conditions = request.budgets.iter().chain(&request.find);
        self.meter.figures(conditions)
    }

    /// Returns the figures at its end, which join the findings if they count.
    fn close(&mut self, load: &mut Load<'_>) -> Option<StepFigures> {
        self.meter.look(load.target.usage());
        let figures = (self.meter.calls() > 0).then(|| self.figures(load));
        if self.purpose == Purpose::Counted
            && let Some(figures) = &figures
        {
            load.findings.live = None;
            load.findings.steps.push(figures.clone());
            load.observer.step_ended(figures);
            load.publish();
        }
        figures
    }
}
