//! Calls of services that are reached by HTTP.
//!
//! It owns the client and its connections. Of a service it knows what one
//! request says; how that was written, and how often it may be asked, it must
//! not know.

pub(super) mod client;
mod exchange;
mod secret_mask;

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::reporter::Reporter;
use super::{AttemptContext, StopTokens};
use crate::model::{Ending, HttpRequest, Outcome, StopCause};
use crate::output::Sink;

/// Asks services; cheap to clone. Connections are kept between calls.
#[derive(Debug, Clone, Default)]
pub struct HttpClient {
    client: Arc<OnceCell<reqwest::Client>>,
}

impl HttpClient {
    /// Starts an attempt that asks a service, and returns at once. Exactly one
    /// [`AttemptEvent::Ended`](super::AttemptEvent::Ended) follows.
    ///
    /// Must be called within a tokio runtime.
    pub fn start_request(&self, request: HttpRequest, context: AttemptContext) {
        let AttemptContext { stop, sink, events } = context;
        let reporter = Reporter::new(request.call, request.epoch, events);
        let client = self.clone();
        tokio::spawn(async move {
            reporter.started(None).await;
            let ending = client.ask(&request, &stop, &sink).await;
            sink.finish();
            reporter.ended(ending).await;
        });
    }

    /// Asks until there is an answer or a stop. A stop closes the connection,
    /// which is all that can be done from here.
    async fn ask(&self, request: &HttpRequest, stop: &StopTokens, sink: &Sink) -> Ending {
        let client = match self.client.get_or_try_init(client::build).await {
            Ok(client) => client,
            Err(error) => return Ending::refused(error.to_string()),
        };
        let answered = pin!(exchange::run(client, request, sink));
        tokio::select! {
            biased;
            () = stop.hard.cancelled() => stopped(request, stop.cause()),
            () = stop.soft.cancelled() => stopped(request, stop.cause()),
            ending = answered => ending,
        }
    }
}

/// The ending of a call that was stopped. What changes nothing is over with
/// its connection; of anything else nobody here knows whether it goes on.
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
