//! Errors of connections, in words that say what to look at.

use std::error::Error;
use std::io;

use super::client::CONNECT_TIMEOUT;

/// Characters of somebody else's words that become a reason.
const MAX_WORDS: usize = 300;

/// Error of a connection or of an exchange over it. The text is shown, and
/// holds no URL, which may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::exec) enum ConnectionError {
    #[error("no connection to {0}: connection refused, nothing listens there")]
    Refused(String),
    #[error("no connection to {0}: no answer within {limit} s", limit = CONNECT_TIMEOUT.as_secs())]
    TimedOut(String),
    #[error("no connection to {0}: the name is not known: {1}")]
    UnknownName(String, String),
    #[error("no connection to {0}: {1}")]
    NotConnected(String, String),
    #[error("the exchange with {0} broke off: {1}")]
    BrokenOff(String, String),
    #[error("the answer of {0} is not HTTP or breaks its rules: {1}")]
    Http(String, String),
}

impl ConnectionError {
    /// Whether the request may have reached the other side.
    pub(in crate::exec) fn was_sent(&self) -> bool {
        matches!(self, Self::BrokenOff(..) | Self::Http(..))
    }

    /// Reads an error of an exchange with `authority`, host and port.
    pub(in crate::exec) fn new(error: reqwest::Error, authority: &str) -> Self {
        let authority = authority.to_owned();
        let error = error.without_url();
        let (is_connect, is_timeout) = (error.is_connect(), error.is_timeout());
        let mut root: &(dyn Error + 'static) = &error;
        let mut kind = None;
        let mut is_name = false;
        while let Some(source) = root.source() {
            root = source;
            is_name |= root.to_string() == "dns error";
            if let Some(error) = root.downcast_ref::<io::Error>() {
                kind = Some(error.kind());
            }
        }
        let words: String = root.to_string().chars().take(MAX_WORDS).collect();
        match kind {
            Some(io::ErrorKind::ConnectionRefused) if is_connect => Self::Refused(authority),
            _ if is_connect && is_timeout => Self::TimedOut(authority),
            _ if is_connect && is_name => Self::UnknownName(authority, words),
            _ if is_connect => Self::NotConnected(authority, words),
            None if root.to_string().starts_with("invalid HTTP") => Self::Http(authority, words),
            _ => Self::BrokenOff(authority, words),
        }
    }
}
