//! Requests in flight on one connection, and which message answers which.
//!
//! Every message passes here in the order it goes over the wire, before anyone
//! else sees it: progress is never out of order, an answer after a cancel is
//! still noticed, and an answer that is not understood ends its request at
//! once. It owns the state of the requests, and must not know how messages
//! travel.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::model::{
    CancelledNotification, ClientJsonRpcMessage, ClientNotification, ClientRequest, GetMeta,
    InitializeResult, JsonRpcMessage, ProgressNotificationParam, ProgressToken, RequestId,
    ServerJsonRpcMessage, ServerResult,
};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::answer::{Answer, AnswerFailure};
use super::decode::{self, AnswerBody, DecodeError, Decoded};
use super::id_scan;
use super::id_scan::AnswerId;
use super::lines::MAX_MESSAGE;
use crate::exec::secret_mask::SecretMask;
use crate::model::{CallId, CallProgress, Faults};
use crate::output::{ProtocolLog, Side, Sink, Stream};

/// Bytes of an answer that is not understood that go into the call's output.
const MAX_EVIDENCE: usize = 16 << 10;

/// Answers without a legible id that are remembered.
const MAX_ORPHANS: usize = 64;

/// Time that the true answer has where another one names a request that was
/// made up: such lines may have nothing to do with the request.
const FOREIGN_ID_PATIENCE: Duration = Duration::from_secs(1);

/// Requests in flight on one connection.
#[derive(Debug)]
pub(super) struct RequestTable {
    protocol_log: ProtocolLog,
    mask: SecretMask,
    /// Whether all answers come one after the other over one stream: then one
    /// without a legible id belongs to one of the open requests.
    is_one_stream: bool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Requests without an answer.
    open: HashMap<RequestId, OpenRequest>,
    tokens: HashMap<ProgressToken, Arc<PendingRequest>>,
    orphans: Vec<Orphan>,
    /// Greatest number that was given to a request.
    last_id: i64,
    faults: Faults,
    /// First line that was no message.
    first_noise: Option<String>,
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
}

/// Method of a request, as far as its answers are read differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Discover,
    Initialize,
    ListTools,
    CallTool,
    Other,
}

/// Answer whose id is not legible: it belongs to one of the requests that were
/// open when it came.
#[derive(Debug)]
struct Orphan {
    candidates: HashSet<RequestId>,
    id: AnswerId,
    answer: OrphanAnswer,
    text: String,
    /// When it may end a request.
    due: Instant,
}

#[derive(Debug, Clone)]
enum OrphanAnswer {
    Undecodable(DecodeError),
    /// Understood; the words of its error, if it is one.
    WrongId(Option<String>),
}

/// One request between its start and its end. It travels with the request to
/// the place where the request gets its id.
#[derive(Debug)]
pub(super) struct PendingRequest {
    call: Option<CallOutput>,
    /// Whether it may be sent twice.
    is_repeatable: bool,
    status: watch::Sender<RequestStatus>,
    answer: Mutex<Option<Answer>>,
    /// Failure of an earlier try to send it.
    earlier_failure: Mutex<Option<AnswerFailure>>,
}

/// Call that a request belongs to, and its output.
#[derive(Debug)]
struct CallOutput {
    call: CallId,
    sink: Sink,
}

/// State of a request.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct RequestStatus {
    /// Greatest progress that was reported.
    pub(super) progress: Option<CallProgress>,
    /// Number of reports of progress.
    pub(super) updates: u64,
    /// Whether it was answered.
    pub(super) is_answered: bool,
}

/// Marks a request with its state.
#[derive(Debug, Clone)]
pub(super) struct RequestTag(pub(super) Arc<PendingRequest>);

impl PendingRequest {
    /// Creates the state of a tool call.
    pub(super) fn for_call(call: CallId, sink: Sink, is_repeatable: bool) -> Arc<Self> {
        Self::new(Some(CallOutput { call, sink }), is_repeatable)
    }

    /// Creates the state of a request that belongs to no call.
    pub(super) fn for_server() -> Arc<Self> {
        Self::new(None, true)
    }

    fn new(call: Option<CallOutput>, is_repeatable: bool) -> Arc<Self> {
        Arc::new(Self {
            call,
            is_repeatable,
            status: watch::Sender::new(RequestStatus::default()),
            answer: Mutex::default(),
            earlier_failure: Mutex::default(),
        })
    }

    /// Subscribes to the state.
    pub(super) fn status(&self) -> watch::Receiver<RequestStatus> {
        self.status.subscribe()
    }

    /// Takes the answer, once there is one; else the failure of an earlier
    /// try.
    pub(super) fn take_answer(&self) -> Option<Answer> {
        let answer = lock(&self.answer).take();
        answer.or_else(|| lock(&self.earlier_failure).take().map(Answer::Failed))
    }

    /// Whether it may be sent twice.
    #[cfg(feature = "http")]
    pub(super) fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    fn settle(&self, answer: Answer) {
        *lock(&self.answer) = Some(answer);
        self.status.send_modify(|status| status.is_answered = true);
    }

    fn write(&self, text: &str) {
        if let Some(call) = &self.call {
            call.sink.write(Stream::Stderr, text.as_bytes());
        }
    }

    /// Records progress. A number that is not finite, or that goes back, is
    /// written to the output, but does not move the progress.
    fn record_progress(&self, reported: &ProgressNotificationParam, mask: &SecretMask) {
        let total = reported.total.map(|total| format!("/{total}"));
        let message = reported.message.as_deref().map(|text| format!(": {text}"));
        let line = format!(
            "progress {}{}{}\n",
            reported.progress,
            total.unwrap_or_default(),
            message.unwrap_or_default()
        );
        self.write(&mask.text(&line));
        self.status.send_modify(|status| {
            status.updates += 1;
            let before = status.progress.map_or(f64::NEG_INFINITY, |it| it.done);
            if reported.progress.is_finite() && reported.progress > before {
                status.progress = Some(CallProgress {
                    done: reported.progress,
                    total: reported.total.filter(|total| total.is_finite()),
                });
            }
        });
    }
}

impl RequestTable {
    /// Creates an empty table. What `mask` finds is hidden in all that comes
    /// out of it.
    pub(super) fn new(protocol_log: ProtocolLog, mask: SecretMask, is_one_stream: bool) -> Self {
        Self {
            protocol_log,
            mask,
            is_one_stream,
            inner: Mutex::default(),
        }
    }

    /// Registers a message that is about to be sent.
    pub(super) fn sent(&self, message: &ClientJsonRpcMessage, text: &str) {
        match message {
            JsonRpcMessage::Request(request) => {
                let (method, tag) = match &request.request {
                    ClientRequest::CallToolRequest(call) => {
                        (Method::CallTool, call.extensions.get::<RequestTag>())
                    }
                    ClientRequest::ListToolsRequest(list) => {
                        (Method::ListTools, list.extensions.get::<RequestTag>())
                    }
                    ClientRequest::InitializeRequest(_) => (Method::Initialize, None),
                    ClientRequest::DiscoverRequest(_) => (Method::Discover, None),
                    _ => (Method::Other, None),
                };
                let pending = tag.map(|tag| Arc::clone(&tag.0));
                let mut inner = self.inner();
                if let Some(pending) = &pending {
                    self.log(pending, Side::Fanout, text);
                    if let Some(token) = request.request.get_meta().get_progress_token() {
                        inner.tokens.insert(token, Arc::clone(pending));
                    }
                }
                if let RequestId::Number(id) = request.id {
                    inner.last_id = inner.last_id.max(id);
                }
                let open = OpenRequest { method, pending };
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
        self.route(decode::decode(bytes), bytes)
    }

    /// Takes a message that is too long, or as much as is known of it.
    pub(super) fn receive_oversized(&self, bytes: &[u8]) -> Vec<ServerJsonRpcMessage> {
        self.inner().faults.oversized += 1;
        let error = DecodeError::TooLong(MAX_MESSAGE >> 20);
        let decoded = match id_scan::scan_end(bytes) {
            Some(id) => Decoded::Malformed(vec![id], error),
            None => decode::undecoded(bytes, error),
        };
        self.route(decoded, bytes)
    }

    /// Takes what came in the exchange of one request: an answer that is not
    /// understood, or that names no open request, is the answer to this one.
    /// `None` where it is no message.
    #[cfg(feature = "http")]
    pub(super) fn receive_for(&self, id: &RequestId, bytes: &[u8]) -> Option<ServerJsonRpcMessage> {
        let (id, answer) = match decode::decode(bytes) {
            Decoded::Answer(found, body) => match self.find(&found) {
                Some(found) => (found, answer_of(body)),
                None => (id.clone(), wrong_id(id, found, body)),
            },
            Decoded::Malformed(ids, error) => {
                let found = ids.iter().find_map(|found| self.find(found));
                (
                    found.unwrap_or_else(|| id.clone()),
                    Answer::Failed(error.into()),
                )
            }
            other => return self.route(other, bytes).pop(),
        };
        Some(self.settle_or_repeat(&id, answer, &self.text(bytes)))
    }

    /// Whether a body is the answer to one request: an error without an id may
    /// be.
    #[cfg(feature = "http")]
    pub(super) fn is_answer_to(&self, id: &RequestId, body: &[u8]) -> bool {
        match decode::decode(body) {
            Decoded::Answer(AnswerId::Known(found), _) => found == *id,
            _ => false,
        }
    }

    /// Records the failure of a request that is tried once more.
    #[cfg(feature = "http")]
    pub(super) fn note_failure(&self, id: &RequestId, failure: impl Into<AnswerFailure>) {
        let inner = self.inner();
        let pending = inner.open.get(id).and_then(|open| open.pending.as_ref());
        if let Some(pending) = pending {
            *lock(&pending.earlier_failure) = Some(failure.into());
        }
    }

    /// Ends a request without an answer.
    #[cfg(feature = "http")]
    pub(super) fn fail(&self, id: &RequestId, failure: AnswerFailure) -> ServerJsonRpcMessage {
        self.settle_or_repeat(id, Answer::Failed(failure), "")
    }

    /// Ends a request; one that has ended already ends again for the protocol
    /// library, which passes over it.
    #[cfg(feature = "http")]
    fn settle_or_repeat(&self, id: &RequestId, answer: Answer, text: &str) -> ServerJsonRpcMessage {
        let again = message_of(Method::Other, id, &answer);
        self.settle_one(id, answer, text).pop().unwrap_or(again)
    }

    /// Whether a request still waits for its answer.
    #[cfg(feature = "http")]
    pub(super) fn is_open(&self, id: &RequestId) -> bool {
        self.inner().open.contains_key(id)
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
            Decoded::Answer(id, body) => match self.find(&id) {
                Some(id) => self.settle(&id, answer_of(body), &self.text(bytes)),
                None => {
                    let said = said(&body);
                    self.adopt(id, OrphanAnswer::WrongId(said), self.text(bytes))
                }
            },
            Decoded::Malformed(ids, error) => {
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
        if is_stray || inner.orphans.len() >= MAX_ORPHANS {
            inner.faults.stray += 1;
            return Vec::new();
        }
        let candidates = inner.open.keys().cloned().collect();
        inner.orphans.push(Orphan {
            candidates,
            id,
            answer,
            text,
            due: Instant::now() + patience,
        });
        drop(inner);
        self.settle_orphans()
    }

    /// Ends requests that can only be the ones that answers without a legible
    /// id belong to: as many answers as there are requests left for them.
    pub(super) fn settle_orphans(&self) -> Vec<ServerJsonRpcMessage> {
        let mut messages = Vec::new();
        while let Some((id, orphan)) = self.next_settled_orphan() {
            let failure = match orphan.answer {
                OrphanAnswer::Undecodable(error) => error.into(),
                OrphanAnswer::WrongId(said) => AnswerFailure::WrongId {
                    expected: id.clone(),
                    found: orphan.id,
                    said,
                },
            };
            messages.extend(self.settle_one(&id, Answer::Failed(failure), &orphan.text));
        }
        messages
    }

    /// Returns when an answer without a legible id may end a request.
    pub(super) fn orphan_due(&self) -> Option<Instant> {
        let now = Instant::now();
        let inner = self.inner();
        let due = inner.orphans.iter().map(|orphan| orphan.due);
        due.filter(|due| *due > now).min()
    }

    fn next_settled_orphan(&self) -> Option<(RequestId, Orphan)> {
        let mut inner = self.inner();
        let now = Instant::now();
        let Inner {
            open,
            orphans,
            faults,
            ..
        } = &mut *inner;
        for orphan in orphans.iter_mut() {
            orphan.candidates.retain(|id| open.contains_key(id));
        }
        let before = orphans.len();
        orphans.retain(|orphan| !orphan.candidates.is_empty());
        faults.stray += (before - orphans.len()) as u64;
        let certain = orphans.iter().position(|orphan| {
            let is_within = |other: &&Orphan| {
                other.due <= now && other.candidates.is_subset(&orphan.candidates)
            };
            orphan.due <= now && orphans.iter().filter(is_within).count() >= orphan.candidates.len()
        })?;
        let orphan = orphans.remove(certain);
        let id = orphan.candidates.iter().min_by_key(|id| id.to_string())?;
        let id = id.clone();
        Some((id, orphan))
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
        // A discovery that failed is forgiven where the older handshake works.
        if method == Method::Initialize || inner.handshake_failure.is_none() {
            inner.handshake_failure = Some(reason);
        }
    }

    fn progress(&self, reported: &ProgressNotificationParam, text: &str) {
        let mut inner = self.inner();
        let Some(pending) = inner.tokens.get(&reported.progress_token).cloned() else {
            inner.faults.stray += 1;
            return;
        };
        drop(inner);
        self.log(&pending, Side::Server, text);
        pending.record_progress(reported, &self.mask);
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
        let mut inner = self.inner();
        inner.faults.noise += 1;
        inner
            .first_noise
            .get_or_insert_with(|| decode::excerpt(text.trim()));
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

    /// Returns the reason why the handshake failed, if it did.
    pub(super) fn handshake_failure(&self) -> Option<String> {
        self.inner().handshake_failure.clone()
    }

    /// Returns a text without secrets.
    pub(super) fn masked_text(&self, text: &str) -> String {
        self.mask.text(text)
    }

    fn text(&self, bytes: &[u8]) -> String {
        self.mask.text(&String::from_utf8_lossy(bytes.trim_ascii()))
    }

    fn masked(&self, answer: Answer) -> Answer {
        match answer {
            Answer::Result(mut value) => {
                self.mask.value(&mut value);
                Answer::Result(value)
            }
            Answer::Error(mut error) => {
                error.message = self.mask.text(&error.message);
                if let Some(data) = &mut error.data {
                    self.mask.value(data);
                }
                Answer::Error(error)
            }
            Answer::Failed(failure) => Answer::Failed(failure),
        }
    }

    fn log(&self, pending: &PendingRequest, by: Side, text: &str) {
        if let Some(call) = &pending.call {
            match by {
                Side::Fanout => self
                    .protocol_log
                    .add_message(call.call, by, &self.mask.text(text)),
                Side::Server => self.protocol_log.add_message(call.call, by, text),
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

fn answer_of(body: AnswerBody) -> Answer {
    match body {
        AnswerBody::Result(result) => Answer::Result(result),
        AnswerBody::Error(error) => Answer::Error(error),
    }
}

#[cfg(feature = "http")]
fn wrong_id(expected: &RequestId, found: AnswerId, body: AnswerBody) -> Answer {
    // An error without an id answers the one request that it can answer.
    match (&found, body) {
        (AnswerId::Null | AnswerId::Missing, AnswerBody::Error(error)) => Answer::Error(error),
        (_, body) => Answer::Failed(AnswerFailure::WrongId {
            expected: expected.clone(),
            found,
            said: said(&body),
        }),
    }
}

fn said(body: &AnswerBody) -> Option<String> {
    match body {
        AnswerBody::Error(error) => Some(decode::excerpt(&error.to_string())),
        AnswerBody::Result(_) => None,
    }
}

/// Checks what the protocol library would pass over without a word.
fn checked(method: Method, answer: Answer) -> Answer {
    let Answer::Result(result) = answer else {
        return answer;
    };
    let error = match method {
        Method::Initialize => serde_json::from_value::<InitializeResult>(result.clone())
            .err()
            .map(|error| DecodeError::Result {
                method: "initialize",
                reason: error.to_string(),
            }),
        _ => None,
    };
    match error {
        Some(error) => Answer::Failed(error.into()),
        None => Answer::Result(result),
    }
}

/// Returns the message that tells the protocol library of an answer. What is
/// kept in [`PendingRequest`] is not repeated in it.
fn message_of(method: Method, id: &RequestId, answer: &Answer) -> ServerJsonRpcMessage {
    if let Some(error) = answer.error_data() {
        return ServerJsonRpcMessage::error(error, Some(id.clone()));
    }
    let Answer::Result(result) = answer else {
        return ServerJsonRpcMessage::response(ServerResult::empty(()), id.clone());
    };
    let result = match method {
        Method::CallTool => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttemptNo, Secret};
    use crate::output::{Bounds, Store};

    /// A table with calls on it, whose ids and progress tokens are given.
    struct Fixture {
        requests: RequestTable,
        calls: Vec<Arc<PendingRequest>>,
        store: Store,
    }

    fn table_with(ids: &[i64]) -> Fixture {
        let mask = SecretMask::new(&[Secret::new("hunter2")]);
        let requests = RequestTable::new(ProtocolLog::default(), mask, true);
        let store = Store::new(None, Bounds::default());
        let mut calls = Vec::new();
        for (at, id) in ids.iter().enumerate() {
            let call = CallId::from_index(at);
            let pending = PendingRequest::for_call(call, store.sink(call, AttemptNo(1)), false);
            let mut inner = requests.inner();
            inner.last_id = inner.last_id.max(*id);
            let open = OpenRequest {
                method: Method::CallTool,
                pending: Some(pending.clone()),
            };
            inner.open.insert(RequestId::Number(*id), open);
            let token = ProgressToken(RequestId::Number(*id));
            inner.tokens.insert(token, pending.clone());
            drop(inner);
            calls.push(pending);
        }
        Fixture {
            requests,
            calls,
            store,
        }
    }

    impl Fixture {
        /// Takes a message; returns how many the library is told.
        fn receive(&self, text: &str) -> usize {
            self.requests.receive(text.as_bytes()).len()
        }

        fn failure(&self, call: usize) -> Option<String> {
            match self.calls[call].take_answer()? {
                Answer::Failed(failure) => Some(failure.to_string()),
                other => panic!("{other:?}"),
            }
        }

        fn status(&self) -> RequestStatus {
            *self.calls[0].status().borrow()
        }
    }

    fn progress(token: u32, reported: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},{reported}}}}}"#
        )
    }

    #[test]
    fn progress_only_goes_forward_whatever_is_told() {
        let table = table_with(&[7]);
        let done = || {
            let progress = table.status().progress.expect("progress");
            (progress.done, progress.total)
        };
        table.receive(&progress(7, r#""progress":3,"total":10"#));
        assert_eq!(done(), (3.0, Some(10.0)));
        // Back, and again what is known.
        table.receive(&progress(7, r#""progress":1,"total":10"#));
        table.receive(&progress(7, r#""progress":3,"total":10"#));
        assert_eq!(done(), (3.0, Some(10.0)));
        // Further than its end, which is kept as it was reported.
        table.receive(&progress(7, r#""progress":12,"total":10"#));
        assert_eq!(done(), (12.0, Some(10.0)));
        assert_eq!(table.status().updates, 4);
        assert_eq!(table.requests.faults().stray, 0);
    }

    #[test]
    fn numbers_that_are_none_move_nothing() {
        let table = table_with(&[7]);
        let token = || ProgressToken(RequestId::Number(7));
        for (odd, total) in [(f64::NAN, 10.0), (f64::INFINITY, 10.0), (2.0, f64::NAN)] {
            let reported = ProgressNotificationParam::new(token(), odd).with_total(total);
            table.calls[0].record_progress(&reported, &table.requests.mask);
        }
        let known = table.status().progress.expect("the one that is a number");
        assert_eq!((known.done, known.total), (2.0, None));
    }

    #[test]
    fn progress_of_unknown_calls_and_after_the_end_is_counted_and_passed_over() {
        let table = table_with(&[7]);
        table.receive(&progress(8, r#""progress":1"#));
        let stray = || table.requests.faults().stray;
        assert_eq!((table.status().updates, stray()), (0, 1));
        table.requests.forget(&table.calls[0]);
        table.receive(&progress(7, r#""progress":1"#));
        table.receive(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#);
        assert_eq!((table.status().updates, stray()), (0, 3));
    }

    #[test]
    fn an_answer_that_is_not_understood_ends_its_call_and_is_kept() {
        let table = table_with(&[7, 8]);
        assert_eq!(
            table.receive(r#"{"jsonrpc":"2.0","id":8,"result":{"x":NaN}}"#),
            1
        );
        let failure = table.failure(1).expect("an answer");
        let told = "protocol error: its answer is not understood: it is not valid JSON";
        assert!(failure.starts_with(told), "{failure}");
        assert!(table.calls[1].status().borrow().is_answered);
        assert_eq!(table.calls[0].take_answer(), None);
        assert!(table.store.stat(CallId::from_index(1)).stderr_bytes > 0);
    }

    #[test]
    fn an_answer_without_a_legible_id_ends_the_only_call() {
        for (answer, told) in [
            (
                r#"{"jsonrpc":"2.0","id":null,"result":{}}"#,
                "has the id null",
            ),
            (r#"{"jsonrpc":"2.0","result":{}}"#, "has no id"),
            (
                r#"{"jsonrpc":"2.0","id":1007,"result":{}}"#,
                "has the id 1007",
            ),
            (
                r#"{"jsonrpc":"2.0","id":{},"result":{}}"#,
                "neither a number nor a text",
            ),
            (r#"{"result":{"x":"#, "the JSON ends too early"),
            (
                r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}"#,
                "error -32700: no",
            ),
        ] {
            let table = table_with(&[7]);
            assert_eq!(table.receive(answer), 1, "{answer}");
            let failure = table.failure(0).expect("an answer");
            assert!(failure.contains(told), "{answer}: {failure}");
        }
    }

    #[test]
    fn answers_without_an_id_end_as_many_calls_once_no_other_is_left() {
        let table = table_with(&[7, 8, 9]);
        let orphan = r#"{"jsonrpc":"2.0","id":null,"result":{}}"#;
        assert_eq!(table.receive(orphan) + table.receive(orphan), 0);
        // A late or doubled answer is none of them.
        assert_eq!(table.receive(r#"{"jsonrpc":"2.0","id":3,"result":{}}"#), 0);
        let messages = table.receive(r#"{"jsonrpc":"2.0","id":8,"result":{}}"#);
        assert_eq!(messages, 3);
        assert!(table.failure(0).is_some() && table.failure(2).is_some());
        assert_eq!(table.requests.faults().stray, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_id_that_was_made_up_leaves_time_for_the_true_answer() {
        let foreign = r#"{"jsonrpc":"2.0","id":"nobody","result":{}}"#;
        let table = table_with(&[7]);
        assert_eq!(table.receive(foreign), 0);
        assert_eq!(table.receive(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#), 1);
        assert_eq!(table.requests.faults().stray, 1);
        let table = table_with(&[7]);
        table.receive(foreign);
        let due = table.requests.orphan_due().expect("a time");
        tokio::time::sleep_until(due).await;
        assert_eq!(table.requests.settle_orphans().len(), 1);
        assert!(
            table
                .failure(0)
                .expect("a failure")
                .contains("the id nobody")
        );
    }

    #[test]
    fn secrets_that_come_back_are_masked() {
        let table = table_with(&[7]);
        table.receive(r#"{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"bad hunter2","data":["hunter2"]}}"#);
        let Some(Answer::Error(error)) = table.calls[0].take_answer() else {
            panic!("no error");
        };
        assert_eq!(error.to_string(), "-1: bad ***");
        assert_eq!(error.data, Some(json!(["***"])));
        let talk = table
            .requests
            .protocol_log
            .exchange(CallId::MIN)
            .expect("messages");
        assert!(!talk.messages[0].text.contains("hunter2"));
    }
}
