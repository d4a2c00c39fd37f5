//! Requests whose answers come in exchanges of their own, as over HTTP: what
//! comes of the exchange ends the request.

use rmcp::model::{JsonRpcMessage, RequestId, ServerJsonRpcMessage};

use super::super::answer::{Answer, AnswerFailure, wrong_id};
use super::super::decode::{self, Decoded};
use super::super::id_scan::AnswerId;
use super::super::library_message::{Method, message_of};
use super::RequestTable;
use crate::exec::http::heard::Heard;

/// Requests of a server that are kept until they are looked at.
const MAX_ASKED: usize = 1024;

impl RequestTable {
    /// Takes what came in the exchange of one request: an answer that is not
    /// understood, or that names no open request, is the answer to this one.
    /// `None` where it is no message.
    pub(in crate::exec::mcp) fn receive_for(
        &self,
        id: &RequestId,
        bytes: &[u8],
    ) -> Option<ServerJsonRpcMessage> {
        self.inner().received += 1;
        let (id, answer) = match decode::decode(bytes) {
            Decoded::Answer(found, body) => match self.find(&found) {
                Some(found) => (found, body.into()),
                None => (id.clone(), wrong_id(id, found, body)),
            },
            Decoded::Malformed(ids, error) => {
                if let Some(salvaged) = self.salvaged(&ids, bytes) {
                    return self.route(salvaged, bytes).pop();
                }
                let found = ids.iter().find_map(|found| self.find(found));
                (
                    found.unwrap_or_else(|| id.clone()),
                    Answer::Failed(error.into()),
                )
            }
            other => {
                let message = self.route(other, bytes).pop();
                if let Some(JsonRpcMessage::Request(asked)) = &message {
                    self.note_asked_within(id, &asked.id);
                }
                return message;
            }
        };
        Some(self.settle_or_repeat(&id, answer, &self.text(bytes)))
    }

    /// Notes that the server asked something in the exchange of a request.
    fn note_asked_within(&self, id: &RequestId, asked: &RequestId) {
        let mut inner = self.inner();
        let pending = inner.open.get(id).and_then(|open| open.pending.clone());
        if let Some(pending) = pending
            && inner.asked_within.len() < MAX_ASKED
        {
            inner.asked_within.insert(asked.clone(), pending);
        }
    }

    /// Records what came of the exchange of a request, if it belongs to a call.
    pub(in crate::exec::mcp) fn note_heard(&self, id: &RequestId, note: impl FnOnce(&Heard)) {
        let inner = self.inner();
        let pending = inner.open.get(id).and_then(|open| open.pending.as_ref());
        if let Some(pending) = pending {
            note(pending.heard());
        }
    }

    /// Records the failure of a request that is tried once more.
    pub(in crate::exec::mcp) fn note_failure(
        &self,
        id: &RequestId,
        failure: impl Into<AnswerFailure>,
    ) {
        let inner = self.inner();
        let pending = inner.open.get(id).and_then(|open| open.pending.as_ref());
        if let Some(pending) = pending {
            pending.note_failure(failure.into());
        }
    }

    /// Ends a request without an answer.
    pub(in crate::exec::mcp) fn fail(
        &self,
        id: &RequestId,
        failure: AnswerFailure,
    ) -> ServerJsonRpcMessage {
        self.settle_or_repeat(id, Answer::Failed(failure), "")
    }

    /// Ends a request; one that has ended already ends again for the protocol
    /// library, which passes over it.
    fn settle_or_repeat(&self, id: &RequestId, answer: Answer, text: &str) -> ServerJsonRpcMessage {
        let again = message_of(Method::Other, id, &answer);
        self.settle_one(id, answer, text).pop().unwrap_or(again)
    }

    /// Whether a request still waits for its answer.
    pub(in crate::exec::mcp) fn is_open(&self, id: &RequestId) -> bool {
        self.inner().open.contains_key(id)
    }
}

/// Whether a body is an answer that names this request.
pub(in crate::exec::mcp) fn is_answer_to(id: &RequestId, body: &[u8]) -> bool {
    match decode::decode(body) {
        Decoded::Answer(AnswerId::Known(found), _) => found == *id,
        _ => false,
    }
}
