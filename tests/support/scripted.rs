//! A spawner that starts nothing: the test says what becomes of each attempt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fanout::exec::{AttemptContext, AttemptEvent, Spawner, StopTokens};
use fanout::model::{Asked, CallId, Ending, Outcome, ProcessSpec, RemoteStatus, Work};
use fanout::output::{Sink, Stream};
use tokio::sync::mpsc;

/// An attempt that waits for what the test makes of it.
struct Waiting {
    launch: ProcessSpec,
    stop: StopTokens,
    sink: Sink,
    events: mpsc::Sender<AttemptEvent>,
}

/// Keeps every attempt until the test ends it.
#[derive(Clone, Default)]
pub(crate) struct Scripted {
    waiting: Arc<Mutex<BTreeMap<CallId, Waiting>>>,
    launches: Arc<Mutex<Vec<ProcessSpec>>>,
}

impl Spawner for Scripted {
    fn start(&self, work: Work, context: AttemptContext) {
        let AttemptContext { stop, sink, events } = context;
        let Work::Process(launch) = work else {
            panic!("not a program: {work:?}");
        };
        self.launches.lock().expect("no panic").push(launch.clone());
        let call = launch.call;
        let attempt = Waiting {
            launch,
            stop,
            sink,
            events,
        };
        self.waiting.lock().expect("no panic").insert(call, attempt);
    }
}

impl Scripted {
    /// Everything that was to be started, in that order.
    pub(crate) fn launches(&self) -> Vec<ProcessSpec> {
        self.launches.lock().expect("no panic").clone()
    }

    /// The stops of an attempt that has not ended.
    pub(crate) fn stops(&self, call: u32) -> Option<StopTokens> {
        let waiting = self.waiting.lock().expect("no panic");
        waiting.get(&id(call)).map(|attempt| attempt.stop.clone())
    }

    /// Prints on the standard error of a call.
    pub(crate) fn prints_error(&self, call: u32, text: &str) {
        let waiting = self.waiting.lock().expect("no panic");
        let attempt = waiting.get(&id(call)).expect("a start of the call");
        attempt.sink.write(Stream::Stderr, text.as_bytes());
    }

    /// Says that the process of a call runs.
    pub(crate) async fn runs(&self, call: u32) {
        let (event, events) = {
            let waiting = self.waiting.lock().expect("no panic");
            let attempt = waiting.get(&id(call)).expect("a start of the call");
            let event = AttemptEvent::Started {
                call: id(call),
                epoch: attempt.launch.epoch,
                pid: None,
            };
            (event, attempt.events.clone())
        };
        events.send(event).await.expect("an engine");
    }

    /// Says that the server of a call waits for something, or waits no more.
    pub(crate) async fn asks(&self, call: u32, asks: Option<Asked>) {
        let (event, events) = {
            let waiting = self.waiting.lock().expect("no panic");
            let attempt = waiting.get(&id(call)).expect("a start of the call");
            let remote = RemoteStatus {
                asks,
                ..RemoteStatus::default()
            };
            let event = AttemptEvent::RemoteChanged {
                call: id(call),
                epoch: attempt.launch.epoch,
                remote,
            };
            (event, attempt.events.clone())
        };
        events.send(event).await.expect("an engine");
    }

    /// Lets a running call print something.
    pub(crate) fn prints(&self, call: u32, text: &str) {
        let waiting = self.waiting.lock().expect("no panic");
        let attempt = waiting.get(&id(call)).expect("a start of the call");
        attempt.sink.write(Stream::Stdout, text.as_bytes());
    }

    /// Lets a running call print something and close its output.
    pub(crate) fn prints_all(&self, call: u32, text: &str) {
        self.prints(call, text);
        let waiting = self.waiting.lock().expect("no panic");
        waiting[&id(call)].sink.finish();
    }

    /// Lets a call print something and end.
    pub(crate) async fn ends(&self, call: u32, printed: &str, ending: Ending) {
        let waiting = self.waiting.lock().expect("no panic").remove(&id(call));
        let attempt = waiting.expect("a start of the call");
        attempt.sink.write(Stream::Stdout, printed.as_bytes());
        attempt.sink.finish();
        let event = AttemptEvent::Ended {
            call: id(call),
            epoch: attempt.launch.epoch,
            ending,
        };
        attempt.events.send(event).await.expect("an engine");
    }

    /// Lets a call run, print something and succeed.
    pub(crate) async fn succeeds(&self, call: u32, printed: &str) {
        self.runs(call).await;
        self.ends(call, printed, Ending::plain(Outcome::Succeeded))
            .await;
    }
}

/// The call with this number.
pub(crate) fn id(number: u32) -> CallId {
    CallId::from_index(number as usize - 1)
}
