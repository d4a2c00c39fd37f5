//! The seam to whoever remembers how tools were described before.

use crate::model::{ListedTool, ServerName};

/// Knows how the tools of servers were described when they were used before.
/// A server may describe a tool otherwise tomorrow, or in the middle of a run.
pub trait Pins: Send + Sync {
    /// A server told of its tools.
    fn listed(&self, server: &ServerName, tools: &[ListedTool]);

    /// Why a tool may not be used as it is described now, in words.
    fn withheld(&self, server: &ServerName, tool: &str) -> Option<String>;
}
