//! Lists of calls, a line each, and the titles of their columns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{empty, frame, select, title};
use crate::model::{CallId, CallRow};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::state::{Pane, SortKey};
use crate::tui::text::glyphs::role_of_state;
use crate::tui::text::{Align, Cut, Strip, agent, figure};
use crate::tui::views::{View, id_cells};

/// A pane that lists calls, a line each.
pub(in crate::tui) struct ListPane {
    /// The pane.
    pub(in crate::tui) pane: Pane,
    /// The left end of its title.
    pub(in crate::tui) title: Strip,
    /// The words in it while it lists no call.
    pub(in crate::tui) nothing: &'static str,
}

impl ListPane {
    /// A pane whose title is its name, to be gone on with.
    pub(in crate::tui) fn named(
        view: &View<'_>,
        pane: Pane,
        name: &'static str,
        nothing: &'static str,
    ) -> Self {
        Self {
            pane,
            title: title(view, pane, name),
            nothing,
        }
    }

    /// A pane whose title is its name and the number of its calls.
    pub(in crate::tui) fn counted(
        view: &View<'_>,
        pane: Pane,
        name: &'static str,
        nothing: &'static str,
    ) -> Self {
        let mut named = Self::named(view, pane, name, nothing);
        let count = figure::count(view.state.listed(pane));
        named.title.put(count, view.style(Role::Title)).skip(1);
        named
    }

    /// Returns the cells of the longest name among the calls in sight.
    pub(in crate::tui) fn longest_name(&self, view: &View<'_>) -> usize {
        let state = view.state;
        let first = state.list(self.pane).first;
        let visible = usize::from(view.layout.inner(self.pane).height);
        let calls = (first..first + visible).filter_map(|row| state.call_at(self.pane, row));
        let names = calls.filter_map(|id| state.run.row(id));
        let widths = names.map(|row| agent::marked_name(row).width());
        widths.max().unwrap_or(0)
    }

    /// Draws the pane; `rest` fills a line behind its bar, number and sign.
    pub(in crate::tui) fn render(
        &self,
        view: &View<'_>,
        buf: &mut Buffer,
        rest: impl Fn(&CallRow, &mut Strip),
    ) {
        let inner = frame(view, self.pane, &self.title, &selector(view), buf);
        if view.state.listed(self.pane) == 0 {
            empty(view, inner, &[self.nothing], buf);
        } else {
            calls(view, self.pane, inner, buf, rest);
        }
    }
}

/// Draws the visible calls of a pane, and marks the selected one; `rest` fills
/// a line behind its bar, number and sign.
pub(in crate::tui) fn calls(
    view: &View<'_>,
    pane: Pane,
    body: Rect,
    buf: &mut Buffer,
    rest: impl Fn(&CallRow, &mut Strip),
) {
    let state = view.state;
    let first = state.list(pane).first;
    for (y, index) in (body.y..body.bottom()).zip(first..) {
        let call = state.call_at(pane, index);
        let Some(row) = call.and_then(|id| state.run.row(id)) else {
            return;
        };
        let line = Rect {
            y,
            height: 1,
            ..body
        };
        let mut strip = row_start(view, row, line.width);
        let beside = |index: Option<usize>| state.call_at(pane, index?);
        let group = Beside {
            above: beside(index.checked_sub(1)),
            below: beside(Some(index + 1)),
        };
        strip.put(group.sign(view, row), view.style(Role::Accent));
        rest(row, &mut strip);
        strip.draw(line.as_position(), buf);
        if state.selection.call() == Some(row.id) {
            select(view, pane, line, buf);
        }
    }
}

/// A column of a list.
pub(in crate::tui) struct Column {
    /// Its title.
    pub(in crate::tui) title: &'static str,
    /// Its width; one of 0 cells is not shown.
    pub(in crate::tui) cells: usize,
    /// The side on which it is aligned.
    pub(in crate::tui) align: Align,
}

/// Makes a column.
pub(in crate::tui) const fn column(title: &'static str, cells: usize, align: Align) -> Column {
    Column {
        title,
        cells,
        align,
    }
}

/// Adds the titles of the columns that are shown, each behind a blank.
pub(in crate::tui) fn titles(strip: &mut Strip, columns: &[Column], style: Style) {
    for column in columns.iter().filter(|it| it.cells > 0) {
        strip
            .skip(1)
            .cell(column.title, column.cells, column.align, style);
    }
}

/// How a row of a list of calls begins: its bar, number and sign. A marked
/// call's number stands out.
fn row_start(view: &View<'_>, row: &CallRow, width: u16) -> Strip {
    let state = view.state;
    let is_selected = state.selection.call() == Some(row.id);
    let is_marked = state.marked.contains(&row.id);
    let bar = match (is_selected, is_marked) {
        (true, _) => view.glyphs.selected(),
        (false, true) => "+",
        (false, false) => " ",
    };
    // The underline is seen on a selected row too.
    let number = if is_marked {
        view.style(Role::Match).add_modifier(Modifier::UNDERLINED)
    } else {
        view.style(Role::Muted)
    };
    let mut strip = view.strip(width);
    strip.put(bar, view.style(Role::Accent));
    let cells = id_cells(state);
    strip
        .cell(figure::call(row.id), cells, Align::Left, number)
        .skip(1);
    let sign = view.style(role_of_state(&row.state));
    strip.put(view.glyphs.state(&row.state), sign);
    strip
}

/// The calls above and below one in a list.
pub(in crate::tui) struct Beside {
    pub(in crate::tui) above: Option<CallId>,
    pub(in crate::tui) below: Option<CallId>,
}

impl Beside {
    /// The sign between a call's own and its name: calls that an agent asked
    /// for in one answer are held together by a line, or by `~` where that is
    /// guessed from the times at which they came.
    pub(in crate::tui) fn sign(&self, view: &View<'_>, row: &CallRow) -> &'static str {
        let batch = |row: &CallRow| Some(row.proxied.as_ref()?.batch.as_ref()?.clone());
        let Some(own) = batch(row) else { return " " };
        let run = &view.state.run;
        let is_of_it = |id: Option<CallId>| {
            let other = id.and_then(|id| batch(run.row(id)?));
            other.is_some_and(|it| it.number == own.number)
        };
        let [first, middle, last] = view.glyphs.group();
        match (is_of_it(self.above), is_of_it(self.below)) {
            (false, false) => " ",
            _ if own.is_guess() => "~",
            (false, true) => first,
            (true, true) => middle,
            (true, false) => last,
        }
    }
}

/// Returns the filter and order of the lists, for their titles.
pub(in crate::tui) fn selector(view: &View<'_>) -> Strip {
    let selector = &view.state.selector;
    let (muted, accent) = (view.style(Role::Muted), view.style(Role::Accent));
    let mut strip = view.strip(u16::MAX);
    if !selector.filter.is_empty() {
        strip
            .put(" / ", muted)
            .put_cut(Safe::new(selector.filter.text()), 20, Cut::End, accent);
    }
    if selector.sort != SortKey::Given || selector.is_reversed {
        strip.put(" by ", muted).put(selector.sort.word(), accent);
        strip.put(
            if selector.is_reversed {
                " reversed"
            } else {
                ""
            },
            muted,
        );
    }
    if strip.used() > 0 {
        strip.skip(1);
    }
    strip
}
