//! A run that was recorded with `--events`: what each call printed, used and
//! came to, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::model::{CallSample, Ending, MachineSample, Outcome, Stream};

/// The sample plan as it went once, in four lanes of a machine with two cores:
/// `fanout demo --events`.
const DEMO: &str = include_str!("../../../../sample-tools/demo.ndjson");

/// A recorded run.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// By name of the call and number of the attempt.
    attempts: BTreeMap<(String, u32), RecordedAttempt>,
    /// The attempt of each call that was last seen to start.
    latest: BTreeMap<String, u32>,
    machine: Vec<(Duration, MachineSample)>,
}

/// One attempt. Its times count from its start.
#[derive(Debug, Clone)]
pub(super) struct RecordedAttempt {
    started: Duration,
    /// Its output, with the time of each piece.
    pub(super) printed: Vec<(Duration, Stream, String)>,
    /// Its samples, with the time of each.
    samples: Vec<(Duration, CallSample)>,
    /// Time that it took.
    pub(super) took: Duration,
    /// How it ended.
    pub(super) ending: Ending,
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
    CallStarted {
        id: String,
        attempt: u32,
    },
    Output {
        id: String,
        stream: Stream,
        text: String,
    },
    Sample(RecordedReading),
    CallWaiting {
        id: String,
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
    pub(super) fn demo() -> Result<Self, serde_json::Error> {
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

    fn add(&mut self, at: Duration, event: RecordedEvent) {
        match event {
            RecordedEvent::CallStarted { id, attempt } => {
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
            RecordedEvent::CallWaiting { id, ended: end }
            | RecordedEvent::CallEnded { id, attempt: end } => {
                if let (Some(attempt), Some(end)) = (self.current(id), end) {
                    attempt.took = at.saturating_sub(attempt.started);
                    attempt.ending = Ending {
                        reason: end.reason,
                        exit_code: end.exit_code,
                        ..Ending::plain(end.outcome)
                    };
                }
            }
            RecordedEvent::Other => {}
        }
    }

    fn current(&mut self, id: String) -> Option<&mut RecordedAttempt> {
        let attempt = *self.latest.get(&id)?;
        self.attempts.get_mut(&(id, attempt))
    }

    /// The attempt of this number of a call.
    pub(super) fn attempt(&self, name: &str, attempt: u32) -> Option<&RecordedAttempt> {
        self.attempts.get(&(name.to_owned(), attempt))
    }

    /// The machine at a moment of the run.
    pub(super) fn machine(&self, at: Duration) -> Option<&MachineSample> {
        latest(&self.machine, at)
    }

    /// How many cores the machine had.
    pub(super) fn cores(&self) -> u32 {
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
    pub(super) fn sample(&self, at: Duration) -> Option<CallSample> {
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
    use crate::catalogue::Catalogue;
    use crate::cli::demo;
    use crate::plan;

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
