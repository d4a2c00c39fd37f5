//! Card for a new user, shown once: four steps; any key closes it.
//!
//! ```text
//! ┌ Welcome ─────────────────────────────────────────────┐
//! │ Tool calls, side by side, with what each costs.      │
//! │                                                      │
//! │ 1  L       run the demo, open a plan or MCP servers  │
//! │ 2  a 3     pick a tool, fill its form, queue the call│
//! │ 3  + -     a lane more or less, while calls run      │
//! │ 4  : ?     find anything else, or read all keys      │
//! └──────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Answer, Dialog, Press};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Action, Context};
use crate::tui::state::{State, UiCommand};
use crate::tui::text::figure;
use crate::tui::views::{View, chrome};

/// Columns and rows inside its frame.
const SIZE: (u16, u16) = (54, 8);

/// Keys of the first step and so on, and what they are for.
const STEPS: [(&[Action], &str); 4] = [
    (
        &[Action::OpenFile],
        "run the demo, open a plan or MCP servers",
    ),
    (
        &[Action::Add, Action::ScreenCatalogue],
        "pick a tool, fill its form, queue the call",
    ),
    (
        &[Action::CapUp, Action::CapDown],
        "a lane more or less, while calls run",
    ),
    (
        &[Action::Palette, Action::Help],
        "find anything else, or read all keys",
    ),
];

/// Cells of the keys.
const KEYS: usize = 8;

/// The card for a user who is new here; any key closes it and counts as well.
#[derive(Debug)]
pub(in crate::tui) struct Welcome;

impl Dialog for Welcome {
    fn contexts(&self) -> &'static [Context] {
        &[]
    }

    fn act(&mut self, _: Action, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        Answer::Close
    }

    fn pressed(&mut self, _: Press, _: &mut State, _: &mut Vec<UiCommand>) -> Answer {
        Answer::Close
    }

    fn is_passing(&self) -> bool {
        true
    }

    fn render(&self, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        render(view, screen, buf);
    }
}

fn render(view: &View<'_>, screen: Rect, buf: &mut Buffer) {
    let inner = chrome::popup(view, screen, SIZE, "Welcome", buf);
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let mut lines = Vec::new();
    let mut line = view.strip(inner.width);
    line.skip(1)
        .put("Tool calls, side by side, with what each costs.", fg);
    lines.push(line);
    lines.push(view.strip(inner.width));
    for (number, (actions, what)) in (1..).zip(STEPS) {
        let mut line = view.strip(inner.width);
        line.skip(1).put(figure::count(number), muted).skip(2);
        let at = line.used();
        for action in actions {
            let key = view.state.keymap.key(*action).unwrap_or_default();
            line.put(Safe::new(&key), view.style(Role::KeyHint)).skip(1);
        }
        line.skip_to(at + KEYS);
        line.put(what, fg);
        lines.push(line);
    }
    lines.push(view.strip(inner.width));
    let mut line = view.strip(inner.width);
    line.skip(1).put(
        "Any key goes on. The palette has it as: first steps.",
        muted,
    );
    lines.push(line);
    for (line, y) in lines.iter().zip(inner.y..inner.bottom()) {
        line.draw((inner.x, y), buf);
    }
}
