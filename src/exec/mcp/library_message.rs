//! Messages as the protocol library takes them. It reads them only to pass them
//! on: the answers themselves are kept as they came.

use rmcp::model::{
    ClientRequest, DiscoverResult, InitializeResult, RequestId, ServerJsonRpcMessage, ServerResult,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::Answer;
use super::decode::DecodeError;
use super::pending_request::RequestTag;

/// Method of a request, as far as its answers are read differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Discover,
    Initialize,
    ListTools,
    CallTool,
    /// Another one whose answer is kept as it came.
    Kept(&'static str),
    Other,
}

impl Method {
    /// Returns its name in the protocol, where it is known here.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Discover => Some("server/discover"),
            Self::Initialize => Some("initialize"),
            Self::ListTools => Some("tools/list"),
            Self::CallTool => Some("tools/call"),
            Self::Kept(name) => Some(name),
            Self::Other => None,
        }
    }

    /// Returns the method of a request, and its state where it has one.
    pub(super) fn of(request: &ClientRequest) -> (Self, Option<&RequestTag>) {
        match request {
            ClientRequest::CallToolRequest(call) => {
                (Self::CallTool, call.extensions.get::<RequestTag>())
            }
            ClientRequest::ListToolsRequest(list) => {
                (Self::ListTools, list.extensions.get::<RequestTag>())
            }
            ClientRequest::ListResourcesRequest(it) => {
                (Self::Kept("resources/list"), it.extensions.get())
            }
            ClientRequest::ListResourceTemplatesRequest(it) => {
                (Self::Kept("resources/templates/list"), it.extensions.get())
            }
            ClientRequest::ListPromptsRequest(it) => {
                (Self::Kept("prompts/list"), it.extensions.get())
            }
            ClientRequest::CustomRequest(it) => (Self::Kept("a request"), it.extensions.get()),
            ClientRequest::ReadResourceRequest(it) => {
                (Self::Kept("resources/read"), it.extensions.get())
            }
            ClientRequest::GetPromptRequest(it) => (Self::Kept("prompts/get"), it.extensions.get()),
            ClientRequest::InitializeRequest(_) => (Self::Initialize, None),
            ClientRequest::DiscoverRequest(_) => (Self::Discover, None),
            _ => (Self::Other, None),
        }
    }
}

/// Checks what the protocol library would pass over without a word.
pub(super) fn checked(method: Method, answer: Answer) -> Answer {
    let Answer::Result(result) = answer else {
        return answer;
    };
    let readable = match method {
        Method::Initialize => readable::<InitializeResult>(&result),
        Method::Discover => readable::<DiscoverResult>(&result),
        _ => Ok(()),
    };
    match (readable, method.name()) {
        (Err(reason), Some(method)) => {
            Answer::Failed(DecodeError::Result { method, reason }.into())
        }
        _ => Answer::Result(result),
    }
}

fn readable<T: DeserializeOwned>(result: &Value) -> Result<(), String> {
    let read = serde_json::from_value::<T>(result.clone());
    read.map(drop).map_err(|error| error.to_string())
}

/// Returns the message that tells the protocol library of an answer. What is
/// kept in `PendingRequest` is not repeated in it.
pub(super) fn message_of(method: Method, id: &RequestId, answer: &Answer) -> ServerJsonRpcMessage {
    if let Some(error) = answer.error_data() {
        return ServerJsonRpcMessage::error(error, Some(id.clone()));
    }
    let Answer::Result(result) = answer else {
        return ServerJsonRpcMessage::response(ServerResult::empty(()), id.clone());
    };
    let result = match method {
        Method::CallTool | Method::Kept(_) => {
            return ServerJsonRpcMessage::response(ServerResult::empty(()), id.clone());
        }
        Method::ListTools => readable_part(result),
        _ => result.clone(),
    };
    let message = json!({ "jsonrpc": "2.0", "id": id, "result": result });
    serde_json::from_value(message)
        .unwrap_or_else(|_| ServerJsonRpcMessage::response(ServerResult::empty(()), id.clone()))
}

/// Returns a list with only those tools that the protocol library can read.
fn readable_part(result: &Value) -> Value {
    let tools = result.get("tools").and_then(Value::as_array);
    let readable = tools.into_iter().flatten().filter(|tool| {
        let tool = (*tool).clone();
        serde_json::from_value::<rmcp::model::Tool>(tool).is_ok()
    });
    json!({ "tools": readable.collect::<Vec<_>>() })
}
