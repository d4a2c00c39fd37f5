//! Which caps run in the next block: the race between them.

use super::verdict::CapFigures;
use crate::model::Cap;

/// Runs of each cap before one is dropped.
pub(super) const LEAST_RUNS: usize = 3;
/// A cap whose median is within this factor of the best is near it.
const NEAR: f64 = 1.2;
/// Below this probability a cap is not the one that is worth using.
const HOPELESS: f64 = 0.01;
/// Below this probability it is not the best, by which others are judged.
const NOT_BEST: f64 = 0.05;

/// Returns the caps that double, of a list, and its last.
pub(super) fn doubling(caps: &[Cap]) -> Vec<Cap> {
    let mut taken: Vec<Cap> = Vec::new();
    for cap in caps {
        let is_double = taken.last().is_none_or(|last| cap.get() >= last.get() * 2);
        if is_double || Some(cap) == caps.last() {
            taken.push(*cap);
        }
    }
    taken
}

/// Returns the caps between those that were run, where the curve turns: from the
/// highest cap that is clearly slower than the best up to the lowest above it
/// that is slower again.
pub(super) fn between(caps: &[Cap], figures: &[CapFigures]) -> Vec<Cap> {
    let is_near = |it: &&CapFigures| it.ratio <= NEAR;
    let near = || figures.iter().filter(is_near).map(|it| it.cap);
    let (Some(first), Some(last)) = (near().min(), near().max()) else {
        return Vec::new();
    };
    let run = figures.iter().map(|it| it.cap);
    let below = run.clone().filter(|cap| *cap < first).max();
    let above = run.clone().filter(|cap| *cap > last).min();
    let is_new = |cap: &Cap| !run.clone().any(|it| it == *cap);
    let caps = caps.iter().copied().filter(is_new);
    // Higher caps than were run were left out for good.
    let most = above.or(run.clone().max());
    caps.filter(|cap| below.is_none_or(|it| *cap > it) && most.is_some_and(|it| *cap < it))
        .collect()
}

/// Returns those that may be the one that is worth using, or the best: two at
/// least.
pub(super) fn in_the_running(alive: &[Cap], figures: &[CapFigures]) -> Vec<Cap> {
    let of = |cap: &Cap| figures.iter().find(|it| it.cap == *cap);
    let mut ranked: Vec<&CapFigures> = alive.iter().filter_map(of).collect();
    ranked.sort_by(|one, other| other.right.total_cmp(&one.right));
    let hopeful = ranked
        .iter()
        .enumerate()
        .filter(|(place, it)| *place < 2 || it.right >= HOPELESS || it.best >= NOT_BEST);
    let mut caps: Vec<Cap> = hopeful.map(|(_, it)| it.cap).collect();
    caps.sort_unstable();
    caps
}
