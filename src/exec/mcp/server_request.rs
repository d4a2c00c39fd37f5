//! Answers the requests that a server sends.

use rmcp::model::{JsonRpcRequest, ServerRequest};
use serde_json::json;

/// Returns the reply to a request, as one line. A ping is answered; input of
/// the user, a model and folders are refused: none of it was granted.
pub(super) fn reply(request: &JsonRpcRequest<ServerRequest>) -> String {
    let id = &request.id;
    let reply = match &request.request {
        ServerRequest::PingRequest(_) => json!({ "jsonrpc": "2.0", "id": id, "result": {} }),
        _ => json!({
            "jsonrpc": "2.0",
            "id": id,
            "error": { "code": -32601, "message": "not offered by this client" },
        }),
    };
    let mut line = reply.to_string();
    line.push('\n');
    line
}
