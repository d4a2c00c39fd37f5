//! Input that a server needs before it can answer a request: it is asked for in
//! the answer, and sent in a request that follows (multi round-trip requests).

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::InputResponses;
use serde_json::{Map, Value, json};

use super::client::{Ask, Client};
use super::decode::ServerError;
use super::pending_request::PendingRequest;
use crate::exec::StopTokens;
use crate::exec::reporter::Reporter;
use crate::model::RemoteStatus;

/// Number of the error of a server that wants pages to be opened first.
const PAGES_REQUIRED: &str = "-32042";

/// Pause before a request is sent again where the server asked for nothing but
/// that.
const PAUSE: Duration = Duration::from_millis(500);

/// Input that goes with a further request.
#[derive(Debug, Default)]
pub(super) struct RequestedInput {
    pub(super) responses: Option<InputResponses>,
    /// Text of the server that is sent back as it came.
    pub(super) state: Option<String>,
}

/// Whether a result is none yet, but asks for input.
pub(super) fn is_required(result: &Value) -> bool {
    result.get("resultType").and_then(Value::as_str) == Some("input_required")
}

/// Returns the pages that an error asks the user to open before the request is
/// sent again, in the form of a result that asks for input.
pub(super) fn pages_of(error: &ServerError) -> Option<Value> {
    if error.code != PAGES_REQUIRED {
        return None;
    }
    let pages = error.data.as_ref()?.get("elicitations")?.as_array()?;
    let asked = pages.iter().enumerate().map(|(at, page)| {
        let request = json!({ "method": "elicitation/create", "params": page });
        (at.to_string(), request)
    });
    let asked: Map<String, Value> = asked.collect();
    Some(json!({ "inputRequests": asked }))
}

impl RequestedInput {
    /// Whether every question was answered, and none declined.
    pub(super) fn is_accepted(&self) -> bool {
        let mut answers = self.responses.iter().flat_map(|it| it.values());
        answers.all(|it| it.get("action").and_then(Value::as_str) == Some("accept"))
    }
}

/// Reason why there is no input.
pub(super) enum Unanswered {
    /// The call was told to stop.
    Stopped,
    /// It cannot be given, for this reason.
    Refused(String),
}

/// Gets the input for one call.
pub(super) struct Asker<'a> {
    pub(super) client: &'a Client,
    pub(super) pending: &'a Arc<PendingRequest>,
    pub(super) reporter: &'a Reporter,
}

impl Asker<'_> {
    /// Gets what a result asks for, and tells meanwhile what the call waits for.
    pub(super) async fn ask(
        &self,
        result: &Value,
        stop: &StopTokens,
    ) -> Result<RequestedInput, Unanswered> {
        let state = result.get("requestState").and_then(Value::as_str);
        let asked = result.get("inputRequests").and_then(Value::as_object);
        if state.is_none() && asked.is_none() {
            let reason = "protocol error: it needs input, and does not say which";
            return Err(Unanswered::Refused(reason.to_owned()));
        }
        let mut status = self.pending.status();
        let mut answering = pin!(self.answer_all(asked));
        let responses = loop {
            tokio::select! {
                biased;
                () = stop.soft.cancelled() => return Err(Unanswered::Stopped),
                () = stop.hard.cancelled() => return Err(Unanswered::Stopped),
                Ok(()) = status.changed() => {
                    let asks = status.borrow_and_update().asks;
                    self.tell(RemoteStatus { asks, ..RemoteStatus::default() }).await;
                }
                responses = &mut answering => break responses,
            }
        };
        self.tell(RemoteStatus::default()).await;
        Ok(RequestedInput {
            responses: responses.map_err(Unanswered::Refused)?,
            state: state.map(str::to_owned),
        })
    }

    async fn tell(&self, remote: RemoteStatus) {
        self.reporter.tell(remote).await;
    }

    /// Answers one request after the other.
    async fn answer_all(
        &self,
        asked: Option<&Map<String, Value>>,
    ) -> Result<Option<InputResponses>, String> {
        let Some(asked) = asked else {
            tokio::time::sleep(PAUSE).await;
            return Ok(None);
        };
        let calls = [Arc::clone(self.pending)];
        let mut responses = InputResponses::new();
        for (key, request) in asked {
            let method = request.get("method").and_then(Value::as_str);
            let method = method.unwrap_or_default();
            let ask = Ask {
                method,
                params: request.get("params").unwrap_or(&Value::Null),
                calls: &calls,
            };
            let answer = self.client.answer(&ask).await;
            let answer = answer.map_err(|refusal| {
                format!("tool error: it asks for `{method}`: {}", refusal.message)
            })?;
            responses.insert(key.clone(), answer);
        }
        Ok(Some(responses))
    }
}
