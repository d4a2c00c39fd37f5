//! How the lab writes what it measured.

use super::Interval;
use crate::model::Cap;

/// A measured time.
pub fn seconds(time: f64) -> String {
    if time < 10.0 {
        format!("{time:.2} s")
    } else {
        format!("{time:.1} s")
    }
}

/// The ends of an interval of times.
pub fn seconds_range(wall: &Interval) -> String {
    format!("{} to {}", seconds(wall.low), seconds(wall.high))
}

/// A part of a whole.
pub fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

/// Caps as a sentence names them.
pub(super) fn listed(caps: &[Cap]) -> String {
    let caps: Vec<String> = caps.iter().map(ToString::to_string).collect();
    match caps.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => caps.concat(),
    }
}
