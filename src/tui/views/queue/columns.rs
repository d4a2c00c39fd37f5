//! Columns of the table, by its width.

use crate::theme::Role;
use crate::tui::state::{ChosenColumns, TableColumn};
use crate::tui::text::{Align, Strip};
use crate::tui::views::View;
use crate::tui::views::chrome::list::{self, column};

/// The columns of the table behind a row's start. One of 0 cells is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct TableColumns {
    head: usize,
    pub(in crate::tui) name: usize,
    pub(in crate::tui) tool: usize,
    pub(in crate::tui) args: usize,
    pub(in crate::tui) after: usize,
    pub(in crate::tui) priority: usize,
    pub(in crate::tui) time: usize,
    pub(in crate::tui) cpu: usize,
    pub(in crate::tui) memory: usize,
    pub(in crate::tui) wait: usize,
    pub(in crate::tui) why: usize,
}

impl TableColumns {
    /// The columns for a width, of those that are shown. They give way in the
    /// order parents, priority, tool, arguments; then the figures from the right.
    pub(in crate::tui) fn of(width: u16, calls: usize, shown: &ChosenColumns) -> Self {
        let width = usize::from(width);
        let head = calls.max(10).ilog10() as usize + 6;
        let free = width.saturating_sub(head);
        let name = (free / 5).clamp(12, 24).min(free);
        let why = (free / 4).clamp(18, 36).min(free.saturating_sub(name + 1));
        let why = if shown.has(TableColumn::Why) { why } else { 0 };
        let mut left = free.saturating_sub(name + why + 1);
        let mut take = |column, cells: usize, least: usize| {
            if !shown.has(column) || left < cells + 1 + least {
                return 0;
            }
            left -= cells + 1;
            cells
        };
        let time = take(TableColumn::Time, 8, 0);
        let cpu = take(TableColumn::Cpu, 8, 0);
        let memory = take(TableColumn::Memory, 6, 0);
        let wait = take(TableColumn::Wait, 8, 0);
        let tool = take(TableColumn::Tool, (free / 8).clamp(10, 18), 0);
        let priority = take(TableColumn::Priority, 4, 12);
        let after = take(TableColumn::After, 14, 24);
        let has_args = shown.has(TableColumn::Arguments) && left > 8;
        Self {
            head,
            name,
            tool,
            args: if has_args { left - 1 } else { 0 },
            after,
            priority,
            time,
            cpu,
            memory,
            wait,
            why,
        }
    }

    /// The titles of the columns.
    pub(in crate::tui) fn titles(&self, view: &View<'_>, width: u16) -> Strip {
        let style = view.style(Role::Muted);
        let mut strip = view.strip(width);
        strip.skip(1).put("#", style).skip_to(self.head);
        strip.cell("call", self.name, Align::Left, style);
        let columns = [
            column(TableColumn::Tool.title(), self.tool, Align::Left),
            column(TableColumn::Arguments.title(), self.args, Align::Left),
            column(TableColumn::After.title(), self.after, Align::Left),
            column(TableColumn::Priority.title(), self.priority, Align::Right),
            column(TableColumn::Time.title(), self.time, Align::Right),
            column(TableColumn::Cpu.title(), self.cpu, Align::Right),
            column(TableColumn::Memory.title(), self.memory, Align::Right),
            column(TableColumn::Wait.title(), self.wait, Align::Right),
            column(TableColumn::Why.title(), self.why, Align::Left),
        ];
        list::titles(&mut strip, &columns, style);
        strip
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::views::queue::columns::*;

    #[test]
    fn columns_never_pass_the_width() {
        let mut all = ChosenColumns::default();
        for column in TableColumn::ALL {
            if !all.has(column) {
                all.toggle(column);
            }
        }
        for shown in [ChosenColumns::default(), all] {
            for width in 38..=250_u16 {
                let it = TableColumns::of(width, 10_000, &shown);
                let cells = [
                    it.tool,
                    it.args,
                    it.after,
                    it.priority,
                    it.time,
                    it.cpu,
                    it.memory,
                    it.wait,
                    it.why,
                ];
                let right: usize = cells.iter().filter(|it| **it > 0).map(|it| it + 1).sum();
                assert!(
                    it.head + it.name + right <= usize::from(width),
                    "{width}: {it:?}"
                );
            }
        }
    }
}
