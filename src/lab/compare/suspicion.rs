//! Whether results that differed only above the lowest cap do so because calls
//! ran beside others, or are flaky: a sequential test on runs of its own.
//!
//! In each round the plan runs [`LOW_PER_HIGH`] times at the lowest cap and
//! then once at a higher one. A call that is merely flaky shows its other
//! result at either cap: that it comes at the higher one first has the chance
//! `1 / (LOW_PER_HIGH + 1)` at most, each time anew. A call is blamed once it
//! has shown it so often there, and never at the lowest cap, that the chance is
//! below [`ERROR`] over all calls under suspicion (C. E. Bonferroni, 1936). The
//! runs that raised the suspicion do not count: they were chosen for it.

use std::collections::BTreeMap;

use super::results::ParallelHazard;
use crate::model::{CallId, Cap};

/// Runs at the lowest cap for each at a higher one.
pub(super) const LOW_PER_HIGH: u32 = 2;
/// Chance that any call is blamed that is merely flaky.
const ERROR: f64 = 0.05;
/// Chance that a call that differs as often as it was seen to is not seen again
/// before it is given up.
const MISSED: f64 = 0.02;
/// Rounds after which what is undecided stays so.
const MOST_ROUNDS: u32 = 60;

/// The calls under suspicion.
#[derive(Debug)]
pub(super) struct Suspicion {
    suspects: BTreeMap<CallId, Suspect>,
    /// Times that a call must show its other result at the higher cap.
    needed: u32,
    rounds: u32,
}

#[derive(Debug)]
struct Suspect {
    /// The cap at which it was seen.
    cap: Cap,
    /// Rounds without its other result after which it is given up.
    patience: u32,
    /// Rounds in which it showed its other result at the higher cap.
    seen: u32,
}

impl Suspicion {
    /// Starts with what differed only above the lowest cap.
    pub(super) fn new(hazards: &[ParallelHazard]) -> Self {
        let suspects = hazards.iter().map(|hazard| {
            let suspect = Suspect {
                cap: hazard.cap,
                patience: runs_to_see(hazard.seen, hazard.runs),
                seen: 0,
            };
            (hazard.call, suspect)
        });
        let suspects: BTreeMap<CallId, Suspect> = suspects.collect();
        let chance = ERROR / suspects.len().max(1) as f64;
        let needed = -chance.ln() / f64::from(LOW_PER_HIGH + 1).ln();
        Self {
            suspects,
            needed: needed.ceil() as u32,
            rounds: 0,
        }
    }

    /// Returns the cap of the next round; `None` when all is decided.
    pub(super) fn next_cap(&self) -> Option<Cap> {
        let mut open = self.suspects.values().filter(|it| self.is_open(it));
        open.next().map(|suspect| suspect.cap)
    }

    /// Keeps those that still differ after a run at the lowest cap: the others
    /// showed their other result there too, and are flaky.
    pub(super) fn keep(&mut self, differing: &[CallId]) {
        self.suspects.retain(|call, _| differing.contains(call));
    }

    /// Takes in the run at the higher cap that ends a round, with the calls
    /// that showed their other result in it.
    pub(super) fn round_ended(&mut self, shown: &[CallId]) {
        self.rounds += 1;
        for call in shown {
            if let Some(suspect) = self.suspects.get_mut(call) {
                suspect.seen += 1;
            }
        }
    }

    /// Whether a call is blamed.
    pub(super) fn is_confirmed(&self, call: CallId) -> bool {
        let suspect = self.suspects.get(&call);
        suspect.is_some_and(|suspect| suspect.seen >= self.needed)
    }

    fn is_open(&self, suspect: &Suspect) -> bool {
        let is_lost = suspect.seen == 0 && self.rounds >= suspect.patience;
        suspect.seen < self.needed && !is_lost && self.rounds < MOST_ROUNDS
    }
}

/// Returns the number of runs in which a result that was seen `seen` times of
/// `runs` is seen again, but for the chance [`MISSED`].
pub(super) fn runs_to_see(seen: u32, runs: u32) -> u32 {
    let part = f64::from(seen) / f64::from(runs.max(1));
    if part >= 1.0 - MISSED {
        return 3;
    }
    let needed = MISSED.ln() / (1.0 - part).ln();
    (needed.ceil() as u32).clamp(3, 40)
}

#[cfg(test)]
mod tests {
    use rand_core::{Rng, SeedableRng};
    use rand_pcg::Pcg64Mcg;
    use serde_json::json;

    use super::*;
    use crate::lab::CallResult;
    use crate::model::{ComparisonRules, Outcome};

    /// Calls that fail at random with the rates at the lowest cap and above it.
    struct Rates {
        low: f64,
        high: f64,
        calls: usize,
    }

    /// The result of five blocks and a warm-up, and of the rounds after them:
    /// whether any call is blamed.
    fn is_any_blamed(rates: &Rates, random: u64) -> bool {
        let mut generator = Pcg64Mcg::seed_from_u64(random);
        let mut fails = |rate: f64| (generator.next_u64() >> 11) as f64 / 2f64.powi(53) < rate;
        let result = |outcome| {
            CallResult::new(
                Some(outcome),
                Some(json!(null)),
                &ComparisonRules::default(),
            )
        };
        let hazards = (0..rates.calls).filter_map(|index| {
            let low = (0..5).filter(|_| fails(rates.low)).count();
            let seen = (0..6).filter(|_| fails(rates.high)).count() as u32;
            (low == 0 && seen > 0).then(|| ParallelHazard {
                call: CallId::from_index(index),
                cap: Cap::new(4).expect("a cap"),
                seen,
                runs: 6,
                expected: result(Outcome::Succeeded),
                found: result(Outcome::Failed),
                is_consequence: false,
            })
        });
        let hazards: Vec<ParallelHazard> = hazards.collect();
        let mut suspicion = Suspicion::new(&hazards);
        while suspicion.next_cap().is_some() {
            for _ in 0..LOW_PER_HIGH {
                let left: Vec<CallId> = suspicion.suspects.keys().copied().collect();
                let left = left.into_iter().filter(|_| !fails(rates.low));
                suspicion.keep(&left.collect::<Vec<_>>());
            }
            let shown = hazards.iter().map(|hazard| hazard.call);
            let shown: Vec<CallId> = shown.filter(|_| fails(rates.high)).collect();
            suspicion.round_ended(&shown);
        }
        hazards.iter().any(|it| suspicion.is_confirmed(it.call))
    }

    fn blamed(rates: &Rates) -> usize {
        (0..1_000)
            .filter(|seed| is_any_blamed(rates, *seed))
            .count()
    }

    #[test]
    fn flaky_calls_are_blamed_in_at_most_one_comparison_of_twenty() {
        for calls in [1, 6] {
            for rate in [0.05, 0.1, 0.2, 0.3, 0.5] {
                let (low, high) = (rate, rate);
                let blamed = blamed(&Rates { low, high, calls });
                assert!(blamed <= 50, "{calls} that fail {rate}: {blamed} of 1000");
            }
        }
    }

    #[test]
    fn calls_that_fail_only_beside_others_are_found() {
        for (rate, least) in [(1.0, 1_000), (0.5, 940), (0.2, 650)] {
            for calls in [1, 6] {
                let (low, high) = (0.0, rate);
                let blamed = blamed(&Rates { low, high, calls });
                assert!(
                    blamed >= least,
                    "{calls} that fail {rate}: {blamed} of 1000"
                );
            }
        }
    }
}
