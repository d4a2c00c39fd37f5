//! Columns of the table of calls, and which of them are shown.

use std::collections::BTreeSet;

use super::SortKey;

/// A column of the table, beside number, sign and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableColumn {
    /// The tool.
    Tool,
    /// The arguments.
    Arguments,
    /// The calls it waits for.
    After,
    /// The priority.
    Priority,
    /// Time in the last attempt.
    Time,
    /// CPU time of all attempts.
    Cpu,
    /// The highest memory.
    Memory,
    /// Time spent waiting.
    Wait,
    /// Why it waits, or how it ended.
    Why,
}

impl TableColumn {
    /// Every column, from left to right.
    pub const ALL: [Self; 9] = [
        Self::Tool,
        Self::Arguments,
        Self::After,
        Self::Priority,
        Self::Time,
        Self::Cpu,
        Self::Memory,
        Self::Wait,
        Self::Why,
    ];

    /// Its name in files.
    pub fn id(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Arguments => "arguments",
            Self::After => "after",
            Self::Priority => "priority",
            Self::Time => "time",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Wait => "wait",
            Self::Why => "why",
        }
    }

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Arguments => "arguments",
            Self::After => "after",
            Self::Priority => "prio",
            Self::Time => "time",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Wait => "waited",
            Self::Why => "why, or time",
        }
    }
}

/// The columns that were chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenColumns(BTreeSet<TableColumn>);

impl Default for ChosenColumns {
    fn default() -> Self {
        Self(BTreeSet::from([
            TableColumn::Tool,
            TableColumn::Arguments,
            TableColumn::After,
            TableColumn::Priority,
            TableColumn::Why,
        ]))
    }
}

impl ChosenColumns {
    /// Returns the columns of these names in files; other names are left out.
    pub fn of_ids(ids: &[String]) -> Self {
        let is_named = |column: &TableColumn| ids.iter().any(|id| id == column.id());
        Self(TableColumn::ALL.into_iter().filter(is_named).collect())
    }

    /// Returns their names in files.
    pub fn ids(&self) -> Vec<String> {
        self.0.iter().map(|it| it.id().to_owned()).collect()
    }

    /// Whether a column was chosen.
    pub fn has(&self, column: TableColumn) -> bool {
        self.0.contains(&column)
    }

    /// Chooses a column, or leaves it out.
    pub fn toggle(&mut self, column: TableColumn) {
        if !self.0.remove(&column) {
            self.0.insert(column);
        }
    }

    /// Returns the columns that are shown: those that were chosen, and the one
    /// that the calls are sorted by.
    #[must_use]
    pub fn with_order(&self, sort: SortKey) -> Self {
        let ordered = match sort {
            SortKey::Given | SortKey::Number | SortKey::Name | SortKey::State => None,
            SortKey::Tool => Some(TableColumn::Tool),
            SortKey::Time => Some(TableColumn::Time),
            SortKey::Cpu => Some(TableColumn::Cpu),
            SortKey::Memory => Some(TableColumn::Memory),
            SortKey::Wait => Some(TableColumn::Wait),
        };
        let mut shown = self.clone();
        shown.0.extend(ordered);
        shown
    }
}
