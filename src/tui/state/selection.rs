//! The selected call: always a call, never a place in a list.

use crate::model::CallId;

/// Which call is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// The user chose none yet: whatever runs, and what ran last.
    Automatic(Option<CallId>),
    /// The user chose this one. It stays, wherever the call goes.
    Chosen(CallId),
}

impl Default for Selection {
    fn default() -> Self {
        Self::Automatic(None)
    }
}

impl Selection {
    /// The selected call.
    pub fn call(self) -> Option<CallId> {
        match self {
            Self::Automatic(call) => call,
            Self::Chosen(call) => Some(call),
        }
    }
}
