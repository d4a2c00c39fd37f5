//! Content of the output pane, and the reads that it takes.

use super::tree::Tree;
use super::{OutputForm, OutputSource, PageRequest, ReadResult, Scope};
use crate::model::{CallId, CallRow};
use crate::output::{Bounds, LineForm, OutputPart};
use crate::tui::state::{Pane, State, ToastLevel};

impl State {
    /// Whose output the pane shows, if any.
    pub fn shown_source(&self) -> Option<OutputSource> {
        let streams = self.output.streams;
        match self.output.scope {
            Scope::Combined => return Some(OutputSource::Combined(streams)),
            Scope::Live => return Some(OutputSource::Live),
            Scope::Call => {}
        }
        let row = self.selected()?;
        let call = row.id;
        if let Some(of) = self.match_count_key().filter(|_| self.output.is_filtered()) {
            return Some(OutputSource::Matches(of));
        }
        let form = match self.output.form {
            OutputForm::Raw => LineForm::Raw,
            OutputForm::Text | OutputForm::Tree => LineForm::Shown,
        };
        if self.is_split(row) {
            return Some(OutputSource::Attempts {
                call,
                streams,
                form,
            });
        }
        Some(OutputSource::Call {
            call,
            streams,
            form,
        })
    }

    /// Whether the pane shows the output of a call attempt by attempt.
    pub(in crate::tui::state) fn is_split(&self, row: &CallRow) -> bool {
        let is_of_call = self.output.scope == Scope::Call && !self.output.is_filtered();
        is_of_call && row.attempts.len() > 1
    }

    /// The attempts of a call whose output may be kept, oldest first.
    pub(in crate::tui) fn attempts_of(&self, call: CallId) -> Vec<OutputPart> {
        let attempts = self.run.row(call).map_or(&[][..], |row| &row.attempts);
        let forgotten = attempts.len().saturating_sub(Bounds::default().attempts);
        let kept = attempts.iter().skip(forgotten);
        kept.map(|it| OutputPart {
            call,
            attempt: Some(it.attempt),
        })
        .collect()
    }

    /// Returns the page that the output pane needs, if it is visible.
    pub fn wanted_output(&self) -> Option<PageRequest> {
        let height = self.layout().rows(self, Pane::Output);
        let source = self.shown_source().filter(|_| height > 0)?;
        let generation = match source {
            OutputSource::Call { .. } | OutputSource::Attempts { .. } => {
                self.selected()?.output.generation
            }
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
