//! State of the output pane, and the rows that were read for it.

mod copy;
mod find;
mod page;
mod pick;
mod read_result;
mod scroll;
pub mod tree;

pub use find::{Find, MatchCount, MatchCountKey, MatchSearch};
pub(in crate::tui) use page::begin;
pub use page::{Content, Page, PageRow};
pub use pick::PickedLines;
pub use read_result::ReadResult;

use crate::model::CallId;
use crate::output::{LineForm, Position, Streams};
use crate::tui::export::copy_source::CopySource;
use crate::tui::state::output::tree::{Tree, TreeView};

use super::{Pane, State, ToastLevel};

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
            self.restart();
        }
        true
    }

    /// Stands at the end of what is shown now, of which nothing is read yet.
    fn restart(&mut self) {
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

impl State {
    /// Whose output the pane shows, if any.
    pub fn shown_source(&self) -> Option<OutputSource> {
        let streams = self.output.streams;
        match self.output.scope {
            Scope::Combined => return Some(OutputSource::Combined(streams)),
            Scope::Live => return Some(OutputSource::Live),
            Scope::Call => {}
        }
        let call = self.selected()?.id;
        if let Some(of) = self.match_count_key().filter(|_| self.output.is_filtered()) {
            return Some(OutputSource::Matches(of));
        }
        let form = match self.output.form {
            OutputForm::Raw => LineForm::Raw,
            OutputForm::Text | OutputForm::Tree => LineForm::Shown,
        };
        Some(OutputSource::Call {
            call,
            streams,
            form,
        })
    }

    /// Returns the page that the output pane needs, if it is visible.
    pub fn wanted_output(&self) -> Option<PageRequest> {
        let height = self.layout().rows(self, Pane::Output);
        let source = self.shown_source().filter(|_| height > 0)?;
        let generation = match source {
            OutputSource::Call { .. } => self.selected()?.output.generation,
            // Both only ever grow, and so does their sum.
            OutputSource::Matches(_) => {
                let printed = self.selected()?.output.generation;
                printed.wrapping_add(self.output.find.match_count().total)
            }
            OutputSource::Combined(_) | OutputSource::Live => self.generations(),
        };
        Some(PageRequest {
            source,
            generation,
            from: self.output.position,
            height,
        })
    }

    /// Grows with everything that any call prints.
    fn generations(&self) -> u64 {
        let rows = &self.run.calls;
        rows.iter().fold(rows.len() as u64, |sum, row| {
            sum.wrapping_add(row.output.generation)
        })
    }

    /// The document that is to be shown as a tree, with how far it had grown.
    pub fn wanted_tree(&self) -> Option<(CallId, u64)> {
        let is_tree = self.output.scope == Scope::Call && self.output.form == OutputForm::Tree;
        let row = self.selected().filter(|_| is_tree)?;
        Some((row.id, row.output.generation))
    }

    /// Whether the pane shows a tree.
    pub fn is_tree_shown(&self) -> bool {
        self.wanted_tree().is_some()
    }

    /// Takes what was read.
    pub(in crate::tui) fn set_read(&mut self, news: ReadResult) {
        match news {
            ReadResult::Page(wanted, page) => {
                let width = self.wrap_width();
                let mut before = std::mem::replace(&mut self.output.page, page);
                self.output.page.wrap(width, &mut before);
                self.output.read = Some(wanted);
            }
            ReadResult::Found(search, found) => self.set_search_progress(search, found),
            ReadResult::Counted(of, match_count) => self.output.find.count(of, match_count),
            ReadResult::Tree(of, tree) => self.output.tree.take(of, tree),
            ReadResult::ServerLog(heard) => self.set_server_log(heard),
        }
    }

    /// The width that lines are broken to.
    fn wrap_width(&self) -> Option<usize> {
        let width = self.layout().output_width(&self.output);
        self.output.is_wrapped.then_some(usize::from(width.max(1)))
    }

    /// Breaks the rows again if the pane has another width.
    pub(in crate::tui::state) fn settle_output(&mut self) {
        let width = self.wrap_width();
        self.output.page.rewrap(width);
    }

    /// Stands at the end of what is shown from now on.
    pub(in crate::tui) fn restart_output(&mut self) {
        self.output.restart();
    }

    /// Shows whose output comes next: the call's, all in order, all as it came.
    pub(in crate::tui) fn next_scope(&mut self) {
        self.output.scope = match self.output.scope {
            Scope::Call => Scope::Combined,
            Scope::Combined => Scope::Live,
            Scope::Live => Scope::Call,
        };
        self.output.restart();
    }

    /// Shows the output in the next form.
    pub(in crate::tui) fn next_form(&mut self) {
        if self.output.scope != Scope::Call {
            self.notify(
                ToastLevel::Info,
                "only the output of one call has other forms",
            );
            return;
        }
        self.output.form = match self.output.form {
            OutputForm::Text => OutputForm::Tree,
            OutputForm::Tree => OutputForm::Raw,
            OutputForm::Raw => OutputForm::Text,
        };
        self.output.restart();
    }

    /// The tree on the screen, once it is read.
    pub fn shown_tree(&self) -> Option<&Tree> {
        let (call, _) = self.wanted_tree()?;
        self.output.tree.of(call)
    }
}
