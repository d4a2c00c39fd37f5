//! Columns of the lanes, by their width.

use crate::tui::text::{Align, Strip};
use crate::tui::views::View;
use crate::tui::views::chrome::list::{self, column};

/// The columns of the lanes. A column of 0 cells is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct LaneColumns {
    pub(in crate::tui) lane: usize,
    pub(in crate::tui) call: usize,
    pub(in crate::tui) args: usize,
    pub(in crate::tui) word: usize,
    pub(in crate::tui) elapsed: usize,
    /// A bar of the elapsed part of the expected time.
    pub(in crate::tui) progress: usize,
    pub(in crate::tui) eta: usize,
    pub(in crate::tui) cpu: usize,
    pub(in crate::tui) trend: usize,
    pub(in crate::tui) memory: usize,
    pub(in crate::tui) memory_trend: usize,
}

/// Cells of arguments below which another column gives way.
const LEAST_ARGS: usize = 20;

impl LaneColumns {
    /// Cells of the gauges, each with the cell before it.
    pub(super) fn gauges(&self) -> usize {
        let all = [self.cpu, self.trend, self.memory, self.memory_trend];
        let shown = all.into_iter().filter(|cells| *cells > 0);
        shown.map(|cells| cells + 1).sum()
    }

    /// The columns for a width, for lanes numbered up to `lanes`. They give
    /// way in the order trend, memory, time left, arguments, CPU.
    pub(in crate::tui) fn of(width: u16, lanes: usize) -> Self {
        let width = usize::from(width);
        let mut columns = Self {
            lane: lanes.max(10).ilog10() as usize + 1,
            call: (width / 6).clamp(15, 24),
            args: 0,
            word: if width >= 108 { 8 } else { 0 },
            elapsed: 7,
            progress: match width {
                ..124 => 0,
                124..150 => 8,
                _ => 12,
            },
            eta: 7,
            cpu: 5,
            trend: match width {
                ..124 => 8,
                _ => (width / 10).min(24),
            },
            memory: 5,
            memory_trend: match width {
                ..140 => 0,
                _ => (width / 14).min(18),
            },
        };
        let steps: [fn(&mut Self); 5] = [
            |columns| columns.memory_trend = 0,
            |columns| columns.progress = 0,
            |columns| columns.trend = 0,
            |columns| columns.memory = 0,
            |columns| columns.eta = 0,
        ];
        for step in steps {
            if columns.taken() + LEAST_ARGS < width {
                break;
            }
            step(&mut columns);
        }
        let free = width.saturating_sub(columns.taken() + 1);
        if free >= LEAST_ARGS / 2 {
            columns.args = free;
        } else {
            columns.call += width.saturating_sub(columns.taken());
        }
        columns
    }

    /// Cells of everything but the arguments, with the gaps between them.
    fn taken(&self) -> usize {
        let right = [
            self.word,
            self.elapsed,
            self.progress,
            self.eta,
            self.cpu,
            self.trend,
            self.memory,
            self.memory_trend,
        ];
        let shown = right.into_iter().filter(|cells| *cells > 0);
        let head = self.head() + self.call;
        shown.map(|cells| cells + 1).sum::<usize>() + head
    }

    /// Cells before the call's name: the selection's bar, the lane, the sign.
    pub(in crate::tui) fn head(&self) -> usize {
        1 + self.lane + 1 + 2
    }

    /// The titles of the columns.
    pub(in crate::tui) fn titles(&self, view: &View<'_>, width: u16) -> Strip {
        let mut strip = Strip::new(width, view.glyphs);
        let style = view.style(crate::theme::Role::Muted);
        strip.skip(1).cell("#", self.lane, Align::Right, style);
        strip
            .skip_to(self.head())
            .cell("call", self.call, Align::Left, style);
        if self.args > 0 {
            strip
                .skip(1)
                .cell("arguments", self.args, Align::Left, style);
        }
        strip.append(&self.right_titles(view));
        strip
    }

    /// The titles of the columns behind the arguments.
    pub(in crate::tui) fn right_titles(&self, view: &View<'_>) -> Strip {
        let style = view.style(crate::theme::Role::Muted);
        let mut strip = view.strip(u16::MAX);
        let columns = [
            column("state", self.word, Align::Left),
            column("elapsed", self.elapsed, Align::Right),
            column("expected", self.progress, Align::Left),
            column("eta", self.eta, Align::Right),
            column("cpu", self.cpu, Align::Right),
            column("trend", self.trend, Align::Left),
            column("mem", self.memory, Align::Right),
            column("memory", self.memory_trend, Align::Left),
        ];
        list::titles(&mut strip, &columns, style);
        strip
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::views::lanes::columns::*;

    #[test]
    fn columns_give_way_in_order() {
        let shown = |width| {
            let it = LaneColumns::of(width, 4);
            [it.trend, it.memory, it.eta, it.args, it.cpu].map(|cells| cells > 0)
        };
        assert_eq!(shown(118), [true, true, true, true, true]);
        assert_eq!(shown(78), [false, true, true, true, true]);
        assert_eq!(shown(60), [false, false, false, true, true]);
        assert_eq!(shown(40), [false, false, false, false, true]);
    }

    #[test]
    fn columns_fill_the_width_and_no_more() {
        for width in 40..=250 {
            let it = LaneColumns::of(width, 1024);
            let args = if it.args > 0 { it.args + 1 } else { 0 };
            assert!(it.taken() + args <= usize::from(width), "{width}: {it:?}");
        }
    }
}
