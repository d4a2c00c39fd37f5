//! Graphs of the machine above the lanes, where there is room: CPU at the left,
//! memory at the right, our own part of each in colour.
//!
//! ```text
//!  CPU  61%   ⣀⣠⣴⣶⣿⣿⣿⣷⣄⣀⣠⣴⣶          memory 5.1G   ⣀⣀⣀⣀⣠⣤⣤⣤
//!  calls 48%  ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿          calls  760M   ⣿⣿⣿⣿⣿⣿⣿⣿
//!  others 13% ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿          of 16.0G       ⣿⣿⣿⣿⣿⣿⣿⣿
//! ```

use ratatui::buffer::Buffer;

use crate::model::MachineSample;
use crate::theme::Role;
use crate::tui::text::{Align, Piece, Strip, figure};
use crate::tui::views::View;
use crate::tui::views::chrome::graph::{self, Level};

/// Cells of the figures before a graph.
const FIGURES: usize = 14;

/// Draws the graphs.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    let area = view.layout.machine;
    if area.is_empty() {
        return;
    }
    let cells = usize::from(area.width / 2).saturating_sub(FIGURES + 3);
    let left = cpu(view, cells, usize::from(area.height));
    let right = memory(view, cells, usize::from(area.height));
    let rows = left.iter().zip(&right).zip(area.y..area.bottom());
    for ((left, right), y) in rows {
        let mut strip = view.strip(area.width);
        strip.append(left).skip(2).append(right);
        strip.draw((area.x, y), buf);
    }
}

/// CPU of the machine, with the part that the calls use.
pub(in crate::tui) fn cpu(view: &View<'_>, cells: usize, rows: usize) -> Vec<Strip> {
    let run = &view.state.run;
    let cores = f32::from(u16::try_from(run.cores.max(1)).unwrap_or(u16::MAX));
    let level = |it: &MachineSample| {
        let own = it.calls_cores.unwrap_or_default() / cores;
        let whole = it.cpu_cores? / cores;
        Some(Level {
            whole: whole.max(own),
            own,
        })
    };
    let levels = run.machine.iter().map(|it| it.and_then(level));
    let latest = run.machine.iter().rev().flatten().find_map(level);
    let share = |part: Option<f32>| part.map_or_else(Piece::default, figure::percent);
    let figures = [
        ("CPU", share(latest.map(|it| it.whole))),
        ("calls", share(latest.map(|it| it.own))),
        ("others", share(latest.map(|it| it.whole - it.own))),
    ];
    with_figures(view, figures, graph::rows(view, levels, cells, rows))
}

/// Memory of the machine, with the part that the calls hold.
pub(in crate::tui) fn memory(view: &View<'_>, cells: usize, rows: usize) -> Vec<Strip> {
    let machine = &view.state.run.machine;
    let level = |it: &MachineSample| {
        let total = it.memory_total_bytes.max(1) as f32;
        Level {
            whole: it.memory_used_bytes as f32 / total,
            own: it.calls_rss_bytes.unwrap_or_default() as f32 / total,
        }
    };
    let levels = machine.iter().map(|it| it.map(level));
    let latest = machine.iter().rev().flatten().next();
    let size = |bytes: Option<u64>| bytes.map_or_else(Piece::default, figure::bytes);
    let figures = [
        ("memory", size(latest.map(|it| it.memory_used_bytes))),
        ("calls", size(latest.and_then(|it| it.calls_rss_bytes))),
        ("of", size(latest.map(|it| it.memory_total_bytes))),
    ];
    with_figures(view, figures, graph::rows(view, levels, cells, rows))
}

/// Puts figures before the rows of a graph.
fn with_figures(
    view: &View<'_>,
    figures: [(&'static str, Piece<'static>); 3],
    rows: Vec<Strip>,
) -> Vec<Strip> {
    let (muted, fg) = (view.style(Role::Muted), view.style(Role::Fg));
    let mut figures = figures.into_iter();
    let joined = rows.into_iter().map(|row| {
        let mut strip = view.strip(u16::MAX);
        strip.skip(1);
        if let Some((name, figure)) = figures.next() {
            strip
                .cell(name, 7, Align::Left, muted)
                .cell(figure, 5, Align::Right, fg);
        }
        strip.skip_to(FIGURES).append(&row);
        strip
    });
    joined.collect()
}
