//! Columns of the table, by its width.

use crate::theme::Role;
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
    pub(in crate::tui) why: usize,
}

impl TableColumns {
    /// The columns for a width. They give way in the order parents, priority,
    /// tool, arguments.
    pub(in crate::tui) fn of(width: u16, calls: usize) -> Self {
        let width = usize::from(width);
        let head = calls.max(10).ilog10() as usize + 6;
        let free = width.saturating_sub(head);
        let name = (free / 5).clamp(12, 24).min(free);
        let why = (free / 4).clamp(18, 36).min(free.saturating_sub(name + 1));
        let mut left = free.saturating_sub(name + why + 1);
        let mut take = |cells: usize, least: usize| {
            if left < cells + 1 + least {
                return 0;
            }
            left -= cells + 1;
            cells
        };
        let tool = take((free / 8).clamp(10, 18), 0);
        let priority = take(4, 12);
        let after = take(14, 24);
        let args = left.saturating_sub(1);
        Self {
            head,
            name,
            tool,
            args: if args < 8 { 0 } else { args },
            after,
            priority,
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
            column("tool", self.tool, Align::Left),
            column("arguments", self.args, Align::Left),
            column("after", self.after, Align::Left),
            column("prio", self.priority, Align::Right),
            column("why, or time", self.why, Align::Left),
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
        for width in 38..=250_u16 {
            let it = TableColumns::of(width, 10_000);
            let shown = [it.tool, it.args, it.after, it.priority, it.why];
            let right: usize = shown
                .iter()
                .filter(|cells| **cells > 0)
                .map(|cells| cells + 1)
                .sum();
            assert!(
                it.head + it.name + right <= usize::from(width),
                "{width}: {it:?}"
            );
        }
    }
}
