//! One request and its answer: the status becomes the outcome, the body the
//! output.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};

use super::secret_mask::SecretMask;
use crate::model::{Ending, HttpRequest, Outcome};
use crate::output::{Sink, Stream};

/// Bytes of an answer that are read. What is kept of them is bounded as for
/// every output; an answer that never ends is ended here.
const MAX_ANSWER: u64 = 256 << 20;

/// Longest time that a service can ask to be left alone.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Characters of somebody else's words that become a reason.
const MAX_REASON_CHARS: usize = 300;

/// Asks, writes the answer to the output, and says how it ended.
pub(super) async fn run(client: &Client, request: &HttpRequest, sink: &Sink) -> Ending {
    let mask = SecretMask::new(&request.secrets);
    match send_and_read(client, request, sink, &mask).await {
        Ok(ending) => ending,
        Err(ExchangeError {
            reason,
            is_retryable,
        }) => Ending {
            reason: Some(mask.text(&reason)),
            is_retryable,
            ..Ending::plain(Outcome::Failed)
        },
    }
}

/// An exchange without a whole answer.
struct ExchangeError {
    reason: String,
    is_retryable: bool,
}

async fn send_and_read(
    client: &Client,
    request: &HttpRequest,
    sink: &Sink,
    mask: &SecretMask,
) -> Result<Ending, ExchangeError> {
    let broken = |error| transport_error(request, error);
    let method = reqwest::Method::from_bytes(request.method.word().as_bytes());
    let method = method.map_err(|error| invalid_request(&error))?;
    let mut asked = client
        .request(method, request.url.reveal())
        .headers(headers(request)?);
    if let Some(body) = &request.body {
        asked = asked.body(body.reveal().to_owned());
    }
    let answer = asked.send().await.map_err(broken)?;
    let mut ending = status_ending(&answer, request, mask);
    write_body(answer, request, sink, mask, &mut ending).await?;
    Ok(ending)
}

fn headers(request: &HttpRequest) -> Result<HeaderMap, ExchangeError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|error| invalid_request(&error))?;
        let mut value = HeaderValue::from_bytes(value.reveal().as_bytes())
            .map_err(|error| invalid_request(&error))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn invalid_request(error: &dyn std::fmt::Display) -> ExchangeError {
    ExchangeError {
        reason: format!("the request cannot be made: {error}"),
        is_retryable: false,
    }
}

/// Why the exchange broke, without the URL, which may hold a secret.
fn transport_error(request: &HttpRequest, error: reqwest::Error) -> ExchangeError {
    let was_sent = !error.is_connect() && !error.is_builder();
    let is_retryable = !error.is_builder() && (!was_sent || request.is_repeatable);
    let word = if error.is_connect() {
        format!("transport: no connection to {}", request.host)
    } else if error.is_redirect() {
        "protocol error".to_owned()
    } else {
        format!("transport: the exchange with {} broke off", request.host)
    };
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    ExchangeError {
        reason: format!("{word}: {}", cut(&cause.to_string())),
        is_retryable,
    }
}

/// What the status means.
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
    let retry_after = answer.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|after| parse_retry_after(after, Timestamp::now()));
    if let Some(pause) = retry_after {
        reason = format!("{reason}; it asks for a pause of {} s", pause.as_secs());
    }
    Ending {
        reason: Some(reason),
        retry_after,
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

/// The pause that a service asks for: seconds, or a date (RFC 9110, section
/// 10.2.3).
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
    sink: &Sink,
    mask: &SecretMask,
    ending: &mut Ending,
) -> Result<(), ExchangeError> {
    let mut masked = mask.stream();
    if answer.content_length().is_some_and(|it| it > MAX_ANSWER) {
        *ending = Ending::refused(too_long("it"));
        return Ok(());
    }
    let mut read = 0;
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| transport_error(request, error))?
    {
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
