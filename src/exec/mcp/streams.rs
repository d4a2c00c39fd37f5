//! State of the streams of events that one server has open: which can be
//! resumed, and how soon one for news is opened again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::model::RequestId;

use super::request_table::RequestTable;
use crate::exec::http::connection_error::ConnectionError;

/// Pause before a stream that brought nothing is opened again; it doubles each
/// time, up to the longest.
const PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Streams of one server.
#[derive(Debug)]
pub(super) struct Streams {
    /// Host, with its port where that is written.
    authority: String,
    requests: Arc<RequestTable>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Requests whose stream ended after the event of this id.
    resumable: HashMap<String, Resumable>,
    /// Streams for news that ended in turn without a message.
    empty_in_turn: u32,
}

/// Request whose stream ended without its answer, and may go on.
#[derive(Debug, Clone)]
pub(super) struct Resumable {
    /// The request.
    pub(super) request: RequestId,
    /// Streams in turn that brought nothing.
    pub(super) tries: usize,
}

impl Streams {
    /// Creates the state of a server with no stream open.
    pub(super) fn new(authority: String, requests: Arc<RequestTable>) -> Self {
        Self {
            authority,
            requests,
            inner: Mutex::default(),
        }
    }

    /// Returns the requests that streams answer.
    pub(super) fn requests(&self) -> &RequestTable {
        &self.requests
    }

    /// Returns an error of the connection in words.
    pub(super) fn broken(&self, error: reqwest::Error) -> ConnectionError {
        ConnectionError::new(error, &self.authority)
    }

    /// Takes the request whose stream ended after this event.
    pub(super) fn take_resumable(&self, event: &str) -> Option<Resumable> {
        self.inner().resumable.remove(event)
    }

    /// Records a stream that ended without the answer to its request.
    pub(super) fn note_resumable(&self, request: RequestId, after: String, tries: usize) {
        let resumable = Resumable { request, tries };
        self.inner().resumable.insert(after, resumable);
    }

    /// Records a message on a stream for news.
    pub(super) fn note_news(&self) {
        self.inner().empty_in_turn = 0;
    }

    /// Waits, the longer the more streams in turn brought nothing: the server
    /// alone does not say how soon one is opened again.
    pub(super) async fn pause_before_next(&self) {
        let empty = {
            let mut inner = self.inner();
            inner.empty_in_turn += 1;
            inner.empty_in_turn - 1
        };
        if empty > 0 {
            let pause = PAUSE.saturating_mul(1 << (empty - 1).min(16));
            tokio::time::sleep(pause.min(MAX_PAUSE)).await;
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
