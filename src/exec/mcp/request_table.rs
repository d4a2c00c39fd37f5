//! What is in flight on one connection: which message belongs to which call.
//!
//! Every message passes here in the order it goes over the wire, before anyone
//! else sees it: progress is never out of order, and an answer that comes
//! after a cancel is still status.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::model::{
    CancelledNotification, ClientJsonRpcMessage, ClientNotification, ClientRequest, GetMeta,
    JsonRpcMessage, ProgressNotificationParam, ProgressToken, RequestId, ServerJsonRpcMessage,
    ServerNotification,
};
use tokio::sync::watch;

use crate::model::{CallId, CallProgress, Faults};
use crate::output::{ProtocolLog, Side, Sink, Stream};

/// What is in flight on one connection.
#[derive(Debug)]
pub(super) struct RequestTable {
    protocol_log: ProtocolLog,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Requests without an answer; the call of those that are calls.
    open: HashMap<RequestId, Option<Arc<PendingRequest>>>,
    tokens: HashMap<ProgressToken, Arc<PendingRequest>>,
    faults: Faults,
}

/// One call between its request and its end. It travels with the request to
/// the place where the request gets its number.
#[derive(Debug)]
pub(super) struct PendingRequest {
    call: CallId,
    sink: Sink,
    status: watch::Sender<RequestStatus>,
}

/// What was status of a call so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct RequestStatus {
    /// How far it says it is.
    pub(super) progress: Option<CallProgress>,
    /// Times it reported of progress.
    pub(super) updates: u64,
    /// Whether it was answered.
    pub(super) is_answered: bool,
}

/// A request with the call it belongs to.
#[derive(Debug, Clone)]
pub(super) struct RequestTag(pub(super) Arc<PendingRequest>);

impl PendingRequest {
    pub(super) fn new(call: CallId, sink: Sink) -> Arc<Self> {
        let status = watch::Sender::new(RequestStatus::default());
        Arc::new(Self { call, sink, status })
    }

    /// What is status of it, from now on.
    pub(super) fn status(&self) -> watch::Receiver<RequestStatus> {
        self.status.subscribe()
    }

    /// Takes progress that is further than what was reported before. Numbers that
    /// are none, and those that go back, are reported of, but move nothing.
    fn record_progress(&self, reported: &ProgressNotificationParam) {
        let total = reported.total.map(|total| format!("/{total}"));
        let message = reported.message.as_deref().map(|text| format!(": {text}"));
        let line = format!(
            "progress {}{}{}\n",
            reported.progress,
            total.unwrap_or_default(),
            message.unwrap_or_default()
        );
        self.sink.write(Stream::Stderr, line.as_bytes());
        self.status.send_modify(|status| {
            status.updates += 1;
            let before = status
                .progress
                .map_or(f64::NEG_INFINITY, |found| found.done);
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
    pub(super) fn new(protocol_log: ProtocolLog) -> Self {
        Self {
            protocol_log,
            inner: Mutex::default(),
        }
    }

    /// A message that goes out, with its text.
    pub(super) fn sent(&self, message: &ClientJsonRpcMessage, text: &str) {
        match message {
            JsonRpcMessage::Request(request) => {
                let mut inner = self.inner();
                let pending = match &request.request {
                    ClientRequest::CallToolRequest(call) => call.extensions.get::<RequestTag>(),
                    _ => None,
                };
                let pending = pending.map(|ticket| Arc::clone(&ticket.0));
                if let Some(pending) = &pending {
                    let token = request.request.get_meta().get_progress_token();
                    if let Some(token) = token {
                        inner.tokens.insert(token, Arc::clone(pending));
                    }
                    self.protocol_log
                        .add_message(pending.call, Side::Fanout, text);
                }
                inner.open.insert(request.id.clone(), pending);
            }
            JsonRpcMessage::Notification(note) => {
                if let ClientNotification::CancelledNotification(cancelled) = &note.notification
                    && let Some(pending) = self.cancelled(cancelled)
                {
                    self.protocol_log
                        .add_message(pending.call, Side::Fanout, text);
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
    }

    fn cancelled(&self, cancelled: &CancelledNotification) -> Option<Arc<PendingRequest>> {
        let id = cancelled.params.request_id.as_ref()?;
        self.inner().open.get(id).cloned().flatten()
    }

    /// A message that came in, with its text.
    pub(super) fn received(&self, message: &ServerJsonRpcMessage, text: &str) {
        match message {
            JsonRpcMessage::Response(response) => self.answered(&response.id, text),
            JsonRpcMessage::Error(error) => match &error.id {
                Some(id) => self.answered(id, text),
                None => self.inner().faults.stray += 1,
            },
            JsonRpcMessage::Notification(note) => {
                if let ServerNotification::ProgressNotification(note) = &note.notification {
                    let found = self
                        .inner()
                        .tokens
                        .get(&note.params.progress_token)
                        .cloned();
                    match found {
                        Some(pending) => {
                            self.protocol_log
                                .add_message(pending.call, Side::Server, text);
                            pending.record_progress(&note.params);
                        }
                        None => self.inner().faults.stray += 1,
                    }
                }
            }
            JsonRpcMessage::Request(_) => {}
        }
    }

    fn answered(&self, id: &RequestId, text: &str) {
        let mut inner = self.inner();
        match inner.open.remove(id) {
            Some(Some(pending)) => {
                drop(inner);
                self.protocol_log
                    .add_message(pending.call, Side::Server, text);
                pending
                    .status
                    .send_modify(|status| status.is_answered = true);
            }
            Some(None) => {}
            None => inner.faults.stray += 1,
        }
    }

    /// A call has ended here: what is still status of it belongs to nothing.
    pub(super) fn forget(&self, pending: &Arc<PendingRequest>) {
        let mut inner = self.inner();
        inner.tokens.retain(|_, found| !Arc::ptr_eq(found, pending));
        inner.open.retain(|_, found| {
            found
                .as_ref()
                .is_none_or(|found| !Arc::ptr_eq(found, pending))
        });
    }

    /// Takes account of something that was wrong.
    pub(super) fn count_fault(&self, add: impl FnOnce(&mut Faults)) {
        add(&mut self.inner().faults);
    }

    /// What was wrong so far.
    pub(super) fn faults(&self) -> Faults {
        self.inner().faults
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AttemptNo;
    use crate::output::{Bounds, Store};

    /// A requests with one call on it, asked under the token 7 and the number 7.
    fn table_with_one_call() -> (RequestTable, watch::Receiver<RequestStatus>, Store) {
        let store = Store::new(None, Bounds::default());
        let pending = PendingRequest::new(CallId::MIN, store.sink(CallId::MIN, AttemptNo(1)));
        let requests = RequestTable::new(ProtocolLog::default());
        let status = pending.status();
        let mut inner = requests.inner();
        inner
            .open
            .insert(RequestId::Number(7), Some(pending.clone()));
        let token = ProgressToken(RequestId::Number(7));
        inner.tokens.insert(token, pending);
        drop(inner);
        (requests, status, store)
    }

    fn receive(requests: &RequestTable, text: &str) {
        let message = serde_json::from_str(text).expect("a message");
        requests.received(&message, text);
    }

    fn progress(token: u32, reported: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},{reported}}}}}"#
        )
    }

    #[test]
    fn progress_only_goes_forward_whatever_is_told() {
        let (requests, status, _store) = table_with_one_call();
        let done = || {
            let progress = status.borrow().progress.expect("progress");
            (progress.done, progress.total)
        };
        receive(&requests, &progress(7, r#""progress":3,"total":10"#));
        assert_eq!(done(), (3.0, Some(10.0)));
        // Back, and again what is found.
        receive(&requests, &progress(7, r#""progress":1,"total":10"#));
        receive(&requests, &progress(7, r#""progress":3,"total":10"#));
        assert_eq!(done(), (3.0, Some(10.0)));
        // Further than its end, which is kept as it was reported.
        receive(&requests, &progress(7, r#""progress":12,"total":10"#));
        assert_eq!(done(), (12.0, Some(10.0)));
        assert_eq!(status.borrow().updates, 4);
        assert_eq!(requests.faults().stray, 0);
    }

    #[test]
    fn numbers_that_are_none_move_nothing() {
        let (requests, status, _store) = table_with_one_call();
        let pending = requests.inner().tokens.values().next().cloned();
        let pending = pending.expect("the call");
        let token = || ProgressToken(RequestId::Number(7));
        for (odd, total) in [(f64::NAN, 10.0), (f64::INFINITY, 10.0), (2.0, f64::NAN)] {
            let reported = ProgressNotificationParam::new(token(), odd).with_total(total);
            pending.record_progress(&reported);
        }
        let found = status.borrow().progress.expect("the one that is a number");
        assert_eq!((found.done, found.total), (2.0, None));
    }

    #[test]
    fn progress_of_unknown_calls_and_after_the_end_is_counted_and_passed_over() {
        let (requests, status, _store) = table_with_one_call();
        receive(&requests, &progress(8, r#""progress":1"#));
        assert_eq!((status.borrow().updates, requests.faults().stray), (0, 1));
        let pending = requests.inner().tokens.values().next().cloned();
        requests.forget(&pending.expect("the call"));
        receive(&requests, &progress(7, r#""progress":1"#));
        receive(&requests, r#"{"jsonrpc":"2.0","id":7,"result":{}}"#);
        assert_eq!((status.borrow().updates, requests.faults().stray), (0, 3));
    }
}
