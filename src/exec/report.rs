//! Tells the engine of one attempt, under the identity of its start.

use tokio::sync::mpsc;

use super::AttemptEvent;
use crate::model::{CallId, Ending, Epoch, Remote};

/// The sending end of one attempt's events. Ending it consumes it, so that an
/// attempt ends once.
#[derive(Debug)]
pub(super) struct Reporter {
    call: CallId,
    epoch: Epoch,
    events: mpsc::Sender<AttemptEvent>,
}

impl Reporter {
    pub(super) fn new(call: CallId, epoch: Epoch, events: mpsc::Sender<AttemptEvent>) -> Self {
        Self {
            call,
            epoch,
            events,
        }
    }

    /// The process runs. Without an engine there is nobody to tell: the
    /// attempt goes on to its end, which its tokens bring about.
    pub(super) async fn started(&self, pid: Option<u32>) {
        let event = AttemptEvent::Started {
            call: self.call,
            epoch: self.epoch,
            pid,
        };
        let _unheard = self.events.send(event).await;
    }

    /// Something is known of the call elsewhere.
    pub(super) async fn tell(&self, remote: Remote) {
        let _unheard = self.events.send(self.told(remote)).await;
    }

    /// The same, where it may be passed over: more will follow.
    pub(super) fn try_tell(&self, remote: Remote) {
        let _passed_over = self.events.try_send(self.told(remote));
    }

    fn told(&self, remote: Remote) -> AttemptEvent {
        AttemptEvent::Told {
            call: self.call,
            epoch: self.epoch,
            remote,
        }
    }

    /// The attempt is over.
    pub(super) async fn ended(self, ending: Ending) {
        let event = AttemptEvent::Ended {
            call: self.call,
            epoch: self.epoch,
            ending,
        };
        let _unheard = self.events.send(event).await;
    }
}
