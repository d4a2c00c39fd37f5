//! The title line of the output pane: whose output it is, in which form, and
//! the position in it.

use ratatui::style::Style;

use crate::output::{Safe, Stream, Streams};
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::state::{OutputForm, Pane, Scope};
use crate::tui::text::glyphs::role_of_state;
use crate::tui::text::{Cut, Piece, Strip, agent, figure};
use crate::tui::views::{View, chrome};

/// Cells of a pattern in the title.
const PATTERN: usize = 18;

/// Whose output it is.
pub(in crate::tui) fn title(view: &View<'_>) -> Strip {
    let output = &view.state.output;
    let style = view.style(Role::Title);
    let muted = view.style(Role::Muted);
    let mut left = chrome::title(view, Pane::Output, "Output");
    match output.scope {
        Scope::Call => call(view, &mut left),
        Scope::Combined => {
            left.put("of all calls, in plan order", style).skip(1);
        }
        Scope::Live => {
            left.put("of all calls, as it comes", style).skip(1);
        }
    }
    let mut also = |words: &'static str| {
        left.put(view.glyphs.dot(), muted).skip(1);
        left.put(words, muted).skip(1);
    };
    match (output.form, output.scope) {
        (OutputForm::Tree, Scope::Call) => also("JSON"),
        (OutputForm::Raw, Scope::Call) => also("raw"),
        _ => {}
    }
    match (output.streams, output.scope) {
        (Streams::Both, _) | (_, Scope::Live) => {}
        (Streams::Only(Stream::Stdout), _) => also("stdout only"),
        (Streams::Only(Stream::Stderr), _) => also("stderr only"),
    }
    left
}

fn call(view: &View<'_>, left: &mut Strip) {
    let Some(row) = view.state.selected() else {
        return;
    };
    let style = view.style(Role::Title);
    left.put(figure::call(row.id), style).skip(1);
    left.put(agent::marked_name(row), style).skip(1);
    let state = view.style(role_of_state(&row.state));
    left.put(view.glyphs.state(&row.state), state).skip(1);
    left.put(row.state.word(), state).skip(1);
}

/// Where the pane stands, what is searched for and what of the output is
/// gone, as far as there is room beside `left`: what matters less gives way.
pub(in crate::tui) fn status(view: &View<'_>, left: &Strip) -> Strip {
    let state = view.state;
    let width = view.layout.pane(Pane::Output).width;
    let mut right = view.strip(width);
    if state.is_tree_shown() || state.shown_source().is_none() {
        return right;
    }
    // In the order of the line, each with its rank in keeping its place.
    let parts = [
        (1, part(view, search)),
        (0, part(view, position)),
        (2, part(view, gone)),
        (4, part(view, wrap)),
        (3, part(view, lines)),
    ];
    let mut room = usize::from(width).saturating_sub(left.used() + 4);
    let mut kept = [false; 5];
    for rank in 0..parts.len() {
        for ((_, part), is_kept) in parts
            .iter()
            .zip(&mut kept)
            .filter(|((it, _), _)| *it == rank)
        {
            let cells = part.used() + 2;
            *is_kept = part.used() > 0 && cells <= room;
            room -= if *is_kept { cells } else { 0 };
        }
    }
    for ((_, part), _) in parts.iter().zip(kept).filter(|(_, is_kept)| *is_kept) {
        right
            .skip(if right.used() == 0 { 1 } else { 2 })
            .append(part);
    }
    if right.used() > 0 {
        right.skip(1);
    }
    right
}

fn part(view: &View<'_>, put: fn(&View<'_>, &mut Strip)) -> Strip {
    let mut strip = view.strip(view.layout.pane(Pane::Output).width);
    put(view, &mut strip);
    strip
}

fn wrap(view: &View<'_>, right: &mut Strip) {
    let is_wrapped = view.state.output.is_wrapped;
    let words = if is_wrapped { "wrap" } else { "wrap off" };
    right.put(words, view.style(Role::Muted));
}

fn lines(view: &View<'_>, right: &mut Strip) {
    let lines = view.state.output.page.total_lines as usize;
    right.put(figure::plural(lines, "line"), view.style(Role::Muted));
}

/// Draws the amount of output that was dropped.
fn gone(view: &View<'_>, right: &mut Strip) {
    let page = &view.state.output.page;
    let warn = view.style(Role::ToastWarn);
    if page.dropped_bytes > 0 {
        right
            .put("dropped ", warn)
            .put(figure::bytes(page.dropped_bytes), warn);
    }
    if page.earliest > 0 {
        right
            .put("order of first ", warn)
            .put(figure::count(page.earliest as usize), warn)
            .put(" forgotten", warn);
    }
}

/// Draws the search pattern and the number of matching lines.
fn search(view: &View<'_>, right: &mut Strip) {
    let find = &view.state.output.find;
    let (muted, accent) = (view.style(Role::Muted), view.style(Role::Accent));
    if find.text().is_empty() {
        return;
    }
    let sign = if view.state.output.is_filtered() {
        "& "
    } else {
        "/ "
    };
    let text = Safe::new(find.text());
    right
        .put(sign, muted)
        .put_cut(&text, PATTERN, Cut::End, accent);
    if find.problem().is_some() {
        right.put(" not a pattern", view.style(Role::ToastWarn));
    } else if let Some(figures) = view.state.find_figures() {
        right.skip(1).put(figures, accent);
    } else if find.search.is_some() {
        right.put(view.glyphs.ellipsis(), muted);
    }
}

fn position(view: &View<'_>, right: &mut Strip) {
    let state = view.state;
    let (muted, accent): (Style, Style) = (view.style(Role::Muted), view.style(Role::Accent));
    if state.output.is_following() {
        let is_over = match state.output.scope {
            Scope::Call => state.selected().is_none_or(|row| row.state.is_ended()),
            Scope::Combined | Scope::Live => state.run.counts.open() == 0,
        };
        right.put(if is_over { "END" } else { "FOLLOW" }, accent);
        return;
    }
    let new = state.output.new_lines();
    if new == 0 {
        right.put("HELD", muted);
        return;
    }
    let key = state.keymap.key(Action::Bottom).unwrap_or_default();
    let text = Piece::from("+")
        .then(figure::count(new as usize))
        .then(" new ")
        .then(view.glyphs.down())
        .then(" ")
        .then(Safe::new(&key));
    right.put(text, accent);
}
