//! What was read for the output pane and the servers' screen.

use super::tree::Tree;
use super::{MatchCount, MatchCountKey, MatchSearch, Page, PageRequest};
use crate::model::CallId;
use crate::output::SearchProgress;
use crate::tui::state::ServerLog;

/// What was read.
#[derive(Debug)]
pub enum ReadResult {
    /// Rows around the screen.
    Page(PageRequest, Page),
    /// How a piece of a search ended.
    Found(MatchSearch, SearchProgress),
    /// How many lines match so far.
    Tallied(MatchCountKey, MatchCount),
    /// The document of a call, as it was when its output had grown so far.
    Tree((CallId, u64), Tree),
    /// What was heard of a server and a call.
    ServerLog(ServerLog),
}
