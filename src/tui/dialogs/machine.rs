//! The machine in full: each core, memory, swap, load, network and disks, over
//! the last readings.
//!
//! ```text
//! ┌ Machine ────────────────────────────────────┐
//! │ memory ▃▃▃▄▄▄▅▅  5.1G/16.0G   load 2.4       │
//! │ swap    0B/2.0G   CPU pressure 12%           │
//! │ network ▁▁▃▅▂  1.2M/s in   40.1K/s out      │
//! │ disks  ▁▁▁▁▁▁  0B/s read   3.1M/s written   │
//! │   1 ▂▄▆█▇▆▇█  84%     2 ▁▁▁▂▁▁▁▁   3%        │
//! └─────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::sheet::Content;
use crate::model::{Flow, MachineSample, MemoryScope, PressureSource};
use crate::theme::Role;
use crate::tui::action::AppAction;
use crate::tui::state::State;
use crate::tui::text::{Align, Strip, figure};
use crate::tui::views::chrome::sparkline;
use crate::tui::views::{View, chrome, machine};

/// Cells of a core's number, trend and percentage.
const CORE: usize = 26;

/// Cells of a trend.
const TREND: usize = 14;
/// From this width on the traffic has its trend.
const CURVE_FROM: u16 = 52;

/// The machine in full.
#[derive(Debug)]
pub(in crate::tui) struct Machine;

impl Content for Machine {
    const ACTION: AppAction = AppAction::Machine;

    fn length(_: &State) -> usize {
        0
    }

    fn render(_: usize, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
        render(view, screen, buf);
    }
}

fn render(view: &View<'_>, screen: Rect, buf: &mut Buffer) {
    let machine = &view.state.run.machine;
    let latest = machine.latest();
    let width = screen.width.saturating_sub(6);
    let columns = (usize::from(width) / CORE).max(1);
    let cores = latest.map_or(0, |sample| sample.per_core.len());
    let rows = u16::try_from(cores.div_ceil(columns)).unwrap_or(u16::MAX);
    let below = rows.saturating_add(6);
    let graphs = screen.height.saturating_sub(below + 6) / 2;
    let graphs = if graphs < 3 { 0 } else { graphs.min(8) };
    let height = below + 2 * graphs;
    let height = height.min(screen.height.saturating_sub(4));
    let inner = chrome::popup(view, screen, (width, height), "Machine", buf);
    let Some(latest) = latest else {
        let lines = &["No reading of this machine yet."];
        chrome::empty(view, inner, lines, buf);
        return;
    };
    let inner = graphs_above(view, inner, graphs, buf);
    let lines = [
        memory(view, latest, inner.width),
        swap(view, latest, inner.width),
        traffic(
            view,
            "network",
            [" in", " out"],
            |it| it.network,
            inner.width,
        ),
        traffic(
            view,
            "disks",
            [" read", " written"],
            |it| it.disks,
            inner.width,
        ),
    ];
    for (line, y) in lines.iter().zip(inner.y..inner.bottom()) {
        line.draw((inner.x, y), buf);
    }
    let first = inner.y + 5;
    for (row, y) in (0..usize::from(rows)).zip(first..inner.bottom()) {
        let mut strip = view.strip(inner.width);
        for index in (row * columns..cores).take(columns) {
            core(view, index, &mut strip);
        }
        strip.draw((inner.x, y), buf);
    }
}

/// Draws CPU and memory over the whole width, in so many rows each. Returns the
/// area below.
fn graphs_above(view: &View<'_>, area: Rect, rows: u16, buf: &mut Buffer) -> Rect {
    if rows == 0 {
        return area;
    }
    let cells = usize::from(area.width).saturating_sub(15);
    let cpu = machine::cpu(view, cells, usize::from(rows));
    let memory = machine::memory(view, cells, usize::from(rows));
    for (strip, y) in cpu.iter().chain(&memory).zip(area.y..area.bottom()) {
        strip.draw((area.x, y), buf);
    }
    let used = (2 * rows + 1).min(area.height);
    Rect::new(area.x, area.y + used, area.width, area.height - used)
}

fn core(view: &View<'_>, index: usize, strip: &mut Strip) {
    let readings = view.state.run.machine.iter();
    let levels = readings.map(|sample| sample?.per_core.get(index).copied());
    let latest = view.state.run.machine.latest();
    let share = latest.and_then(|sample| sample.per_core.get(index).copied());
    let style = level(view, share.unwrap_or(0.0));
    let end = strip.used() + CORE;
    strip
        .cell(
            figure::count(index + 1),
            4,
            Align::Right,
            view.style(Role::Muted),
        )
        .skip(1);
    sparkline::put(strip, levels, TREND, style, view.glyphs);
    if let Some(share) = share {
        strip.cell(figure::percent(share), 5, Align::Right, style);
    }
    strip.skip_to(end);
}

fn memory(view: &View<'_>, latest: &MachineSample, width: u16) -> Strip {
    let (muted, fg) = (view.style(Role::Muted), view.style(Role::Fg));
    let total = latest.memory_total_bytes.max(1) as f32;
    let style = level(view, latest.memory_used_bytes as f32 / total);
    let mut strip = view.strip(width);
    strip.skip(1).cell("memory", 8, Align::Left, muted);
    let readings = view.state.run.machine.iter();
    let levels = readings.map(|sample| Some(sample?.memory_used_bytes as f32 / total));
    sparkline::put(&mut strip, levels, TREND, style, view.glyphs);
    strip
        .skip(1)
        .put(figure::bytes(latest.memory_used_bytes), style)
        .put("/", muted)
        .put(figure::bytes(latest.memory_total_bytes), muted);
    if latest.memory_scope == MemoryScope::ControlGroup {
        strip.put(" of the control group", muted);
    }
    let load = figure::cores(latest.load_one);
    strip.skip(3).put("load ", muted).put(load, fg);
    strip
}

fn swap(view: &View<'_>, latest: &MachineSample, width: u16) -> Strip {
    let muted = view.style(Role::Muted);
    let mut strip = view.strip(width);
    strip.skip(1).cell("swap", 8, Align::Left, muted);
    if latest.swap_total_bytes == 0 {
        strip.put("none", muted);
    } else {
        let share = latest.swap_used_bytes as f32 / latest.swap_total_bytes as f32;
        strip
            .put(figure::bytes(latest.swap_used_bytes), level(view, share))
            .put("/", muted)
            .put(figure::bytes(latest.swap_total_bytes), muted);
    }
    pressure(view, latest, &mut strip);
    strip
}

/// Draws bytes in and out, and their trend.
fn traffic(
    view: &View<'_>,
    name: &'static str,
    directions: [&'static str; 2],
    flow: fn(&MachineSample) -> Option<Flow>,
    width: u16,
) -> Strip {
    let (muted, fg) = (view.style(Role::Muted), view.style(Role::Fg));
    let mut strip = view.strip(width);
    strip.skip(1).cell(name, 8, Align::Left, muted);
    let machine = &view.state.run.machine;
    let Some(latest) = machine.latest().and_then(flow) else {
        let is_first = machine.iter().count() < 2;
        let unknown = if is_first {
            "unknown so far"
        } else {
            "not reported by this system"
        };
        strip.put(unknown, muted);
        return strip;
    };
    let both = |it: Flow| {
        it.in_bytes_per_second
            .saturating_add(it.out_bytes_per_second)
    };
    let readings = || machine.iter().map(|it| it.and_then(flow).map(both));
    let most = readings().flatten().max().unwrap_or(0).max(1) as f32;
    let levels = readings().map(|it| Some(it? as f32 / most));
    // The figures say more than the curve.
    if width >= CURVE_FROM {
        let style = view.style(Role::Series1);
        sparkline::put(&mut strip, levels, TREND, style, view.glyphs);
    }
    for (bytes, word) in [
        (latest.in_bytes_per_second, directions[0]),
        (latest.out_bytes_per_second, directions[1]),
    ] {
        strip
            .skip(1)
            .cell(figure::bytes(bytes), 6, Align::Right, fg)
            .put("/s", muted)
            .put(word, muted);
    }
    strip
}

/// How much of the time something that could run waited for a core.
fn pressure(view: &View<'_>, latest: &MachineSample, strip: &mut Strip) {
    let Some(pressure) = latest.pressure else {
        return;
    };
    strip.skip(3).put("CPU pressure ", view.style(Role::Muted));
    if pressure.source == PressureSource::Estimated {
        strip.put("~", view.style(Role::Muted));
    }
    strip.put(figure::percent(pressure.cpu), level(view, pressure.cpu));
}

fn level(view: &View<'_>, share: f32) -> Style {
    view.style(match share {
        ..0.6 => Role::MeterLow,
        0.6..0.85 => Role::MeterMid,
        _ => Role::MeterHigh,
    })
}
