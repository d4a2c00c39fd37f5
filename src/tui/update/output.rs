//! Keys of the output pane.

use crate::output::{Direction, Stream, Streams};
use crate::tui::action::Action;
use crate::tui::state::{Layer, Pane, State};
use crate::tui::text::field::TextField;

/// Cells that one step sideways moves.
const SIDEWAYS: isize = 8;

pub(super) fn act(state: &mut State, action: Action) {
    match action {
        Action::Follow if state.output.is_following() => state.hold_output(),
        Action::Follow => state.follow_output(),
        Action::Wrap => {
            state.output.is_wrapped = !state.output.is_wrapped;
            state.output.column = 0;
        }
        Action::Times => state.output.has_times = !state.output.has_times,
        Action::Streams => {
            state.output.streams = match state.output.streams {
                Streams::Both => Streams::Only(Stream::Stdout),
                Streams::Only(Stream::Stdout) => Streams::Only(Stream::Stderr),
                Streams::Only(Stream::Stderr) => Streams::Both,
            };
            state.restart_output();
        }
        Action::OutputForm => state.turn_form(),
        Action::OutputScope => state.turn_scope(),
        Action::Search => {
            state.begin_find();
            let field = TextField::line_with(state.output.find.text());
            state.layers.push(Layer::Search(Box::new(field)));
        }
        Action::NextMatch => state.find_next(Direction::Forward),
        Action::PreviousMatch => state.find_next(Direction::Backward),
        Action::OnlyMatches if state.output.find.pattern().is_none() => {
            state.output.find.is_filter = true;
            act(state, Action::Search);
        }
        Action::OnlyMatches => state.turn_filter(),
        Action::Left if state.is_tree_shown() => state.output.tree.close(),
        Action::Right if state.is_tree_shown() => state.output.tree.open(),
        Action::Left => state.shift_output(-SIDEWAYS),
        Action::Right => state.shift_output(SIDEWAYS),
        _ => {}
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

/// Keys of the field: Enter keeps what was typed, Esc takes it away.
pub(super) fn in_search(state: &mut State, action: Action) {
    state.layers.pop();
    if action == Action::Close {
        state.drop_find();
    }
}
