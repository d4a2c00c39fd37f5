//! State of one request to a server, and the output of its call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::model::ProgressNotificationParam;
use tokio::sync::watch;

use super::answer::{Answer, AnswerFailure};
#[cfg(feature = "http")]
use crate::exec::http::heard::Heard;
use crate::exec::secret_mask::SecretMask;
use crate::model::{Asked, CallId, CallProgress};
use crate::output::{Sink, Stream};

/// One request between its start and its end. It travels with the request to
/// the place where the request gets its id.
#[derive(Debug)]
pub(super) struct PendingRequest {
    call: Option<CallOutput>,
    /// Whether it may be sent twice.
    #[cfg_attr(
        not(feature = "http"),
        expect(dead_code, reason = "only requests over HTTP are sent twice")
    )]
    is_repeatable: bool,
    status: watch::Sender<RequestStatus>,
    answer: Mutex<Option<Answer>>,
    /// Things that its server asked and waits for, oldest first.
    asked: Mutex<Vec<Asked>>,
    /// Failure of an earlier try to send it.
    earlier_failure: Mutex<Option<AnswerFailure>>,
    #[cfg(feature = "http")]
    heard: Heard,
}

/// Call that a request belongs to, and its output.
#[derive(Debug)]
struct CallOutput {
    call: CallId,
    sink: Sink,
}

/// State of a request.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct RequestStatus {
    /// Greatest progress that was reported.
    pub(super) progress: Option<CallProgress>,
    /// Number of reports of progress.
    pub(super) updates: u64,
    /// Whether it was answered.
    pub(super) is_answered: bool,
    /// The thing that the server waits for before it goes on.
    pub(super) asks: Option<Asked>,
}

/// Marks a request with its state.
#[derive(Debug, Clone)]
pub(super) struct RequestTag(pub(super) Arc<PendingRequest>);

impl PendingRequest {
    /// Creates the state of a tool call.
    pub(super) fn for_call(call: CallId, sink: Sink, is_repeatable: bool) -> Arc<Self> {
        Self::new(Some(CallOutput { call, sink }), is_repeatable)
    }

    /// Creates the state of a request that belongs to no call.
    pub(super) fn for_server() -> Arc<Self> {
        Self::new(None, true)
    }

    fn new(call: Option<CallOutput>, is_repeatable: bool) -> Arc<Self> {
        Arc::new(Self {
            call,
            is_repeatable,
            status: watch::Sender::new(RequestStatus::default()),
            answer: Mutex::default(),
            asked: Mutex::default(),
            earlier_failure: Mutex::default(),
            #[cfg(feature = "http")]
            heard: Heard::default(),
        })
    }

    /// Subscribes to the state.
    pub(super) fn status(&self) -> watch::Receiver<RequestStatus> {
        self.status.subscribe()
    }

    /// Takes the answer, once there is one; else the failure of an earlier
    /// try.
    pub(super) fn take_answer(&self) -> Option<Answer> {
        let answer = lock(&self.answer).take();
        answer.or_else(|| lock(&self.earlier_failure).take().map(Answer::Failed))
    }

    /// Returns the call that it belongs to.
    pub(super) fn call(&self) -> Option<CallId> {
        self.call.as_ref().map(|call| call.call)
    }

    /// Records the failure of a try after which another follows.
    #[cfg(feature = "http")]
    pub(super) fn note_failure(&self, failure: AnswerFailure) {
        *lock(&self.earlier_failure) = Some(failure);
    }

    /// Returns what has come of its exchange over HTTP.
    #[cfg(feature = "http")]
    pub(super) fn heard(&self) -> &Heard {
        &self.heard
    }

    /// Whether it may be sent twice.
    #[cfg(feature = "http")]
    pub(super) fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    /// Ends the request.
    pub(super) fn settle(&self, answer: Answer) {
        *lock(&self.answer) = Some(answer);
        self.status.send_modify(|status| status.is_answered = true);
    }

    /// Notes that the server waits for something, until the guard is dropped.
    pub(super) fn asks(self: &Arc<Self>, what: Asked) -> AskGuard {
        self.change_asked(|asked| asked.push(what));
        AskGuard {
            pending: Arc::clone(self),
            what,
        }
    }

    fn change_asked(&self, change: impl FnOnce(&mut Vec<Asked>)) {
        let mut asked = lock(&self.asked);
        change(&mut asked);
        let first = asked.first().copied();
        self.status.send_modify(|status| status.asks = first);
    }

    /// Writes a text to standard error of the call.
    pub(super) fn write(&self, text: &str) {
        if let Some(call) = &self.call {
            call.sink.write(Stream::Stderr, text.as_bytes());
        }
    }

    /// Records progress. A number that is not finite, or that goes back, is
    /// written to the output, but does not move the progress.
    pub(super) fn record_progress(&self, reported: &ProgressNotificationParam, mask: &SecretMask) {
        let total = reported.total.map(|total| format!("/{total}"));
        let message = reported.message.as_deref().map(|text| format!(": {text}"));
        let line = format!(
            "progress {}{}{}\n",
            reported.progress,
            total.unwrap_or_default(),
            message.unwrap_or_default()
        );
        self.write(&mask.text(&line));
        self.status.send_modify(|status| {
            status.updates += 1;
            let before = status.progress.map_or(f64::NEG_INFINITY, |it| it.done);
            if reported.progress.is_finite() && reported.progress > before {
                status.progress = Some(CallProgress {
                    done: reported.progress,
                    total: reported.total.filter(|total| total.is_finite()),
                });
            }
        });
    }
}

/// Says that a server waits for something, as long as it lives.
pub(super) struct AskGuard {
    pending: Arc<PendingRequest>,
    what: Asked,
}

impl Drop for AskGuard {
    fn drop(&mut self) {
        self.pending.change_asked(|asked| {
            if let Some(at) = asked.iter().position(|it| *it == self.what) {
                asked.remove(at);
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
