//! State of the output pane, and the rows that were read for it.

mod copy;
mod find;
mod page;
mod pick;
mod read_result;
mod scroll;
mod searching;
mod shown;
pub mod tree;

pub use find::{Find, MatchCount, MatchCountKey, MatchSearch};
pub(in crate::tui) use page::begin;
pub use page::{Content, Page, PageRow, ScreenTop};
pub use pick::PickedLines;
pub use read_result::ReadResult;

use crate::model::CallId;
use crate::output::{LineForm, Position, Streams};
use crate::tui::export::copy_source::CopySource;
use crate::tui::state::output::tree::TreeView;

/// Whose output is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// The selected call's.
    #[default]
    Call,
    /// All calls', one after the other in the order of the plan.
    Combined,
    /// All calls', line by line as they came.
    Live,
}

/// In which form the output of one call is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutputForm {
    /// As a terminal would.
    #[default]
    Text,
    /// Its JSON document as a tree.
    Tree,
    /// Every byte, what is no text named.
    Raw,
}

/// Source of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputSource {
    /// The output of one call.
    Call {
        /// The call.
        call: CallId,
        /// Its streams.
        streams: Streams,
        /// In which form.
        form: LineForm,
    },
    /// The output of each attempt of a call, one after the other.
    Attempts {
        /// The call.
        call: CallId,
        /// Its streams.
        streams: Streams,
        /// In which form.
        form: LineForm,
    },
    /// The lines of one call's output that match what is searched for.
    Matches(MatchCountKey),
    /// The output of all calls, one after the other.
    Combined(Streams),
    /// The output of all calls as it came.
    Live,
}

/// Request of the pane to the output reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Whose rows.
    pub source: OutputSource,
    /// How far the output had grown.
    pub generation: u64,
    /// Where the screen begins.
    pub from: Position,
    /// Rows of the screen.
    pub height: usize,
}

/// State of the output pane.
#[derive(Debug, Default)]
pub struct OutputView {
    /// The call whose output the position belongs to.
    call: Option<CallId>,
    /// Whose output is shown.
    pub scope: Scope,
    /// In which form.
    pub form: OutputForm,
    /// Where in its output; at the tail it follows.
    pub position: Position,
    /// Rows of the first line that are above the pane.
    skipped: usize,
    /// Places there were when it stopped following.
    seen: u64,
    /// Whether long lines are wrapped.
    pub is_wrapped: bool,
    /// Whether each line says when it was completed.
    pub has_times: bool,
    /// First visible column of lines that are not wrapped.
    pub column: usize,
    /// Which streams are shown.
    pub streams: Streams,
    /// The search.
    pub find: Find,
    /// The document as a tree.
    pub tree: TreeView,
    /// Copy that is too large for the clipboard.
    pub too_large: Option<CopySource>,
    /// Lines that are picked with the mouse.
    pub picked: Option<PickedLines>,
    /// The rows that were read last.
    pub page: Page,
    /// For which wish.
    pub read: Option<PageRequest>,
}

impl OutputView {
    /// Starts at the end when another call is selected, and says if one is.
    pub(in crate::tui::state) fn settle(&mut self, selected: Option<CallId>) -> bool {
        if self.call == selected {
            return false;
        }
        self.call = selected;
        if self.scope == Scope::Call {
            self.form = OutputForm::Text;
            self.find.clear();
            self.restart();
        }
        true
    }

    /// Stands at the end of what is shown now, of which nothing is read yet.
    pub(super) fn restart(&mut self) {
        self.position = Position::Tail;
        self.skipped = 0;
        self.column = 0;
        self.page = Page::default();
        self.read = None;
        self.find.leave();
        self.picked = None;
    }

    /// Whether only matching lines are shown.
    pub fn is_filtered(&self) -> bool {
        self.find.is_filter && self.find.pattern().is_some() && self.scope == Scope::Call
    }

    /// Whether it stays at the end as lines are added.
    pub fn is_following(&self) -> bool {
        self.position == Position::Tail
    }

    /// Rows that came since it stopped following.
    pub fn new_lines(&self) -> u64 {
        if self.is_following() {
            return 0;
        }
        self.page.total.saturating_sub(self.seen)
    }
}
