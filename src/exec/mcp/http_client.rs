//! Exchanges of the streamable HTTP transport: one POST for each message, and
//! streams of events.
//!
//! Whatever comes of the exchange of a request ends that request: its answer,
//! or the reason why there is none. It owns the connections and the pace of
//! reconnects; which request waits for what, the request table knows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::BoxStream;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage, RequestId};
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
};
use sse_stream::Sse;

use super::event_stream::{self, Origin};
use super::http_failure::{HttpFailure, error_message, redirect, said};
use super::lines::MAX_MESSAGE;
use super::pending_request::RequestTag;
use super::request_table::RequestTable;
use super::request_table::exchange::is_answer_to;
use super::streams::Streams;
use crate::exec::http::client::{Clients, Pooling};
use crate::exec::http::exchange::retry_after;
use crate::exec::oauth::{Authorizer, Challenge};
use crate::model::Secret;

/// Bytes of the body of an error that are read.
const MAX_ERROR_BODY: usize = 64 << 10;
/// Tokens with which one request is tried.
const MAX_TOKENS: usize = 2;
/// Streams for one request that may end in turn without anything new.
const MAX_EMPTY_RESUMPTIONS: usize = 3;

type HttpError = StreamableHttpError<HttpFailure>;
type Events = BoxStream<'static, Result<Sse, SseError>>;

/// Client of one server; clones share its state.
#[derive(Debug, Clone)]
pub(super) struct McpHttpClient(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clients: Clients,
    host: String,
    streams: Arc<Streams>,
    /// Lets requests in, where no header does.
    authorizer: Option<Arc<Authorizer>>,
    /// Token that was sent last.
    token: Mutex<Option<Secret>>,
}

impl McpHttpClient {
    /// Creates the client of the server at `url`.
    pub(super) fn new(
        url: &Url,
        requests: Arc<RequestTable>,
        authorizer: Option<Arc<Authorizer>>,
    ) -> Self {
        let host = url.host_str().unwrap_or_default().to_owned();
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        Self(Arc::new(Shared {
            clients: Clients::default(),
            host,
            streams: Arc::new(Streams::new(authority, requests)),
            authorizer,
            token: Mutex::default(),
        }))
    }

    /// Sends a request with what lets it in; where the server wants something
    /// else, that is got first, if no person is needed for it.
    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Option<String>,
        is_repeatable: bool,
    ) -> Result<Response, HttpFailure> {
        let send = |headers| self.send_once(&method, url, headers, body.as_deref(), is_repeatable);
        let Some(authorizer) = &self.0.authorizer else {
            return send(headers).await;
        };
        let mut token = authorizer.token().await;
        for _try in 0..MAX_TOKENS {
            let answer = send(self.authorized(&headers, token.as_ref())).await?;
            let challenge = Challenge::of(answer.status(), answer.headers(), authorizer.url());
            let Some(challenge) = challenge else {
                return Ok(answer);
            };
            token = match authorizer.refused(token.as_ref(), challenge).await {
                Ok(other) => Some(other),
                Err(need) => return Err(refusal(answer, need.to_string()).await),
            };
        }
        let answer = send(self.authorized(&headers, token.as_ref())).await?;
        match answer.status() {
            StatusCode::UNAUTHORIZED => {
                let need = "it refuses what signing in brought";
                Err(refusal(answer, need.to_owned()).await)
            }
            _ => Ok(answer),
        }
    }

    /// Returns headers with a token, which is never shown from now on.
    fn authorized(&self, headers: &HeaderMap, token: Option<&Secret>) -> HeaderMap {
        let mut headers = headers.clone();
        let Some(token) = token else {
            return headers;
        };
        let mut last = self.0.token.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() != Some(token) {
            self.0.streams.requests().conceal(token);
            *last = Some(token.clone());
        }
        if let Ok(mut value) = HeaderValue::try_from(format!("Bearer {}", token.reveal())) {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        headers
    }

    /// Sends a request, over a new connection where it may not be sent twice.
    async fn send_once(
        &self,
        method: &Method,
        url: &str,
        headers: HeaderMap,
        body: Option<&str>,
        is_repeatable: bool,
    ) -> Result<Response, HttpFailure> {
        let send = async |pooling| {
            let client = self.0.clients.get(&self.0.host, pooling).await?;
            let mut request = client.request(method.clone(), url).headers(headers.clone());
            if let Some(body) = body {
                request = request.body(body.to_owned());
            }
            let sent = request.send().await;
            sent.map_err(|error| HttpFailure::from(self.0.streams.broken(error)))
        };
        if is_repeatable {
            match send(Pooling::Reuse).await {
                Err(HttpFailure::Connection(error)) if error.was_sent() => {}
                result => return result,
            }
        }
        send(Pooling::Fresh).await
    }

    /// Posts a request of ours, and turns whatever comes into its answer.
    async fn exchange(
        &self,
        id: &RequestId,
        answer: Response,
        is_in_session: bool,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let status = answer.status();
        let session = header(answer.headers(), "mcp-session-id");
        let requests = self.0.streams.requests();
        requests.note_heard(id, |heard| heard.note_head(status));
        if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            return Err(HttpError::Client(HttpFailure::NoAnswer(status)));
        }
        if !status.is_success() {
            return self.refused(id, answer, is_in_session).await;
        }
        let kind = header(answer.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
        if is_media_type(&kind, "text/event-stream") {
            let origin = Origin::Request(id.clone());
            let stream = event_stream::open(answer, Arc::clone(&self.0.streams), origin);
            return Ok(StreamableHttpPostResponse::Sse(stream, session));
        }
        let body = self.body(id, answer, MAX_MESSAGE).await;
        let body = body.map_err(HttpError::Client)?;
        if body.trim_ascii().is_empty() {
            return Err(HttpError::Client(HttpFailure::Empty(status)));
        }
        match requests.receive_for(id, &body) {
            Some(message) => Ok(StreamableHttpPostResponse::Json(message, session)),
            None => Err(HttpError::Client(HttpFailure::NoMessage {
                kind: if kind.is_empty() {
                    "of no type".to_owned()
                } else {
                    said(kind.as_bytes())
                },
                said: said(&body),
            })),
        }
    }

    /// Reads an answer whose status says that there is none.
    async fn refused(
        &self,
        id: &RequestId,
        answer: Response,
        is_in_session: bool,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let status = answer.status();
        if let Some(failure) = redirect(&answer) {
            return Err(HttpError::Client(failure));
        }
        let pause = retry_after(&answer);
        // As much of the body as there is: the status says enough.
        let body = self.body(id, answer, MAX_ERROR_BODY).await;
        let body = body.unwrap_or_default();
        let message = error_message(&body);
        let text = message.clone().unwrap_or_else(|| said(&body));
        let failure = match status {
            StatusCode::UNAUTHORIZED => HttpFailure::Unauthorized(text),
            StatusCode::FORBIDDEN => HttpFailure::Forbidden(text),
            _ => HttpFailure::status(status, pause, text),
        };
        let is_about_session = matches!(status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND)
            && is_in_session
            && (status == StatusCode::NOT_FOUND
                || String::from_utf8_lossy(&body)
                    .to_lowercase()
                    .contains("session"));
        if is_about_session {
            // A new session is made, and the request is sent in that. Where
            // that does not help either, this is the reason.
            self.0.streams.requests().note_failure(id, failure);
            return Err(HttpError::SessionExpired);
        }
        if message.is_some() && !matches!(failure, HttpFailure::Unauthorized(_)) {
            let is_its_own = is_answer_to(id, &body);
            if is_its_own && let Some(message) = self.0.streams.requests().receive_for(id, &body) {
                return Ok(StreamableHttpPostResponse::Json(message, None));
            }
        }
        Err(HttpError::Client(failure))
    }

    /// Reads a body, up to its bound.
    async fn body(
        &self,
        id: &RequestId,
        mut answer: Response,
        limit: usize,
    ) -> Result<Vec<u8>, HttpFailure> {
        let requests = self.0.streams.requests();
        let mut body = Vec::new();
        let is_bounded = |length: u64| usize::try_from(length).is_ok_and(|it| it <= limit);
        if answer.content_length().is_some_and(|it| !is_bounded(it)) {
            return Err(HttpFailure::TooLong(limit >> 20));
        }
        loop {
            match answer.chunk().await {
                Ok(Some(piece)) if body.len() + piece.len() > limit => {
                    return Err(HttpFailure::TooLong(limit >> 20));
                }
                Ok(Some(piece)) => {
                    requests.note_heard(id, |heard| heard.note_piece(&piece));
                    body.extend_from_slice(&piece);
                }
                Ok(None) => return Ok(body),
                Err(error) => return Err(self.0.streams.broken(error).into()),
            }
        }
    }

    /// Opens a stream of events: that of a request which broke off after
    /// `last_event`, or the one for news.
    async fn open_stream(
        &self,
        url: &str,
        mut headers: HeaderMap,
        last_event: Option<String>,
    ) -> Result<Events, HttpError> {
        let resumed = last_event
            .as_ref()
            .and_then(|event| self.0.streams.take_resumable(event));
        if let Some(event) = &last_event
            && let Ok(value) = HeaderValue::try_from(event.as_str())
        {
            headers.insert(HeaderName::from_static("last-event-id"), value);
        }
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        let origin = match &resumed {
            Some(resumed) if resumed.tries > MAX_EMPTY_RESUMPTIONS => {
                let failure = HttpFailure::NotResumed(resumed.tries);
                return Ok(self.failed_stream(&resumed.request, failure));
            }
            Some(resumed) => Origin::Resumed {
                request: resumed.request.clone(),
                after: last_event.unwrap_or_default(),
                tries: resumed.tries,
            },
            None => {
                self.0.streams.pause_before_next().await;
                Origin::News
            }
        };
        let opened = self.send(Method::GET, url, headers, None, true).await;
        let failure = match opened {
            Ok(answer) if answer.status().is_success() => {
                let kind = header(answer.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
                if is_media_type(&kind, "text/event-stream") {
                    return Ok(event_stream::open(
                        answer,
                        Arc::clone(&self.0.streams),
                        origin,
                    ));
                }
                HttpFailure::StreamEnded("it offers no stream to go on with".to_owned())
            }
            Ok(answer) => HttpFailure::of_status(&answer, String::new()),
            Err(failure) => failure,
        };
        match resumed {
            Some(resumed) => Ok(self.failed_stream(&resumed.request, failure)),
            // News are optional: a server that has none is not asked again.
            None if matches!(failure, HttpFailure::Connection(_)) => {
                Err(HttpError::Client(failure))
            }
            None => Err(HttpError::ServerDoesNotSupportSse),
        }
    }

    /// A stream that holds nothing but the failure of a request.
    fn failed_stream(&self, id: &RequestId, failure: HttpFailure) -> Events {
        let message = self.0.streams.requests().fail(id, failure.into());
        let event = event_stream::event_of(&message);
        Box::pin(futures_util::stream::iter([Ok(event)]))
    }
}

impl StreamableHttpClient for McpHttpClient {
    type Error = HttpFailure;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let mut headers = headers_of(custom_headers, session_id.as_deref());
        let accepted = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(ACCEPT, accepted);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = serde_json::to_string(&message)?;
        let is_repeatable = is_repeatable(&message);
        let sent = self.send(
            Method::POST,
            &uri,
            headers,
            Some(body.clone()),
            is_repeatable,
        );
        let JsonRpcMessage::Request(request) = &message else {
            let answer = sent.await.map_err(HttpError::Client)?;
            return accepted_or_refused(&answer, session_id.is_some());
        };
        let id = &request.id;
        if !self.0.streams.requests().is_open(id) {
            // The library makes a new session on its own, with the message of
            // the first.
            self.0.streams.requests().sent(&message, &body);
        }
        let exchanged = match sent.await {
            Ok(answer) => self.exchange(id, answer, session_id.is_some()).await,
            Err(failure) => Err(HttpError::Client(failure)),
        };
        match exchanged {
            Err(HttpError::Client(failure)) => {
                if ends_connection(&request.request, &failure) {
                    let reason = failure.to_string();
                    self.0.streams.requests().note_handshake_failure(reason);
                    return Err(HttpError::Client(failure));
                }
                let message = self.0.streams.requests().fail(id, failure.into());
                Ok(StreamableHttpPostResponse::Json(message, None))
            }
            other => other,
        }
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), HttpError> {
        let headers = headers_of(custom_headers, Some(&session_id));
        // A server need not support it.
        let _answer = self
            .send(Method::DELETE, &uri, headers, None, true)
            .await
            .map_err(HttpError::Client)?;
        Ok(())
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<Events, HttpError> {
        let headers = headers_of(custom_headers, session_id.as_deref());
        self.open_stream(&uri, headers, last_event_id).await
    }
}

/// Returns the failure of a request that was not let in, with the words of the
/// server.
async fn refusal(mut answer: Response, need: String) -> HttpFailure {
    let status = answer.status();
    let mut body = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > MAX_ERROR_BODY {
            break;
        }
    }
    let said = error_message(&body).unwrap_or_else(|| said(&body));
    HttpFailure::SignIn { status, need, said }
}

/// Whether nothing more is tried after this failure of the handshake. A server
/// of the older era may answer the question for the newer one by anything.
fn ends_connection(request: &ClientRequest, failure: &HttpFailure) -> bool {
    match request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::DiscoverRequest(_) => matches!(
            failure,
            HttpFailure::Connection(_)
                | HttpFailure::Client(_)
                | HttpFailure::Unauthorized(_)
                | HttpFailure::SignIn { .. }
                | HttpFailure::Redirect { .. }
        ),
        _ => false,
    }
}

/// Reads the answer to a message that needs none.
fn accepted_or_refused(
    answer: &Response,
    is_in_session: bool,
) -> Result<StreamableHttpPostResponse, HttpError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(StreamableHttpPostResponse::Accepted);
    }
    if status == StatusCode::NOT_FOUND && is_in_session {
        return Err(HttpError::SessionExpired);
    }
    let failure = HttpFailure::of_status(answer, String::new());
    Err(HttpError::Client(failure))
}

/// Whether a message may be sent twice.
fn is_repeatable(message: &ClientJsonRpcMessage) -> bool {
    let JsonRpcMessage::Request(request) = message else {
        return true;
    };
    match &request.request {
        ClientRequest::CallToolRequest(call) => call
            .extensions
            .get::<RequestTag>()
            .is_some_and(|tag| tag.0.is_repeatable()),
        _ => true,
    }
}

fn headers_of(custom: HashMap<HeaderName, HeaderValue>, session: Option<&str>) -> HeaderMap {
    let mut headers: HeaderMap = custom.into_iter().collect();
    let session = session.map(HeaderValue::try_from);
    if let Some(Ok(session)) = session {
        headers.insert(HeaderName::from_static("mcp-session-id"), session);
    }
    headers
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn is_media_type(value: &str, wanted: &str) -> bool {
    let essence = value.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(wanted)
}
