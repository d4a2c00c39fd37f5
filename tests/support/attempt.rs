//! Runs single attempts through a spawner, without an engine.

use std::sync::Arc;
use std::time::Duration;

use fanout::exec::{AttemptContext, AttemptEvent, Spawner, StopTokens};
use fanout::model::{AttemptNo, CallId, Ending, Epoch, ProcessSpec, Stdin, Work};
use fanout::output::{Bounds, Store};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::living::{Living, MARKER};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One attempt under way.
pub(crate) struct Run {
    pub(crate) stop: StopTokens,
    pub(crate) events: mpsc::Receiver<AttemptEvent>,
    pub(crate) store: Store,
    pub(crate) call: CallId,
}

/// A launch of `argv` in the test's folder, with its marker.
pub(crate) fn launch(living: &Living, argv: &[&str]) -> ProcessSpec {
    let path = std::env::var("PATH").expect("a PATH");
    ProcessSpec {
        call: CallId::from_index(0),
        attempt: AttemptNo(1),
        epoch: Epoch(1),
        argv: argv.iter().map(|&argument| argument.to_owned()).collect(),
        env: [
            ("PATH".to_owned(), path),
            (MARKER.to_owned(), living.marker().to_owned()),
        ]
        .into(),
        cwd: living.folder().to_owned(),
        stdin: Stdin::Empty,
    }
}

/// A launch of a script for `sh`.
pub(crate) fn script(living: &Living, text: &str) -> ProcessSpec {
    launch(living, &["sh", "-c", text])
}

/// Starts a launch.
pub(crate) fn start(spawner: &dyn Spawner, launch: ProcessSpec) -> Run {
    let store = Store::new(None, Bounds::default());
    let sink = store.sink(launch.call, launch.attempt);
    let (sender, events) = mpsc::channel(16);
    let stop = StopTokens::default();
    let call = launch.call;
    let context = AttemptContext {
        stop: stop.clone(),
        sink,
        events: sender,
    };
    spawner.start(Work::Process(launch), context);
    Run {
        stop,
        events,
        store,
        call,
    }
}

impl Run {
    /// Waits until the process runs.
    pub(crate) async fn started(&mut self) -> u32 {
        match timeout(PATIENCE, self.events.recv()).await {
            Ok(Some(AttemptEvent::Started { pid: Some(pid), .. })) => pid,
            other => panic!("expected a start, got {other:?}"),
        }
    }

    /// Waits for the end, and checks that nothing follows it.
    pub(crate) async fn ended(&mut self) -> Ending {
        let ending = loop {
            match timeout(PATIENCE, self.events.recv()).await {
                Ok(Some(AttemptEvent::Ended { ending, .. })) => break ending,
                Ok(Some(AttemptEvent::Started { .. })) => {}
                other => panic!("expected an end, got {other:?}"),
            }
        };
        match timeout(PATIENCE, self.events.recv()).await {
            Ok(None) => ending,
            other => panic!("expected nothing after the end, got {other:?}"),
        }
    }

    /// What it printed on standard output.
    pub(crate) fn stdout(&self) -> String {
        let printed = self.store.result(self.call);
        String::from_utf8_lossy(&printed.bytes).into_owned()
    }

    /// Waits until it has printed `text` on standard output.
    pub(crate) async fn printed(&self, text: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.stdout().contains(text) {
            assert!(
                tokio::time::Instant::now() < deadline,
                "waited for {text:?}, got {:?}",
                self.stdout()
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// A launch that reads these bytes.
pub(crate) fn feed(mut launch: ProcessSpec, bytes: &[u8]) -> ProcessSpec {
    launch.stdin = Stdin::Bytes(Arc::from(bytes));
    launch
}
