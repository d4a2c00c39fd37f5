//! Rows to read in a box that covers nearly the whole screen: they are scrolled,
//! and Back, `q` or a press beside the box closes it.

use std::fmt::Debug;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Answer, Dialog, Press};
use crate::tui::action::{Action, ActionGroup, AppAction, Context, ListAction};
use crate::tui::state::{State, UiCommand};
use crate::tui::views::View;

/// Content of a sheet.
pub(in crate::tui) trait Content: Debug {
    /// The action that opens it, and closes it again.
    const ACTION: AppAction;

    /// Number of its rows.
    fn length(state: &State) -> usize;

    /// Draws it from its row `first` on.
    fn render(first: usize, view: &View<'_>, screen: Rect, buf: &mut Buffer);
}

/// A sheet, from a first visible row on.
#[derive(Debug)]
pub(in crate::tui) struct Sheet<C> {
    first: usize,
    content: std::marker::PhantomData<C>,
}

impl<C> Default for Sheet<C> {
    fn default() -> Self {
        Self {
            first: 0,
            content: std::marker::PhantomData,
        }
    }
}

impl<C: Content> Dialog for Sheet<C> {
    fn contexts(&self) -> &'static [Context] {
        &[Context::List, Context::Global]
    }

    fn act(&mut self, action: Action, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        match action.group() {
            ActionGroup::List(step) => {
                let page = usize::from(state.size.height.saturating_sub(6)).max(1);
                let last = C::length(state).saturating_sub(page);
                self.first = scrolled(self.first, step, page, last);
                Answer::Stay
            }
            ActionGroup::App(AppAction::Back | AppAction::Quit) => Answer::Close,
            ActionGroup::App(action) if action == C::ACTION => Answer::Close,
            _ => Answer::Stay,
        }
    }

    fn pressed(&mut self, press: Press, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        if is_beside(press) {
            Answer::Close
        } else {
            Answer::Stay
        }
    }

    fn wheel(&self) -> Option<[Action; 2]> {
        Some([Action::Up, Action::Down])
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        C::render(self.first, view, screen, buf);
    }
}

/// Returns the first visible row after a step in a text that is scrolled by
/// pages, where `last` is the furthest that it can be scrolled.
pub(super) fn scrolled(first: usize, step: ListAction, page: usize, last: usize) -> usize {
    let next = match step {
        ListAction::Down => first + 1,
        ListAction::Up => first.saturating_sub(1),
        ListAction::PageDown => first + page,
        ListAction::PageUp => first.saturating_sub(page),
        ListAction::Top => 0,
        ListAction::Bottom => last,
        ListAction::Filter => first,
    };
    next.min(last)
}

/// Whether a press is beside a box that covers nearly the whole screen.
pub(super) fn is_beside(press: Press) -> bool {
    let Press { at, screen, .. } = press;
    let sides = Rect::new(6, 4, screen.width, screen.height);
    !sides.contains(at) || at.x + 6 >= screen.width
}
