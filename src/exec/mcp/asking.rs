//! One call of a server's tool: the request, its progress, its cancel, its
//! answer.

use std::pin::pin;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, CancelledNotification,
    CancelledNotificationParam, ClientRequest, RequestId, ServerResult,
};
use rmcp::service::{PeerRequestOptions, RequestHandle, ServiceError};
use rmcp::{Peer, RoleClient};
use tokio::sync::watch;

use super::board::{Exchange, Heard, Ticket};
use super::content;
use super::server::Server;
use super::session::Session;
use crate::exec::StopTokens;
use crate::exec::reporter::Reporter;
use crate::model::{CancelStatus, Ending, McpRequest, Outcome, RemoteStatus, StopCause};
use crate::output::Sink;

/// Asks, and returns how the call ended.
pub(super) async fn ask(
    server: &Arc<Server>,
    question: &McpRequest,
    stop: &StopTokens,
    sink: &Sink,
    reporter: &Reporter,
) -> Ending {
    let Some(session) = server.live() else {
        return Ending::refused(format!("transport: {}", server.why_not()));
    };
    if let Some(reason) = server.withheld(&question.tool) {
        return Ending::refused(reason);
    }
    reporter.started(None).await;
    let exchange = Exchange::new(question.call, sink.clone());
    let heard = exchange.heard();
    let _working = server.count_in();
    let request = request(question, Ticket(Arc::clone(&exchange)));
    let options = PeerRequestOptions::no_options();
    let sent = session
        .peer
        .send_cancellable_request(request, options)
        .await;
    let end = match sent {
        Ok(RequestHandle { rx, id, .. }) => {
            let talk = Talk {
                session: &session,
                id,
                heard,
                remote: RemoteStatus::default(),
                reporter,
            };
            talk.listen(rx, stop).await
        }
        Err(error) => End::Answered(Box::new(Err(error))),
    };
    session.board.forget(&exchange);
    match end {
        End::Answered(answer) => match *answer {
            Ok(result) => answered(result, sink),
            Err(ServiceError::McpError(error)) => content::refused(&error),
            Err(error) => Ending {
                reason: Some(format!("transport: {}", server.why_broken(&error).await)),
                is_retryable: question.is_repeatable,
                ..Ending::plain(Outcome::Failed)
            },
        },
        End::Stopped(truth) => stopped(truth, stop.cause()),
    }
}

fn request(question: &McpRequest, ticket: Ticket) -> ClientRequest {
    let mut params = CallToolRequestParams::new(question.tool.clone());
    if let Some(args) = question.args.as_object() {
        params = params.with_arguments(args.clone());
    }
    let mut request = CallToolRequest::new(params);
    request.extensions.insert(ticket);
    ClientRequest::CallToolRequest(request)
}

/// How the talk about a call ended.
enum End {
    Answered(Box<Result<ServerResult, ServiceError>>),
    Stopped(CancelStatus),
}

/// The talk about one call.
struct Talk<'t> {
    session: &'t Session,
    id: RequestId,
    heard: watch::Receiver<Heard>,
    remote: RemoteStatus,
    reporter: &'t Reporter,
}

type Answer = tokio::sync::oneshot::Receiver<Result<ServerResult, ServiceError>>;

impl Talk<'_> {
    /// Listens until there is an answer, or until the stop has run its course.
    async fn listen(mut self, mut answer: Answer, stop: &StopTokens) -> End {
        let mut soft = pin!(stop.soft.cancelled());
        let mut hard = pin!(stop.hard.cancelled());
        loop {
            let is_cancelled = self.remote.cancel.is_some();
            tokio::select! {
                biased;
                answer = &mut answer, if !is_cancelled => {
                    let answer = answer.unwrap_or(Err(ServiceError::TransportClosed));
                    return End::Answered(Box::new(answer));
                }
                Ok(()) = self.heard.changed() => {
                    if let Some(truth) = self.hear().await {
                        return End::Stopped(truth);
                    }
                }
                () = &mut hard => {
                    if !is_cancelled {
                        self.cancel().await;
                    }
                    return End::Stopped(self.give_up().await);
                }
                () = &mut soft, if !is_cancelled => self.cancel().await,
            }
        }
    }

    /// Takes what was heard; the truth about the cancel, once nothing more is
    /// to come.
    async fn hear(&mut self) -> Option<CancelStatus> {
        let heard = *self.heard.borrow_and_update();
        self.remote.progress = heard.progress;
        if self.remote.cancel.is_none() {
            self.reporter.try_tell(self.remote);
            return None;
        }
        let truth = if heard.is_answered {
            CancelStatus::Confirmed
        } else {
            CancelStatus::StillWorking
        };
        self.tell(truth).await;
        heard.is_answered.then_some(truth)
    }

    async fn cancel(&mut self) {
        // What was heard until now was heard before the cancel.
        self.heard.mark_unchanged();
        let reason = "the user or a timeout ended the call".to_owned();
        let params = CancelledNotificationParam::new(Some(self.id.clone()), Some(reason));
        let peer: Peer<RoleClient> = self.session.peer.clone();
        tokio::spawn(async move {
            // A server that is gone has nothing to be told.
            let _gone = peer
                .send_notification(CancelledNotification::new(params).into())
                .await;
        });
        self.tell(CancelStatus::Sent).await;
    }

    /// The stop has run its course.
    async fn give_up(&mut self) -> CancelStatus {
        let truth = match self.remote.cancel {
            Some(CancelStatus::StillWorking) => CancelStatus::StillWorking,
            _ if self.session.is_gone() => CancelStatus::Confirmed,
            _ => CancelStatus::Unknown,
        };
        self.tell(truth).await;
        truth
    }

    async fn tell(&mut self, truth: CancelStatus) {
        self.remote.cancel = Some(truth);
        self.reporter.tell(self.remote).await;
    }
}

fn answered(result: ServerResult, sink: &Sink) -> Ending {
    match result {
        ServerResult::CallToolResult(result) => content::take(&result, sink),
        // An answer without content, in one of the forms that servers give it.
        ServerResult::EmptyResult(_) | ServerResult::TaskAckResult(_) => {
            content::take(&CallToolResult::success(Vec::new()), sink)
        }
        ServerResult::InputRequiredResult(_) => {
            Ending::refused("tool error: it asks for input, which was not granted to it")
        }
        ServerResult::CreateTaskResult(_) => {
            Ending::refused("protocol error: it answers later, which it was not asked to")
        }
        _ => Ending::refused("protocol error: the answer is no result of a tool"),
    }
}

/// The ending of a call that was stopped. Of a timeout the outcome is the
/// timeout; a call that was cancelled is called that only where the server
/// confirmed it.
fn stopped(truth: CancelStatus, cause: Option<StopCause>) -> Ending {
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
