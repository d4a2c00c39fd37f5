//! Descriptions of tools when they were used before.

use crate::model::{HeldBack, ListedTool, ServerName};

/// Remembers how the tools of servers were described when they were used
/// before. A server may describe a tool otherwise tomorrow, or in the middle of
/// a run.
pub trait Pins: Send + Sync {
    /// Records the tools that a server lists.
    fn listed(&self, server: &ServerName, tools: &[ListedTool]);

    /// Returns why a tool may not be used as it is described now.
    fn withheld(&self, server: &ServerName, tool: &str) -> Option<String>;

    /// Returns the tools of a server that may not be used as they are described
    /// now.
    fn held_back(&self, server: &ServerName) -> HeldBack;

    /// Accepts the descriptions that are held back in this revision: the user
    /// has seen them.
    fn accept(&self, server: &ServerName, revision: u64);
}
