//! Attempts that do what a recording says, in the time of the runtime.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::recording::{Recording, Take};
use crate::exec::{AttemptEvent, Spawner, StopTokens};
use crate::model::{
    AttemptNo, CallId, CallSample, Ending, Epoch, McpRequest, Outcome, Plan, ProcessSpec,
};
use crate::output::Sink;
use crate::probe::{ProbeReading, Subject};

/// How often the readings are told.
const PERIOD: Duration = Duration::from_millis(500);

/// The tool that ignores SIGTERM.
const STUBBORN: &str = "stubborn";

/// Starts attempts that are played.
#[derive(Clone)]
pub(super) struct Players {
    recording: Arc<Recording>,
    parts: Arc<BTreeMap<CallId, Part>>,
    playing: Arc<Mutex<BTreeMap<CallId, Playing>>>,
}

/// What is known of a call.
struct Part {
    name: String,
    is_stubborn: bool,
}

/// An attempt under way.
struct Playing {
    epoch: Epoch,
    since: Instant,
    take: Option<Take>,
}

impl Playing {
    /// What a call uses now.
    fn sample((call, it): (&CallId, &Self)) -> (Subject, Option<CallSample>) {
        let take = it.take.as_ref();
        let sample = take.and_then(|take| take.sample(it.since.elapsed()));
        (Subject::Call(*call, it.epoch), sample)
    }
}

impl Players {
    pub(super) fn new(recording: Arc<Recording>, plan: &Plan) -> Self {
        let parts = plan.calls.iter().map(|call| {
            let part = Part {
                name: call.name.as_str().to_owned(),
                is_stubborn: call.tool.as_str() == STUBBORN,
            };
            (call.id, part)
        });
        Self {
            recording,
            parts: Arc::new(parts.collect()),
            playing: Arc::default(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<CallId, Playing>> {
        self.playing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what the machine and everything under way use, until nobody
    /// listens.
    pub(super) async fn tell_readings(self, sender: watch::Sender<Arc<ProbeReading>>) {
        let begun = Instant::now();
        let mut taken = 0;
        loop {
            taken += 1;
            let reading = ProbeReading {
                taken,
                missed: 0,
                machine: self.recording.machine(begun.elapsed()).cloned(),
                trees: self.lock().iter().map(Playing::sample).collect(),
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
struct Cast {
    call: CallId,
    epoch: Epoch,
    attempt: AttemptNo,
}

impl Players {
    fn begin(&self, cast: Cast, stop: StopTokens, sink: Sink, events: mpsc::Sender<AttemptEvent>) {
        let players = self.clone();
        let Cast {
            call,
            epoch,
            attempt,
        } = cast;
        let part = self.parts.get(&call);
        let take = part.and_then(|part| self.recording.attempt(&part.name, attempt.0));
        let take = take.cloned();
        let is_stubborn = part.is_some_and(|part| part.is_stubborn);
        let playing = Playing {
            epoch,
            since: Instant::now(),
            take: take.clone(),
        };
        self.lock().insert(call, playing);
        tokio::spawn(async move {
            let pid = None;
            let begun = AttemptEvent::Started { call, epoch, pid };
            // Without an engine there is nobody to play for.
            let _unheard = events.send(begun).await;
            let ending = tokio::select! {
                ending = play(take, &sink) => ending,
                () = stop.soft.cancelled(), if !is_stubborn => killed("SIGTERM", 15),
                () = stop.hard.cancelled() => killed("SIGKILL", 9),
            };
            sink.finish();
            players.lock().remove(&call);
            let ended = AttemptEvent::Ended {
                call,
                epoch,
                ending,
            };
            let _unheard = events.send(ended).await;
        });
    }
}

impl Spawner for Players {
    fn start(
        &self,
        launch: ProcessSpec,
        stop: StopTokens,
        sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    ) {
        let cast = Cast {
            call: launch.call,
            epoch: launch.epoch,
            attempt: launch.attempt,
        };
        self.begin(cast, stop, sink, events);
    }

    fn ask(
        &self,
        question: McpRequest,
        stop: StopTokens,
        sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    ) {
        let cast = Cast {
            call: question.call,
            epoch: question.epoch,
            // No call of a server is tried again in the sample plan.
            attempt: AttemptNo(1),
        };
        self.begin(cast, stop, sink, events);
    }
}

/// Does what was recorded. What was not recorded succeeds at once.
async fn play(take: Option<Take>, sink: &Sink) -> Ending {
    let begun = Instant::now();
    let Some(take) = take else {
        return Ending::plain(Outcome::Succeeded);
    };
    for (at, stream, text) in take.printed {
        sleep_until(begun + at).await;
        sink.write(stream, text.as_bytes());
    }
    sleep_until(begun + take.took).await;
    take.ending
}

fn killed(name: &str, signal: i32) -> Ending {
    Ending {
        reason: Some(format!("killed by {name}")),
        signal: Some(signal),
        ..Ending::plain(Outcome::Failed)
    }
}
