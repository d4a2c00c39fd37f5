//! The effects that a tool declares, and which of its calls may overlap.

use serde::{Deserialize, Serialize};

/// Hints about a tool's behaviour, with the meaning and defaults of MCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Annotations {
    /// It changes nothing; false where unknown.
    pub read_only: Option<bool>,
    /// Twice has the effect of once; false where unknown.
    pub idempotent: Option<bool>,
    /// It may destroy; true where unknown.
    pub destructive: Option<bool>,
    /// It reaches beyond this machine; true where unknown.
    pub open_world: Option<bool>,
}

/// Calls that a call of a tool may overlap with, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// It says that it changes nothing: calls run side by side.
    ReadOnly,
    /// It says that it changes something: alone on its server.
    NotReadOnly,
    /// It says that it may destroy: alone on its server.
    Destructive,
    /// It says nothing of the kind: alone on its server.
    Unannotated,
    /// Not read-only, and the user named what it must have for itself.
    Keyed,
    /// Not read-only, and the user lets its calls overlap all the same.
    Relaxed,
}

impl Access {
    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::NotReadOnly => "not read-only",
            Self::Destructive => "destructive",
            Self::Unannotated => "not annotated",
            Self::Keyed => "keyed",
            Self::Relaxed => "your order",
        }
    }

    /// Whether its calls run beside others on their server.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::ReadOnly | Self::Keyed | Self::Relaxed)
    }

    /// Why calls run side by side or alone, in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only: runs in parallel",
            Self::NotReadOnly => "not read-only: alone on its server",
            Self::Destructive => "destructive: alone on its server",
            Self::Unannotated => "not annotated: alone on its server",
            Self::Keyed => "not read-only: alone on its keys",
            Self::Relaxed => "not read-only, runs in parallel: your setting",
        }
    }
}
