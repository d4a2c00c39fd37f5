//! Outcome of one request to a server, and the reasons why there is none.

use std::time::Duration;

use rmcp::model::{ErrorCode, ErrorData, RequestId};
use serde_json::Value;

use super::decode::{AnswerBody, DecodeError, ServerError, excerpt};
use super::id_scan::AnswerId;

/// Outcome of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// `result`, as it came.
    Result(Value),
    /// The server answered with an error.
    Error(ServerError),
    /// The exchange is over without an answer that can be used.
    Failed(AnswerFailure),
}

/// Reason why a request has no answer. The text is shown; parts of it are
/// untrusted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum AnswerFailure {
    /// An answer came, and could not be decoded.
    #[error("protocol error: its answer is not understood: {0}")]
    Undecodable(#[from] DecodeError),
    /// An answer came, and names another request or none.
    #[error(
        "protocol error: its answer {}, and not the id {expected} of this request{}",
        id_words(found),
        suffix(said.as_deref())
    )]
    WrongId {
        /// Id of the request.
        expected: RequestId,
        /// Id in the answer.
        found: AnswerId,
        /// Error in the answer, if it was one.
        said: Option<String>,
    },
    /// The HTTP exchange of the request ended otherwise.
    #[cfg(feature = "http")]
    #[error("{0}")]
    Http(#[from] super::http_failure::HttpFailure),
}

impl AnswerFailure {
    /// Returns the pause that the server asks for.
    pub(super) fn pause(&self) -> Option<Duration> {
        match self {
            #[cfg(feature = "http")]
            Self::Http(failure) => failure.pause(),
            _ => None,
        }
    }

    /// Whether the server is asked too often.
    pub(super) fn is_throttled(&self) -> bool {
        match self {
            #[cfg(feature = "http")]
            Self::Http(failure) => failure.is_throttled(),
            _ => false,
        }
    }

    /// Whether the server may have worked on the request.
    pub(super) fn was_sent(&self) -> bool {
        match self {
            Self::Undecodable(_) | Self::WrongId { .. } => true,
            #[cfg(feature = "http")]
            Self::Http(failure) => failure.was_sent(),
        }
    }
}

impl Answer {
    /// Returns the same as the protocol library carries it.
    pub(super) fn error_data(&self) -> Option<ErrorData> {
        match self {
            Self::Result(_) => None,
            Self::Error(error) => {
                let code = error.code.parse().unwrap_or(ErrorCode::INTERNAL_ERROR.0);
                let message = error.message.clone();
                Some(ErrorData::new(ErrorCode(code), message, error.data.clone()))
            }
            Self::Failed(failure) => {
                let text = failure.to_string();
                Some(ErrorData::new(ErrorCode::INTERNAL_ERROR, text, None))
            }
        }
    }
}

fn id_words(id: &AnswerId) -> String {
    match id {
        AnswerId::Known(id) => format!("has the id {id}, which was never sent"),
        AnswerId::Null => "has the id null".to_owned(),
        AnswerId::Missing => "has no id".to_owned(),
        AnswerId::Invalid => "has an id that is neither a number nor a text".to_owned(),
    }
}

fn suffix(said: Option<&str>) -> String {
    said.map(|said| format!(": error {said}"))
        .unwrap_or_default()
}

impl From<AnswerBody> for Answer {
    fn from(body: AnswerBody) -> Self {
        match body {
            AnswerBody::Result(result) => Self::Result(result),
            AnswerBody::Error(error) => Self::Error(error),
        }
    }
}

/// Returns the answer to a request whose exchange brought one for another id.
#[cfg(feature = "http")]
pub(super) fn wrong_id(expected: &RequestId, found: AnswerId, body: AnswerBody) -> Answer {
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

/// Returns the words of an error.
pub(super) fn said(body: &AnswerBody) -> Option<String> {
    match body {
        AnswerBody::Error(error) => Some(excerpt(&error.to_string())),
        AnswerBody::Result(_) => None,
    }
}
