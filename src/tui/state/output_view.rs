//! Where the output pane stands, and the lines that were read for it.

use crate::model::CallId;
use crate::output::{Position, Streams, Window, WindowRequest};
use crate::tui::text::wrapped;

use super::{Pane, State};

/// What the pane asks the output's reader for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The call.
    pub call: CallId,
    /// Its output's generation.
    pub generation: u64,
    /// Which lines.
    pub request: WindowRequest,
}

/// Where the output pane stands.
#[derive(Debug, Clone, Default)]
pub struct OutputView {
    /// The call it stands in.
    call: Option<CallId>,
    /// Where in its output; at the tail it follows.
    pub position: Position,
    /// Lines there were when it stopped following.
    pub seen_lines: u64,
    /// Whether long lines are wrapped.
    pub is_wrapped: bool,
    /// First visible column of lines that are not wrapped.
    pub column: usize,
    /// Which streams are shown.
    pub streams: Streams,
    /// What was read last, and for which wish.
    pub read: Option<(Wanted, Window)>,
}

impl OutputView {
    /// Starts at the end when another call is selected.
    pub(super) fn settle(&mut self, selected: Option<CallId>) {
        if self.call != selected {
            self.call = selected;
            self.position = Position::Tail;
            self.column = 0;
            self.read = None;
        }
    }

    /// The lines that were read.
    pub fn window(&self) -> Option<&Window> {
        self.read.as_ref().map(|(_, window)| window)
    }

    /// Whether it stays at the end as lines are added.
    pub fn is_following(&self) -> bool {
        self.position == Position::Tail
    }

    /// Lines that came since it stopped following.
    pub fn new_lines(&self) -> u64 {
        let total = self.window().map_or(0, |window| window.total_lines);
        if self.is_following() {
            return 0;
        }
        total.saturating_sub(self.seen_lines)
    }
}

impl State {
    /// What the output pane needs to be read, if it is visible.
    pub fn wanted_output(&self) -> Option<Wanted> {
        let row = self.selected()?;
        let count = self.layout().rows(self, Pane::Output);
        (count > 0).then(|| Wanted {
            call: row.id,
            generation: row.output.generation,
            request: WindowRequest {
                attempt: None,
                streams: self.output.streams,
                from: self.output.position,
                count,
            },
        })
    }

    /// The first line on the screen, as an index into the window, and how many
    /// rows of it stand above the pane.
    pub fn first_output_line(&self) -> (usize, usize) {
        let layout = self.layout();
        let height = layout.rows(self, Pane::Output);
        let lines = self.output.window().map_or(&[][..], |window| &window.lines);
        if !self.output.is_following() || height == 0 {
            return (0, 0);
        }
        let width = usize::from(layout.output_width());
        let mut rows = 0;
        for (index, line) in lines.iter().enumerate().rev() {
            rows += if self.output.is_wrapped {
                wrapped(line.text.as_str(), width).len()
            } else {
                1
            };
            if rows >= height {
                return (index, rows - height);
            }
        }
        (0, 0)
    }

    /// Scrolls the output by some lines. At its end it follows.
    pub fn scroll_output(&mut self, by: i64) {
        let height = self.layout().rows(self, Pane::Output) as u64;
        let index = self.first_output_line().0;
        let Some(window) = self.output.window() else {
            return;
        };
        let total = window.total_lines;
        let Some(first) = window.lines.get(index).map(|line| line.number) else {
            return;
        };
        // Numbers have holes: where the row is known, it says which is next.
        let known = usize::try_from(by)
            .ok()
            .and_then(|by| window.lines.get(index + by));
        let next = known.map_or(first.saturating_add_signed(by), |line| line.number);
        if by >= 0 && next + height >= total {
            self.follow_output();
        } else if next != first {
            self.stand_at(next, total);
        }
    }

    /// Goes to the end and stays there.
    pub fn follow_output(&mut self) {
        self.output.position = Position::Tail;
    }

    /// Stays where it is while lines are added.
    pub fn hold_output(&mut self) {
        let index = self.first_output_line().0;
        if let Some(window) = self.output.window()
            && let Some(line) = window.lines.get(index)
        {
            let (number, total) = (line.number, window.total_lines);
            self.stand_at(number, total);
        }
    }

    fn stand_at(&mut self, number: u64, total: u64) {
        if self.output.is_following() {
            self.output.seen_lines = total;
        }
        self.output.position = Position::Line(number);
    }
}
