//! Actions of the output pane.

use crate::output::{Direction, Stream, Streams};
use crate::tui::action::OutputAction;
use crate::tui::dialogs::{Layers, SearchPrompt};
use crate::tui::state::{Pane, State};

/// Cells that one step sideways moves.
const SIDEWAYS: isize = 8;

/// Carries an action out.
pub(super) fn act(state: &mut State, layers: &mut Layers, action: OutputAction) {
    match action {
        OutputAction::Follow if state.output.is_following() => state.hold_output(),
        OutputAction::Follow => state.follow_output(),
        OutputAction::Wrap => {
            state.output.is_wrapped = !state.output.is_wrapped;
            state.output.column = 0;
        }
        OutputAction::Times => state.output.has_times = !state.output.has_times,
        OutputAction::Streams => {
            state.output.streams = match state.output.streams {
                Streams::Both => Streams::Only(Stream::Stdout),
                Streams::Only(Stream::Stdout) => Streams::Only(Stream::Stderr),
                Streams::Only(Stream::Stderr) => Streams::Both,
            };
            state.restart_output();
        }
        OutputAction::OutputForm => state.next_form(),
        OutputAction::OutputScope => state.next_scope(),
        OutputAction::Search => layers.push(SearchPrompt::new(state)),
        OutputAction::NextMatch => next(state, Direction::Forward, 1),
        OutputAction::PreviousMatch => next(state, Direction::Backward, -1),
        OutputAction::OnlyMatches if state.output.find.pattern().is_none() => {
            state.output.find.is_filter = true;
            layers.push(SearchPrompt::new(state));
        }
        OutputAction::OnlyMatches => state.toggle_filter(),
        OutputAction::Left if state.is_tree_shown() => state.output.tree.close(),
        OutputAction::Right if state.is_tree_shown() => state.output.tree.open(),
        OutputAction::Left => state.shift_output(-SIDEWAYS),
        OutputAction::Right => state.shift_output(SIDEWAYS),
    }
}

/// Goes to the next match of what is searched for, else to the next failure.
fn next(state: &mut State, direction: Direction, by: isize) {
    if state.step_message(by) {
        return;
    }
    if state.output.find.text().is_empty() {
        state.next_failure(by);
    } else {
        state.find_next(direction);
    }
}

/// Moves by rows of the screen.
pub(super) fn scroll(state: &mut State, by: isize) {
    if state.is_tree_shown() {
        let visible = state.layout().rows(state, Pane::Output);
        state.output.tree.step(by, visible);
    } else {
        state.scroll_output(by as i64);
    }
}
