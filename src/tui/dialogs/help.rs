//! All keys by context, and a legend of the signs.
//!
//! ```text
//! ┌ Help ────────────────────────────────────────────┐
//! │ call                                             │
//! │   x             cancel       Cancel by SIGTERM … │
//! └──────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::sheet::Content;
use crate::model::Outcome;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{AppAction, Context, TABLE};
use crate::tui::state::State;
use crate::tui::text::glyphs::role_of_outcome;
use crate::tui::text::{Align, Strip};
use crate::tui::views::{View, chrome};

/// All keys and signs.
#[derive(Debug)]
pub(in crate::tui) struct Help;

impl Content for Help {
    const ACTION: AppAction = AppAction::Help;

    fn length(_: &State) -> usize {
        let keys: usize = TABLE.iter().map(|entry| entry.contexts.len()).sum();
        keys + Context::ALL.len() * 2 + SIGNS
    }

    fn render(first: usize, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let size = (
            screen.width.saturating_sub(4).min(100),
            screen.height.saturating_sub(4),
        );
        let inner = chrome::popup(view, screen, size, "Help", buf);
        let rows = rows(view, inner.width);
        let last = rows.len().saturating_sub(usize::from(inner.height));
        let shown = rows.iter().skip(first.min(last));
        for (row, y) in shown.zip(inner.y..inner.bottom()) {
            row.draw((inner.x, y), buf);
        }
    }
}

/// Rows that explain the signs.
const SIGNS: usize = 8 + Outcome::ALL.len();

fn rows(view: &View<'_>, width: u16) -> Vec<Strip> {
    let mut rows = Vec::new();
    for context in Context::ALL {
        let mut heading = view.strip(width);
        heading.skip(1).put(context.name(), view.style(Role::Title));
        rows.push(heading);
        for entry in TABLE.iter().filter(|it| it.contexts.contains(&context)) {
            let keys: Vec<String> = view.state.keymap.keys(entry.action).collect();
            let keys = Safe::new(&keys.join(" "));
            let mut strip = view.strip(width);
            strip
                .skip(2)
                .cell(&keys, 16, Align::Left, view.style(Role::KeyHint));
            strip
                .skip(1)
                .cell(entry.label, 14, Align::Left, view.style(Role::Fg));
            strip.skip(1).put(entry.help, view.style(Role::Muted));
            rows.push(strip);
        }
        rows.push(view.strip(width));
    }
    let mut heading = view.strip(width);
    heading.skip(1).put("signs", view.style(Role::Title));
    rows.push(heading);
    signs(view, width, &mut rows);
    rows
}

fn signs(view: &View<'_>, width: u16, rows: &mut Vec<Strip>) {
    let glyphs = view.glyphs;
    let mut put = |sign, word: &'static str, style: Style| {
        let mut strip = view.strip(width);
        strip.skip(2).put(sign, style).skip(1).put(word, style);
        rows.push(strip);
    };
    put(glyphs.queued(), "queued", view.style(Role::Queued));
    put(
        glyphs.retrying(),
        "retrying: waits for another attempt",
        view.style(Role::Retrying),
    );
    put(glyphs.starting(), "starting", view.style(Role::Starting));
    put(glyphs.running(), "running", view.style(Role::Running));
    put(
        glyphs.stopping(),
        "stopping: its tree is not known to be gone",
        view.style(Role::Stopping),
    );
    put(
        glyphs.dot(),
        "in the timeline: waited for a parent, or an idle lane",
        view.style(Role::Queued),
    );
    put(
        glyphs.light_shade(),
        "in the timeline: waited for a lane",
        view.style(Role::Queued),
    );
    put(
        glyphs.dark_shade(),
        "in the timeline: waited for a lock",
        view.style(Role::Timeout),
    );
    for outcome in Outcome::ALL {
        let style = view.style(role_of_outcome(outcome));
        put(glyphs.outcome(outcome), outcome.word(), style);
    }
}
