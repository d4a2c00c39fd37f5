//! What was read for the output pane and the servers' screen.

use super::tree::Tree;
use super::{Page, Quest, Tally, TallyOf, Wanted};
use crate::model::CallId;
use crate::output::Found;
use crate::tui::state::Heard;

/// What was read.
#[derive(Debug)]
pub enum News {
    /// Rows around the screen.
    Page(Wanted, Page),
    /// How a piece of a search ended.
    Found(Quest, Found),
    /// How many lines match so far.
    Tallied(TallyOf, Tally),
    /// The document of a call, as it was when its output had grown so far.
    Tree((CallId, u64), Tree),
    /// What was heard of a server and a call.
    Heard(Heard),
}
