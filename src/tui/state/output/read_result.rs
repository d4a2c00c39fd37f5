//! Results of reading for the output pane and the servers' screen.

use super::tree::Tree;
use super::{MatchCount, MatchCountKey, MatchSearch, Page, PageRequest};
use crate::model::CallId;
use crate::output::SearchProgress;
use crate::tui::state::ServerLog;

/// Result of reading.
#[derive(Debug)]
pub enum ReadResult {
    /// Rows around the screen.
    Page(PageRequest, Page),
    /// How a piece of a search ended.
    Found(MatchSearch, SearchProgress),
    /// How many lines match so far.
    Counted(MatchCountKey, MatchCount),
    /// The document of a call, as it was when its output had grown so far.
    Tree((CallId, u64), Tree),
    /// Messages of a server and of a call.
    ServerLog(ServerLog),
}
