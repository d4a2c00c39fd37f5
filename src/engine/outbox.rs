//! A queue between the engine and whoever keeps something of the run.
//!
//! A slow receiver holds the run back instead of losing anything: while
//! [`Outbox::is_full`] the loop takes no news of attempts, but still obeys
//! commands.

use std::collections::VecDeque;

use tokio::sync::mpsc;

/// Items that may wait for the receiver before the run is held back.
const LIMIT: usize = 4096;

/// Items on their way to a receiver, or to nobody.
#[derive(Debug)]
pub(super) struct Outbox<T> {
    receiver: Option<mpsc::Sender<T>>,
    pending: VecDeque<T>,
}

impl<T> Outbox<T> {
    pub(super) fn new(receiver: Option<mpsc::Sender<T>>) -> Self {
        Self {
            receiver,
            pending: VecDeque::new(),
        }
    }

    /// Whether anybody receives.
    pub(super) fn is_wanted(&self) -> bool {
        self.receiver.is_some()
    }

    /// Adds an item, if anybody receives.
    pub(super) fn add(&mut self, item: T) {
        if self.is_wanted() {
            self.pending.push_back(item);
            self.send_ready();
        }
    }

    /// Whether the receiver is too far behind.
    pub(super) fn is_full(&self) -> bool {
        self.pending.len() >= LIMIT
    }

    /// Whether an item waits.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Sends what the receiver takes without waiting.
    fn send_ready(&mut self) {
        while let Some(receiver) = &self.receiver
            && let Some(item) = self.pending.pop_front()
        {
            match receiver.try_send(item) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(item)) => {
                    self.pending.push_front(item);
                    return;
                }
                Err(mpsc::error::TrySendError::Closed(_)) => self.close(),
            }
        }
        // A long plan is told all at once, and never again so much.
        self.pending.shrink_to(LIMIT);
    }

    /// Waits until the receiver has room, then sends what it takes. May be
    /// dropped while it waits.
    pub(super) async fn flush(&mut self) {
        let Some(receiver) = &self.receiver else {
            return;
        };
        // A permit that is given back at once: only the wait for room matters.
        if receiver.reserve().await.is_err() {
            self.close();
        }
        self.send_ready();
    }

    /// The receiver has gone: nothing is kept any more.
    fn close(&mut self) {
        self.receiver = None;
        self.pending.clear();
    }
}
