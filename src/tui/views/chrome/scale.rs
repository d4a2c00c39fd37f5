//! An axis of times with round numbers.

use std::ops::RangeInclusive;

use crate::output::Safe;
use crate::theme::Role;
use crate::tui::text::Strip;
use crate::tui::text::rounding::{round_step, rounded};
use crate::tui::views::View;

/// Columns between two times at least.
const APART: u16 = 10;

/// The times below so many columns behind a label's cells, in seconds.
pub(in crate::tui) fn axis(
    view: &View<'_>,
    label: u16,
    columns: u16,
    seconds: RangeInclusive<f64>,
) -> Strip {
    let (from, to) = seconds.into_inner();
    let muted = view.style(Role::Muted);
    let mut strip = view.strip(label + columns);
    let length = (to - from).max(1e-9);
    let step = round_step(length / f64::from((columns / APART).max(1)));
    let first = (from / step).ceil();
    let times = (0_u32..).map(|number| (first + f64::from(number)) * step);
    for time in times.take_while(|time| *time <= to) {
        let column = ((time - from) / length * f64::from(columns)).round() as u16;
        let text = rounded(time, step);
        if usize::from(column) + text.len() < usize::from(columns) {
            strip.skip_to(usize::from(label + column));
            strip
                .put(view.glyphs.tick(), muted)
                .put(Safe::new(&text), muted);
        }
    }
    strip
}
