//! Sends the events of one attempt, under the identity of its start.

use tokio::sync::mpsc;

use super::attempt_event::AttemptEvent;
use crate::model::{CallId, Ending, Epoch, Outcome, RemoteStatus};

/// The sending end of one attempt's events. Ending it consumes it, so that an
/// attempt ends once. Dropped without an end, as by a panic of its owner, it
/// reports a failure: the engine waits for every end.
#[derive(Debug)]
pub(super) struct Reporter {
    call: CallId,
    epoch: Epoch,
    events: mpsc::Sender<AttemptEvent>,
    is_ended: bool,
}

impl Reporter {
    pub(super) fn new(call: CallId, epoch: Epoch, events: mpsc::Sender<AttemptEvent>) -> Self {
        Self {
            call,
            epoch,
            events,
            is_ended: false,
        }
    }

    /// Reports that the process runs. Without an engine the event is dropped, and
    /// the attempt goes on until its tokens stop it.
    pub(super) async fn started(&self, pid: Option<u32>) {
        let event = AttemptEvent::Started {
            call: self.call,
            epoch: self.epoch,
            pid,
        };
        let _unheard = self.events.send(event).await;
    }

    /// Reports the remote side's state of the call.
    pub(super) async fn tell(&self, remote: RemoteStatus) {
        let _unheard = self.events.send(self.told(remote)).await;
    }

    /// Reports the same, unless the queue is full: more will follow.
    pub(super) fn try_tell(&self, remote: RemoteStatus) {
        let _passed_over = self.events.try_send(self.told(remote));
    }

    fn told(&self, remote: RemoteStatus) -> AttemptEvent {
        AttemptEvent::RemoteChanged {
            call: self.call,
            epoch: self.epoch,
            remote,
        }
    }

    /// Reports the end of the attempt.
    pub(super) async fn ended(mut self, ending: Ending) {
        let event = self.end(ending);
        let _unheard = self.events.send(event).await;
    }

    fn end(&mut self, ending: Ending) -> AttemptEvent {
        self.is_ended = true;
        AttemptEvent::Ended {
            call: self.call,
            epoch: self.epoch,
            ending,
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if self.is_ended {
            return;
        }
        let event = self.end(Ending {
            reason: Some("an internal error ended it".to_owned()),
            ..Ending::plain(Outcome::Failed)
        });
        let events = self.events.clone();
        // Outside of a runtime, or in one that is being shut down, there is no
        // engine either.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _unheard = events.send(event).await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn torture_30_an_attempt_that_panics_has_failed() {
        // No room for an event, as when the engine is busy.
        let (sender, mut events) = mpsc::channel(1);
        let reporter = Reporter::new(CallId::from_index(3), Epoch(7), sender);
        reporter.started(None).await;
        let attempt = tokio::spawn(async move {
            let _reporter = reporter;
            panic!("on purpose");
        });
        assert!(attempt.await.is_err());
        assert!(matches!(
            events.recv().await,
            Some(AttemptEvent::Started { .. })
        ));
        let Some(AttemptEvent::Ended {
            call,
            epoch,
            ending,
        }) = events.recv().await
        else {
            panic!("no end");
        };
        assert_eq!((call, epoch), (CallId::from_index(3), Epoch(7)));
        assert_eq!(ending.outcome, Outcome::Failed);
        assert_eq!(events.recv().await, None);
    }
}
