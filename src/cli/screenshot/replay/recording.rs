//! A run that was recorded with `--events`: what each call printed, used and
//! came to, and when.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::model::{
    Call, CallId, CallName, CallSample, Cap, Edge, EdgeKind, Ending, MachineSample, Outcome, Plan,
    StdinKind, Stream, Tool, ToolAction, ToolName,
};

/// The sample plan as it went once, in four lanes of a machine with two cores:
/// `fanout demo --events`.
const DEMO: &str = include_str!("../../../../sample-tools/demo.ndjson");

/// A recorded run.
#[derive(Debug, Default)]
pub(in crate::cli::screenshot) struct Recording {
    /// By name of the call and number of the attempt.
    attempts: BTreeMap<(String, u32), RecordedAttempt>,
    /// The attempt of each call that was last seen to start.
    latest: BTreeMap<String, u32>,
    machine: Vec<(Duration, MachineSample)>,
    /// The calls, in the order in which they were queued.
    calls: Vec<RecordedCall>,
    name: String,
    cap: u32,
    caps: Vec<(Duration, u32)>,
    length: Duration,
}

/// A call as it was queued and what it waited for.
#[derive(Debug, Clone)]
struct RecordedCall {
    name: String,
    tool: String,
    args: Value,
    queued: Duration,
    started: Option<Duration>,
    attempts: u32,
    /// The calls that it waited for.
    after: Vec<String>,
    /// Whether it waited for something else than calls and lanes.
    is_delayed: bool,
}

/// One attempt. Its times count from its start.
#[derive(Debug, Clone)]
pub(in crate::cli::screenshot) struct RecordedAttempt {
    started: Duration,
    /// Its output, with the time of each piece.
    pub(in crate::cli::screenshot) printed: Vec<(Duration, Stream, String)>,
    /// Its samples, with the time of each.
    samples: Vec<(Duration, CallSample)>,
    /// Time that it took.
    pub(in crate::cli::screenshot) took: Duration,
    /// How it ended.
    pub(in crate::cli::screenshot) ending: Ending,
}

#[derive(Debug, Deserialize)]
struct RecordedLine {
    t_ms: f64,
    #[serde(flatten)]
    event: RecordedEvent,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum RecordedEvent {
    RunStarted {
        plan: String,
        cap: u32,
    },
    CallQueued {
        id: String,
        tool: String,
        args: Value,
    },
    CapChanged {
        cap: u32,
    },
    CallStarted {
        id: String,
        attempt: u32,
        #[serde(default)]
        args: Value,
    },
    Output {
        id: String,
        stream: Stream,
        text: String,
    },
    Sample(RecordedReading),
    CallWaiting {
        id: String,
        #[serde(default)]
        reason: String,
        #[serde(default, rename = "for")]
        heading: String,
        ended: Option<RecordedEnd>,
    },
    CallEnded {
        id: String,
        attempt: Option<RecordedEnd>,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RecordedReading {
    Call {
        id: String,
        #[serde(flatten)]
        sample: CallSample,
    },
    Machine(MachineSample),
}

#[derive(Debug, Deserialize)]
struct RecordedEnd {
    outcome: Outcome,
    reason: Option<String>,
    exit_code: Option<i32>,
}

impl Recording {
    /// The recorded run of the sample plan.
    pub(in crate::cli::screenshot) fn demo() -> Result<Self, serde_json::Error> {
        Self::read(DEMO)
    }

    fn read(text: &str) -> Result<Self, serde_json::Error> {
        let mut recording = Self::default();
        for line in text.lines() {
            // By way of a value: an untagged enum cannot take exact numbers from text.
            let line: RecordedLine = serde_json::from_value(serde_json::from_str(line)?)?;
            recording.add(
                Duration::from_secs_f64(line.t_ms.max(0.0) / 1000.0),
                line.event,
            );
        }
        Ok(recording)
    }

    /// Reads the events of a run of one's own.
    pub(in crate::cli::screenshot) fn of_events(text: &str) -> Result<Self, serde_json::Error> {
        Self::read(text)
    }

    /// When its last event was.
    pub(in crate::cli::screenshot) fn length(&self) -> Duration {
        self.length
    }

    /// The changes of its cap.
    pub(in crate::cli::screenshot) fn caps(&self) -> &[(Duration, u32)] {
        &self.caps
    }

    /// Returns the plan with which a run goes as this one did: calls wait for
    /// those that they waited for, and start in the same order. What cannot be
    /// known from events, a lock or a rate, becomes the time of the start.
    pub(in crate::cli::screenshot) fn plan(&self) -> Plan {
        let mut order: Vec<usize> = (0..self.calls.len()).collect();
        order.sort_by_key(|index| self.calls.get(*index).and_then(|call| call.started));
        let index_of = |name: &String| self.calls.iter().position(|call| call.name == *name);
        let calls = self.calls.iter().enumerate().map(|(index, recorded)| {
            let name = CallName::new(recorded.name.as_str());
            let tool = ToolName::new(recorded.tool.as_str());
            let id = CallId::from_index(index);
            let mut call = Call::new(id, name, tool, recorded.args.clone());
            call.are_args_final = true;
            call.retries = recorded.attempts.saturating_sub(1);
            let place = order.iter().position(|it| *it == index).unwrap_or(0);
            call.priority = -i32::try_from(place).unwrap_or(i32::MAX);
            let parents = recorded.after.iter().filter_map(index_of);
            let on = EdgeKind::Done;
            call.after = parents
                .filter(|parent| *parent != index)
                .map(|parent| Edge {
                    call: CallId::from_index(parent),
                    on,
                })
                .collect();
            let wait = if recorded.is_delayed {
                recorded.started.unwrap_or(recorded.queued)
            } else {
                recorded.queued
            };
            call.start_after = (!wait.is_zero()).then_some(wait);
            if recorded.started.is_none() {
                // It never began: it waits beyond the end.
                call.start_after = Some(self.length * 2 + Duration::from_hours(1));
            }
            Arc::new(call)
        });
        Plan {
            name: self.name.clone(),
            cap: Cap::new(self.cap.max(1)),
            calls: calls.collect(),
            ..Plan::default()
        }
    }

    /// Returns tools of the names that its calls have. They are not run.
    pub(in crate::cli::screenshot) fn catalogue(&self) -> Catalogue {
        let tools = self.calls.iter().map(|call| {
            let action = ToolAction::Command {
                argv: vec!["true".to_owned()],
                cwd: None,
                stdin: StdinKind::None,
                env: BTreeMap::new(),
                env_pass: Vec::new(),
                dash: Vec::new(),
            };
            Tool::new(ToolName::new(call.tool.as_str()), action)
        });
        Catalogue::default().with_tools(tools)
    }

    fn call_mut(&mut self, name: &str) -> Option<&mut RecordedCall> {
        self.calls.iter_mut().find(|call| call.name == name)
    }

    /// Takes note of why a call waits.
    fn waits(&mut self, name: &str, reason: &str, heading: &str) {
        let Some(call) = self.call_mut(name) else {
            return;
        };
        match heading {
            "after" => {
                let parent = reason.strip_prefix("after ");
                call.after.extend(parent.map(str::to_owned));
                call.is_delayed |= parent.is_none();
            }
            "slot" | "retry" | "" => {}
            _ => call.is_delayed = true,
        }
    }

    fn add(&mut self, at: Duration, event: RecordedEvent) {
        self.length = self.length.max(at);
        match event {
            RecordedEvent::RunStarted { plan, cap } => (self.name, self.cap) = (plan, cap),
            RecordedEvent::CapChanged { cap } => self.caps.push((at, cap)),
            RecordedEvent::CallQueued { id, tool, args } => self.calls.push(RecordedCall {
                name: id,
                tool,
                args,
                queued: at,
                started: None,
                attempts: 0,
                after: Vec::new(),
                is_delayed: false,
            }),
            RecordedEvent::CallStarted { id, attempt, args } => {
                if let Some(call) = self.call_mut(&id) {
                    call.started.get_or_insert(at);
                    call.attempts = call.attempts.max(attempt);
                    if args.is_object() {
                        call.args = args;
                    }
                }
                self.latest.insert(id.clone(), attempt);
                self.attempts
                    .insert((id, attempt), RecordedAttempt::begun(at));
            }
            RecordedEvent::Output { id, stream, text } => {
                if let Some(attempt) = self.current(id) {
                    attempt
                        .printed
                        .push((at.saturating_sub(attempt.started), stream, text));
                }
            }
            RecordedEvent::Sample(RecordedReading::Call { id, sample }) => {
                if let Some(attempt) = self.current(id) {
                    attempt
                        .samples
                        .push((at.saturating_sub(attempt.started), sample));
                }
            }
            RecordedEvent::Sample(RecordedReading::Machine(sample)) => {
                self.machine.push((at, sample));
            }
            RecordedEvent::CallWaiting {
                id,
                reason,
                heading,
                ended,
            } => {
                self.waits(&id, &reason, &heading);
                self.ended(id, at, ended);
            }
            RecordedEvent::CallEnded { id, attempt } => self.ended(id, at, attempt),
            RecordedEvent::Other => {}
        }
    }

    /// Takes note of the end of an attempt.
    fn ended(&mut self, id: String, at: Duration, end: Option<RecordedEnd>) {
        if let (Some(attempt), Some(end)) = (self.current(id), end) {
            attempt.took = at.saturating_sub(attempt.started);
            attempt.ending = Ending {
                reason: end.reason,
                exit_code: end.exit_code,
                ..Ending::plain(end.outcome)
            };
        }
    }

    fn current(&mut self, id: String) -> Option<&mut RecordedAttempt> {
        let attempt = *self.latest.get(&id)?;
        self.attempts.get_mut(&(id, attempt))
    }

    /// The attempt of this number of a call.
    pub(in crate::cli::screenshot) fn attempt(
        &self,
        name: &str,
        attempt: u32,
    ) -> Option<&RecordedAttempt> {
        self.attempts.get(&(name.to_owned(), attempt))
    }

    /// The machine at a moment of the run.
    pub(in crate::cli::screenshot) fn machine(&self, at: Duration) -> Option<&MachineSample> {
        latest(&self.machine, at)
    }

    /// How many cores the machine had.
    pub(in crate::cli::screenshot) fn cores(&self) -> u32 {
        let last = self.machine.last();
        let cores = last.map_or(1, |(_, sample)| sample.per_core.len());
        u32::try_from(cores).unwrap_or(1).max(1)
    }
}

impl RecordedAttempt {
    fn begun(started: Duration) -> Self {
        Self {
            started,
            printed: Vec::new(),
            samples: Vec::new(),
            took: Duration::ZERO,
            ending: Ending::plain(Outcome::Succeeded),
        }
    }

    /// Returns its latest sample at a time after its start.
    pub(in crate::cli::screenshot) fn sample(&self, at: Duration) -> Option<CallSample> {
        latest(&self.samples, at).copied()
    }
}

/// The last of what was read up to a moment.
fn latest<T>(readings: &[(Duration, T)], at: Duration) -> Option<&T> {
    let count = readings.partition_point(|(taken, _)| *taken <= at);
    readings
        .get(count.checked_sub(1)?)
        .map(|(_, reading)| reading)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo;
    use crate::plan;

    #[test]
    fn a_recorded_run_becomes_a_plan_that_goes_the_same_way() {
        let recording = Recording::demo().expect("the recording");
        let plan = recording.plan();
        assert_eq!(plan.cap.map(Cap::get), Some(4));
        let by_name = |name: &str| plan.calls.iter().find(|call| call.name.as_str() == name);
        let todos = by_name("find-todos").expect("a call of the plan");
        let parent = todos.after.first().expect("it waited for a call");
        assert_eq!(plan.calls[parent.call.index()].name.as_str(), "sources");
        assert!(todos.start_after.is_none() && todos.are_args_final);
        assert!(recording.catalogue().get(&todos.tool).is_some());
        assert!(recording.length() > Duration::from_secs(5));
    }

    #[test]
    fn every_call_of_the_sample_plan_that_starts_was_recorded() {
        let catalogue = Catalogue::sample().expect("the sample tools");
        let loaded = plan::from_text("demo.toml", demo::PLAN, &catalogue).expect("the plan");
        let recording = Recording::demo().expect("the recording");
        let never = ["smoke-test", "compare-pages"];
        for call in loaded.plan.calls {
            let name = call.name.as_str();
            let attempt = recording.attempt(name, 1);
            assert_eq!(
                attempt.is_none(),
                never.contains(&name),
                "{name}: record it anew"
            );
            assert!(
                attempt.is_none_or(|attempt| !attempt.took.is_zero()),
                "{name}"
            );
        }
        let second = recording.attempt("database", 2).expect("a second attempt");
        assert_eq!(second.ending.outcome, Outcome::Succeeded);
        assert_eq!(recording.cores(), 2);
    }
}
