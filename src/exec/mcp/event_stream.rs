//! One stream of events of a server, as the protocol library reads it. Each
//! message passes through the request table; the end of the stream ends the
//! request that it was opened for, unless it can be resumed.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream};
use reqwest::Response;
use rmcp::model::{RequestId, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_client::SseError;
use sse_stream::Sse;

use super::http_failure::HttpFailure;
use super::sse::{Event, Parser};
use super::streams::Streams;

/// Milliseconds of the shortest and longest pause that a server may ask for
/// before a stream is opened again.
const MIN_RETRY: u64 = 500;
const MAX_RETRY: u64 = 60_000;

/// Request that a stream was opened for.
#[derive(Debug)]
pub(super) enum Origin {
    /// It is the answer to this request.
    Request(RequestId),
    /// It goes on after one that broke off.
    Resumed {
        /// The request.
        request: RequestId,
        /// Id of the last event before.
        after: String,
        /// Streams in turn that brought nothing after that event.
        tries: usize,
    },
    /// None: it is for what the server says unasked.
    News,
}

struct EventStream {
    answer: Response,
    streams: Arc<Streams>,
    origin: Origin,
    parser: Parser,
    ready: VecDeque<Sse>,
    last_event: Option<String>,
    is_ended: bool,
}

/// Reads the body of an answer as a stream of events.
pub(super) fn open(
    answer: Response,
    streams: Arc<Streams>,
    origin: Origin,
) -> BoxStream<'static, Result<Sse, SseError>> {
    let stream = EventStream {
        answer,
        streams,
        origin,
        parser: Parser::default(),
        ready: VecDeque::new(),
        last_event: None,
        is_ended: false,
    };
    Box::pin(stream::unfold(stream, |mut stream| async move {
        let event = stream.next().await?;
        Some((Ok(event), stream))
    }))
}

/// Returns an event with one message.
pub(super) fn event_of(message: &ServerJsonRpcMessage) -> Sse {
    Sse {
        event: None,
        data: serde_json::to_string(message).ok(),
        id: None,
        retry: None,
    }
}

impl EventStream {
    async fn next(&mut self) -> Option<Sse> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.is_ended {
                return None;
            }
            match self.answer.chunk().await {
                Ok(Some(piece)) => self.take_piece(&piece),
                Ok(None) => {
                    if let Some(event) = self.parser.finish() {
                        self.take_event(event);
                    }
                    self.end(HttpFailure::StreamEnded(String::new()));
                }
                Err(error) => {
                    let reason = self.streams.broken(error).to_string();
                    self.end(HttpFailure::StreamEnded(reason));
                }
            }
        }
    }

    fn take_piece(&mut self, piece: &[u8]) {
        if let Origin::Request(id) | Origin::Resumed { request: id, .. } = &self.origin {
            let requests = self.streams.requests();
            requests.note_heard(id, |heard| heard.note_piece(piece));
        }
        let mut taken = self.parser.push(piece);
        while taken.is_ok() {
            match self.parser.next() {
                Ok(Some(event)) => self.take_event(event),
                Ok(None) => return,
                Err(error) => taken = Err(error),
            }
        }
        if let Err(error) = taken {
            // It cannot be resumed behind an event that is not read.
            self.last_event = None;
            self.end(error.into());
        }
    }

    fn take_event(&mut self, event: Event) {
        if event.id.is_some() {
            self.last_event.clone_from(&event.id);
        }
        let is_message = matches!(event.kind.as_str(), "" | "message");
        let data = event.data.filter(|_| is_message);
        let message = data.and_then(|data| self.message(&data));
        let retry = event.retry.map(|retry| retry.clamp(MIN_RETRY, MAX_RETRY));
        if message.is_some() || event.id.is_some() || retry.is_some() {
            self.ready.push_back(Sse {
                event: None,
                data: message.and_then(|message| serde_json::to_string(&message).ok()),
                id: event.id,
                retry,
            });
        }
    }

    fn message(&self, data: &[u8]) -> Option<ServerJsonRpcMessage> {
        let requests = self.streams.requests();
        match &self.origin {
            Origin::Request(id) | Origin::Resumed { request: id, .. } => {
                requests.receive_for(id, data)
            }
            Origin::News => {
                self.streams.note_news();
                requests.receive(data).pop()
            }
        }
    }

    fn end(&mut self, failure: HttpFailure) {
        self.is_ended = true;
        let (request, before) = match &self.origin {
            Origin::Request(request) => (request.clone(), None),
            Origin::Resumed {
                request,
                after,
                tries,
            } => (request.clone(), Some((after.clone(), *tries))),
            Origin::News => return,
        };
        let requests = self.streams.requests();
        if !requests.is_open(&request) {
            return;
        }
        match (self.last_event.take(), before) {
            (Some(event), Some((before, tries))) if event == before => {
                self.streams.note_resumable(request, event, tries + 1);
            }
            (Some(event), _) => self.streams.note_resumable(request, event, 1),
            (None, Some((before, tries))) => {
                self.streams.note_resumable(request, before, tries + 1);
            }
            (None, None) => {
                let message = requests.fail(&request, failure.into());
                self.ready.push_back(event_of(&message));
            }
        }
    }
}
