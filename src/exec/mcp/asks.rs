//! Requests of a server that are being answered, on one connection.
//!
//! It owns the tasks that answer them, and ends them with the connection. It
//! must not know how messages travel.

use std::collections::HashMap;
use std::sync::Arc;

use rmcp::model::{
    JsonRpcMessage, JsonRpcRequest, RequestId, ServerJsonRpcMessage, ServerNotification,
    ServerRequest,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::client::{Ask, Client, METHOD_NOT_FOUND, REJECTED, Refusal};
use super::request_table::RequestTable;

/// Requests of a server that may be answered at once.
const MAX_ASKS: usize = 32;

/// Requests of a server that are being answered.
pub(super) struct Asks {
    client: Arc<Client>,
    requests: Arc<RequestTable>,
    replies: mpsc::Sender<String>,
    tasks: JoinSet<()>,
    open: HashMap<RequestId, AbortHandle>,
}

impl Asks {
    /// Creates an empty set, whose answers go to `replies`, one a line.
    pub(super) fn new(
        client: Arc<Client>,
        requests: Arc<RequestTable>,
        replies: mpsc::Sender<String>,
    ) -> Self {
        Self {
            client,
            requests,
            replies,
            tasks: JoinSet::new(),
            open: HashMap::new(),
        }
    }

    /// Takes a request; returns the reply where that is known at once.
    pub(super) fn take(&mut self, request: &JsonRpcRequest<ServerRequest>) -> Option<String> {
        while self.tasks.try_join_next().is_some() {}
        self.open.retain(|_, task| !task.is_finished());
        let id = request.id.clone();
        let mut whole = serde_json::to_value(&request.request).unwrap_or_default();
        self.requests.mask_value(&mut whole);
        let method = whole.get("method").and_then(Value::as_str);
        let method = method.unwrap_or_default().to_owned();
        let waits = matches!(
            method.as_str(),
            "elicitation/create" | "sampling/createMessage" | "roots/list"
        );
        let refused = |code, message| Some(reply(&id, Err(Refusal::new(code, message))));
        match method.as_str() {
            "ping" => return Some(reply(&id, Ok(json!({})))),
            _ if !waits => return refused(METHOD_NOT_FOUND, "not offered by this client"),
            _ if self.open.len() >= MAX_ASKS => {
                return refused(REJECTED, "too many requests wait for an answer");
            }
            _ => {}
        }
        let (client, requests) = (Arc::clone(&self.client), Arc::clone(&self.requests));
        let replies = self.replies.clone();
        let calls = requests.asking_calls(&request.id);
        let asking = self.tasks.spawn(async move {
            let params = whole.get("params").cloned().unwrap_or_default();
            requests.log_ask(&calls, &whole);
            let ask = Ask {
                method: &method,
                params: &params,
                calls: &calls,
            };
            let answered = client.answer(&ask).await;
            let line = reply(&id, answered);
            requests.log_reply(&calls, line.trim_end());
            // Without a connection nobody waits for it.
            let _closed = replies.send(line).await;
        });
        self.open.insert(request.id.clone(), asking);
        None
    }

    /// Takes a message that is for nobody else: a request that is taken back,
    /// or a line of the server's log.
    pub(super) fn takes(&mut self, message: &ServerJsonRpcMessage) -> bool {
        let JsonRpcMessage::Notification(note) = message else {
            return false;
        };
        match &note.notification {
            ServerNotification::CancelledNotification(cancelled) => {
                let id = cancelled.params.request_id.as_ref();
                if let Some(asking) = id.and_then(|id| self.open.remove(id)) {
                    asking.abort();
                }
                true
            }
            ServerNotification::LoggingMessageNotification(logged) => {
                // As a value: the library calls the type obsolete.
                let logged = serde_json::to_value(&logged.params).unwrap_or_default();
                let word = |key: &str| logged.get(key).and_then(Value::as_str);
                let text = match word("data") {
                    Some(text) => text.to_owned(),
                    None => logged.get("data").unwrap_or(&Value::Null).to_string(),
                };
                let origin = word("logger").map(|logger| format!(" of {logger}"));
                let level = word("level").unwrap_or("message");
                let line = format!("{level}{}: {text}\n", origin.unwrap_or_default());
                self.client.log(&self.requests.masked_text(&line));
                true
            }
            _ => false,
        }
    }
}

/// Returns the reply to a request, as one line.
fn reply(id: &RequestId, answered: Result<Value, Refusal>) -> String {
    let reply = match answered {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(Refusal { code, message }) => json!({
            "jsonrpc": "2.0",
            "id": id,
            "error": { "code": code, "message": message },
        }),
    };
    let mut line = reply.to_string();
    line.push('\n');
    line
}
