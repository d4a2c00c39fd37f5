//! One call of a server's tool: request, progress, cancel, answer.

use std::pin::pin;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam,
    ClientRequest, RequestId, ServerResult,
};
use rmcp::service::{PeerRequestOptions, RequestHandle, ServiceError};
use rmcp::{Peer, RoleClient};
use tokio::sync::watch;
use tokio::time::Instant;

use super::answer::Answer;
use super::pending_request::{PendingRequest, RequestStatus, RequestTag};
use super::result;
use super::server::Server;
use super::session::Session;
use super::silence;
use crate::exec::StopTokens;
use crate::exec::reporter::Reporter;
use crate::model::{CancelStatus, Ending, McpRequest, Outcome, RemoteStatus, StopCause};
use crate::output::Sink;

/// Runs one call, and returns how it ended.
pub(super) async fn run(
    server: &Arc<Server>,
    request: &McpRequest,
    stop: &StopTokens,
    sink: &Sink,
    reporter: &Reporter,
) -> Ending {
    let Some(session) = server.live() else {
        return Ending::refused(format!("transport: {}", server.unavailable_reason()));
    };
    if let Some(reason) = server.withheld(&request.tool) {
        return Ending::refused(reason);
    }
    reporter.started(None).await;
    let is_repeatable = request.is_repeatable;
    let pending = PendingRequest::for_call(request.call, sink.clone(), is_repeatable);
    let status = pending.status();
    let _working = server.track_call();
    let message = message(request, RequestTag(Arc::clone(&pending)));
    let options = PeerRequestOptions::no_options();
    let sent = session
        .peer
        .send_cancellable_request(message, options)
        .await;
    let end = match sent {
        Ok(RequestHandle { rx, id, .. }) => {
            let open = OpenCall {
                session: &session,
                id,
                pending: &pending,
                status,
                remote: RemoteStatus::default(),
                cancelled: None,
                reporter,
            };
            open.wait(rx, stop).await
        }
        Err(error) => CallEnd::Answered(Some(error)),
    };
    session.requests.forget(&pending);
    match end {
        CallEnd::Answered(error) => match (pending.take_answer(), error) {
            (Some(Answer::Result(result)), _) => result::write(&result, sink),
            (Some(Answer::Error(error)), _) => result::error_ending(&error, sink),
            (Some(Answer::Failed(failure)), _) => Ending {
                reason: Some(session.requests.masked_text(&failure.to_string())),
                is_retryable: is_repeatable || !failure.was_sent(),
                ..Ending::plain(Outcome::Failed)
            },
            (None, error) => Ending {
                reason: Some(format!(
                    "transport: {}",
                    server.broken_reason(error.as_ref()).await
                )),
                is_retryable: is_repeatable,
                ..Ending::plain(Outcome::Failed)
            },
        },
        CallEnd::Stopped { cancel, heard } => Ending {
            heard,
            ..stop_ending(cancel, stop.cause())
        },
    }
}

fn message(request: &McpRequest, tag: RequestTag) -> ClientRequest {
    let mut params = CallToolRequestParams::new(request.tool.clone());
    if let Some(args) = request.args.as_object() {
        params = params.with_arguments(args.clone());
    }
    let mut message = CallToolRequest::new(params);
    message.extensions.insert(tag);
    ClientRequest::CallToolRequest(message)
}

/// End of the exchange about one call.
enum CallEnd {
    /// Its answer stands in the request table, unless there is an error.
    Answered(Option<ServiceError>),
    Stopped {
        cancel: CancelStatus,
        /// Last that was known of the server, where it did not answer.
        heard: Option<String>,
    },
}

/// Exchange about one call.
struct OpenCall<'t> {
    session: &'t Session,
    id: RequestId,
    pending: &'t PendingRequest,
    status: watch::Receiver<RequestStatus>,
    remote: RemoteStatus,
    /// Time at which the cancel was sent.
    cancelled: Option<Instant>,
    reporter: &'t Reporter,
}

type AnswerReceiver = tokio::sync::oneshot::Receiver<Result<ServerResult, ServiceError>>;

impl OpenCall<'_> {
    /// Waits until there is an answer, or until the stop has run its course. The
    /// stop goes before news: a server that tells of progress without end holds
    /// nothing up.
    async fn wait(mut self, mut answer: AnswerReceiver, stop: &StopTokens) -> CallEnd {
        let mut soft = pin!(stop.soft.cancelled());
        let mut hard = pin!(stop.hard.cancelled());
        loop {
            let is_cancelled = self.remote.cancel.is_some();
            tokio::select! {
                biased;
                answer = &mut answer, if !is_cancelled => {
                    let answer = answer.unwrap_or(Err(ServiceError::TransportClosed));
                    return CallEnd::Answered(answer.err());
                }
                () = &mut hard => {
                    if !is_cancelled {
                        self.cancel().await;
                    }
                    let cancel = self.give_up().await;
                    return CallEnd::Stopped { cancel, heard: self.heard(cancel) };
                }
                () = &mut soft, if !is_cancelled => self.cancel().await,
                Ok(()) = self.status.changed() => {
                    if let Some(cancel) = self.update().await {
                        return CallEnd::Stopped { cancel, heard: self.heard(cancel) };
                    }
                }
            }
        }
    }

    /// Takes the state of the request; returns the state of the cancel, once
    /// nothing more is to come.
    async fn update(&mut self) -> Option<CancelStatus> {
        let status = *self.status.borrow_and_update();
        self.remote.progress = status.progress;
        if self.remote.cancel.is_none() {
            self.reporter.try_tell(self.remote);
            return None;
        }
        let truth = if status.is_answered {
            CancelStatus::Confirmed
        } else {
            CancelStatus::StillWorking
        };
        self.report_cancel(truth).await;
        status.is_answered.then_some(truth)
    }

    async fn cancel(&mut self) {
        // Reports until now came before the cancel.
        self.status.mark_unchanged();
        self.cancelled = Some(Instant::now());
        let reason = "the user or a timeout ended the call".to_owned();
        let params = CancelledNotificationParam::new(Some(self.id.clone()), Some(reason));
        let peer: Peer<RoleClient> = self.session.peer.clone();
        tokio::spawn(async move {
            // A server that is gone has nothing to be told.
            let _gone = peer
                .send_notification(CancelledNotification::new(params).into())
                .await;
        });
        self.report_cancel(CancelStatus::Sent).await;
    }

    /// Ends the wait after the stop has run its course.
    async fn give_up(&mut self) -> CancelStatus {
        let is_answered = self.status.borrow().is_answered;
        let truth = match self.remote.cancel {
            _ if is_answered => CancelStatus::Confirmed,
            Some(CancelStatus::StillWorking) => CancelStatus::StillWorking,
            _ if self.session.is_gone() => CancelStatus::Confirmed,
            _ => CancelStatus::Unknown,
        };
        self.report_cancel(truth).await;
        truth
    }

    /// Returns what is known of a server that did not answer.
    fn heard(&self, cancel: CancelStatus) -> Option<String> {
        match cancel {
            CancelStatus::Confirmed => None,
            _ => silence::words(self.session, &self.id, self.pending, self.cancelled),
        }
    }

    async fn report_cancel(&mut self, truth: CancelStatus) {
        self.remote.cancel = Some(truth);
        self.reporter.tell(self.remote).await;
    }
}

/// Returns the ending of a call that was stopped. The outcome of a timeout is
/// the timeout; a call that was cancelled is called that only where the server
/// confirmed it.
fn stop_ending(truth: CancelStatus, cause: Option<StopCause>) -> Ending {
    let is_timeout = matches!(cause, Some(StopCause::RunTimeout | StopCause::IdleTimeout));
    let outcome = match truth {
        CancelStatus::Confirmed => Outcome::Failed,
        _ if is_timeout => Outcome::Failed,
        _ => Outcome::Unconfirmed,
    };
    Ending {
        reason: Some(truth.word().to_owned()),
        is_retryable: truth == CancelStatus::Confirmed,
        ..Ending::plain(outcome)
    }
}
