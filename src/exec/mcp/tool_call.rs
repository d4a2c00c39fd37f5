//! One call of a server's tool: request, progress, cancel, answer.

use std::pin::pin;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam,
    ClientRequest, GetPromptRequest, GetPromptRequestParams, ReadResourceRequest,
    ReadResourceRequestParams, RequestId, ServerResult,
};
use rmcp::service::{RequestHandle, ServiceError};
use rmcp::{Peer, RoleClient};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::answer::{Answer, AnswerFailure};
use super::input::{self, Asker, RequestedInput, Unanswered};
use super::pending_request::{PendingRequest, RequestStatus, RequestTag};
use super::result;
use super::server::Server;
use super::session::Session;
use super::silence;
use crate::exec::StopTokens;
use crate::exec::reporter::Reporter;
use crate::model::{
    CancelStatus, Ending, McpOperation, McpRequest, Outcome, RemoteStatus, StopCause,
};
use crate::output::Sink;

/// Requests about one call that may ask for input, one after the other.
const MAX_ROUNDS: usize = 16;

/// Runs one call, and returns how it ended. A server that answers that it
/// needs input gets it in a further request, until it has all.
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
    if request.operation == McpOperation::CallTool
        && let Some(reason) = server.withheld(&request.tool)
    {
        return Ending::refused(reason);
    }
    reporter.started(None).await;
    let _working = server.track_call();
    let mut input = RequestedInput::default();
    for _ in 0..MAX_ROUNDS {
        let pending = PendingRequest::for_call(request.call, sink.clone(), request.is_repeatable);
        let message = message(request, &input, RequestTag(Arc::clone(&pending)));
        let end = exchange(&session, message, &pending, stop, reporter).await;
        let error = match end {
            CallEnd::Answered(error) => error,
            CallEnd::Stopped { cancel, heard } => {
                return Ending {
                    heard,
                    ..stop_ending(cancel, stop.cause())
                };
            }
        };
        let (asked, refused) = match pending.take_answer() {
            Some(Answer::Result(result)) if input::is_required(&result) => (result, None),
            Some(Answer::Result(result)) => {
                return result::write_of(request.operation, &result, sink);
            }
            Some(Answer::Error(error)) => match input::pages_of(&error) {
                Some(pages) => (pages, Some(error)),
                None => return result::error_ending(&error, sink),
            },
            Some(Answer::Failed(failure)) => return failed(&failure, &session, request),
            None => return broken(server, error.as_ref(), request).await,
        };
        let (client, pending) = (&session.client, &pending);
        let questions = Asker {
            client,
            pending,
            reporter,
        };
        input = match (questions.ask(&asked, stop).await, refused) {
            (Ok(input), None) => input,
            // The pages were opened: the same request again.
            (Ok(input), Some(_)) if input.is_accepted() => RequestedInput::default(),
            (Ok(_), Some(error)) => return result::error_ending(&error, sink),
            (Err(Unanswered::Stopped), _) => {
                return stop_ending(CancelStatus::Confirmed, stop.cause());
            }
            (Err(Unanswered::Refused(reason)), _) => return Ending::refused(reason),
        };
    }
    Ending::refused(format!(
        "tool error: it asked for input {MAX_ROUNDS} times, and once more"
    ))
}

/// Returns the ending of a call whose exchange ended without an answer that can
/// be used.
fn failed(failure: &AnswerFailure, session: &Session, request: &McpRequest) -> Ending {
    Ending {
        reason: Some(session.requests.masked_text(&failure.to_string())),
        retry_after: failure.pause(),
        is_throttled: failure.is_throttled(),
        is_retryable: request.is_repeatable || !failure.was_sent(),
        ..Ending::plain(Outcome::Failed)
    }
}

/// Returns the ending of a call whose connection broke.
async fn broken(
    server: &Arc<Server>,
    error: Option<&ServiceError>,
    request: &McpRequest,
) -> Ending {
    let reason = server.broken_reason(error).await;
    Ending {
        reason: Some(format!("transport: {reason}")),
        is_retryable: request.is_repeatable,
        ..Ending::plain(Outcome::Failed)
    }
}

/// Sends one request about a call, and waits until it is over.
async fn exchange(
    session: &Session,
    message: ClientRequest,
    pending: &Arc<PendingRequest>,
    stop: &StopTokens,
    reporter: &Reporter,
) -> CallEnd {
    let status = pending.status();
    let options = session.request_options();
    let sent = session
        .peer
        .send_cancellable_request(message, options)
        .await;
    let end = match sent {
        Ok(RequestHandle { rx, id, .. }) => {
            let open = OpenCall {
                session,
                id,
                pending,
                status,
                remote: RemoteStatus::default(),
                cancelled: None,
                reporter,
            };
            open.wait(rx, stop).await
        }
        Err(error) => CallEnd::Answered(Some(error)),
    };
    session.requests.forget(pending);
    end
}

fn message(request: &McpRequest, input: &RequestedInput, tag: RequestTag) -> ClientRequest {
    let argument = |name: &str| {
        let value = request.args.get(name).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    match request.operation {
        McpOperation::CallTool => {
            let mut params = CallToolRequestParams::new(request.tool.clone());
            params.arguments = request.args.as_object().cloned();
            params.input_responses.clone_from(&input.responses);
            params.request_state.clone_from(&input.state);
            let mut message = CallToolRequest::new(params);
            message.extensions.insert(tag);
            ClientRequest::CallToolRequest(message)
        }
        McpOperation::ReadResource => {
            let mut params = ReadResourceRequestParams::new(argument("uri"));
            params.input_responses.clone_from(&input.responses);
            params.request_state.clone_from(&input.state);
            let mut message = ReadResourceRequest::new(params);
            message.extensions.insert(tag);
            ClientRequest::ReadResourceRequest(message)
        }
        McpOperation::GetPrompt => {
            let mut params = GetPromptRequestParams::new(argument("prompt"));
            let arguments = request.args.get("arguments");
            params.arguments = arguments.and_then(Value::as_object).cloned();
            params.input_responses.clone_from(&input.responses);
            params.request_state.clone_from(&input.state);
            let mut message = GetPromptRequest::new(params);
            message.extensions.insert(tag);
            ClientRequest::GetPromptRequest(message)
        }
    }
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
        let is_question = status.asks != self.remote.asks;
        self.remote.asks = status.asks;
        if self.remote.cancel.is_none() {
            if is_question {
                self.reporter.tell(self.remote).await;
            } else {
                self.reporter.try_tell(self.remote);
            }
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
