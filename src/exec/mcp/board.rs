//! What is in flight on one connection: which message belongs to which call.
//!
//! Every message passes here in the order it goes over the wire, before anyone
//! else sees it: progress is never out of order, and an answer that comes
//! after a cancel is still heard.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::model::{
    CancelledNotification, ClientJsonRpcMessage, ClientNotification, ClientRequest, GetMeta,
    JsonRpcMessage, ProgressNotificationParam, ProgressToken, RequestId, ServerJsonRpcMessage,
    ServerNotification,
};
use tokio::sync::watch;

use crate::model::{CallId, CallProgress, Faults};
use crate::output::{Party, Sink, Stream, Wiretap};

/// What is in flight on one connection.
#[derive(Debug)]
pub(super) struct Board {
    wiretap: Wiretap,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Requests without an answer; the call of those that are calls.
    open: HashMap<RequestId, Option<Arc<Exchange>>>,
    tokens: HashMap<ProgressToken, Arc<Exchange>>,
    faults: Faults,
}

/// One call between its request and its end. It travels with the request to
/// the place where the request gets its number.
#[derive(Debug)]
pub(super) struct Exchange {
    call: CallId,
    sink: Sink,
    heard: watch::Sender<Heard>,
}

/// What was heard of a call so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Heard {
    /// How far it says it is.
    pub(super) progress: Option<CallProgress>,
    /// Times it told of progress.
    pub(super) tellings: u64,
    /// Whether it was answered.
    pub(super) is_answered: bool,
}

/// A request with the call it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Ticket(pub(super) Arc<Exchange>);

impl Exchange {
    pub(super) fn new(call: CallId, sink: Sink) -> Arc<Self> {
        let heard = watch::Sender::new(Heard::default());
        Arc::new(Self { call, sink, heard })
    }

    /// What is heard of it, from now on.
    pub(super) fn heard(&self) -> watch::Receiver<Heard> {
        self.heard.subscribe()
    }

    /// Takes progress that is further than what was told before. Numbers that
    /// are none, and those that go back, are told of, but move nothing.
    fn progressed(&self, told: &ProgressNotificationParam) {
        let total = told.total.map(|total| format!("/{total}"));
        let message = told.message.as_deref().map(|text| format!(": {text}"));
        let line = format!(
            "progress {}{}{}\n",
            told.progress,
            total.unwrap_or_default(),
            message.unwrap_or_default()
        );
        self.sink.write(Stream::Stderr, line.as_bytes());
        self.heard.send_modify(|heard| {
            heard.tellings += 1;
            let before = heard.progress.map_or(f64::NEG_INFINITY, |known| known.done);
            if told.progress.is_finite() && told.progress > before {
                heard.progress = Some(CallProgress {
                    done: told.progress,
                    total: told.total.filter(|total| total.is_finite()),
                });
            }
        });
    }
}

impl Board {
    pub(super) fn new(wiretap: Wiretap) -> Self {
        Self {
            wiretap,
            inner: Mutex::default(),
        }
    }

    /// A message that goes out, with its text.
    pub(super) fn sent(&self, message: &ClientJsonRpcMessage, text: &str) {
        match message {
            JsonRpcMessage::Request(request) => {
                let mut inner = self.inner();
                let exchange = match &request.request {
                    ClientRequest::CallToolRequest(call) => call.extensions.get::<Ticket>(),
                    _ => None,
                };
                let exchange = exchange.map(|ticket| Arc::clone(&ticket.0));
                if let Some(exchange) = &exchange {
                    let token = request.request.get_meta().get_progress_token();
                    if let Some(token) = token {
                        inner.tokens.insert(token, Arc::clone(exchange));
                    }
                    self.wiretap.said(exchange.call, Party::Us, text);
                }
                inner.open.insert(request.id.clone(), exchange);
            }
            JsonRpcMessage::Notification(note) => {
                if let ClientNotification::CancelledNotification(cancelled) = &note.notification
                    && let Some(exchange) = self.cancelled(cancelled)
                {
                    self.wiretap.said(exchange.call, Party::Us, text);
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
    }

    fn cancelled(&self, cancelled: &CancelledNotification) -> Option<Arc<Exchange>> {
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
                    let known = self
                        .inner()
                        .tokens
                        .get(&note.params.progress_token)
                        .cloned();
                    match known {
                        Some(exchange) => {
                            self.wiretap.said(exchange.call, Party::Server, text);
                            exchange.progressed(&note.params);
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
            Some(Some(exchange)) => {
                drop(inner);
                self.wiretap.said(exchange.call, Party::Server, text);
                exchange.heard.send_modify(|heard| heard.is_answered = true);
            }
            Some(None) => {}
            None => inner.faults.stray += 1,
        }
    }

    /// A call has ended here: what is still heard of it belongs to nothing.
    pub(super) fn forget(&self, exchange: &Arc<Exchange>) {
        let mut inner = self.inner();
        inner
            .tokens
            .retain(|_, known| !Arc::ptr_eq(known, exchange));
        inner.open.retain(|_, known| {
            known
                .as_ref()
                .is_none_or(|known| !Arc::ptr_eq(known, exchange))
        });
    }

    /// Takes account of something that was wrong.
    pub(super) fn faulty(&self, add: impl FnOnce(&mut Faults)) {
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

    /// A board with one call on it, asked under the token 7 and the number 7.
    fn asked() -> (Board, watch::Receiver<Heard>, Store) {
        let store = Store::new(None, Bounds::default());
        let exchange = Exchange::new(CallId::MIN, store.sink(CallId::MIN, AttemptNo(1)));
        let board = Board::new(Wiretap::default());
        let heard = exchange.heard();
        let mut inner = board.inner();
        inner
            .open
            .insert(RequestId::Number(7), Some(exchange.clone()));
        let token = ProgressToken(RequestId::Number(7));
        inner.tokens.insert(token, exchange);
        drop(inner);
        (board, heard, store)
    }

    fn hear(board: &Board, text: &str) {
        let message = serde_json::from_str(text).expect("a message");
        board.received(&message, text);
    }

    fn progress(token: u32, told: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},{told}}}}}"#
        )
    }

    #[test]
    fn progress_only_goes_forward_whatever_is_told() {
        let (board, heard, _store) = asked();
        let done = || {
            let progress = heard.borrow().progress.expect("progress");
            (progress.done, progress.total)
        };
        hear(&board, &progress(7, r#""progress":3,"total":10"#));
        assert_eq!(done(), (3.0, Some(10.0)));
        // Back, and again what is known.
        hear(&board, &progress(7, r#""progress":1,"total":10"#));
        hear(&board, &progress(7, r#""progress":3,"total":10"#));
        assert_eq!(done(), (3.0, Some(10.0)));
        // Further than its end, which is kept as it was told.
        hear(&board, &progress(7, r#""progress":12,"total":10"#));
        assert_eq!(done(), (12.0, Some(10.0)));
        assert_eq!(heard.borrow().tellings, 4);
        assert_eq!(board.faults().stray, 0);
    }

    #[test]
    fn numbers_that_are_none_move_nothing() {
        let (board, heard, _store) = asked();
        let exchange = board.inner().tokens.values().next().cloned();
        let exchange = exchange.expect("the call");
        let token = || ProgressToken(RequestId::Number(7));
        for (odd, total) in [(f64::NAN, 10.0), (f64::INFINITY, 10.0), (2.0, f64::NAN)] {
            let told = ProgressNotificationParam::new(token(), odd).with_total(total);
            exchange.progressed(&told);
        }
        let known = heard.borrow().progress.expect("the one that is a number");
        assert_eq!((known.done, known.total), (2.0, None));
    }

    #[test]
    fn progress_of_unknown_calls_and_after_the_end_is_counted_and_passed_over() {
        let (board, heard, _store) = asked();
        hear(&board, &progress(8, r#""progress":1"#));
        assert_eq!((heard.borrow().tellings, board.faults().stray), (0, 1));
        let exchange = board.inner().tokens.values().next().cloned();
        board.forget(&exchange.expect("the call"));
        hear(&board, &progress(7, r#""progress":1"#));
        hear(&board, r#"{"jsonrpc":"2.0","id":7,"result":{}}"#);
        assert_eq!((heard.borrow().tellings, board.faults().stray), (0, 3));
    }
}
