//! Hit test: finds the target under the pointer by the geometry that drew it.

use ratatui::layout::Position;

use crate::tui::action::Action;
use crate::tui::state::layout::Layout;
use crate::tui::state::{Pane, TimelineAreas};
use crate::tui::views::View;
use crate::tui::views::chrome::{footer, header, tabs};

/// Target under the pointer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hit {
    /// A hint: a click does this.
    Hint(Action),
    /// A row of a pane that lists something.
    Row(Pane, usize),
    /// The bar at the right of a pane; how far down it, from 0 to 1.
    Scrollbar(Pane, f32),
    /// A column of the timeline's bars.
    Time(u16),
    /// Anything else in a pane.
    Pane(Pane),
    /// A dialog, or beside it.
    Dialog,
}

/// Returns the target at a place of the screen.
pub fn hit(view: &View<'_>, at: Position) -> Option<Hit> {
    if Layout::is_too_small(view.state) {
        return None;
    }
    if let Some(action) = footer::action_at(view, at) {
        return Some(Hit::Hint(action));
    }
    if view.covered.is_some() {
        return Some(Hit::Dialog);
    }
    on_screen(view, at)
}

fn on_screen(view: &View<'_>, at: Position) -> Option<Hit> {
    let hint = header::action_at(view, at).or_else(|| tabs::action_at(view, at));
    if let Some(action) = hint {
        return Some(Hit::Hint(action));
    }
    let panes = view.state.screen.panes().iter().copied();
    let mut panes = panes.filter(|pane| view.layout.pane(*pane).contains(at));
    let pane = panes.next_back()?;
    Some(
        scrollbar(view, pane, at)
            .or_else(|| row(view, pane, at))
            .unwrap_or(Hit::Pane(pane)),
    )
}

/// The column of a pane's bar, where it has more rows than fit.
fn scrollbar(view: &View<'_>, pane: Pane, at: Position) -> Option<Hit> {
    let (bar, ..) = view.layout.scrollbar(view.state, pane)?;
    let share = f32::from(at.y.saturating_sub(bar.y)) / f32::from(bar.height.max(2) - 1);
    bar.contains(at).then_some(Hit::Scrollbar(pane, share))
}

fn row(view: &View<'_>, pane: Pane, at: Position) -> Option<Hit> {
    let (state, layout) = (view.state, &view.layout);
    let area = match pane {
        Pane::Lanes => layout.lane_area(),
        Pane::Table => layout.table_area(),
        Pane::Timeline => TimelineAreas::of(state).rows,
        Pane::Servers => layout.server_area(),
        Pane::Queue
        | Pane::Finished
        | Pane::Tools
        | Pane::ServerCalls
        | Pane::Agents
        | Pane::AgentCalls => layout.inner(pane),
        _ => return None,
    };
    if !area.contains(at) {
        return None;
    }
    let line = usize::from(at.y - area.y);
    let index = match pane {
        Pane::Lanes => lane(view, line)?,
        Pane::Tools => state.tools.list.first + line,
        Pane::Servers => state.servers.list.first + line,
        Pane::Agents => state.agents.list.first + line,
        Pane::Timeline => {
            let chart = TimelineAreas::of(state);
            let bars = chart.bars(area);
            if bars.contains(at) {
                return Some(Hit::Time(at.x - bars.x));
            }
            chart.first(state) + line
        }
        _ => state.list(pane).first + line,
    };
    Some(Hit::Row(pane, index))
}

/// The lane in a line of the lanes' pane: busy ones may have two lines.
fn lane(view: &View<'_>, line: usize) -> Option<usize> {
    let state = view.state;
    let lines = usize::from(view.layout.lane_lines(state));
    let mut below = 0;
    (state.list(Pane::Lanes).first..state.run.lanes.len()).find(|lane| {
        let is_busy = state.call_at(Pane::Lanes, *lane).is_some();
        below += if is_busy { lines } else { 1 };
        line < below
    })
}
