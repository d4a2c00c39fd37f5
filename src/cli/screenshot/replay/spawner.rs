//! A spawner whose attempts do what a recording says, in the runtime's time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::recording::{RecordedAttempt, Recording};
use crate::exec::{AttemptContext, AttemptEvent, Spawner};
use crate::model::{AttemptNo, CallId, CallSample, Ending, Epoch, Outcome, Plan, Work};
use crate::output::Sink;
use crate::probe::{ProbeReading, Subject, TreeReading};

/// Time between two readings.
const PERIOD: Duration = Duration::from_millis(500);

/// The tool that ignores SIGTERM.
const STUBBORN: &str = "stubborn";

/// Starts attempts that are played.
#[derive(Clone)]
pub(super) struct ReplaySpawner {
    recording: Arc<Recording>,
    calls: Arc<BTreeMap<CallId, RecordedCall>>,
    playing: Arc<Mutex<BTreeMap<CallId, Playing>>>,
}

/// A call of the plan that is played.
struct RecordedCall {
    name: String,
    is_stubborn: bool,
}

/// An attempt under way.
struct Playing {
    epoch: Epoch,
    since: Instant,
    attempt: Option<RecordedAttempt>,
}

impl Playing {
    /// Returns what the attempt uses now.
    fn sample(&self) -> Option<CallSample> {
        let attempt = self.attempt.as_ref();
        attempt.and_then(|attempt| attempt.sample(self.since.elapsed()))
    }
}

impl ReplaySpawner {
    pub(super) fn new(recording: Arc<Recording>, plan: &Plan) -> Self {
        let calls = plan.calls.iter().map(|call| {
            let recorded = RecordedCall {
                name: call.name.as_str().to_owned(),
                is_stubborn: call.tool.as_str() == STUBBORN,
            };
            (call.id, recorded)
        });
        Self {
            recording,
            calls: Arc::new(calls.collect()),
            playing: Arc::default(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<CallId, Playing>> {
        self.playing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what every attempt under way uses now.
    fn samples(&self) -> Vec<TreeReading> {
        let playing = self.lock();
        let samples = playing.iter().map(|(call, playing)| TreeReading {
            subject: Subject::Call(*call, playing.epoch),
            sample: playing.sample(),
        });
        samples.collect()
    }

    /// Sends readings of the machine and of every attempt under way, until
    /// nobody listens.
    pub(super) async fn send_readings(self, sender: watch::Sender<Arc<ProbeReading>>) {
        let begun = Instant::now();
        let mut taken = 0;
        loop {
            taken += 1;
            let reading = ProbeReading {
                taken,
                missed: 0,
                machine: self.recording.machine(begun.elapsed()).cloned(),
                trees: self.samples(),
                inspection: None,
            };
            if sender.send(Arc::new(reading)).is_err() {
                return;
            }
            sleep(PERIOD).await;
        }
    }
}

/// One attempt that is to be played.
#[derive(Clone, Copy)]
struct AttemptKey {
    call: CallId,
    epoch: Epoch,
    attempt: AttemptNo,
}

impl ReplaySpawner {
    fn begin(&self, key: AttemptKey, context: AttemptContext) {
        let AttemptContext { stop, sink, events } = context;
        let spawner = self.clone();
        let AttemptKey {
            call,
            epoch,
            attempt,
        } = key;
        let recorded = self.calls.get(&call);
        let attempt = recorded.and_then(|it| self.recording.attempt(&it.name, attempt.0));
        let attempt = attempt.cloned();
        let is_stubborn = recorded.is_some_and(|recorded| recorded.is_stubborn);
        let playing = Playing {
            epoch,
            since: Instant::now(),
            attempt: attempt.clone(),
        };
        self.lock().insert(call, playing);
        tokio::spawn(async move {
            let pid = None;
            let begun = AttemptEvent::Started { call, epoch, pid };
            // Without an engine there is nobody to play for.
            let _unheard = events.send(begun).await;
            let ending = tokio::select! {
                biased;
                ending = play(attempt, &sink) => ending,
                () = stop.soft.cancelled(), if !is_stubborn => killed("SIGTERM", 15),
                () = stop.hard.cancelled() => killed("SIGKILL", 9),
            };
            sink.finish();
            spawner.lock().remove(&call);
            let ended = AttemptEvent::Ended {
                call,
                epoch,
                ending,
            };
            let _unheard = events.send(ended).await;
        });
    }
}

impl Spawner for ReplaySpawner {
    fn start(&self, work: Work, context: AttemptContext) {
        let key = AttemptKey {
            call: work.call(),
            epoch: work.epoch(),
            attempt: work.attempt(),
        };
        self.begin(key, context);
    }

    fn is_replay(&self) -> bool {
        true
    }
}

/// Does what was recorded. What was not recorded succeeds at once.
async fn play(attempt: Option<RecordedAttempt>, sink: &Sink) -> Ending {
    let begun = Instant::now();
    let Some(attempt) = attempt else {
        return Ending::plain(Outcome::Succeeded);
    };
    for (at, stream, text) in attempt.printed {
        sleep_until(begun + at).await;
        sink.write(stream, text.as_bytes());
    }
    sleep_until(begun + attempt.took).await;
    attempt.ending
}

fn killed(name: &str, signal: i32) -> Ending {
    Ending {
        reason: Some(format!("killed by {name}")),
        signal: Some(signal),
        ..Ending::plain(Outcome::Failed)
    }
}
