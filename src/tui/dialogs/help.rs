//! All keys, by the place where they are heard, and what the signs mean.
//!
//! ```text
//! ┌ Help ────────────────────────────────────────────┐
//! │ call                                             │
//! │   x             cancel       Cancel by SIGTERM … │
//! └──────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::model::Outcome;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::{Context, TABLE};
use crate::tui::text::glyphs::role_of_outcome;
use crate::tui::text::{Align, Strip};
use crate::tui::views::{View, chrome};

/// Draws the help with its row `first` at the top.
pub(in crate::tui) fn render(
    view: &View<'_>,
    first: usize,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let size = (
        screen.width.saturating_sub(4).min(100),
        screen.height.saturating_sub(4),
    );
    let inner = chrome::popup(view, screen, size, "Help", buf);
    let rows = rows(view, inner.width);
    let last = rows.len().saturating_sub(usize::from(inner.height));
    for (row, y) in rows
        .iter()
        .skip(first.min(last))
        .zip(inner.y..inner.bottom())
    {
        row.draw((inner.x, y), buf);
    }
    None
}

/// How many rows the help has.
pub(in crate::tui) fn length() -> usize {
    let keys: usize = TABLE.iter().map(|entry| entry.contexts.len()).sum();
    keys + Context::ALL.len() * 2 + SIGNS
}

/// Rows that explain the signs.
const SIGNS: usize = 18;

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
