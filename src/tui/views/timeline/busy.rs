//! How many lanes were busy, over the bars, with the cap as a rule.
//!
//! ```text
//! cap 4 ────⡤⠤⠤⢤─────
//!       ⡤⠤⠞    ⠓⢦
//! busy  ⡇        ⠓⠤
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::theme::Role;
use crate::tui::state::TimelineAreas;
use crate::tui::text::{Piece, figure};
use crate::tui::timeline::TimeWindow;
use crate::tui::views::View;
use crate::tui::views::chrome::graph;

/// Draws the strip.
pub(in crate::tui) fn render(
    view: &View<'_>,
    chart: TimelineAreas,
    window: TimeWindow,
    buf: &mut Buffer,
) {
    let area = chart.strip;
    let bars = chart.bars(area);
    if area.height == 0 || bars.width == 0 {
        return;
    }
    let state = view.state;
    let (now, cap) = (state.elapsed(), state.run.cap());
    let most = f64::from(state.run.highest_cap.get().max(cap.get()));
    labels(view, area, most, buf);
    let levels = (0..bars.width).map_while(|column| {
        let from = window.time(column, bars.width);
        let to = window.time(column + 1, bars.width);
        (from <= now).then(|| {
            let busy = state.timeline.model.busy(from, to.min(now.max(from)), now);
            (busy / most) as f32
        })
    });
    let levels: Vec<f32> = levels.collect();
    for (strip, y) in graph::line(view, &levels, area.height, Role::Series1)
        .iter()
        .zip(area.y..area.bottom())
    {
        strip.draw((bars.x, y), buf);
    }
    rule(view, bars, f64::from(cap.get()) / most, buf);
}

fn labels(view: &View<'_>, area: Rect, most: f64, buf: &mut Buffer) {
    let muted = view.style(Role::Muted);
    let mut top = view.strip(area.width);
    top.skip(1).put(
        Piece::from("lanes ").then(figure::count(most as usize)),
        muted,
    );
    top.draw(area.as_position(), buf);
    let mut bottom = view.strip(area.width);
    bottom.skip(1).put("busy", muted);
    bottom.draw((area.x, area.bottom() - 1), buf);
}

/// The cap, as a line where nothing is drawn.
fn rule(view: &View<'_>, bars: Rect, share: f64, buf: &mut Buffer) {
    let line = (share * f64::from(bars.height)).ceil() as u16;
    let y = bars.bottom().saturating_sub(line.clamp(1, bars.height));
    for x in bars.x..bars.right() {
        let is_free = buf
            .cell((x, y))
            .is_some_and(|cell| matches!(cell.symbol(), " " | "\u{2800}"));
        if is_free {
            let mut strip = view.strip(1);
            strip.put(view.glyphs.rule(), view.style(Role::Border));
            strip.draw((x, y), buf);
        }
    }
}
