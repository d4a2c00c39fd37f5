//! The field for the number of lanes.
//!
//! ```text
//! ┌ Set cap ────────────────────┐
//! │ lanes, 1 to 1024 or auto: 8 │
//! └─────────────────────────────┘
//! ```

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Answer, Dialog};
use crate::model::{CapControl, CapSetting};
use crate::theme::Role;
use crate::tui::action::{Action, Context};
use crate::tui::state::{State, ToastLevel, UiCommand};
use crate::tui::text::field::TextField;
use crate::tui::views::{View, chrome};

/// The field for the number of lanes.
#[derive(Debug)]
pub(in crate::tui) struct CapPrompt {
    field: TextField,
}

impl Default for CapPrompt {
    fn default() -> Self {
        Self {
            field: TextField::single_line(),
        }
    }
}

impl Dialog for CapPrompt {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Line]
    }

    fn act(&mut self, action: Action, state: &mut State, commands: &mut Vec<UiCommand>) -> Answer {
        if action == Action::Take {
            match self.field.text().trim().parse::<CapSetting>() {
                Ok(choice) if choice.control == CapControl::Auto => {
                    state.set_auto_cap(choice.cap, commands);
                }
                Ok(choice) => state.set_cap(choice.cap, commands),
                Err(_) => state.notify(
                    ToastLevel::Warn,
                    "the cap is a number from 1 to 1024, auto or auto:16",
                ),
            }
        }
        Answer::Close
    }

    fn typed(&mut self, key: KeyEvent, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.field.key(key);
        Answer::Stay
    }

    fn pasted(&mut self, text: &str, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        self.field.paste(text);
        Answer::Stay
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let inner = chrome::popup(view, screen, (36, 1), "Set cap", buf);
        let mut strip = view.strip(inner.width);
        strip
            .skip(1)
            .put("lanes, 1 to 1024 or auto: ", view.style(Role::Fg));
        strip.draw(inner.as_position(), buf);
        let used = (strip.used() as u16).min(inner.width);
        let area = Rect {
            x: inner.x + used,
            width: inner.width - used,
            height: inner.height.min(1),
            ..inner
        };
        chrome::text_field(view, &self.field, true, area, buf);
    }
}
