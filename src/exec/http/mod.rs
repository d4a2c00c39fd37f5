//! Calls of services that are reached by HTTP.
//!
//! It owns the clients and their connections. It sends one request as it was
//! filled in; it must not know how that was written, or how often it may be
//! sent.

pub(super) mod client;
pub(super) mod connection_error;
pub(super) mod exchange;
pub(super) mod heard;
#[cfg(test)]
mod property_tests;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use self::heard::Heard;
use super::reporter::Reporter;
use super::{AttemptContext, StopTokens};
use crate::model::{Ending, HttpRequest, Outcome, RemoteStatus, StopCause};
use crate::output::Sink;

/// How often it is told what came of an answer.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// Sends requests to services; cheap to clone. Connections are kept between
/// calls.
#[derive(Debug, Clone, Default)]
pub struct HttpClient {
    clients: Arc<client::Clients>,
}

impl HttpClient {
    /// Starts an attempt that sends a request, and returns at once. Exactly one
    /// [`AttemptEvent::Ended`](super::AttemptEvent::Ended) follows.
    ///
    /// Must be called within a tokio runtime.
    pub fn start_request(&self, request: HttpRequest, context: AttemptContext) {
        let AttemptContext { stop, sink, events } = context;
        let reporter = Reporter::new(request.call, request.epoch, events);
        let client = self.clone();
        tokio::spawn(async move {
            reporter.started(None).await;
            let ending = client.ask(&request, &stop, &sink, &reporter).await;
            sink.finish();
            reporter.ended(ending).await;
        });
    }

    /// Waits for the answer or for a stop. A stop closes the connection, which
    /// is all that can be done from here.
    async fn ask(
        &self,
        request: &HttpRequest,
        stop: &StopTokens,
        sink: &Sink,
        reporter: &Reporter,
    ) -> Ending {
        let heard = Heard::default();
        let answered = pin!(exchange::run(&self.clients, request, sink, &heard));
        tokio::select! {
            biased;
            () = stop.hard.cancelled() => {}
            () = stop.soft.cancelled() => {}
            ending = answered => return ending,
            () = tell_progress(&heard, reporter) => {}
        }
        Ending {
            heard: Some(heard.to_string()),
            ..stopped(request, stop.cause())
        }
    }
}

/// Reports what came of an answer, whenever that is more; never ends.
async fn tell_progress(heard: &Heard, reporter: &Reporter) {
    let mut told = None;
    let mut ticks = tokio::time::interval(TOLD_EVERY);
    loop {
        ticks.tick().await;
        let now = Some(heard.so_far());
        if told != now {
            told = now;
            reporter.try_tell(RemoteStatus {
                answer: now,
                ..RemoteStatus::default()
            });
        }
    }
}

/// Returns the ending of a call that was stopped. A request that changes
/// nothing is over with its connection; whether any other goes on is not known
/// here.
fn stopped(request: &HttpRequest, cause: Option<StopCause>) -> Ending {
    let is_timeout = matches!(cause, Some(StopCause::RunTimeout | StopCause::IdleTimeout));
    let is_over = request.method.is_safe();
    let outcome = if is_over || is_timeout {
        Outcome::Failed
    } else {
        Outcome::Unconfirmed
    };
    let reason = if is_over {
        "connection closed".to_owned()
    } else {
        let host = &request.host;
        format!("connection closed; whether {host} goes on with it is not known")
    };
    Ending {
        reason: Some(reason),
        is_retryable: request.is_repeatable,
        ..Ending::plain(outcome)
    }
}
