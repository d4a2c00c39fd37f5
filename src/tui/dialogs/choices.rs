//! The values that a row of a form takes, to be found by typing: a box above the
//! form.
//!
//! ```text
//! ┌ mode ────────────────┐
//! │ value: ap            │
//! │▌append               │
//! └──────────────────────┘
//! ```

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Press;
use super::picker::{self, Picked, Picker};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::form::{FieldInput, Form, FormField};
use crate::tui::state::Shortlist;
use crate::tui::text::fuzzy;
use crate::tui::views::{View, chrome};

/// The values to choose from.
#[derive(Debug)]
pub(super) struct Choices {
    /// The row of the form that they are for.
    row: usize,
    /// All of them, as they are shown. Untrusted texts.
    labels: Vec<String>,
    /// The indices of those that the typed letters leave.
    list: Shortlist<usize>,
}

impl Choices {
    /// Opens with a key on a row of a form that is chosen from a list; `None`
    /// where the key means something else.
    pub(super) fn open(form: &Form, key: KeyEvent) -> Option<Self> {
        let (labels, chosen) = form.fields.get(form.focus)?.choices()?;
        let mut choices = Self {
            row: form.focus,
            list: Shortlist::new((0..labels.len()).collect(), chosen.unwrap_or(0)),
            labels,
        };
        match key.code {
            KeyCode::Enter => {}
            KeyCode::Char(' ') => return None,
            KeyCode::Char(_) => choices.key(key),
            _ => return None,
        }
        Some(choices)
    }

    /// Takes a typed key.
    pub(super) fn key(&mut self, key: KeyEvent) {
        self.list.key(key, |typed| matching(&self.labels, typed));
    }

    /// Takes pasted text.
    pub(super) fn paste(&mut self, text: &str) {
        self.list.paste(text, |typed| matching(&self.labels, typed));
    }

    /// Carries an action out; whether the box closes, with the value put into
    /// the form where one was taken.
    pub(super) fn act(&mut self, action: Action, form: &mut Form) -> bool {
        let picked = picker::act(&mut self.list, action);
        self.settle(picked, form)
    }

    /// The same for a press.
    pub(super) fn pressed(&mut self, press: Press, form: &mut Form) -> bool {
        let area = chrome::popup_area(press.screen, self.size(press.screen));
        let picked = picker::pressed(&mut self.list, area, press);
        self.settle(picked, form)
    }

    fn settle(&self, picked: Picked, form: &mut Form) -> bool {
        let taken = match picked {
            Picked::Marked | Picked::Nothing => return false,
            Picked::Left => None,
            Picked::Taken => self.list.chosen().copied(),
        };
        if taken.is_some()
            && let Some(field) = form.fields.get_mut(self.row)
        {
            field.input = FieldInput::Choice(taken);
            field.problem = None;
        }
        true
    }

    /// Columns and rows inside its frame.
    fn size(&self, screen: Rect) -> (u16, u16) {
        let rows = u16::try_from(self.labels.len()).unwrap_or(u16::MAX);
        let most = screen.height.saturating_sub(4).min(16);
        (
            44.min(screen.width.saturating_sub(4)),
            rows.saturating_add(1).min(most),
        )
    }

    /// Draws the box.
    pub(super) fn render(&self, view: &View<'_>, form: &Form, screen: Rect, buf: &mut Buffer) {
        let name = form.fields.get(self.row).map_or("value", FormField::name);
        let inner = chrome::popup(view, screen, self.size(screen), Safe::new(name), buf);
        let picker = Picker {
            prompt: "value: ",
            list: &self.list,
            nothing: "No value has these letters.",
        };
        picker.render(view, inner, buf, |at, strip| {
            if let Some(label) = self.labels.get(*at) {
                strip.put(Safe::new(label), view.style(Role::Fg));
            }
        });
    }
}

fn matching(labels: &[String], typed: &str) -> Vec<usize> {
    fuzzy::matches(typed, labels.iter().map(String::as_str))
}
