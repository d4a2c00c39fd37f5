//! The command palette: every action, found by typing.
//!
//! ```text
//! ┌ Commands ───────────────────────────────────────────────────────┐
//! │ command: can                                                     │
//! │▌cancel      x       Cancel by SIGTERM, and SIGKILL after the gr… │
//! │ cancel all  Ctrl+x  not now: every call has ended                │
//! └──────────────────────────────────────────────────────────────────┘
//! ```

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::picker::{self, Picked, Picker};
use super::{Answer, Dialog, Press};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, ActionRow, Context, Danger, TABLE};
use crate::tui::state::refusal::refusal;
use crate::tui::state::{Shortlist, State, ToastLevel, UiCommand};
use crate::tui::text::{Align, Piece, Strip, fuzzy};
use crate::tui::views::{View, chrome};

/// The command palette.
#[derive(Debug)]
pub(in crate::tui) struct Palette {
    /// The actions that the typed letters leave.
    list: Shortlist<Action>,
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            list: Shortlist::new(matching(""), 0),
        }
    }
}

impl Palette {
    /// Columns and rows inside its frame.
    fn size(&self, screen: Rect) -> (u16, u16) {
        let rows = u16::try_from(self.list.found.len()).unwrap_or(u16::MAX);
        let most = screen.height.saturating_sub(6).min(18);
        // The box keeps its height while the letters are typed.
        (
            screen.width.saturating_sub(6).min(92),
            most.max(rows.min(3)),
        )
    }

    fn answer(&self, picked: Picked, state: &mut State) -> Answer {
        match picked {
            Picked::Marked | Picked::Nothing => Answer::Stay,
            Picked::Left => Answer::Close,
            Picked::Taken => match self.list.chosen() {
                Some(action) => take(state, *action),
                None => Answer::Close,
            },
        }
    }
}

/// Performs an action, or says why it cannot be done now.
fn take(state: &mut State, action: Action) -> Answer {
    match refusal(state, action) {
        Some(reason) => {
            let text = Piece::from(action.row().label).then(": ").then(reason);
            state.notify(ToastLevel::Info, text);
            Answer::Close
        }
        None => Answer::Perform(action),
    }
}

impl Dialog for Palette {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Picker]
    }

    fn act(&mut self, action: Action, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        let picked = picker::act(&mut self.list, action);
        self.answer(picked, state)
    }

    fn typed(&mut self, key: KeyEvent, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.list.key(key, matching);
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.list.paste(text, matching);
        Answer::Stay
    }

    fn pressed(&mut self, press: Press, state: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        let area = chrome::popup_area(press.screen, self.size(press.screen));
        let picked = picker::pressed(&mut self.list, area, press);
        self.answer(picked, state)
    }

    fn wheel(&self) -> Option<[Action; 2]> {
        picker::WHEEL
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let inner = chrome::popup(view, screen, self.size(screen), "Commands", buf);
        let picker = Picker {
            prompt: "command: ",
            list: &self.list,
            nothing: "No command has these letters.",
        };
        picker.render(view, inner, buf, |action, strip| row(view, *action, strip));
    }
}

fn row(view: &View<'_>, action: Action, strip: &mut Strip) {
    let entry = action.row();
    let key = view.state.keymap.key(action).unwrap_or_default();
    let reason = refusal(view.state, action);
    let label = match (reason, entry.danger) {
        (Some(_), _) => Role::Muted,
        (None, Danger::None) => Role::Fg,
        (None, _) => Role::Danger,
    };
    let key_role = if reason.is_some() {
        Role::Muted
    } else {
        Role::KeyHint
    };
    strip.cell(entry.label, 14, Align::Left, view.style(label));
    strip
        .skip(1)
        .cell(Safe::new(&key), 9, Align::Left, view.style(key_role))
        .skip(1);
    match reason {
        Some(reason) => strip
            .put("not now: ", view.style(Role::Stopping))
            .put(reason, view.style(Role::Stopping)),
        None => strip.put(entry.help, view.style(Role::Muted)),
    };
}

/// Actions with the letters in their label or name come before those that only
/// speak of them.
fn matching(typed: &str) -> Vec<Action> {
    let all: Vec<&ActionRow> = TABLE.iter().filter(|entry| entry.is_offered()).collect();
    let names: Vec<String> = all
        .iter()
        .map(|entry| format!("{} {}", entry.label, entry.id))
        .collect();
    let by_name = fuzzy::matches(typed, names.iter().map(String::as_str));
    let by_help = fuzzy::containing(typed, all.iter().map(|entry| entry.help));
    let rest = by_help.into_iter().filter(|at| !by_name.contains(at));
    let found = by_name.iter().copied().chain(rest);
    found
        .filter_map(|at| all.get(at))
        .map(|entry| entry.action)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_keys_do_outside_of_text_fields_is_offered() {
        let palette = Palette::default().list;
        let offered = TABLE.iter().filter(|entry| entry.is_offered());
        assert_eq!(palette.found.len(), offered.count());
        for entry in TABLE {
            let is_typing_only = entry.contexts.iter().all(|it| it.is_typing());
            assert_eq!(
                palette.found.contains(&entry.action),
                !is_typing_only,
                "{}",
                entry.id
            );
        }
    }

    #[test]
    fn the_label_weighs_more_than_the_help() {
        let mut palette = Palette::default();
        palette.list.paste("kill", matching);
        let mut list = palette.list;
        assert_eq!(list.chosen(), Some(&Action::Kill));
        list.turn(-1);
        assert_eq!(list.marked, list.found.len() - 1);
    }
}
