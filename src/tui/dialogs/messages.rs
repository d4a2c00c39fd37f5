//! All messages, the latest first.
//!
//! ```text
//! ┌ Messages 2 ────────────────────────────┐
//! │ 00:12  warning  nord.toml:2:1: unknown │
//! │ 00:03           queued: word-count     │
//! └────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::sheet::Content;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::AppAction;
use crate::tui::state::{State, ToastLevel};
use crate::tui::text::{Align, Piece, figure, wrapped};
use crate::tui::views::{View, chrome};

/// All messages.
#[derive(Debug)]
pub(in crate::tui) struct Messages;

impl Content for Messages {
    const ACTION: AppAction = AppAction::Messages;

    fn length(state: &State) -> usize {
        state.toasts.log().count()
    }

    fn render(first: usize, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        let toasts = &view.state.toasts;
        let width = screen.width.saturating_sub(4).min(110);
        let rows = u16::try_from(toasts.log().count()).unwrap_or(u16::MAX);
        let most = screen.height.saturating_sub(6);
        let size = (width, rows.saturating_add(4).min(24).min(most));
        let name = Piece::from("Messages ").then(figure::count(toasts.log().count()));
        let inner = chrome::popup(view, screen, size, name, buf);
        if toasts.log().next().is_none() {
            let lines = &["What is said at the bottom of the screen is kept here. Esc closes."];
            chrome::empty(view, inner, lines, buf);
            return;
        }
        let mut y = inner.y;
        for toast in toasts.log().rev().skip(first) {
            let (word, role) = match toast.level {
                ToastLevel::Info => ("", Role::ToastInfo),
                ToastLevel::Warn => ("warning", Role::ToastWarn),
                ToastLevel::Error => ("error", Role::ToastError),
            };
            let mut strip = view.strip(inner.width);
            strip
                .skip(1)
                .put(figure::whole_clock(toast.said), view.style(Role::Muted));
            strip
                .skip(2)
                .cell(word, 8, Align::Left, view.style(role))
                .skip(1);
            // Here there is room for all of it.
            let indent = strip.used();
            let text = toast.text.as_str();
            for part in wrapped(text, strip.room().max(1)) {
                if y >= inner.bottom() {
                    return;
                }
                let part = Safe::new(text.get(part).unwrap_or(""));
                strip.put(part, view.style(role)).draw((inner.x, y), buf);
                strip = view.strip(inner.width);
                strip.skip(indent);
                y += 1;
            }
        }
        if toasts.forgotten() > 0 && y < inner.bottom() {
            let mut strip = view.strip(inner.width);
            let style = view.style(Role::Muted);
            strip
                .skip(1)
                .put(figure::count(toasts.forgotten()), style)
                .put(" older ones are not kept", style)
                .draw((inner.x, y), buf);
        }
    }
}
