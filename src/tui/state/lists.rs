//! The screens, their lists of calls, and the selection in these.

use std::sync::Arc;

use crate::model::{CallId, CallState, Snapshot, Tool};

use super::{
    CallRows, ListFilter, ListView, Pane, Screen, Selection, State, TextScroll, ToastLevel,
};

impl State {
    /// Shows a screen; the pane that had the keys there gets them again.
    pub fn show(&mut self, screen: Screen) {
        if self.screen == screen {
            return;
        }
        self.focused[self.screen as usize] = self.focus;
        self.screen = screen;
        self.is_zoomed = false;
        if screen == Screen::Servers {
            self.select_server_of_call();
        }
        if screen == Screen::Agents {
            self.select_agent_of_call();
        }
        self.focus_on(self.focused[screen as usize]);
    }

    /// The tool that is selected in the catalogue.
    pub fn selected_tool(&self) -> Option<&Tool> {
        self.catalogue.get(self.tools.selected.as_ref()?)
    }

    /// How many rows a pane lists.
    pub fn listed(&self, pane: Pane) -> usize {
        match pane {
            Pane::Lanes => self.run.lanes.len(),
            _ => self.ids(pane).len(),
        }
    }

    /// The call in a row of a pane; an idle lane has none.
    pub fn call_at(&self, pane: Pane, row: usize) -> Option<CallId> {
        match pane {
            Pane::Lanes => self.run.lanes.get(row).copied().flatten(),
            _ => self.ids(pane).get(row).copied(),
        }
    }

    fn ids(&self, pane: Pane) -> &[CallId] {
        let rows = self.rows.get(pane as usize);
        rows.map_or(&[], CallRows::ids)
    }

    /// The row of a call in a pane.
    fn row_of(&self, pane: Pane, call: CallId) -> Option<usize> {
        match pane {
            Pane::Lanes => self.run.lanes.iter().position(|it| *it == Some(call)),
            _ => self.ids(pane).iter().position(|it| *it == call),
        }
    }

    /// Returns the position in a list pane.
    pub fn list(&self, pane: Pane) -> ListView {
        self.lists.get(pane as usize).copied().unwrap_or_default()
    }

    /// Scrolls a list pane by some rows; the selection stays.
    pub fn scroll_list(&mut self, pane: Pane, by: isize) {
        let (listed, visible) = (self.listed(pane), self.layout().rows(self, pane));
        if let Some(list) = self.lists.get_mut(pane as usize) {
            list.scroll(by, listed, visible);
        }
    }

    /// Whether the selected call is in a pane.
    fn is_selected_in(&self, pane: Pane) -> bool {
        let call = self.selection.call();
        call.is_some_and(|call| self.row_of(pane, call).is_some())
    }

    /// Selects the next call that is added, once it is there.
    pub fn select_next_added(&mut self) {
        self.calls_before_add = Some(self.run.calls.len());
    }

    /// Selects the call that was added, once it is there: a user who adds a call
    /// wants to see what becomes of it.
    pub(super) fn select_added(&mut self) {
        let calls = &self.run.calls;
        let Some(row) = self.calls_before_add.and_then(|behind| calls.get(behind)) else {
            return;
        };
        self.selection = Selection::Chosen(row.id);
        self.calls_before_add = None;
    }

    /// Whether the table has every call: by the user's choice, or because none
    /// waits.
    pub fn has_all_in_table(&self) -> bool {
        self.is_table_full || self.run.queue.is_empty()
    }

    /// Puts everything in order after a change: the lists, the automatic
    /// selection and the scrolling.
    pub fn settle(&mut self) {
        self.settle_servers();
        self.settle_agents();
        self.refresh_rows();
        if let Selection::Automatic(call) = self.selection {
            let is_busy = |id: &CallId| self.run.lanes.contains(&Some(*id));
            let first_busy = self.run.lanes.iter().flatten().next().copied();
            let best = call.filter(is_busy).or(first_busy).or(call);
            self.selection = Selection::Automatic(best.or(self.run.queue.first().copied()));
        }
        let selected = self.selection.call();
        let layout = self.layout();
        for pane in self
            .screen
            .panes()
            .iter()
            .copied()
            .filter(|it| Pane::LISTS.contains(it))
        {
            let row = selected.and_then(|call| self.row_of(pane, call));
            let mut list = self.list(pane);
            list.settle(self.listed(pane), layout.rows(self, pane), row);
            self.lists[pane as usize] = list;
        }
        let tools = layout.rows(self, Pane::Tools);
        let row = self.tools.list.row;
        self.tools
            .list
            .settle(self.tools.found.len(), tools, Some(row));
        if self.output.settle(selected) {
            self.detail = TextScroll::default();
        }
        self.settle_output();
        if self
            .armed
            .is_some_and(|armed| armed.until <= self.now || Some(armed.call) != selected)
        {
            self.armed = None;
        }
    }

    fn refresh_rows(&mut self) {
        let run = &self.run;
        let is_stacked = self.layout().is_stacked;
        if is_stacked && self.screen == Screen::Lanes {
            self.waiting_and_ended.refresh(run);
            if self.focus == Pane::Finished {
                self.focus = Pane::Queue;
            }
        }
        for pane in self.screen.panes() {
            let Some(rows) = self.rows.get_mut(*pane as usize) else {
                continue;
            };
            match pane {
                Pane::Finished => rows.refresh(&run.finished, &self.selector, run),
                Pane::Timeline => {
                    refresh_all(&mut self.all_calls, run);
                    rows.refresh(&self.all_calls, &self.selector, run);
                    self.timeline.model.refresh(run);
                }
                Pane::Table if self.is_table_full || run.queue.is_empty() => {
                    refresh_all(&mut self.all_calls, run);
                    rows.refresh(&self.all_calls, &self.selector, run);
                }
                Pane::ServerCalls => rows.refresh(&self.servers.calls, &self.selector, run),
                Pane::AgentCalls => rows.refresh(&self.agents.calls, &self.selector, run),
                Pane::Queue if is_stacked => {
                    rows.refresh(&self.waiting_and_ended.calls, &self.selector, run);
                }
                Pane::Queue | Pane::Table => rows.refresh(&run.queue, &self.selector, run),
                _ => {}
            }
        }
    }

    /// Moves the selection in the pane with the keys by some rows. Where the
    /// selected call is in another pane, the row it was on last is next.
    pub fn step(&mut self, by: isize) {
        let pane = self.focus;
        let is_here = self.is_selected_in(pane);
        let row = self.list(pane).row;
        let last = self.listed(pane).saturating_sub(1);
        let by = if is_here { by } else { 0 };
        let wanted = row.saturating_add_signed(by).min(last);
        // Idle lanes are passed over, onwards first and then back.
        let onwards = wanted..=last;
        let back = (0..wanted).rev();
        let found = match by {
            ..0 => back.chain(onwards).find_map(|row| self.call_at(pane, row)),
            0.. => onwards.chain(back).find_map(|row| self.call_at(pane, row)),
        };
        let at_wanted = self.call_at(pane, wanted);
        if let Some(list) = self.lists.get_mut(pane as usize) {
            list.is_scrolled = false;
        }
        if let Some(call) = at_wanted.or(found) {
            self.selection = Selection::Chosen(call);
        }
        self.settle();
    }

    /// Gives the keys to a pane; a list pane then selects a call of its own.
    pub fn focus_on(&mut self, pane: Pane) {
        if self.focus.is_list() && !pane.is_list() {
            self.came_from = Some(self.focus);
        }
        self.focus = pane;
        self.settle();
        if let Some(list) = self.lists.get_mut(pane as usize) {
            list.is_scrolled = false;
        }
        if Pane::LISTS.contains(&pane) && !self.is_selected_in(pane) {
            self.step(0);
        }
    }

    /// Gives the keys back to the list they came from, at the selected row; to
    /// another list where the call is in that one by now. False where no list
    /// had them.
    pub(in crate::tui) fn return_to_list(&mut self) -> bool {
        let panes = self.screen.panes();
        let from = self.came_from.filter(|pane| panes.contains(pane));
        let Some(from) = from.filter(|_| !self.focus.is_list()) else {
            return false;
        };
        let mut lists = [from].into_iter().chain(panes.iter().copied());
        let holds = lists.find(|pane| pane.is_list() && self.is_selected_in(*pane));
        self.focus_on(holds.unwrap_or(from));
        true
    }

    /// Selects the next call that failed, or the one before, around the ends:
    /// in the list with the keys, else in the first that has one. A pane that
    /// is read keeps the keys, and shows that call.
    pub(in crate::tui) fn next_failure(&mut self, by: isize) {
        let panes = self.screen.panes();
        let near = [Some(self.focus), self.came_from];
        let mut lists = near.into_iter().flatten().chain(panes.iter().copied());
        let found = lists.find_map(|pane| {
            let is_here = pane.is_list() && panes.contains(&pane);
            let failed = is_here.then(|| self.failed_in(pane))?;
            (!failed.is_empty()).then_some((pane, failed))
        });
        let Some((pane, failed)) = found else {
            self.notify(ToastLevel::Info, "no call failed here");
            return;
        };
        let row = self.selection.call().and_then(|it| self.row_of(pane, it));
        let onwards = failed.iter().copied();
        let next = match (row, by) {
            (None, _) => failed.first(),
            (Some(row), 0..) => onwards
                .clone()
                .position(|it| it > row)
                .map_or(failed.first(), |at| failed.get(at)),
            (Some(row), ..0) => onwards
                .clone()
                .rposition(|it| it < row)
                .map_or(failed.last(), |at| failed.get(at)),
        };
        let Some(call) = next.and_then(|row| self.call_at(pane, *row)) else {
            return;
        };
        self.selection = Selection::Chosen(call);
        if self.focus.is_list() {
            self.focus_on(pane);
        } else {
            self.came_from = Some(pane);
            self.settle();
        }
    }

    /// The rows of a list whose calls failed.
    fn failed_in(&self, pane: Pane) -> Vec<usize> {
        let has_failed = |row: &usize| {
            let call = self.call_at(pane, *row);
            let state = call.and_then(|id| self.run.row(id)).map(|row| row.state);
            matches!(state, Some(CallState::Ended(outcome)) if outcome.is_failure())
        };
        (0..self.listed(pane)).filter(has_failed).collect()
    }

    /// Marks the selected call, or takes its mark away.
    pub(in crate::tui) fn toggle_mark(&mut self, call: CallId) {
        if !self.marked.remove(&call) {
            self.marked.insert(call);
        }
    }

    /// Returns the marked calls and takes their marks away.
    pub(in crate::tui) fn take_marked(&mut self) -> Vec<CallId> {
        std::mem::take(&mut self.marked).into_iter().collect()
    }

    /// Returns the filter of the lists on the screen.
    pub fn filter(&self) -> &str {
        match self.screen {
            Screen::Catalogue => &self.tools.filter,
            _ => self.selector.filter.text(),
        }
    }

    /// Filters the lists on the screen.
    pub fn set_filter(&mut self, filter: &str) {
        match self.screen {
            Screen::Catalogue => self.tools.narrow(&self.catalogue, filter),
            _ => self.selector.filter = ListFilter::new(filter),
        }
    }

    /// Whether the lists of the screen are filtered.
    pub fn is_filtered(&self) -> bool {
        match self.screen {
            Screen::Catalogue => !self.tools.filter.is_empty(),
            _ => !self.selector.filter.is_empty(),
        }
    }

    /// Selects the first call that the filter leaves, unless the selected one is
    /// among them: keys do not act on a call that is not shown.
    pub fn select_listed(&mut self) {
        let pane = self.focus;
        if !matches!(pane, Pane::Table | Pane::Queue | Pane::Finished) {
            return;
        }
        let selected = self.selection.call();
        let mut listed = (0..self.listed(pane)).filter_map(|row| self.call_at(pane, row));
        if !listed.clone().any(|call| Some(call) == selected)
            && let Some(first) = listed.next()
        {
            self.selection = Selection::Chosen(first);
        }
    }
}

/// The list of all calls is the same as long as their number is.
fn refresh_all(all: &mut Arc<Vec<CallId>>, run: &Snapshot) {
    if all.len() != run.calls.len() {
        *all = Arc::new(run.calls.iter().map(|row| row.id).collect());
    }
}
