//! Areas of the panes, by the size of the screen.
//!
//! ```text
//! wide, from 110 columns    medium, from 70     narrow, or under 16 rows
//! ┌──────header──────┐      ┌───header───┐      header
//! ├──────tabs────────┤      ├───tabs─────┤      lanes
//! │ ┌─────lanes────┐ │      │ ┌──lanes─┐ │
//! │ └──────────────┘ │      │ └────────┘ │      ─ title ─
//! │ ┌queue┐┌output─┐ │      │ ┌─lower──┐ │      lower
//! │ └─────┘│       │ │      │ │        │ │
//! │ ┌done─┐│       │ │      │ └────────┘ │
//! │ └─────┘└───────┘ │      toast
//! toast                     footer              footer or toast
//! footer
//! ```
//! From 160 columns everything about the selected call has a column of its own
//! at the right; elsewhere it takes the place of the output while it has the
//! keys. `lower` is the output, or the queue or the finished calls while they have
//! the keys, so that no pane takes keys without being drawn. Under 10 rows one
//! pane has the screen, and below 40x8 there is one line only.

use ratatui::layout::Rect;

use super::{AgentItem, OutputView, Pane, Scope, Screen, State, TimelineAreas, rows_wanted};

/// The smallest screen that is drawn in full: columns and rows.
pub(in crate::tui) const SMALLEST: (u16, u16) = (40, 8);

/// From this many columns the selected call has a column of its own.
const DETAIL_FROM: u16 = 160;

/// From this many rows on the calls that wait or ended stay in sight beside the
/// lanes and the output on a screen that is not wide.
const STACKED_FROM: u16 = 20;

/// From this many rows on a wide screen has graphs of the machine, in so many.
const MACHINE_FROM: u16 = 34;
const MACHINE: u16 = 3;

/// Rows of messages, their frame included, below which they have no place beside
/// the calls.
const LEAST_MESSAGES: u16 = 6;

/// Lines of the text that stands in the place of agents while there are none.
const LINES_WITHOUT_AGENTS: usize = 7;

/// Cells of the time before a line, with the blank behind it.
pub(in crate::tui) const TIME: usize = 10;
/// Cells of the call before a line, with the blank behind it.
pub(in crate::tui) const CALL: usize = 15;

/// Cells before the text of a line.
fn gutter(output: &OutputView) -> usize {
    let time = if output.has_times { TIME } else { 0 };
    let call = if output.scope == Scope::Live { CALL } else { 0 };
    time + call + 1
}

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// Under 70 columns or under 16 rows: no borders.
    Narrow,
    /// 70 to 109 columns.
    Medium,
    /// From 110 columns.
    Wide,
}

/// Where the panes are. A pane without an area is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How much room there is.
    pub breadth: Breadth,
    /// The line at the top.
    pub header: Rect,
    /// The line of screens; empty where there is no room.
    pub tabs: Rect,
    /// The areas of the panes.
    panes: [Rect; Pane::COUNT],
    /// The line of messages; it may be the footer's.
    pub toast: Rect,
    /// The line of keys.
    pub footer: Rect,
    /// Whether panes have lines around them.
    pub has_borders: bool,
    /// Whether the calls that wait and those that have ended are one list, over
    /// the output: under 110 columns, from 20 rows on.
    pub is_stacked: bool,
    /// The graphs of the machine; empty where there is no room.
    pub machine: Rect,
}

impl State {
    /// Where the panes are.
    pub fn layout(&self) -> Layout {
        Layout::of(self)
    }
}

impl Layout {
    /// The layout of the screen.
    pub fn of(state: &State) -> Self {
        let (width, height) = (state.size.width, state.size.height);
        let breadth = match width {
            _ if height < 16 => Breadth::Narrow,
            0..70 => Breadth::Narrow,
            70..110 => Breadth::Medium,
            _ => Breadth::Wide,
        };
        let is_narrow = breadth == Breadth::Narrow;
        let row = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
        let footer = row(height.saturating_sub(1));
        let toast = if is_narrow {
            footer
        } else {
            row(height.saturating_sub(2))
        };
        let bottom = if is_narrow { footer.y } else { toast.y };
        let tabs = if is_narrow { Rect::ZERO } else { row(1) };
        let top = 1 + tabs.height;
        let body = Rect::new(0, top.min(height), width, bottom.saturating_sub(top));
        let mut layout = Self {
            breadth,
            header: row(0),
            tabs,
            panes: [Rect::ZERO; Pane::COUNT],
            toast,
            footer,
            has_borders: !is_narrow && !state.is_zoomed,
            is_stacked: breadth != Breadth::Wide && height >= STACKED_FROM,
            machine: Rect::ZERO,
        };
        layout.place(state, body);
        layout
    }

    /// Whether the screen is too small to draw anything but one line.
    pub fn is_too_small(state: &State) -> bool {
        state.size.width < SMALLEST.0 || state.size.height < SMALLEST.1
    }

    fn place(&mut self, state: &State, body: Rect) {
        if state.is_zoomed || state.size.height < 10 {
            self.set(state.focus, body);
            return;
        }
        let body = self.place_detail(state, body);
        match state.screen {
            Screen::Lanes => self.place_lanes(state, body),
            Screen::Queue => self.place_over_output(state, Pane::Table, body),
            Screen::Catalogue => self.place_tools(state, body),
            Screen::Timeline => self.place_over_output(state, Pane::Timeline, body),
            Screen::Experiments => self.set(Pane::Experiment, body),
            Screen::Servers => self.place_servers(state, body),
            Screen::Agents => self.place_agents(state, body),
        }
    }

    /// The column of the selected call, where there is room for one; what is
    /// left for the rest.
    fn place_detail(&mut self, state: &State, body: Rect) -> Rect {
        let has_calls = state.screen.panes().contains(&Pane::Detail);
        if body.width < DETAIL_FROM || self.breadth != Breadth::Wide || !has_calls {
            return body;
        }
        let width = (body.width - DETAIL_FROM) / 4 + 50;
        let (rest, detail) = split_columns(body, body.width - width);
        self.set(Pane::Detail, detail);
        rest
    }

    /// The output, or what else is known of the call while that has the keys
    /// and no column of its own.
    fn set_output(&mut self, state: &State, area: Rect) {
        let is_asked = state.focus == Pane::Detail && self.pane(Pane::Detail).is_empty();
        let pane = if is_asked { Pane::Detail } else { Pane::Output };
        self.set(pane, area);
    }

    /// A pane over the output of its selected call, where there is room.
    fn place_over_output(&mut self, state: &State, pane: Pane, body: Rect) {
        if self.breadth == Breadth::Narrow {
            self.set(state.focus, body);
            return;
        }
        let (upper, output) = split_rows(body, body.height * 2 / 3);
        self.set(pane, upper);
        self.set_output(state, output);
    }

    /// The tools beside the selected one, or the one that has the keys.
    fn place_tools(&mut self, state: &State, body: Rect) {
        if self.breadth == Breadth::Narrow {
            self.set(state.focus, body);
            return;
        }
        let width = if self.breadth == Breadth::Wide {
            body.width * 2 / 5
        } else {
            body.width / 3
        };
        let (tools, tool) = split_columns(body, width);
        self.set(Pane::Tools, tools);
        self.set(Pane::Tool, tool);
    }

    /// The servers over the calls of the selected one, and beside those what
    /// is known of the server or was said about the selected call.
    fn place_servers(&mut self, state: &State, body: Rect) {
        if self.breadth == Breadth::Narrow {
            self.set(state.focus, body);
            return;
        }
        let lines = (state.run.servers.len() + state.catalogue.unusable_servers().len()).max(3);
        let wanted = (lines as u16).saturating_add(3);
        let (upper, lower) = split_rows(body, wanted.min(body.height * 2 / 5));
        self.set(Pane::Servers, upper);
        let is_wide = self.breadth == Breadth::Wide;
        let shown = match state.focus {
            Pane::Servers => Pane::Server,
            Pane::ServerCalls if is_wide => Pane::Messages,
            Pane::Detail if !self.pane(Pane::Detail).is_empty() => Pane::Messages,
            pane => pane,
        };
        if !is_wide {
            self.set_over(state, shown, Pane::Messages, lower);
            return;
        }
        let (calls, right) = split_columns(lower, (lower.width * 3 / 8).clamp(36, 72));
        self.set(Pane::ServerCalls, calls);
        self.set(shown, right);
    }

    /// The pane that is `shown`; a list of calls over the messages about them,
    /// where there is room for both.
    fn set_over(&mut self, state: &State, shown: Pane, messages: Pane, area: Rect) {
        let is_list = matches!(shown, Pane::ServerCalls | Pane::AgentCalls);
        let listed = if is_list { state.listed(shown) } else { 0 };
        let wanted = u16::try_from(listed.max(2)).unwrap_or(u16::MAX);
        let (upper, lower) = split_rows(area, wanted.saturating_add(2).min(area.height / 2));
        if is_list && lower.height >= LEAST_MESSAGES {
            self.set(shown, upper);
            self.set(messages, lower);
        } else {
            self.set(shown, area);
        }
    }

    /// The agents over the calls of the selected one, and beside those what
    /// went between it and its servers.
    fn place_agents(&mut self, state: &State, body: Rect) {
        if self.breadth == Breadth::Narrow {
            self.set(state.focus, body);
            return;
        }
        let agents = &state.run.agents;
        let lines = (agents.agents.len() + agents.servers.len()).max(LINES_WITHOUT_AGENTS);
        let wanted = (lines as u16).saturating_add(2);
        let (upper, lower) = split_rows(body, wanted.min(body.height / 2));
        self.set(Pane::Agents, upper);
        let is_wide = self.breadth == Breadth::Wide;
        let shown = match state.focus {
            Pane::Agents => Pane::Wire,
            Pane::AgentCalls if is_wide => Pane::Wire,
            Pane::Detail if !self.pane(Pane::Detail).is_empty() => Pane::Wire,
            pane => pane,
        };
        if !is_wide {
            self.set_over(state, shown, Pane::Wire, lower);
            return;
        }
        let (calls, right) = split_columns(lower, (lower.width * 3 / 8).clamp(36, 72));
        self.set(Pane::AgentCalls, calls);
        self.set(shown, right);
    }

    fn place_lanes(&mut self, state: &State, body: Rect) {
        let is_roomy = self.breadth == Breadth::Wide && state.size.height >= MACHINE_FROM;
        let is_read = state.run.machine.latest().is_some();
        let (machine, body) = split_rows(body, if is_roomy && is_read { MACHINE } else { 0 });
        self.machine = machine;
        let (upper, lower) = split_rows(body, self.lanes_height(state, body.height));
        self.set(Pane::Lanes, upper);
        if self.is_stacked {
            self.place_stacked(state, lower);
            return;
        }
        if self.breadth != Breadth::Wide {
            let pane = if state.focus == Pane::Lanes {
                Pane::Output
            } else {
                state.focus
            };
            self.set(pane, lower);
            return;
        }
        let left_width = (lower.width * 3 / 8).clamp(36, 72);
        let (left, right) = split_columns(lower, left_width);
        let queue_height = (left.height * 2 / 5).max(3);
        let (queue, finished) = split_rows(left, queue_height);
        self.set(Pane::Queue, queue);
        self.set(Pane::Finished, finished);
        self.set_output(state, right);
    }

    /// The calls that wait or ended over the output, which has the larger part
    /// while it has the keys.
    fn place_stacked(&mut self, state: &State, lower: Rect) {
        let is_read = matches!(state.focus, Pane::Output | Pane::Detail);
        let output = if is_read {
            lower.height * 7 / 10
        } else {
            (lower.height * 9 / 20).max(6)
        };
        let (list, output) = split_rows(lower, lower.height.saturating_sub(output));
        self.set(Pane::Queue, list);
        self.set_output(state, output);
    }

    /// Room for every lane as far as the output keeps the larger part; for the
    /// sum of a run that has ended more.
    fn lanes_height(&self, state: &State, height: u16) -> u16 {
        if state.is_over() {
            return if self.is_stacked {
                height / 2
            } else {
                height * 11 / 20
            };
        }
        let lanes = state.run.lanes.len().min(usize::from(u16::MAX) / 4) as u16;
        let is_wide = self.breadth == Breadth::Wide;
        let frame = 2 * u16::from(self.has_borders) + u16::from(is_wide);
        let most = height * 9 / 20;
        // Two lines for each lane, where all have room for them.
        let has_two = is_wide && lanes * 2 + frame <= most;
        let wanted = if has_two { lanes * 2 } else { lanes };
        (wanted + frame).clamp(3.min(most), most.max(1))
    }

    fn set(&mut self, pane: Pane, area: Rect) {
        self.panes[pane as usize] = area;
    }

    /// Where a pane is, its frame included; empty if it is not drawn.
    pub fn pane(&self, pane: Pane) -> Rect {
        self.panes[pane as usize]
    }

    /// Where the content of a pane is: inside its borders, or under its title.
    pub fn inner(&self, pane: Pane) -> Rect {
        let area = self.pane(pane);
        if self.has_borders {
            return area.inner(ratatui::layout::Margin::new(1, 1));
        }
        let title = u16::from(self.has_title(pane)).min(area.height);
        Rect::new(area.x, area.y + title, area.width, area.height - title)
    }

    /// Whether a pane without borders has a line for its title. The lanes at
    /// the top of the screen need none: the header speaks of them.
    pub fn has_title(&self, pane: Pane) -> bool {
        self.has_borders || pane != Pane::Lanes
    }

    /// Where the lanes are drawn: below their column titles where those have
    /// a line of their own.
    pub fn lane_area(&self) -> Rect {
        let titles = u16::from(self.breadth == Breadth::Wide);
        self.below_titles(Pane::Lanes, titles)
    }

    /// Where the table's rows are: below its column titles.
    pub fn table_area(&self) -> Rect {
        self.below_titles(Pane::Table, 1)
    }

    /// Where the servers are: below their column titles.
    pub fn server_area(&self) -> Rect {
        self.below_titles(Pane::Servers, 1)
    }

    /// Returns the area of a pane below its column titles.
    fn below_titles(&self, pane: Pane, titles: u16) -> Rect {
        let inner = self.inner(pane);
        let titles = titles.min(inner.height);
        Rect::new(
            inner.x,
            inner.y + titles,
            inner.width,
            inner.height - titles,
        )
    }

    /// Lines of a busy lane: two where all lanes fit that way.
    pub fn lane_lines(&self, state: &State) -> u16 {
        let lanes = &state.run.lanes;
        let busy = lanes.iter().filter(|lane| lane.is_some()).count();
        let fits = lanes.len() + busy <= usize::from(self.lane_area().height);
        if fits && self.breadth == Breadth::Wide {
            2
        } else {
            1
        }
    }

    /// Returns the number of rows of a pane: lanes, calls or lines of output it can show.
    pub fn rows(&self, state: &State, pane: Pane) -> usize {
        match pane {
            Pane::Lanes if self.lane_lines(state) == 2 => state.run.lanes.len(),
            Pane::Lanes => usize::from(self.lane_area().height),
            Pane::Table => usize::from(self.table_area().height),
            Pane::Servers => usize::from(self.server_area().height),
            Pane::Timeline => usize::from(TimelineAreas::of(state).rows.height),
            _ => usize::from(self.inner(pane).height),
        }
    }

    /// The bar on the right border of a pane that lists more than it has room
    /// for: where it is, how many rows are listed, and the first visible one.
    pub fn scrollbar(&self, state: &State, pane: Pane) -> Option<(Rect, usize, usize)> {
        let (listed, first) = match pane {
            Pane::Tools => (state.tools.found.len(), state.tools.list.first),
            Pane::Servers => (state.run.servers.len(), state.servers.list.first),
            Pane::Agents => {
                let listed = AgentItem::all(&state.run.agents).len();
                (listed, state.agents.list.first)
            }
            Pane::Timeline => {
                let first = TimelineAreas::of(state).first(state);
                (rows_wanted(state), first)
            }
            _ if Pane::LISTS.contains(&pane) => (state.listed(pane), state.list(pane).first),
            _ => return None,
        };
        let (area, inner) = (self.pane(pane), self.inner(pane));
        let is_needed = self.has_borders && inner.height > 1 && listed > self.rows(state, pane);
        let bar = Rect::new(area.right().saturating_sub(1), inner.y, 1, inner.height);
        is_needed.then_some((bar, listed, first))
    }

    /// Columns of the output pane that show text, behind those that say whose
    /// line it is, when it was completed and on which stream.
    pub fn output_width(&self, output: &OutputView) -> u16 {
        let width = self.inner(Pane::Output).width;
        width.saturating_sub(gutter(output) as u16)
    }
}

fn split_rows(area: Rect, first: u16) -> (Rect, Rect) {
    let first = first.min(area.height);
    let rest = Rect::new(area.x, area.y + first, area.width, area.height - first);
    (
        Rect {
            height: first,
            ..area
        },
        rest,
    )
}

fn split_columns(area: Rect, first: u16) -> (Rect, Rect) {
    let first = first.min(area.width);
    let rest = Rect::new(area.x + first, area.y, area.width - first, area.height);
    (
        Rect {
            width: first,
            ..area
        },
        rest,
    )
}
