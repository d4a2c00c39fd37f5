//! Cores that other programs take from calls.
//!
//! It counts as much as calls lose: programs that take only what nobody else
//! wants (`nice 19`) keep cores busy and cost calls next to nothing. Of `C`
//! cores, calls that ran for `b` and could have run for `b + w` a second compete
//! with as much as `(b + w) / b` of what others use (on a fair scheduler each
//! runnable thread gets the same part). So many cores are left to the others, as
//! long as that leaves half of the machine's time to the run: it may always claim
//! as many cores as others do.

use std::time::Duration;

use super::super::moment::Moment;

/// Part of the cores by which everything together may be overbooked.
pub(super) const TOLERATED: f64 = 0.10;
/// Calls that need this factor of the time alone are held up by others.
pub(super) const HELD_UP: f64 = 1.05;
/// Part of a rise that counts at once.
const RISE: f64 = 0.5;
/// After so long without harm it is tried whether others only take what is left
/// over.
const PATIENCE: Duration = Duration::from_secs(10);
/// At most, after tries in vain.
const MOST_PATIENCE: Duration = Duration::from_secs(160);

/// Use of the cores since the last look, each in cores.
#[derive(Debug, Clone, Copy)]
pub(super) struct CoreUse {
    /// All there are.
    pub cores: f64,
    /// Busy with anything.
    pub busy: f64,
    /// Busy with calls.
    pub ran: f64,
    /// Calls that could run: those that did, and those that waited for a core.
    pub runnable: f64,
}

/// Cores that are left to other programs.
#[derive(Debug)]
pub(super) struct OtherPrograms {
    taken: f64,
    /// When calls were last held up, or a try began.
    quiet_since: Option<Moment>,
    tried_at: Option<Moment>,
    patience: Duration,
}

impl Default for OtherPrograms {
    fn default() -> Self {
        Self {
            taken: 0.0,
            quiet_since: None,
            tried_at: None,
            patience: PATIENCE,
        }
    }
}

impl OtherPrograms {
    /// Cores that are left to them.
    pub(super) fn taken(&self) -> f64 {
        self.taken
    }

    /// Takes the use of the cores over the last second or so.
    pub(super) fn observe(&mut self, now: Moment, used: CoreUse) {
        let tolerated = (used.cores * TOLERATED).max(0.2);
        let foreign = (used.busy - used.ran).max(0.0);
        let slowdown = if used.ran > 0.0 {
            used.runnable / used.ran
        } else {
            1.0
        };
        if slowdown > HELD_UP && foreign > tolerated {
            let claimed = (foreign * slowdown).min(used.cores);
            let left = (claimed - tolerated).min(used.cores - claimed);
            self.held_up(now, left.max(0.0));
            return;
        }
        self.taken = self.taken.min((foreign - tolerated).max(0.0));
        self.try_for_more(now, tolerated);
    }

    fn held_up(&mut self, now: Moment, target: f64) {
        let tried = self.tried_at.take();
        if tried.is_some_and(|at| now.since(at) < PATIENCE) {
            self.patience = (self.patience * 2).min(MOST_PATIENCE);
        }
        self.quiet_since = Some(now);
        let part = if target > self.taken { RISE } else { 1.0 };
        self.taken += part * (target - self.taken);
    }

    /// Others use what is left to them, and nobody waits: perhaps they would
    /// make room.
    fn try_for_more(&mut self, now: Moment, tolerated: f64) {
        if self.taken <= 0.0 {
            self.patience = PATIENCE;
            return;
        }
        let since = *self.quiet_since.get_or_insert(now);
        if now.since(since) < self.patience {
            return;
        }
        self.taken = (self.taken * 0.5 - tolerated).max(0.0);
        self.quiet_since = Some(now);
        self.tried_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which `hogs` threads and as many calls as there is room for
    /// share the cores, each with its weight.
    fn used(cores: f64, calls: f64, hogs: f64, weight: f64) -> CoreUse {
        let beyond = calls + hogs > cores;
        let part = calls / (calls + hogs * weight);
        let ran = if beyond {
            (cores * part).min(calls)
        } else {
            calls
        };
        CoreUse {
            cores,
            busy: (calls + hogs).min(cores),
            ran,
            runnable: calls,
        }
    }

    /// The cores taken after each second.
    fn seconds(
        others: &mut OtherPrograms,
        range: std::ops::Range<u64>,
        cores: f64,
        (hogs, weight): (f64, f64),
    ) -> Vec<f64> {
        range
            .map(|second| {
                let calls = (cores - others.taken() + 0.5).floor().max(1.0);
                let now = Moment::from(Duration::from_secs(second));
                others.observe(now, used(cores, calls, hogs, weight));
                others.taken()
            })
            .collect()
    }

    #[test]
    fn a_hog_is_given_way_to_and_its_room_is_there_again_when_it_leaves() {
        for cores in [2.0, 4.0, 8.0, 16.0] {
            let mut others = OtherPrograms::default();
            let during = seconds(&mut others, 0..15, cores, (0.5 * cores, 1.0));
            let settled = during[9];
            assert!(
                settled > 0.25 * cores && settled <= 0.5 * cores,
                "{during:?}"
            );
            let after = seconds(&mut others, 15..17, cores, (0.0, 1.0));
            assert!(after[1] < 0.01, "{cores} cores: {after:?}");
        }
    }

    #[test]
    fn half_of_the_time_is_claimed_whoever_else_is_there() {
        for cores in [2.0, 4.0, 8.0, 16.0] {
            for hogs in [1.0, 2.0, 8.0] {
                let mut others = OtherPrograms::default();
                let taken = seconds(&mut others, 0..60, cores, (hogs * cores, 1.0));
                assert!(taken.iter().all(|it| *it < 0.01), "{taken:?}");
            }
        }
    }

    #[test]
    fn what_takes_only_what_is_left_over_is_not_given_way_to() {
        for cores in [2.0, 16.0] {
            let mut others = OtherPrograms::default();
            let taken = seconds(&mut others, 0..30, cores, (cores, 15.0 / 1024.0));
            assert!(taken.iter().all(|it| *it < 0.01), "{taken:?}");
        }
    }

    #[test]
    fn beside_a_steady_load_it_does_not_swing() {
        let mut others = OtherPrograms::default();
        let taken = seconds(&mut others, 0..600, 8.0, (4.0, 1.0));
        let settled = taken[5];
        let tries = taken[5..].windows(2).filter(|it| it[1] < it[0] - 0.5);
        assert!(tries.count() <= 8, "{taken:?}");
        let mean = taken[5..].iter().sum::<f64>() / 595.0;
        assert!((mean - settled).abs() < 0.3, "{mean} of {settled}");
    }
}
