//! The calls that a pane lists, in order; recomputed only when the calls, the
//! filter or the order change.

use std::cmp::Reverse;
use std::sync::Arc;

use super::list_filter::ListFilter;
use crate::model::{CallId, CallRow, Snapshot};

/// By what calls are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    /// As they come: the order in which they would start, or the latest first.
    #[default]
    Given,
    /// By number.
    Number,
    /// By name.
    Name,
    /// By tool.
    Tool,
    /// By state.
    State,
    /// By time in the last attempt, the longest first.
    Time,
    /// By CPU time of all attempts, the most first.
    Cpu,
    /// By the highest memory, the most first.
    Memory,
    /// By time spent waiting, the longest first.
    Wait,
}

impl SortKey {
    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Given => Self::Number,
            Self::Number => Self::Name,
            Self::Name => Self::Tool,
            Self::Tool => Self::State,
            Self::State => Self::Time,
            Self::Time => Self::Cpu,
            Self::Cpu => Self::Memory,
            Self::Memory => Self::Wait,
            Self::Wait => Self::Given,
        }
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Given => "start",
            Self::Number => "number",
            Self::Name => "name",
            Self::Tool => "tool",
            Self::State => "state",
            Self::Time => "time",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Wait => "wait",
        }
    }
}

/// Filter and order of the calls of a pane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// The filter of the calls.
    pub filter: ListFilter,
    /// By what they are sorted.
    pub sort: SortKey,
    /// Whether the order is turned round.
    pub is_reversed: bool,
}

impl Selector {
    fn changes_nothing(&self) -> bool {
        self.filter.is_empty() && self.sort == SortKey::Given && !self.is_reversed
    }
}

/// The calls of a pane.
#[derive(Debug, Clone, Default)]
pub struct CallRows {
    rows: Arc<Vec<CallId>>,
    made_of: Option<(Arc<Vec<CallId>>, Selector, u64)>,
}

impl CallRows {
    /// The calls.
    pub fn ids(&self) -> &[CallId] {
        &self.rows
    }

    /// Makes the rows from a list, if anything they depend on has changed. The
    /// order by state or time, and a filter, follow the run's revisions.
    pub fn refresh(&mut self, source: &Arc<Vec<CallId>>, selector: &Selector, run: &Snapshot) {
        if selector.changes_nothing() {
            self.rows = Arc::clone(source);
            self.made_of = None;
            return;
        }
        let is_same = self.made_of.as_ref().is_some_and(|(list, used, revision)| {
            Arc::ptr_eq(list, source) && used == selector && *revision == run.revision
        });
        if is_same {
            return;
        }
        let found = source.iter().filter_map(|id| run.row(*id));
        let mut found: Vec<&Arc<CallRow>> = found
            .filter(|row| selector.filter.takes(row, run))
            .collect();
        sort(&mut found, selector.sort, run);
        if selector.is_reversed {
            found.reverse();
        }
        self.rows = Arc::new(found.into_iter().map(|row| row.id).collect());
        self.made_of = Some((Arc::clone(source), selector.clone(), run.revision));
    }
}

fn sort(rows: &mut [&Arc<CallRow>], key: SortKey, run: &Snapshot) {
    match key {
        SortKey::Given => {}
        SortKey::Number => rows.sort_by_key(|row| row.id),
        // Texts are compared where they stand together: rows lie far apart.
        SortKey::Name => rows.sort_by_cached_key(|row| row.name.clone()),
        SortKey::Tool => rows.sort_by_cached_key(|row| row.tool.clone()),
        SortKey::State => rows.sort_by_key(|row| row.state.word()),
        SortKey::Time => rows.sort_by_key(|row| Reverse(row.elapsed(run.now))),
        SortKey::Cpu => rows.sort_by_cached_key(|row| Reverse(row.cpu_ms())),
        SortKey::Memory => rows.sort_by_cached_key(|row| Reverse(row.memory_bytes())),
        SortKey::Wait => rows.sort_by_cached_key(|row| Reverse(row.waited.total())),
    }
}
