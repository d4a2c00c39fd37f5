//! Reasons why an HTTP exchange with a server brought no answer.

use std::time::Duration;

use reqwest::Response;
use reqwest::StatusCode;
use reqwest::header::LOCATION;

use super::sse::EventTooLong;
use crate::exec::http::client::ClientError;
use crate::exec::http::connection_error::ConnectionError;
use crate::exec::http::exchange::{is_refusal, retry_after};

/// Characters of a body that go into a reason.
const MAX_SAID: usize = 200;

/// Reason why an exchange brought no answer. The text is shown; parts of it
/// are untrusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum HttpFailure {
    #[error("transport: {0}")]
    Connection(#[from] ConnectionError),
    #[error("transport: {0}")]
    Client(String),
    #[error(
        "transport: status 401 Unauthorized: it wants to know who asks{}; set `headers = {{ Authorization = \"Bearer ${{TOKEN}}\" }}`",
        suffix(.0)
    )]
    Unauthorized(String),
    #[error(
        "transport: status 403 Forbidden: what stands in `headers` does not suffice{}",
        suffix(.0)
    )]
    Forbidden(String),
    #[error("transport: status {}{}: {need}", status_words(*.status), suffix(.said))]
    SignIn {
        /// The status.
        status: StatusCode,
        /// The sign-in that it wants, and the command for it.
        need: String,
        /// Beginning of the body. Untrusted.
        said: String,
    },
    #[error("transport: status {}{}", status_words(*.status), suffix(.said))]
    Status {
        /// The status.
        status: StatusCode,
        /// The pause that it asks for.
        pause: Option<Duration>,
        /// Beginning of the body. Untrusted.
        said: String,
    },
    #[error(
        "transport: status {}: it leads to {to}, another service, and was not followed",
        status_words(*.status)
    )]
    Redirect {
        /// The status.
        status: StatusCode,
        /// The other place. Untrusted.
        to: String,
    },
    #[error("protocol error: it took the call and sent no answer (status {})", status_words(*.0))]
    NoAnswer(StatusCode),
    #[error("protocol error: its answer is empty (status {})", status_words(*.0))]
    Empty(StatusCode),
    #[error("protocol error: its answer is no message of the protocol but {kind}{}", suffix(.said))]
    NoMessage {
        /// Type of the content.
        kind: String,
        /// Beginning of the body. Untrusted.
        said: String,
    },
    #[error("protocol error: its answer is longer than {0} MiB and was not read")]
    TooLong(usize),
    #[error("protocol error: the stream of its answer ended without one{}", suffix(.0))]
    StreamEnded(String),
    #[error("protocol error: {0}")]
    Event(#[from] EventTooLong),
    #[error("protocol error: the stream of its answer ended {0} times without one")]
    NotResumed(usize),
}

impl From<ClientError> for HttpFailure {
    fn from(error: ClientError) -> Self {
        Self::Client(error.to_string())
    }
}

impl HttpFailure {
    /// Returns the failure of a status, with the pause that came with it.
    pub(super) fn status(status: StatusCode, pause: Option<Duration>, said: String) -> Self {
        Self::Status {
            status,
            pause,
            said,
        }
    }

    /// Returns the failure of an answer without a body that was read.
    pub(super) fn of_status(answer: &Response, said: String) -> Self {
        Self::status(answer.status(), retry_after(answer), said)
    }

    /// Returns the pause that the server asks for.
    pub(super) fn pause(&self) -> Option<Duration> {
        match self {
            Self::Status { pause, .. } => *pause,
            _ => None,
        }
    }

    /// Whether the server is asked too often.
    pub(super) fn is_throttled(&self) -> bool {
        match self {
            Self::Status { status, pause, .. } => is_refusal(*status, *pause),
            _ => false,
        }
    }

    /// Whether the server may have worked on the request.
    pub(super) fn was_sent(&self) -> bool {
        match self {
            Self::Connection(error) => error.was_sent(),
            Self::Status { status, .. } => *status != StatusCode::TOO_MANY_REQUESTS,
            Self::Client(_)
            | Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::SignIn { .. }
            | Self::Redirect { .. } => false,
            _ => true,
        }
    }
}

fn status_words(status: StatusCode) -> String {
    let name = status.canonical_reason().unwrap_or("without a name");
    format!("{} {name}", status.as_u16())
}

fn suffix(said: &str) -> String {
    match said {
        "" => String::new(),
        said => format!(": {said}"),
    }
}

/// Returns the failure of an answer that leads elsewhere; `None` of others.
pub(super) fn redirect(answer: &Response) -> Option<HttpFailure> {
    let status = answer.status();
    let to = answer.headers().get(LOCATION)?;
    status.is_redirection().then(|| HttpFailure::Redirect {
        status,
        to: said(to.as_bytes()),
    })
}

/// Returns the message of a JSON-RPC error, or of one of the other forms in
/// which servers write errors.
pub(super) fn error_message(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let error = body.get("error")?;
    let message = error.get("message").or(Some(error))?.as_str()?;
    Some(said(message.as_bytes()))
}

/// Returns the beginning of a text of the server, on one line.
pub(super) fn said(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text.get(..text.len().min(MAX_SAID)).unwrap_or_default());
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    line.chars().filter(|it| !it.is_control()).collect()
}
