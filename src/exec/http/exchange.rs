//! One request and its answer: the status becomes the outcome, the body the
//! output.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};

use super::client::{ClientError, Clients, Pooling};
use super::connection_error::ConnectionError;
use super::heard::Heard;
use crate::exec::secret_mask::SecretMask;
use crate::model::{Ending, HttpRequest, Outcome};
use crate::output::{Sink, Stream};

/// Bytes of an answer that are read. What is kept of them is bounded as for
/// every output; an answer that never ends is ended here.
const MAX_ANSWER: u64 = 256 << 20;

/// Longest time that a service can ask to be left alone.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Characters of somebody else's words that become a reason.
const MAX_REASON_CHARS: usize = 300;

/// Sends a request, writes the answer to the output, and returns how it ended.
pub(super) async fn run(
    clients: &Clients,
    request: &HttpRequest,
    sink: &Sink,
    heard: &Heard,
) -> Ending {
    let mask = SecretMask::new(&request.secrets);
    let output = Output {
        sink,
        mask: &mask,
        heard,
    };
    let ended = send_and_read(clients, request, &output).await;
    ended.unwrap_or_else(|error| Ending {
        reason: Some(mask.text(&error.to_string())),
        is_retryable: error.is_retryable(request),
        ..Ending::plain(Outcome::Failed)
    })
}

/// Reason why there is no whole answer. The text is shown, once it is masked.
#[derive(Debug, thiserror::Error)]
enum ExchangeError {
    #[error("the request cannot be made: {0}")]
    Invalid(String),
    #[error("protocol error: {0}")]
    Redirect(String),
    #[error("transport: {0}")]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl ExchangeError {
    fn new(error: reqwest::Error, request: &HttpRequest) -> Self {
        if error.is_builder() {
            Self::Invalid(error.without_url().to_string())
        } else if error.is_redirect() {
            Self::Redirect(root(&error.without_url()))
        } else {
            Self::Connection(ConnectionError::new(error, &authority(request)))
        }
    }

    fn is_retryable(&self, request: &HttpRequest) -> bool {
        match self {
            Self::Invalid(_) | Self::Client(_) => false,
            Self::Redirect(_) => request.is_repeatable,
            Self::Connection(error) => !error.was_sent() || request.is_repeatable,
        }
    }
}

/// Place for an answer, piece by piece.
struct Output<'a> {
    sink: &'a Sink,
    mask: &'a SecretMask,
    heard: &'a Heard,
}

async fn send_and_read(
    clients: &Clients,
    request: &HttpRequest,
    output: &Output<'_>,
) -> Result<Ending, ExchangeError> {
    let answer = send(clients, request, output.heard).await?;
    output.heard.note_head(answer.status());
    let mut ending = status_ending(&answer, request, output.mask);
    write_body(answer, request, output, &mut ending).await?;
    Ok(ending)
}

/// Sends a request. A connection that was used before may have been closed by
/// the other side in the meantime: a request that may be sent twice is sent
/// again over a new one, and any other goes over a new one from the start.
async fn send(
    clients: &Clients,
    request: &HttpRequest,
    heard: &Heard,
) -> Result<Response, ExchangeError> {
    heard.note_sending();
    if request.is_repeatable {
        match send_over(clients, request, Pooling::Reuse).await {
            Err(ExchangeError::Connection(error)) if error.was_sent() => {}
            result => return result,
        }
        heard.note_sending();
    }
    send_over(clients, request, Pooling::Fresh).await
}

async fn send_over(
    clients: &Clients,
    request: &HttpRequest,
    pooling: Pooling,
) -> Result<Response, ExchangeError> {
    let client = clients.get(&request.host, pooling).await?;
    let method = reqwest::Method::from_bytes(request.method.word().as_bytes());
    let method = method.map_err(|error| ExchangeError::Invalid(error.to_string()))?;
    let mut asked = client
        .request(method, request.url.reveal())
        .headers(headers(request)?);
    if let Some(body) = &request.body {
        asked = asked.body(body.reveal().to_owned());
    }
    let sent = asked.send().await;
    sent.map_err(|error| ExchangeError::new(error, request))
}

fn headers(request: &HttpRequest) -> Result<HeaderMap, ExchangeError> {
    let invalid = |error: &dyn std::fmt::Display| ExchangeError::Invalid(error.to_string());
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| invalid(&error))?;
        let value = HeaderValue::from_bytes(value.reveal().as_bytes());
        let mut value = value.map_err(|error| invalid(&error))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Returns host and port of a request.
fn authority(request: &HttpRequest) -> String {
    let url = Url::parse(request.url.reveal()).ok();
    match url.and_then(|url| url.port()) {
        Some(port) => format!("{}:{port}", request.host),
        None => request.host.clone(),
    }
}

/// Returns the words of the innermost error.
fn root(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    cut(&root.to_string())
}

/// Returns the ending that the status stands for.
fn status_ending(answer: &Response, request: &HttpRequest, mask: &SecretMask) -> Ending {
    let status = answer.status();
    if status.is_success() {
        return Ending::plain(Outcome::Succeeded);
    }
    let name = status.canonical_reason().unwrap_or("without a name");
    let mut reason = format!("status {} {name}", status.as_u16());
    if let Some(place) = answer.headers().get(LOCATION)
        && status.is_redirection()
    {
        let place = String::from_utf8_lossy(place.as_bytes());
        let place = mask.text(&cut(&place));
        reason = format!("{reason}: it leads to {place}, another service, and was not followed");
    }
    let retry_after = retry_after(answer);
    if let Some(pause) = retry_after {
        reason = format!("{reason}; it asks for a pause of {} s", pause.as_secs());
    }
    Ending {
        reason: Some(reason),
        retry_after,
        is_throttled: is_refusal(status, retry_after),
        is_retryable: is_transient(status, request.is_repeatable),
        ..Ending::plain(Outcome::Failed)
    }
}

/// Whether the same request may be answered otherwise later. After a refusal
/// nothing was done; after a fault something may have been.
fn is_transient(status: StatusCode, is_repeatable: bool) -> bool {
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => true,
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_EARLY
        | StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::GATEWAY_TIMEOUT => is_repeatable,
        _ => false,
    }
}

/// Whether the service is asked too often: it says so, or asks for a pause.
pub(in crate::exec) fn is_refusal(status: StatusCode, retry_after: Option<Duration>) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::SERVICE_UNAVAILABLE && retry_after.is_some()
}

/// Returns the pause that an answer asks for.
pub(in crate::exec) fn retry_after(answer: &Response) -> Option<Duration> {
    let after = answer.headers().get(RETRY_AFTER)?;
    parse_retry_after(after, Timestamp::now())
}

/// Returns the pause that a service asks for: seconds, or a date (RFC 9110,
/// section 10.2.3).
fn parse_retry_after(after: &HeaderValue, now: Timestamp) -> Option<Duration> {
    let text = after.to_str().ok()?.trim();
    let pause = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let date = rfc2822::parse(text).ok()?.timestamp();
        Duration::try_from(date.duration_since(now)).unwrap_or_default()
    };
    Some(pause.min(MAX_RETRY_AFTER))
}

/// Writes the body to the output.
async fn write_body(
    mut answer: Response,
    request: &HttpRequest,
    output: &Output<'_>,
    ending: &mut Ending,
) -> Result<(), ExchangeError> {
    let Output { sink, mask, heard } = output;
    let mut masked = mask.stream();
    if answer.content_length().is_some_and(|it| it > MAX_ANSWER) {
        *ending = Ending::refused(too_long("it"));
        return Ok(());
    }
    let mut read = 0;
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| ExchangeError::new(error, request))?
    {
        heard.note_piece(&piece);
        read += piece.len() as u64;
        sink.write(Stream::Stdout, &masked.push(&piece));
        if read > MAX_ANSWER {
            *ending = Ending::refused(too_long("the rest"));
            break;
        }
        if sink.is_behind() {
            sink.caught_up().await;
        }
    }
    sink.write(Stream::Stdout, &masked.finish());
    Ok(())
}

fn too_long(what: &str) -> String {
    let mib = MAX_ANSWER >> 20;
    format!("the answer is longer than {mib} MiB: {what} was not read")
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_REASON_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_seconds_or_a_date_and_has_a_bound() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        let told = |text: &'static str| parse_retry_after(&HeaderValue::from_static(text), now);
        assert_eq!(told("7"), Some(Duration::from_secs(7)));
        let date = "Tue, 24 Nov 2026 12:00:30 GMT";
        assert_eq!(told(date), Some(Duration::from_secs(30)));
        let past = "Tue, 24 Nov 2026 11:00:00 GMT";
        assert_eq!(told(past), Some(Duration::ZERO));
        assert_eq!(told("99999999999"), Some(MAX_RETRY_AFTER));
        for wrong in ["", "-1", "soon", "1.5"] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }
}
