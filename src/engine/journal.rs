//! The queue of events between the engine and whoever records the run.
//!
//! A slow recorder holds the run back instead of losing events: while
//! [`Journal::is_full`] the loop takes no news of attempts, but still obeys
//! commands.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::model::{Happening, RunEvent};

/// Events that may wait for the recorder before the run is held back.
const LIMIT: usize = 4096;

/// Events on their way to the recorder.
#[derive(Debug)]
pub(super) struct Journal {
    recorder: Option<mpsc::Sender<RunEvent>>,
    pending: VecDeque<RunEvent>,
}

impl Journal {
    /// A journal that ends at `recorder`, or nowhere.
    pub(super) fn new(recorder: Option<mpsc::Sender<RunEvent>>) -> Self {
        Self {
            recorder,
            pending: VecDeque::new(),
        }
    }

    /// Whether anybody records.
    pub(super) fn is_kept(&self) -> bool {
        self.recorder.is_some()
    }

    /// Adds an event.
    pub(super) fn add(&mut self, t: Duration, what: Happening) {
        if self.recorder.is_some() {
            self.pending.push_back(RunEvent::new(t, what));
            self.send_ready();
        }
    }

    /// Whether the recorder is too far behind.
    pub(super) fn is_full(&self) -> bool {
        self.pending.len() >= LIMIT
    }

    /// Whether an event waits.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Sends what the recorder takes without waiting.
    fn send_ready(&mut self) {
        while let Some(recorder) = &self.recorder
            && let Some(event) = self.pending.pop_front()
        {
            match recorder.try_send(event) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(event)) => {
                    self.pending.push_front(event);
                    return;
                }
                Err(mpsc::error::TrySendError::Closed(_)) => self.close(),
            }
        }
    }

    /// Waits until the recorder has room, then sends what it takes. May be
    /// dropped while it waits.
    pub(super) async fn flush(&mut self) {
        let Some(recorder) = &self.recorder else {
            return;
        };
        // A permit that is given back at once: only the wait for room matters.
        if recorder.reserve().await.is_err() {
            self.close();
        }
        self.send_ready();
    }

    /// The recorder has gone: nothing is kept any more.
    fn close(&mut self) {
        self.recorder = None;
        self.pending.clear();
    }
}
