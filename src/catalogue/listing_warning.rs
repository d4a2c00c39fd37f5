//! Warnings about tools as servers list them.

use crate::model::{ServerName, ToolName};

/// A listed tool that is not used as its server describes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingWarning {
    /// The server lists the name twice.
    #[error("{tool} is listed twice; the first is used")]
    Twice {
        /// The tool.
        tool: ToolName,
    },
    /// A tool of a file has the name already.
    #[error(
        "server `{server}` lists a tool that would be `{tool}`, which is a tool of its own{}: \
         the one of the server is not used",
        at.as_ref().map_or_else(String::new, |at| format!(" ({at})"))
    )]
    Taken {
        /// The name.
        tool: ToolName,
        /// The server.
        server: ServerName,
        /// Position of the tool that has the name.
        at: Option<String>,
    },
    /// A schema of the tool cannot be used.
    #[error("the {which} schema of {tool} is not used: {reason}")]
    Schema {
        /// The schema: `input` or `output`.
        which: &'static str,
        /// The tool.
        tool: ToolName,
        /// The reason.
        reason: String,
    },
}
