//! How the lab writes what it measured.

use super::Interval;
use crate::model::{Cap, plural};

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

impl Interval {
    /// Returns its name: the level that it attains, or `range`.
    pub fn name(&self) -> String {
        self.level().map_or("range".to_owned(), percent)
    }

    /// Returns its name for a sentence: the level that it attains, or of how
    /// many runs it is the range.
    pub fn name_in_text(&self) -> String {
        let range = || format!("range of {}", plural(self.values, "run"));
        self.level().map_or_else(range, percent)
    }
}

/// Returns how much slower or faster runs got, in words.
pub(super) fn drift_in_words(drift: f64) -> String {
    let way = if drift > 0.0 { "slower" } else { "faster" };
    format!(
        "Drift: runs got {:.0} % {way} from the first block to the last: the intervals do not hold.",
        drift.abs() * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_named_by_the_level_that_it_attains() {
        let name = |values: &[f64]| {
            let interval = Interval::of_median(values.iter().copied()).expect("values");
            (interval.name(), interval.name_in_text())
        };
        let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
        assert_eq!(name(&[1.0]), pair("range", "range of 1 run"));
        assert_eq!(name(&[1.0, 2.0, 3.0]), pair("range", "range of 3 runs"));
        assert_eq!(name(&[1.0, 2.0, 3.0, 4.0]), pair("88 %", "88 %"));
    }

    #[test]
    fn a_drift_is_told() {
        assert_eq!(
            drift_in_words(-0.1),
            "Drift: runs got 10 % faster from the first block to the last: the intervals do not hold."
        );
    }
}
