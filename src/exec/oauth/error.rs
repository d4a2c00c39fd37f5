//! Reasons why a server does not let this program in.

use std::fmt;

use rmcp::transport::AuthError;

use super::http::chain;
use super::keeping::GrantStoreError;
use crate::exec::secret_mask::SecretMask;
use crate::model::{Secret, ServerName};

/// Characters of somebody else's words that become a reason.
const MAX_WORDS: usize = 400;

/// Reason why a sign-in failed. The text is shown; parts of it are untrusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Nobody configured such a server.
    #[error("there is no server `{0}`")]
    Unknown(ServerName),
    /// It is started here, or a header says who asks.
    #[error(
        "server `{0}` is not signed in to: it is a program, or its `headers` say already who asks"
    )]
    NotApplicable(ServerName),
    /// Neither the server nor a document beside it speaks of signing in.
    #[error("server `{0}` does not ask for it, and names nobody to sign in with")]
    NotAsked(ServerName),
    /// The authorization server takes only clients that it knows.
    #[error("it registers no clients by itself ({0}): set `oauth.client_id`")]
    NotRegistered(String),
    /// The protocol of signing in went wrong.
    #[error("{0}")]
    Failed(String),
    /// The user or the authorization server did not agree.
    #[error("it was refused: {0}")]
    Refused(String),
    /// Nobody came back from the browser in time.
    #[error("nobody came back from the browser within {0} s")]
    Late(u64),
    /// The page that the browser is sent back to cannot be served.
    #[error("the port {port} of this machine cannot be used: {reason}")]
    Port {
        /// The port; 0 is any.
        port: u16,
        /// Words of the system.
        reason: String,
    },
    /// The private key cannot be used.
    #[error("`private_key` is no key in PEM (PKCS#8) for P-256, P-384, Ed25519 or RSA")]
    Key,
    /// The grant cannot be kept or read.
    #[error("{0}")]
    Store(#[from] GrantStoreError),
}

impl SignInError {
    /// Reads an error of the OAuth library; none of `secrets` is in its words.
    pub(super) fn of(error: &AuthError, secrets: &[Secret]) -> Self {
        let words = SecretMask::new(secrets).text(&chain(error));
        let words: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let words: String = words.chars().take(MAX_WORDS).collect();
        match error {
            AuthError::RegistrationFailed(_) => {
                let reason = words.trim_start_matches("Registration failed: ");
                Self::NotRegistered(
                    reason
                        .trim_start_matches("Dynamic registration failed: ")
                        .to_owned(),
                )
            }
            AuthError::AuthorizationServerMismatch {
                expected_issuer,
                received_issuer,
            } => Self::Failed(format!(
                "the answer says that it is of {received_issuer}, and {expected_issuer} was asked"
            )),
            AuthError::AuthorizationServerMissingIssuer { expected_issuer } => Self::Failed(
                format!("the answer does not say that it is of {expected_issuer}"),
            ),
            _ => Self::Failed(words),
        }
    }
}

/// Sign-in that a server asks for, and the command for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exec) struct SignInNeed {
    /// The server.
    pub(super) server: ServerName,
    /// Scopes that are asked for beyond those of the present grant; none for
    /// those that the server names.
    pub(super) scopes: Vec<String>,
    pub(super) kind: NeedKind,
}

/// Kind of a need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NeedKind {
    /// Nobody signed in yet.
    First,
    /// The sign-in has ended, or was withdrawn.
    Again,
    /// It asks for a wider agreement.
    Wider,
    /// It refuses what it asked for; signing in again is of no use.
    Futile,
    /// The sign-in that needs no person failed, with its reason.
    Unattended(String),
}

impl SignInNeed {
    /// Whether a person can help.
    pub(in crate::exec) fn is_for_a_person(&self) -> bool {
        !matches!(self.kind, NeedKind::Futile | NeedKind::Unattended(_))
    }
}

impl fmt::Display for SignInNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            NeedKind::First => {
                let server = &self.server;
                return write!(
                    f,
                    "`fanout login {server}` signs in, or `headers` send a token"
                );
            }
            NeedKind::Again => write!(f, "your sign-in has ended")?,
            NeedKind::Wider => write!(f, "it wants you to agree to more")?,
            NeedKind::Futile => {
                let scopes = self.scopes.join(" ");
                return write!(
                    f,
                    "you agreed to all that it asks for ({scopes}), and it refuses"
                );
            }
            NeedKind::Unattended(reason) => return write!(f, "signing in failed: {reason}"),
        }
        write!(f, ": `fanout login {}", self.server)?;
        if self.kind == NeedKind::Wider {
            write!(f, " --scope '{}'", self.scopes.join(" "))?;
        }
        write!(f, "`")
    }
}
