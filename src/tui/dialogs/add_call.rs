//! A new call: the list of tools, or the form of the one that was picked.
//!
//! ```text
//! ┌ Add a call: pick a tool ─────┐
//! │ tool: wo                     │
//! │ ▌word-count  Counts lines …  │
//! │  work        Does work       │
//! └──────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::dialogs::form;
use crate::tui::dialogs::picker;
use crate::tui::dialogs::picker::Picker;
use crate::tui::form::{Form, InitialArguments};
use crate::tui::state::AddCall;
use crate::tui::text::{Align, Piece, figure};
use crate::tui::views::Hit;
use crate::tui::views::{View, chrome};

/// Columns and rows inside the frame.
fn size(add: &AddCall, screen: Rect) -> (u16, u16) {
    let width = screen.width.saturating_sub(6).min(96);
    let height = screen.height.saturating_sub(4).min(30);
    match &add.form {
        None => (width, height),
        Some(form) => (width, height.min(form::height(form))),
    }
}

/// Returns the target at a place of the screen: a tool, or a row of the form.
pub(in crate::tui) fn hit(add: &AddCall, screen: Rect, at: Position) -> Option<Hit> {
    let area = chrome::popup_area(screen, size(add, screen));
    match &add.form {
        None => picker::hit(area, &add.list, at),
        Some(form) => {
            let inner = chrome::popup_inner(screen, size(add, screen));
            form::field_at(form, inner, at).map(Hit::Field)
        }
    }
}

/// Draws what is being put together.
pub(in crate::tui) fn render(
    view: &View<'_>,
    add: &AddCall,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let size = size(add, screen);
    let Some(form) = &add.form else {
        let inner = chrome::popup(view, screen, size, "Add a call: pick a tool", buf);
        tools(view, add, inner, buf);
        return None;
    };
    if let Some(tool) = view.state.catalogue.get(&form.tool) {
        let title = title(view, form);
        let inner = chrome::popup(view, screen, size, title, buf);
        form::render(view, form, tool, inner, buf);
    }
    None
}

/// Returns the title: the tool, and the source of the first arguments.
fn title(view: &View<'_>, form: &Form) -> Piece<'static> {
    let tool = Safe::new(form.tool.as_str());
    let added = Piece::from("Add a call: ").then(&tool);
    match form.origin {
        InitialArguments::Schema => added,
        InitialArguments::Last => {
            let key = view.state.keymap.key(Action::ClearForm).unwrap_or_default();
            let key = Piece::from(Safe::new(&key));
            let clears = key.then(" clears)");
            added.then(" (as last time; ").then(clears)
        }
        InitialArguments::Call(call) => {
            let again = Piece::from("Edit ").then(figure::call(call));
            again.then(" and run it again: ").then(&tool)
        }
    }
}

fn tools(view: &View<'_>, add: &AddCall, inner: Rect, buf: &mut Buffer) {
    let picker = Picker {
        prompt: "tool: ",
        list: &add.list,
        nothing: "No tool is called like that.",
    };
    picker.render(view, inner, buf, |name, strip| {
        let text = Safe::new(name.as_str());
        strip
            .cell(text, 22, Align::Left, view.style(Role::Fg))
            .skip(1);
        if let Some(tool) = view.state.catalogue.get(name) {
            strip.put(Safe::new(&tool.description), view.style(Role::Muted));
        }
    });
}
