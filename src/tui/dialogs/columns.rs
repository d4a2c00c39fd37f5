//! The columns of the table, to be shown or left out.
//!
//! ```text
//! ┌ Columns ─────────────┐
//! │ column: c            │
//! │▌[x] cpu              │
//! │ [ ] after            │
//! └──────────────────────┘
//! ```

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::picker::{self, Picked, Picker};
use super::{Answer, Dialog, Press};
use crate::theme::Role;
use crate::tui::action::{Action, Context};
use crate::tui::state::{Shortlist, State, TableColumn, UiCommand};
use crate::tui::text::fuzzy;
use crate::tui::views::{View, chrome};

/// Columns and rows inside the frame.
const SIZE: (u16, u16) = (32, 10);

/// The list of columns; taking one shows it or leaves it out.
#[derive(Debug)]
pub(in crate::tui) struct Columns {
    list: Shortlist<TableColumn>,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            list: Shortlist::new(matching(""), 0),
        }
    }
}

impl Columns {
    fn answer(&self, picked: Picked, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        match (picked, self.list.chosen()) {
            (Picked::Left, _) | (Picked::Taken, None) => Answer::Close,
            (Picked::Taken, Some(column)) => {
                state.columns.toggle(*column);
                commands.push(UiCommand::KeepColumns(state.columns.clone()));
                Answer::Stay
            }
            (Picked::Marked | Picked::Nothing, _) => Answer::Stay,
        }
    }
}

impl Dialog for Columns {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Picker]
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let picked = picker::act(&mut self.list, action);
        self.answer(picked, state, commands)
    }

    fn typed(&mut self, key: KeyEvent, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.list.key(key, matching);
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.list.paste(text, matching);
        Answer::Stay
    }

    fn pressed(
        &mut self,
        press: Press,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let area = chrome::popup_area(press.screen, SIZE);
        let picked = picker::pressed(&mut self.list, area, press);
        self.answer(picked, state, commands)
    }

    fn wheel(&self) -> Option<[Action; 2]> {
        picker::WHEEL
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let inner = chrome::popup(view, screen, SIZE, "Columns of the table", buf);
        let picker = Picker {
            prompt: "column: ",
            list: &self.list,
            nothing: "No column has these letters.",
        };
        picker.render(view, inner, buf, |column, strip| {
            let is_shown = view.state.columns.has(*column);
            let mark = if is_shown { "[x] " } else { "[ ] " };
            strip
                .put(mark, view.style(Role::Accent))
                .put(column.title(), view.style(Role::Fg));
        });
    }
}

fn matching(typed: &str) -> Vec<TableColumn> {
    let titles = TableColumn::ALL.iter().map(|it| it.title());
    let found = fuzzy::matches(typed, titles).into_iter();
    found
        .filter_map(|at| TableColumn::ALL.get(at).copied())
        .collect()
}
