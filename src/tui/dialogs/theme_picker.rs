//! The themes to pick from. The whole screen already has the marked one.
//!
//! ```text
//! ┌ Theme ───────────────┐
//! │ theme: no            │
//! │▌nord                 │
//! └──────────────────────┘
//! ```

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::picker::{self, Picked, Picker};
use super::{Answer, Dialog, Press};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, Context};
use crate::tui::state::{Shortlist, State, ThemeList, ToastLevel, UiCommand};
use crate::tui::text::fuzzy;
use crate::tui::views::{View, chrome};

/// The theme that is being picked.
#[derive(Debug)]
pub(in crate::tui) struct ThemePicker {
    /// The themes that the typed letters leave.
    list: Shortlist<String>,
    /// The theme that was in use before.
    before: String,
}

impl ThemePicker {
    /// Asks, with the theme in use marked.
    pub(in crate::tui) fn new(themes: &ThemeList) -> Self {
        let found = themes.names.clone();
        let marked = found.iter().position(|name| *name == themes.current);
        Self {
            list: Shortlist::new(found, marked.unwrap_or(0)),
            before: themes.current.clone(),
        }
    }

    fn answer(&self, picked: Picked, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        match picked {
            Picked::Marked | Picked::Nothing => {
                self.preview(state, commands);
                Answer::Stay
            }
            Picked::Taken => {
                self.preview(state, commands);
                state.notify(
                    ToastLevel::Info,
                    "kept while this runs; `theme` in config.toml keeps it for good",
                );
                Answer::Close
            }
            Picked::Left => {
                commands.push(UiCommand::ApplyTheme(self.before.clone()));
                Answer::Close
            }
        }
    }

    /// Applies the marked theme, if it is another one.
    fn preview(&self, state: &State, commands: &mut Vec<UiCommand>) {
        if let Some(name) = self.list.chosen()
            && *name != state.themes.current
        {
            commands.push(UiCommand::ApplyTheme(name.clone()));
        }
    }
}

impl Dialog for ThemePicker {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Picker]
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let picked = picker::act(&mut self.list, action);
        self.answer(picked, state, commands)
    }

    fn typed(&mut self, key: KeyEvent, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let names = &state.themes.names;
        self.list.key(key, |typed| matching(names, typed));
        self.preview(state, commands);
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        let names = &state.themes.names;
        self.list.paste(text, |typed| matching(names, typed));
        self.preview(state, commands);
        Answer::Stay
    }

    fn pressed(
        &mut self,
        press: Press,
        state: &mut State,
        commands: &mut Vec<UiCommand>,
    ) -> Answer {
        let picked = picker::pressed(&mut self.list, area(press.screen), press);
        self.answer(picked, state, commands)
    }

    fn wheel(&self) -> Option<[Action; 2]> {
        picker::WHEEL
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let inner = chrome::boxed(view, area(screen), "Theme", buf);
        let picker = Picker {
            prompt: "theme: ",
            list: &self.list,
            nothing: "No theme has these letters.",
        };
        picker.render(view, inner, buf, |name, strip| {
            strip.put(Safe::new(name), view.style(Role::Fg));
        });
    }
}

/// Its frame: at the right edge, so that most of the screen stays in sight.
fn area(screen: Rect) -> Rect {
    let height = screen.height.saturating_sub(6).min(24);
    let right = screen.width.min(32);
    let side = Rect::new(screen.right() - right, screen.y, right, screen.height);
    chrome::popup_area(side, (right.saturating_sub(4), height))
}

fn matching(names: &[String], typed: &str) -> Vec<String> {
    let found = fuzzy::matches(typed, names.iter().map(String::as_str));
    found.into_iter().map(|at| names[at].clone()).collect()
}
