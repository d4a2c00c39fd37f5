//! Revisions of the Model Context Protocol that a server is spoken to in.

use std::str::FromStr;

/// Revision that a server is spoken to in, as the user chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ProtocolChoice {
    /// The newest; an older one where the server does not speak that.
    #[default]
    Auto,
    /// `2025-11-25`, which begins with `initialize`.
    Initialize,
    /// `2026-07-28`, which has no handshake.
    Discover,
}

impl ProtocolChoice {
    /// Words for the choices.
    pub const WORDS: [&'static str; 3] = ["auto", "2025-11-25", "2026-07-28"];

    /// Choices in the order of their words.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Initialize, Self::Discover];
}

/// Reason that a text names no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is one of auto, 2025-11-25 and 2026-07-28")]
pub struct NoProtocol;

impl FromStr for ProtocolChoice {
    type Err = NoProtocol;

    fn from_str(word: &str) -> Result<Self, NoProtocol> {
        let at = Self::WORDS.iter().position(|it| *it == word);
        at.and_then(|at| Self::ALL.get(at).copied())
            .ok_or(NoProtocol)
    }
}
