//! Where the pump of an attempt puts what it reads.

use std::sync::Arc;

use super::Stream;
use super::attachments::Attachment;
use super::attempt::Attempt;
use super::shared::{CallAttempts, Shared};
use crate::model::{AttemptNo, CallId};

/// The writing end of one attempt's output; cheap to clone. Writing never
/// waits for a screen or for the disk.
#[derive(Debug, Clone)]
pub struct Sink {
    shared: Arc<Shared>,
    output: Arc<CallAttempts>,
    attempt: Arc<Attempt>,
}

impl Sink {
    pub(super) fn new(
        shared: Arc<Shared>,
        output: Arc<CallAttempts>,
        attempt: Arc<Attempt>,
    ) -> Self {
        Self {
            shared,
            output,
            attempt,
        }
    }

    /// Keeps a thing that the call handed over beside its text; false where
    /// there is no room for it.
    pub fn attach(&self, media: &str, bytes: &[u8]) -> bool {
        let attachment = Attachment {
            media: media.to_owned(),
            bytes: bytes.into(),
        };
        self.shared.attachments().add(self.call(), attachment)
    }

    /// The call whose output this takes.
    pub fn call(&self) -> CallId {
        self.attempt.call
    }

    /// The attempt whose output this takes.
    pub fn attempt(&self) -> AttemptNo {
        self.attempt.number
    }

    /// Takes what was read, best in pieces of up to 256 KiB. Bytes that come
    /// after [`Sink::finish`] are ignored.
    pub fn write(&self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let now = self.shared.started.elapsed();
        let (lines, is_due) = self.attempt.push(stream, bytes, now);
        self.shared.note_lines(&self.attempt, stream, lines);
        self.shared.note_changed(self.attempt.call, &self.output);
        if is_due && let Some(spiller) = &self.shared.spiller {
            spiller.drain(&self.attempt, stream);
        }
    }

    /// Whether so much waits for the disk that a pump should wait for
    /// [`Sink::caught_up`] before it reads more. A pump that does not wait
    /// loses output (counted) once 16 MiB wait.
    pub fn is_behind(&self) -> bool {
        self.attempt.is_behind()
    }

    /// Waits until the disk has caught up.
    pub async fn caught_up(&self) {
        loop {
            let woken = self.attempt.caught_up.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            if !self.is_behind() {
                return;
            }
            woken.await;
        }
    }

    /// Nothing more comes: neither stream has a writer any more.
    pub fn finish(&self) {
        let is_first = !std::mem::replace(&mut self.attempt.lock().is_finished, true);
        if is_first {
            self.shared.note_changed(self.attempt.call, &self.output);
            if self.attempt.is_silent() {
                self.output.keep_silent(self.attempt.number);
            } else if let Some(spiller) = &self.shared.spiller {
                spiller.finish(&self.attempt);
            }
        }
    }
}
