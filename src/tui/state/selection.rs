//! Which call is selected: always a call, never a place in a list.

use crate::model::{CallId, CallState};

use super::{ListView, Pane, State};

/// Which call is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// The user chose none yet: whatever runs, and what ran last.
    Automatic(Option<CallId>),
    /// The user chose this one. It stays, wherever the call goes.
    Chosen(CallId),
}

impl Default for Selection {
    fn default() -> Self {
        Self::Automatic(None)
    }
}

impl Selection {
    /// The selected call.
    pub fn call(self) -> Option<CallId> {
        match self {
            Self::Automatic(call) => call,
            Self::Chosen(call) => Some(call),
        }
    }
}

impl State {
    /// How many rows a pane lists.
    pub fn listed(&self, pane: Pane) -> usize {
        match pane {
            Pane::Lanes => self.run.lanes.len(),
            Pane::Queue => self.run.queue.len(),
            Pane::Finished => self.run.finished.len(),
            Pane::Output => 0,
        }
    }

    /// The call in a row of a pane; an idle lane has none.
    pub fn call_at(&self, pane: Pane, row: usize) -> Option<CallId> {
        match pane {
            Pane::Lanes => self.run.lanes.get(row).copied().flatten(),
            Pane::Queue => self.run.queue.get(row).copied(),
            Pane::Finished => self.run.finished.get(row).copied(),
            Pane::Output => None,
        }
    }

    /// The row of a call in the pane that lists it.
    fn row_of(&self, pane: Pane, call: CallId) -> Option<usize> {
        match pane {
            Pane::Lanes => self.run.lanes.iter().position(|it| *it == Some(call)),
            Pane::Queue => self.run.queue.iter().position(|it| *it == call),
            Pane::Finished => self.run.finished.iter().position(|it| *it == call),
            Pane::Output => None,
        }
    }

    /// Where a list pane stands.
    pub fn list(&self, pane: Pane) -> ListView {
        let index = pane as usize;
        self.lists.get(index).copied().unwrap_or_default()
    }

    /// The pane that lists a call now.
    fn home(&self, call: CallId) -> Option<Pane> {
        Some(match self.run.row(call)?.state {
            CallState::Queued | CallState::Retrying { .. } => Pane::Queue,
            CallState::Ended(_) => Pane::Finished,
            _ => Pane::Lanes,
        })
    }

    /// Puts everything in order after a change: the automatic selection, the
    /// lists and their scrolling.
    pub fn settle(&mut self) {
        if let Selection::Automatic(call) = self.selection {
            let is_busy = |id: &CallId| self.home(*id) == Some(Pane::Lanes);
            let first_busy = self.run.lanes.iter().flatten().next().copied();
            let best = call.filter(is_busy).or(first_busy).or(call);
            self.selection = Selection::Automatic(best.or(self.run.queue.first().copied()));
        }
        let selected = self.selection.call();
        let home = selected.and_then(|call| self.home(call));
        let layout = self.layout();
        for pane in [Pane::Lanes, Pane::Queue, Pane::Finished] {
            let here = selected.filter(|_| home == Some(pane));
            let row = here.and_then(|call| self.row_of(pane, call));
            let mut list = self.list(pane);
            list.settle(self.listed(pane), layout.rows(self, pane), row);
            self.lists[pane as usize] = list;
        }
        self.output.settle(selected);
        if self
            .armed
            .is_some_and(|armed| armed.until <= self.now || Some(armed.call) != selected)
        {
            self.armed = None;
        }
    }

    /// Moves the selection in the pane with the keys by some rows. Where the
    /// selected call is in another pane, the row it was on last is next.
    pub fn step(&mut self, by: isize) {
        let pane = self.focus;
        let here = self
            .selection
            .call()
            .filter(|call| self.home(*call) == Some(pane));
        let row = self.list(pane).row;
        let last = self.listed(pane).saturating_sub(1);
        let by = if here.is_some() { by } else { 0 };
        let wanted = row.saturating_add_signed(by).min(last);
        // Idle lanes are passed over, onwards first and then back.
        let onwards = wanted..=last;
        let back = (0..wanted).rev();
        let found = match by {
            ..0 => back.chain(onwards).find_map(|row| self.call_at(pane, row)),
            0.. => onwards.chain(back).find_map(|row| self.call_at(pane, row)),
        };
        let at_wanted = self.call_at(pane, wanted);
        if let Some(call) = at_wanted.or(found) {
            self.selection = Selection::Chosen(call);
        }
        self.settle();
    }

    /// Gives the keys to a pane; a list pane then selects a call of its own.
    pub fn focus_on(&mut self, pane: Pane) {
        self.focus = pane;
        let is_here = self.selection.call().and_then(|call| self.home(call)) == Some(pane);
        if pane != Pane::Output && !is_here {
            self.step(0);
        }
        self.settle();
    }
}
