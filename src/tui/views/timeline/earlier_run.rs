//! An earlier run of the same plan under the bars of this one, on their scale.
//!
//! ```text
//!  last run: cap 1, 02:12.0   this run: cap 4, 00:41.3   speed-up 3.20 ──
//!     1 ✓#3▂▂▂▂▂✓#4▂▂▂▂▂▂✗#9▂▂▂▂▂
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{CallId, LaneId};
use crate::theme::Role;
use crate::tui::state::TimelineAreas;
use crate::tui::text::{Align, Strip, figure};
use crate::tui::timeline::{BarPhase, EarlierRun, TimeWindow, seen};
use crate::tui::views::View;
use crate::tui::views::timeline::bars;

/// Which it is, its cap and what it took.
pub(in crate::tui) fn name(view: &View<'_>, earlier_run: &EarlierRun, strip: &mut Strip) {
    let (muted, accent) = (view.style(Role::Muted), view.style(Role::Accent));
    which(view, strip);
    strip
        .put(": cap ", muted)
        .put(figure::cap(earlier_run.cap), accent)
        .put(", ", muted)
        .put(figure::clock(earlier_run.wall), accent);
}

/// Which of the earlier runs is shown.
fn which(view: &View<'_>, strip: &mut Strip) {
    let muted = view.style(Role::Muted);
    match view.state.timeline.chosen {
        0 => strip.put("last run", muted),
        chosen => strip
            .put(figure::count(chosen + 1), muted)
            .put(" runs ago", muted),
    };
}

/// Draws the time of this run once it has ended, compared with the earlier
/// one. Calls that were added to a plan make it another one.
pub(in crate::tui) fn difference(view: &View<'_>, earlier_run: &EarlierRun, strip: &mut Strip) {
    let (muted, accent) = (view.style(Role::Muted), view.style(Role::Accent));
    let run = &view.state.run;
    let Some(wall) = view.state.timeline.model.wall else {
        return;
    };
    if run.calls.len() != earlier_run.calls {
        return;
    }
    strip
        .skip(3)
        .put("this run: cap ", muted)
        .put(figure::cap(run.highest_cap), accent)
        .put(", ", muted)
        .put(figure::clock(wall), accent);
    strip.skip(3);
    if !wall.is_zero() {
        let times = earlier_run.wall.as_secs_f64() / wall.as_secs_f64();
        strip
            .put("speed-up ", muted)
            .put(figure::times(times), accent)
            .put(", ", muted);
    }
    let word = if wall <= earlier_run.wall {
        " less"
    } else {
        " more"
    };
    strip
        .put(figure::clock(wall.abs_diff(earlier_run.wall)), muted)
        .put(word, muted);
}

/// Draws its lanes, under a line that names both runs.
pub(in crate::tui) fn render(
    view: &View<'_>,
    chart: TimelineAreas,
    window: TimeWindow,
    buf: &mut Buffer,
) {
    let area = chart.before;
    let Some(earlier_run) = view
        .state
        .timeline
        .earlier_run()
        .filter(|_| !area.is_empty())
    else {
        return;
    };
    heading(view, earlier_run, area, buf);
    let muted = view.style(Role::Muted);
    for (lane, y) in (0..earlier_run.lanes.len()).zip(area.y + 1..area.bottom()) {
        let mut label = view.strip(chart.label);
        let cells = usize::from(chart.label).saturating_sub(2);
        label.cell(
            figure::lane(LaneId(lane as u32)),
            cells,
            Align::Right,
            muted,
        );
        label.draw((area.x, y), buf);
        let row = chart.bars(Rect {
            y,
            height: 1,
            ..area
        });
        let inside = earlier_run.lane(lane, window.from, window.to);
        for bar in seen(inside, window, row.width) {
            bars::thin(view, bar, Some(bar.call), row, window, buf);
        }
    }
}

fn heading(view: &View<'_>, earlier_run: &EarlierRun, area: Rect, buf: &mut Buffer) {
    let muted = view.style(Role::Muted);
    let mut strip = view.strip(area.width);
    name(view, earlier_run, strip.skip(1));
    let shown = usize::from(area.height).saturating_sub(1);
    if shown < earlier_run.lanes.len() {
        let lanes = figure::part(shown as u64, earlier_run.lanes.len() as u64);
        strip.put(", lanes ", muted).put(lanes, muted);
    }
    difference(view, earlier_run, &mut strip);
    strip.skip(1);
    while strip.room() > 1 {
        strip.put(view.glyphs.rule(), view.style(Role::Border));
    }
    strip.draw(area.as_position(), buf);
}

/// Draws what a call did in it into the call's row.
pub(in crate::tui) fn call(
    view: &View<'_>,
    call: CallId,
    row: Rect,
    window: TimeWindow,
    buf: &mut Buffer,
) {
    let earlier_run = view.state.timeline.earlier_run();
    for bar in earlier_run.map_or(&[][..], |earlier_run| earlier_run.of_call(call)) {
        bars::thin(view, bar, None, row, window, buf);
    }
}

/// Draws the bars of a call in it, with exact times.
pub(in crate::tui) fn spans(view: &View<'_>, call: CallId, strip: &mut Strip) {
    let muted = view.style(Role::Muted);
    let earlier_run = view.state.timeline.earlier_run();
    let bars = earlier_run.map_or(&[][..], |earlier_run| earlier_run.of_call(call));
    let ran = bars
        .iter()
        .filter(|bar| matches!(bar.phase, BarPhase::Ran(_)));
    for (index, bar) in ran.enumerate() {
        if index == 0 {
            which(view, strip);
        }
        strip.put(if index == 0 { ": " } else { ", " }, muted);
        let took = bar.end(bar.from).saturating_sub(bar.from);
        strip.put(figure::clock(took), view.style(Role::Fg));
        strip
            .put(" from ", muted)
            .put(figure::clock(bar.from), muted);
    }
}
