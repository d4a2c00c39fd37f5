//! The seam to whoever remembers how tools were described before.

use crate::model::{HeldBack, ListedTool, ServerName};

/// Knows how the tools of servers were described when they were used before.
/// A server may describe a tool otherwise tomorrow, or in the middle of a run.
pub trait Pins: Send + Sync {
    /// A server told of its tools.
    fn listed(&self, server: &ServerName, tools: &[ListedTool]);

    /// Why a tool may not be used as it is described now, in words.
    fn withheld(&self, server: &ServerName, tool: &str) -> Option<String>;

    /// Every tool of a server that may not be used as it is described now.
    fn held_back(&self, server: &ServerName) -> HeldBack;

    /// The user has seen what is held back in this revision, and agrees to it.
    fn accept(&self, server: &ServerName, revision: u64);
}
