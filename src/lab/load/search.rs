//! The search for the highest level that keeps a condition: doubles, then
//! bisects; each candidate is measured twice.

use super::{CallRate, LoadLevel};
use crate::model::Cap;

/// Two rates that differ by no more than this part are told apart no further.
const RATE_STEP: f64 = 1.05;

/// The result of a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    /// The highest level that kept the condition each time.
    Level {
        /// The level.
        level: LoadLevel,
        /// The lowest above it that was measured and did not keep it; `None`
        /// where the highest that there is kept it.
        broken: Option<LoadLevel>,
    },
    /// Not even the lowest level kept it.
    Nothing {
        /// The lowest that was measured.
        lowest: LoadLevel,
    },
    /// It changed in the middle of the search: a level kept the condition twice
    /// and did not at the end.
    Changed {
        /// The level.
        level: LoadLevel,
    },
}

/// The next thing to do in a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Candidate {
    /// Measure at this level.
    Measure(LoadLevel),
    /// Nothing: it is over.
    Over,
}

/// A search under way.
#[derive(Debug)]
pub(super) struct Search {
    /// The level that is measured now, and how often it kept the condition so
    /// far.
    current: LoadLevel,
    kept: u32,
    /// The highest that kept it.
    low: Option<LoadLevel>,
    /// The lowest that did not.
    high: Option<LoadLevel>,
    /// The highest that is tried.
    most: LoadLevel,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Looking,
    /// The level found is measured once more.
    Confirming,
    Over(Found),
}

impl Search {
    /// A search that begins at the first level, and goes no higher than the last
    /// where there are more. `None` without levels.
    pub(super) fn new(levels: &[LoadLevel]) -> Option<Self> {
        let first = *levels.first()?;
        let last = levels.last().filter(|_| levels.len() > 1);
        let most = match first {
            LoadLevel::Cap(_) => LoadLevel::Cap(Cap::new(Cap::MAX)?),
            LoadLevel::Rate(_) => LoadLevel::Rate(CallRate::new(CallRate::MOST)?),
        };
        Some(Self {
            current: first,
            kept: 0,
            low: None,
            high: None,
            most: last.copied().unwrap_or(most),
            phase: Phase::Looking,
        })
    }

    /// Returns what to do next.
    pub(super) fn next(&self) -> Candidate {
        match self.phase {
            Phase::Over(_) => Candidate::Over,
            Phase::Looking | Phase::Confirming => Candidate::Measure(self.current),
        }
    }

    /// Takes whether a level kept the condition.
    pub(super) fn measured(&mut self, level: LoadLevel, is_kept: bool) {
        if self.phase == Phase::Confirming {
            self.phase = Phase::Over(if is_kept {
                Found::Level {
                    level,
                    broken: self.high,
                }
            } else {
                Found::Changed { level }
            });
            return;
        }
        if !is_kept {
            self.high = Some(level);
        } else if self.kept == 0 {
            self.kept = 1;
            return;
        } else {
            self.low = Some(level);
        }
        self.kept = 0;
        self.go_on(level);
    }

    fn go_on(&mut self, last: LoadLevel) {
        let next = match (self.low, self.high) {
            (Some(low), None) => higher(low, self.most),
            (Some(low), Some(high)) => between(low, high),
            (None, Some(high)) => lower(high),
            (None, None) => None,
        };
        match (next, self.low) {
            (Some(next), _) => self.current = next,
            (None, Some(low)) => {
                self.current = low;
                self.phase = Phase::Confirming;
            }
            (None, None) => self.phase = Phase::Over(Found::Nothing { lowest: last }),
        }
    }

    /// Returns the result, once it is over.
    pub(super) fn found(&self) -> Option<Found> {
        match self.phase {
            Phase::Over(found) => Some(found),
            Phase::Looking | Phase::Confirming => None,
        }
    }
}

fn level(like: LoadLevel, value: f64) -> Option<LoadLevel> {
    match like {
        LoadLevel::Cap(_) => Cap::new(value as u32).map(LoadLevel::Cap),
        LoadLevel::Rate(_) => CallRate::new(value).map(LoadLevel::Rate),
    }
}

fn higher(low: LoadLevel, most: LoadLevel) -> Option<LoadLevel> {
    let value = (low.value() * 2.0).min(most.value());
    (value > low.value()).then(|| level(low, value)).flatten()
}

fn lower(high: LoadLevel) -> Option<LoadLevel> {
    let value = high.value() / 2.0;
    let is_worth_it = match high {
        LoadLevel::Cap(cap) => cap > Cap::ONE,
        LoadLevel::Rate(_) => value >= 0.1,
    };
    is_worth_it.then(|| level(high, value)).flatten()
}

fn between(low: LoadLevel, high: LoadLevel) -> Option<LoadLevel> {
    let (from, to) = (low.value(), high.value());
    let is_apart = match low {
        LoadLevel::Cap(_) => to - from > 1.0,
        LoadLevel::Rate(_) => to / from > RATE_STEP,
    };
    is_apart
        .then(|| level(low, f64::midpoint(from, to)))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cap(lanes: u32) -> LoadLevel {
        LoadLevel::Cap(Cap::new(lanes).expect("a cap"))
    }

    /// Searches from cap 1 on; returns the result and the caps measured.
    fn search(
        levels: &[LoadLevel],
        mut keeps: impl FnMut(f64) -> bool,
    ) -> (Option<Found>, Vec<f64>) {
        let mut search = Search::new(levels).expect("a level");
        let mut seen = Vec::new();
        while let Candidate::Measure(level) = search.next() {
            seen.push(level.value());
            search.measured(level, keeps(level.value()));
        }
        (search.found(), seen)
    }

    #[test]
    fn it_doubles_and_then_bisects_and_measures_twice() {
        let (found, seen) = search(&[cap(1)], |lanes| lanes <= 11.0);
        let expected = Found::Level {
            level: cap(11),
            broken: Some(cap(12)),
        };
        assert_eq!(found, Some(expected));
        let order = [1, 1, 2, 2, 4, 4, 8, 8, 16, 12, 10, 10, 11, 11, 11].map(f64::from);
        assert_eq!(seen, order);
    }

    #[test]
    fn nothing_and_everything_are_results_too() {
        let nothing = Some(Found::Nothing { lowest: cap(1) });
        assert_eq!(search(&[cap(4)], |_| false).0, nothing);
        let everything = Found::Level {
            level: cap(6),
            broken: None,
        };
        assert_eq!(search(&[cap(1), cap(6)], |_| true).0, Some(everything));
    }

    #[test]
    fn what_changes_in_the_middle_is_told() {
        let mut measured = 0;
        let (found, _) = search(&[cap(1)], |lanes| {
            measured += 1;
            lanes <= if measured <= 8 { 10.0 } else { 3.0 }
        });
        assert_eq!(found, Some(Found::Changed { level: cap(8) }));
    }

    #[test]
    fn rates_are_found_within_five_percent() {
        let rate = |per_second| LoadLevel::Rate(CallRate::new(per_second).expect("a rate"));
        let (found, _) = search(&[rate(10.0)], |per_second| per_second <= 123.0);
        let Some(Found::Level { level, broken }) = found else {
            panic!("{found:?}");
        };
        let broken = broken.expect("the next one").value();
        assert!(level.value() <= 123.0 && broken > 123.0);
        assert!(broken / level.value() <= RATE_STEP, "{level} {broken}");
    }
}
