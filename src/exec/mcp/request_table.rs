//! Requests in flight on one connection, and which message answers which.
//!
//! Every message passes here in the order it goes over the wire, before anyone
//! else sees it: progress is never out of order, an answer after a cancel is
//! still noticed, and an answer that is not understood ends its request at
//! once. It owns the state of the requests, and must not know how messages
//! travel.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use rmcp::model::{
    CancelledNotification, ClientJsonRpcMessage, ClientNotification, GetMeta, JsonRpcMessage,
    ProgressNotificationParam, ProgressToken, RequestId, ServerJsonRpcMessage,
};
use tokio::time::Instant;

use super::answer::{Answer, said};
use super::decode::{self, DecodeError, Decoded};
use super::id_scan::{self, AnswerId};
use super::library_message::{Method, checked, message_of};
use super::lines::MAX_MESSAGE;
use super::orphans::{Orphan, OrphanAnswer, Orphans};
use super::pending_request::PendingRequest;
use super::salvage::salvage;
use crate::exec::secret_mask::SecretMask;
#[cfg(feature = "http")]
use crate::model::Secret;
use crate::model::{Faults, ServerName};
use crate::output::{ProtocolLog, Side};

/// Bytes of an answer that is not understood that go into the call's output.
const MAX_EVIDENCE: usize = 16 << 10;

/// Time that the true answer has where another one names a request that was
/// made up: such lines may have nothing to do with the request.
const FOREIGN_ID_PATIENCE: Duration = Duration::from_secs(1);

/// Requests in flight on one connection.
#[derive(Debug)]
pub(super) struct RequestTable {
    protocol_log: ProtocolLog,
    mask: RwLock<SecretMask>,
    /// Whether all answers come one after the other over one stream: then one
    /// without a legible id belongs to one of the open requests.
    is_one_stream: bool,
    /// The server whose handshake is kept; `None` where nobody reads it.
    server: Option<ServerName>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Requests without an answer.
    open: HashMap<RequestId, OpenRequest>,
    tokens: HashMap<ProgressToken, Arc<PendingRequest>>,
    /// Requests of the server that came in exchanges of ours, not looked at yet.
    #[cfg(feature = "http")]
    asked_within: HashMap<RequestId, Arc<PendingRequest>>,
    orphans: Orphans,
    /// Greatest number that was given to a request.
    last_id: i64,
    /// Number of messages and lines that came.
    received: u64,
    faults: Faults,
    /// First line that was no message.
    first_noise: Option<String>,
    /// Failure of the question for the newer era.
    discovery_failure: Option<String>,
    /// Reason why the handshake failed, in the words of its first failure.
    handshake_failure: Option<String>,
    /// Reason why nothing more is received.
    end: Option<String>,
}

#[derive(Debug)]
struct OpenRequest {
    method: Method,
    /// `None` for requests of the protocol library itself.
    pending: Option<Arc<PendingRequest>>,
    /// Number of messages that had come before it was sent.
    received_before: u64,
}

impl RequestTable {
    /// Creates an empty table. What `mask` finds is hidden in all that comes
    /// out of it.
    pub(super) fn new(protocol_log: ProtocolLog, mask: SecretMask, is_one_stream: bool) -> Self {
        Self {
            protocol_log,
            mask: RwLock::new(mask),
            is_one_stream,
            server: None,
            inner: Mutex::default(),
        }
    }

    /// Registers a message that is about to be sent.
    pub(super) fn sent(&self, message: &ClientJsonRpcMessage, text: &str) {
        match message {
            JsonRpcMessage::Request(request) => {
                let (method, tag) = Method::of(&request.request);
                let pending = tag.map(|tag| Arc::clone(&tag.0));
                let mut inner = self.inner();
                if pending.as_ref().is_none_or(|it| it.call().is_none()) {
                    self.log_handshake(Side::Fanout, text);
                }
                if let Some(pending) = &pending {
                    self.log(pending, Side::Fanout, text);
                    if let Some(token) = request.request.get_meta().get_progress_token() {
                        inner.tokens.insert(token, Arc::clone(pending));
                    }
                }
                if let RequestId::Number(id) = request.id {
                    inner.last_id = inner.last_id.max(id);
                }
                let open = OpenRequest {
                    method,
                    pending,
                    received_before: inner.received,
                };
                inner.open.insert(request.id.clone(), open);
            }
            JsonRpcMessage::Notification(note) => {
                if let ClientNotification::CancelledNotification(cancelled) = &note.notification
                    && let Some(pending) = self.cancelled(cancelled)
                {
                    self.log(&pending, Side::Fanout, text);
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
    }

    fn cancelled(&self, cancelled: &CancelledNotification) -> Option<Arc<PendingRequest>> {
        let id = cancelled.params.request_id.as_ref()?;
        self.inner().open.get(id)?.pending.clone()
    }

    /// Takes one message as it came; returns the messages that it comes to.
    pub(super) fn receive(&self, bytes: &[u8]) -> Vec<ServerJsonRpcMessage> {
        self.inner().received += 1;
        self.route(decode::decode(bytes), bytes)
    }

    /// Takes a message that is too long, or as much as is known of it.
    pub(super) fn receive_oversized(&self, bytes: &[u8]) -> Vec<ServerJsonRpcMessage> {
        let mut inner = self.inner();
        inner.received += 1;
        inner.faults.oversized += 1;
        drop(inner);
        let error = DecodeError::TooLong(MAX_MESSAGE >> 20);
        let decoded = match id_scan::scan_end(bytes) {
            Some(id) => Decoded::Malformed(vec![id], error),
            None => decode::undecoded(bytes, error),
        };
        self.route(decoded, bytes)
    }

    /// Returns how many messages have come since a request that is not answered
    /// was sent.
    pub(super) fn received_since(&self, id: &RequestId) -> Option<u64> {
        let inner = self.inner();
        let open = inner.open.get(id)?;
        Some(inner.received - open.received_before)
    }

    /// Returns what a server that has not connected was waited for, in words.
    pub(super) fn awaited(&self) -> String {
        let inner = self.inner();
        if inner.received == 0 {
            return "it has sent nothing".to_owned();
        }
        let latest = inner.open.iter().max_by_key(|(id, _)| match id {
            RequestId::Number(id) => *id,
            RequestId::String(_) => 0,
        });
        match latest.and_then(|(_, open)| open.method.name()) {
            Some(method) => format!("it has not answered `{method}`"),
            None => "it has not finished what it began".to_owned(),
        }
    }

    fn route(&self, decoded: Decoded, bytes: &[u8]) -> Vec<ServerJsonRpcMessage> {
        match decoded {
            Decoded::Ignored => Vec::new(),
            Decoded::Unasked(message) => vec![*message],
            Decoded::Noise => {
                self.count_noise(&self.text(bytes));
                Vec::new()
            }
            Decoded::Progress(reported) => {
                self.progress(&reported, &self.text(bytes));
                Vec::new()
            }
            Decoded::Answer(id, body) => {
                if let Some(id) = self.find(&id) {
                    return self.settle(&id, body.into(), &self.text(bytes));
                }
                let said = said(&body);
                self.adopt(id, OrphanAnswer::WrongId(said), self.text(bytes))
            }
            Decoded::Malformed(ids, error) => {
                if let Some(salvaged) = self.salvaged(&ids, bytes) {
                    return self.route(salvaged, bytes);
                }
                let text = self.text(bytes);
                let known: Vec<RequestId> = ids.iter().filter_map(|id| self.find(id)).collect();
                if known.is_empty() {
                    let id = ids.into_iter().next().unwrap_or(AnswerId::Missing);
                    return self.adopt(id, OrphanAnswer::Undecodable(error), text);
                }
                let answer = || Answer::Failed(error.clone().into());
                let settled = known.iter().map(|id| self.settle(id, answer(), &text));
                settled.flatten().collect()
            }
        }
    }

    /// Returns an answer that is a list, without the part that cannot be read.
    fn salvaged(&self, ids: &[AnswerId], bytes: &[u8]) -> Option<Decoded> {
        let id = ids.iter().find_map(|id| self.find(id))?;
        if self.inner().open.get(&id)?.method != Method::ListTools {
            return None;
        }
        let salvaged = decode::decode(&salvage(bytes));
        matches!(salvaged, Decoded::Answer(..)).then_some(salvaged)
    }

    /// Returns the open request that an answer names. Some servers answer a
    /// number with the same number as text.
    fn find(&self, id: &AnswerId) -> Option<RequestId> {
        let AnswerId::Known(id) = id else {
            return None;
        };
        let inner = self.inner();
        if inner.open.contains_key(id) {
            return Some(id.clone());
        }
        let RequestId::String(text) = id else {
            return None;
        };
        let number = RequestId::Number(text.parse().ok()?);
        inner.open.contains_key(&number).then_some(number)
    }

    /// Takes an answer that names no open request.
    fn adopt(&self, id: AnswerId, answer: OrphanAnswer, text: String) -> Vec<ServerJsonRpcMessage> {
        let mut inner = self.inner();
        let number = match &id {
            AnswerId::Known(RequestId::Number(id)) => Some(*id),
            AnswerId::Known(RequestId::String(id)) => id.parse().ok(),
            _ => None,
        };
        let is_late = number.is_some_and(|id| (0..=inner.last_id).contains(&id));
        let is_foreign = number.is_none() && matches!(id, AnswerId::Known(_));
        let patience = if is_foreign {
            FOREIGN_ID_PATIENCE
        } else {
            Duration::ZERO
        };
        // An id that was made up says nothing about which of many it answers.
        let is_vague = is_foreign && inner.open.len() > 1;
        let is_stray = is_late || is_vague || !self.is_one_stream || inner.open.is_empty();
        let candidates = inner.open.keys().cloned().collect();
        let orphan = Orphan {
            candidates,
            id,
            answer,
            text,
            due: Instant::now() + patience,
        };
        if is_stray || !inner.orphans.add(orphan) {
            inner.faults.stray += 1;
            return Vec::new();
        }
        drop(inner);
        self.settle_orphans()
    }

    /// Ends requests that can only be the ones that answers without a legible
    /// id belong to: as many answers as there are requests left for them.
    pub(super) fn settle_orphans(&self) -> Vec<ServerJsonRpcMessage> {
        let mut messages = Vec::new();
        while let Some((id, orphan)) = self.take_certain_orphan() {
            let failure = Answer::Failed(orphan.failure(&id));
            messages.extend(self.settle_one(&id, failure, &orphan.text));
        }
        messages
    }

    fn take_certain_orphan(&self) -> Option<(RequestId, Orphan)> {
        let mut inner = self.inner();
        let Inner {
            open,
            orphans,
            faults,
            ..
        } = &mut *inner;
        faults.stray += orphans.retain_open(|id| open.contains_key(id)) as u64;
        orphans.take_certain()
    }

    /// Returns when an answer without a legible id may end a request.
    pub(super) fn orphan_due(&self) -> Option<Instant> {
        self.inner().orphans.next_due()
    }

    /// Ends a request, and those that are thereby known to be ended, too.
    fn settle(&self, id: &RequestId, answer: Answer, text: &str) -> Vec<ServerJsonRpcMessage> {
        let mut messages = self.settle_one(id, answer, text);
        messages.extend(self.settle_orphans());
        messages
    }

    fn settle_one(&self, id: &RequestId, answer: Answer, text: &str) -> Vec<ServerJsonRpcMessage> {
        let Some(request) = self.inner().open.remove(id) else {
            return Vec::new();
        };
        let answer = self.masked(checked(request.method, answer));
        if matches!(request.method, Method::Initialize | Method::Discover) {
            self.note_handshake(request.method, &answer);
        }
        let message = message_of(request.method, id, &answer);
        if request
            .pending
            .as_ref()
            .is_none_or(|it| it.call().is_none())
            && !text.is_empty()
        {
            self.log_handshake(Side::Server, text);
        }
        if let Some(pending) = request.pending {
            if !text.is_empty() {
                self.log(&pending, Side::Server, text);
            }
            if let Answer::Failed(_) = &answer
                && !text.is_empty()
            {
                pending.write(&format!("answer as it came: {}\n", cut(text, MAX_EVIDENCE)));
            }
            pending.settle(answer);
        }
        vec![message]
    }

    fn note_handshake(&self, method: Method, answer: &Answer) {
        let reason = match (method, answer) {
            (Method::Initialize, Answer::Error(error)) => {
                let message = decode::excerpt(&error.message);
                format!("it refused `initialize`: {message} (error {})", error.code)
            }
            (_, Answer::Failed(failure)) => failure.to_string(),
            _ => return,
        };
        let mut inner = self.inner();
        let first = match method {
            Method::Discover => &mut inner.discovery_failure,
            _ => &mut inner.handshake_failure,
        };
        first.get_or_insert(reason);
    }

    fn progress(&self, reported: &ProgressNotificationParam, text: &str) {
        let mut inner = self.inner();
        let Some(pending) = inner.tokens.get(&reported.progress_token).cloned() else {
            inner.faults.stray += 1;
            return;
        };
        drop(inner);
        self.log(&pending, Side::Server, text);
        pending.record_progress(reported, &self.mask());
    }

    /// Forgets a call that has ended here: further messages about it belong to
    /// nothing.
    pub(super) fn forget(&self, pending: &Arc<PendingRequest>) {
        let mut inner = self.inner();
        inner.tokens.retain(|_, other| !Arc::ptr_eq(other, pending));
        let is_other = |request: &OpenRequest| {
            let other = request.pending.as_ref();
            other.is_none_or(|other| !Arc::ptr_eq(other, pending))
        };
        inner.open.retain(|_, request| is_other(request));
    }

    fn count_noise(&self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let line = decode::excerpt(text.trim());
        self.log_noise(&line);
        let mut inner = self.inner();
        inner.faults.noise += 1;
        inner.first_noise.get_or_insert(line);
    }

    /// Returns the faults so far.
    pub(super) fn faults(&self) -> Faults {
        self.inner().faults
    }

    /// Returns the first line that was no message.
    pub(super) fn first_noise(&self) -> Option<String> {
        self.inner().first_noise.clone()
    }

    /// Records why nothing more is received; the first reason stays.
    pub(super) fn note_end(&self, reason: &str) {
        self.inner().end.get_or_insert_with(|| reason.to_owned());
    }

    /// Returns why nothing more is received.
    pub(super) fn end(&self) -> Option<String> {
        self.inner().end.clone()
    }

    /// Records why the handshake failed; the first reason stays.
    #[cfg(feature = "http")]
    pub(super) fn note_handshake_failure(&self, reason: String) {
        self.inner().handshake_failure.get_or_insert(reason);
    }

    /// Returns the reason why the handshake failed, if it did, with what the
    /// question for the newer era had brought before.
    pub(super) fn handshake_failure(&self) -> Option<String> {
        let inner = self.inner();
        match (&inner.handshake_failure, &inner.discovery_failure) {
            (Some(last), Some(first)) if last != first => Some(format!(
                "{last}; before that, on `server/discover`: {first}"
            )),
            (last, first) => last.clone().or_else(|| first.clone()),
        }
    }

    /// Returns a text without secrets.
    pub(super) fn masked_text(&self, text: &str) -> String {
        self.mask().text(text)
    }

    fn text(&self, bytes: &[u8]) -> String {
        self.mask()
            .text(&String::from_utf8_lossy(bytes.trim_ascii()))
    }

    fn masked(&self, answer: Answer) -> Answer {
        match answer {
            Answer::Result(mut value) => {
                self.mask().value(&mut value);
                Answer::Result(value)
            }
            Answer::Error(mut error) => {
                error.message = self.mask().text(&error.message);
                if let Some(data) = &mut error.data {
                    self.mask().value(data);
                }
                Answer::Error(error)
            }
            Answer::Failed(failure) => Answer::Failed(failure),
        }
    }

    /// Hides a secret in all that comes out from now on.
    #[cfg(feature = "http")]
    pub(super) fn conceal(&self, secret: &Secret) {
        let mut mask = self.mask.write().unwrap_or_else(PoisonError::into_inner);
        mask.add(secret);
    }

    fn mask(&self) -> RwLockReadGuard<'_, SecretMask> {
        self.mask.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

/// Returns the beginning of a text, with the number of bytes left out.
fn cut(text: &str, limit: usize) -> String {
    let end = text.floor_char_boundary(text.len().min(limit));
    match text.len() - end {
        0 => text.to_owned(),
        rest => format!(
            "{}… ({rest} bytes more)",
            text.get(..end).unwrap_or_default()
        ),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(feature = "http")]
pub(super) mod exchange;
mod log;
#[cfg(test)]
mod tests;
