//! Reasons why a server takes no calls, with what can be done about them.

use std::time::Duration;

use rmcp::model::ProtocolVersion;
use rmcp::service::ClientInitializeError;

use crate::model::ServerName;

/// Server that takes no calls, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// None is configured under this name.
    #[error("there is no server `{server}`")]
    Unknown {
        /// Its name.
        server: ServerName,
    },
    /// Its process could not be started. Untrusted text.
    #[error("server `{server}` could not be started: {failure}")]
    NotStarted {
        /// Its name.
        server: ServerName,
        /// The reason.
        failure: ProcessFailure,
    },
    /// It did not connect, or did not list its tools. Untrusted text.
    #[error("server `{server}` did not connect: {failure}")]
    NotConnected {
        /// Its name.
        server: ServerName,
        /// The reason.
        failure: Box<ConnectionFailure>,
    },
}

impl StartError {
    /// Returns the reason alone, for where it is clear which server it is
    /// about.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Unknown { .. } => "it is not configured".to_owned(),
            Self::NotStarted { failure, .. } => format!("not started: {failure}"),
            Self::NotConnected { failure, .. } => format!("not connected: {failure}"),
        }
    }
}

/// Reason why a process did not start, in the words of the room that starts
/// processes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProcessFailure(pub(super) String);

/// Reason why a server did not connect, with what it said meanwhile.
/// Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionFailure {
    /// First cause.
    pub(super) cause: ConnectionCause,
    /// First line on its standard output that was no message.
    pub(super) noise: Option<String>,
    /// Last line on its standard error.
    pub(super) last_words: Option<String>,
}

/// First cause of a connection that did not come about. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ConnectionCause {
    /// Its process ended by itself.
    #[error("it ended: {0}")]
    Ended(String),
    /// It goes on, but says nothing more.
    #[error("{0}")]
    Closed(String),
    #[error("no connection within {limit:?}: {heard}")]
    TimedOut {
        limit: Duration,
        /// Last that was known of it, in words.
        heard: String,
    },
    /// Its words, or those of the decoder.
    #[error("{0}")]
    Handshake(String),
    /// Its words on the question for the newer revision.
    #[error("it does not speak 2026-07-28: {0}")]
    NotDiscovered(String),
    #[error("its answer to `initialize` does not follow the protocol")]
    NotFollowed,
    #[error("it speaks no revision of the protocol that is spoken here, but {0}")]
    Revision(String),
    #[error("{0}")]
    NoList(String),
    #[error("{0}")]
    #[cfg(feature = "http")]
    Unusable(String),
    #[cfg(not(feature = "http"))]
    #[error("this fanout was built without HTTP")]
    WithoutHttp,
}

impl ConnectionCause {
    /// Reads the error of the protocol library, where no message told more.
    pub(super) fn of(error: &ClientInitializeError) -> Self {
        match error {
            ClientInitializeError::LegacyFallbackFailed { fallback, .. } => Self::of(fallback),
            ClientInitializeError::ConnectionClosed(_) => {
                Self::Closed("it closed the connection".to_owned())
            }
            ClientInitializeError::JsonRpcError(error) => {
                Self::Handshake(format!("it refused `initialize`: {}", error.message))
            }
            ClientInitializeError::NoCompatibleProtocolVersion {
                server_supported, ..
            } => {
                let versions = server_supported.iter().map(ProtocolVersion::as_str);
                Self::Revision(versions.collect::<Vec<_>>().join(", "))
            }
            ClientInitializeError::TransportError { .. } => {
                Self::Closed("the connection broke".to_owned())
            }
            _ => Self::NotFollowed,
        }
    }

    fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::TimedOut { .. } => Some(
                "`startup_timeout` (`startup_timeout_sec` in a file of another program) sets how long it may take",
            ),
            Self::NotDiscovered(_) => Some("`protocol = \"auto\"` finds an older revision"),
            _ => None,
        }
    }
}

impl std::fmt::Display for ConnectionFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.cause)?;
        if let Some(line) = &self.noise {
            write!(
                f,
                "; it printed what is no message of the protocol: `{line}`"
            )?;
        }
        if let Some(line) = &self.last_words {
            write!(f, "; its last words: {line}")?;
        }
        if let Some(remedy) = self.cause.remedy() {
            write!(f, "; {remedy}")?;
        }
        let said = format!(
            "{} {}",
            self.cause,
            self.last_words.as_deref().unwrap_or("")
        );
        if let Some(variable) = variable_in(&said) {
            write!(f, "; {variable} reaches it through `env` or `env_pass`")?;
        }
        Ok(())
    }
}

/// Returns what looks like the name of an environment variable.
fn variable_in(text: &str) -> Option<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut words = text.split(|letter| !is_part(letter));
    words.find(|word| {
        let is_upper = |letter: char| !letter.is_ascii_lowercase();
        word.len() >= 5
            && word.contains('_')
            && word.starts_with(|letter: char| letter.is_ascii_uppercase())
            && word.chars().all(is_upper)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(cause: ConnectionCause, noise: Option<&str>, last_words: Option<&str>) -> String {
        ConnectionFailure {
            cause,
            noise: noise.map(str::to_owned),
            last_words: last_words.map(str::to_owned),
        }
        .to_string()
    }

    #[test]
    fn a_reason_names_its_remedy() {
        assert_eq!(
            failure(
                ConnectionCause::TimedOut {
                    limit: Duration::from_secs(1),
                    heard: "it has sent nothing".to_owned(),
                },
                Some("Welcome!"),
                Some("it begins")
            ),
            "no connection within 1s: it has sent nothing; it printed what is no message of the protocol: `Welcome!`; \
             its last words: it begins; `startup_timeout` (`startup_timeout_sec` in a file of another program) sets how long it may take"
        );
        let ended = ConnectionCause::Ended("exit code 1".to_owned());
        assert_eq!(
            failure(ended, None, Some("set GITHUB_TOKEN first")),
            "it ended: exit code 1; its last words: set GITHUB_TOKEN first; \
             GITHUB_TOKEN reaches it through `env` or `env_pass`"
        );
    }

    #[test]
    fn only_what_looks_like_a_variable_is_taken_for_one() {
        assert_eq!(variable_in("set API_KEY=x"), Some("API_KEY"));
        for text in ["ERROR: no", "some_name", "A_B", "404_", "no API key"] {
            assert_eq!(variable_in(text), None, "{text}");
        }
    }
}
