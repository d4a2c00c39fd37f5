//! Multiplicative factor (0.4 to 1.25) on the core budget, driven by CPU
//! pressure.
//!
//! Against oscillation it uses the current pressure, not a long average; has a
//! dead band (0.05 to 0.25); waits 2 s after a step down and 10 s before it
//! reverses; shrinks only where that keeps a call from starting; and grows only
//! while calls wait for cores.

use std::time::Duration;

use super::super::moment::Moment;
use crate::model::CapCause;

/// Time between two decisions.
const PERIOD: Duration = Duration::from_secs(1);
/// Readings come a little early or late.
const SLACK: Duration = Duration::from_millis(100);
/// Above this pressure there is less room.
const HIGH: f64 = 0.25;
/// More room than there are cores is given back above this one already.
const HIGH_BEYOND: f64 = 0.10;
/// Pressure is about (R - C) / C with R runnable threads on C cores. It takes
/// this much of a call too many before one call fewer is better: on two cores
/// that both compute, what else stirs now and then shows as up to 0.26
/// (measured), while one call too many shows as 0.5 and more.
const ONE_TOO_MANY: f64 = 0.8;
/// Above this one at once, also right after growth.
const URGENT: f64 = 0.5;
/// Under this pressure there may be more room.
const LOW: f64 = 0.05;
/// Cores are taken to be all in use from this share on.
const FULL: f64 = 0.90;
/// Without pressure readings: this share of the cores busy, for so many periods,
/// counts as high pressure.
const SATURATED: (f64, u32) = (0.97, 3);
const LEAST: f64 = 0.4;
const MOST: f64 = 1.25;
const SHRINK: f64 = 0.85;
/// Growth beyond what the cores are.
const GROW: f64 = 1.05;
/// Growth up to that.
const GROW_BACK: f64 = 1.15;
/// Time for a step down to show.
const SETTLE: Duration = Duration::from_secs(2);
/// Time before a change of direction.
const PATIENCE: Duration = Duration::from_secs(10);
/// At most, after growth that had to be taken back again and again.
const MOST_PATIENCE: Duration = Duration::from_secs(160);

/// One reading of the machine, as the controller sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation {
    /// 0 to 1; `None` where there is nothing to go by.
    pub pressure: Option<f64>,
    /// Share of the cores in use.
    pub busy: Option<f64>,
    /// How many cores there are.
    pub cores: f64,
    /// A call waits for nothing but its share of the cores.
    pub is_short_of_cores: bool,
    /// Running calls are expected to need more cores than there are.
    pub is_overbooked: bool,
    /// The part of the room that running calls are expected to fill; 0 where
    /// only one runs, which always may.
    pub filled: f64,
}

/// Decision of one period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Adjustment {
    /// Why the factor changed, if it did.
    pub cause: Option<CapCause>,
}

/// The factor and its past.
#[derive(Debug)]
pub(super) struct PressureController {
    factor: f64,
    /// Number of readings in this period, and the sums of their figures.
    readings: u32,
    pressure_sum: Option<f64>,
    busy_sum: Option<f64>,
    pressure: Option<f64>,
    last_observed: Option<Moment>,
    hold_until: Moment,
    last_shrink: Option<Moment>,
    last_growth: Option<Moment>,
    patience: Duration,
    saturated: u32,
}

impl Default for PressureController {
    fn default() -> Self {
        Self {
            factor: 1.0,
            readings: 0,
            pressure_sum: Some(0.0),
            busy_sum: Some(0.0),
            pressure: None,
            last_observed: None,
            hold_until: Moment::START,
            last_shrink: None,
            last_growth: None,
            patience: PATIENCE,
            saturated: 0,
        }
    }
}

impl PressureController {
    pub(super) fn factor(&self) -> f64 {
        self.factor
    }

    /// Mean pressure of the last period, 0 to 1.
    pub(super) fn pressure(&self) -> Option<f64> {
        self.pressure
    }

    /// Takes a reading; returns a decision once a period is over.
    pub(super) fn observe(&mut self, now: Moment, observation: &Observation) -> Option<Adjustment> {
        self.readings += 1;
        let add = |sum: Option<f64>, figure: Option<f64>| Some(sum? + figure?);
        self.pressure_sum = add(self.pressure_sum, observation.pressure);
        self.busy_sum = add(self.busy_sum, observation.busy);
        let last = *self.last_observed.get_or_insert(now);
        if now.since(last) + SLACK < PERIOD {
            return None;
        }
        let readings = f64::from(self.readings);
        let busy = self.busy_sum.map(|sum| sum / readings);
        self.pressure = self.pressure_sum.map(|sum| sum / readings);
        self.readings = 0;
        self.pressure_sum = Some(0.0);
        self.busy_sum = Some(0.0);
        self.last_observed = Some(now);
        Some(Adjustment {
            cause: self.decide(now, busy, observation),
        })
    }

    fn decide(
        &mut self,
        now: Moment,
        busy: Option<f64>,
        observation: &Observation,
    ) -> Option<CapCause> {
        let is_saturated =
            busy.is_some_and(|busy| busy >= SATURATED.0) && observation.is_overbooked;
        self.saturated = if is_saturated { self.saturated + 1 } else { 0 };
        let high = if self.factor > 1.0 { HIGH_BEYOND } else { HIGH };
        let high = high.max(ONE_TOO_MANY / observation.cores);
        let pressure = match self.pressure {
            None if self.saturated >= SATURATED.1 => high + LOW,
            None => 0.0,
            Some(pressure) => pressure,
        };
        if now < self.hold_until {
            return None;
        }
        // Cores that idle while somebody waits for one are badly shared out, or
        // were full for a moment only: fewer calls would leave more of them idle.
        let is_idle = busy.is_some_and(|busy| busy < FULL);
        // Room that nobody fills is no cause of pressure, and less of it no cure.
        let is_filled = observation.filled > SHRINK;
        if pressure > high && !is_idle && is_filled && self.may_shrink(now, pressure) {
            return self.shrink(now);
        }
        // Room that was taken away comes back without idle cores, too: others
        // may keep those busy.
        let is_room = is_idle || self.factor < 1.0;
        if pressure < LOW && is_room && observation.is_short_of_cores && self.may_grow(now) {
            return self.grow(now);
        }
        None
    }

    fn may_shrink(&self, now: Moment, pressure: f64) -> bool {
        let grew = self
            .last_growth
            .filter(|at| self.last_shrink.is_none_or(|it| it < *at));
        pressure > URGENT || grew.is_none_or(|at| now.since(at) >= PATIENCE)
    }

    fn may_grow(&self, now: Moment) -> bool {
        self.last_shrink
            .is_none_or(|at| now.since(at) >= self.patience)
    }

    fn shrink(&mut self, now: Moment) -> Option<CapCause> {
        // More room than there are cores is given back first.
        let least = if self.factor > 1.0 { 1.0 } else { LEAST };
        let factor = (self.factor * SHRINK).max(least);
        if factor >= self.factor {
            return None;
        }
        // Growth that has to be taken back soon is tried less often.
        let is_turn = self.last_growth > self.last_shrink;
        let was_in_vain = self
            .last_growth
            .is_some_and(|at| now.since(at) <= PATIENCE * 2);
        self.patience = match (is_turn, was_in_vain) {
            (true, true) => (self.patience * 2).min(MOST_PATIENCE),
            (true, false) => PATIENCE,
            (false, _) => self.patience,
        };
        self.factor = factor;
        self.hold_until = now.plus(SETTLE);
        self.last_shrink = Some(now);
        Some(CapCause::Pressure)
    }

    fn grow(&mut self, now: Moment) -> Option<CapCause> {
        let factor = if self.factor < 1.0 {
            (self.factor * GROW_BACK).min(1.0)
        } else {
            (self.factor * GROW).min(MOST)
        };
        if factor <= self.factor {
            return None;
        }
        self.factor = factor;
        self.last_growth = Some(now);
        Some(CapCause::Slack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(pressure: f64, busy: f64) -> Observation {
        Observation {
            pressure: Some(pressure),
            busy: Some(busy),
            cores: 8.0,
            is_short_of_cores: true,
            is_overbooked: false,
            filled: 1.0,
        }
    }

    /// The factor after each second of the same look.
    fn factors(
        controller: &mut PressureController,
        from: u64,
        seconds: u64,
        observation: &Observation,
    ) -> Vec<f64> {
        let at = |second| Moment::from(Duration::from_secs(second));
        (from..from + seconds)
            .map(|second| {
                controller.observe(at(second), observation);
                controller.factor()
            })
            .collect()
    }

    #[test]
    fn pressure_shrinks_it_and_each_step_has_time_to_show() {
        let mut controller = PressureController::default();
        let steps = factors(&mut controller, 0, 6, &look(0.4, 1.0));
        let steps: Vec<i64> = steps
            .iter()
            .map(|it| (it * 1000.0).round() as i64)
            .collect();
        assert_eq!(steps, [1000, 850, 850, 722, 722, 614]);
        let last = factors(&mut controller, 6, 60, &look(0.4, 1.0));
        assert_eq!(last.last(), Some(&LEAST));
    }

    #[test]
    fn room_that_nobody_fills_is_not_taken_away() {
        let mut controller = PressureController::default();
        let mut unfilled = look(0.6, 1.0);
        unfilled.filled = 0.8;
        assert_eq!(factors(&mut controller, 0, 30, &unfilled), [1.0; 30]);
    }

    #[test]
    fn within_the_band_nothing_changes() {
        let mut controller = PressureController::default();
        let mut band = look(0.05, 0.5);
        assert_eq!(factors(&mut controller, 0, 30, &band), [1.0; 30]);
        band.pressure = Some(0.25);
        assert_eq!(factors(&mut controller, 30, 30, &band), [1.0; 30]);
    }

    #[test]
    fn pressure_beside_idle_cores_changes_nothing() {
        let mut controller = PressureController::default();
        let mut shared_out_badly = look(0.6, 0.8);
        assert_eq!(
            factors(&mut controller, 0, 30, &shared_out_badly),
            [1.0; 30]
        );
        shared_out_badly.busy = None;
        let last = factors(&mut controller, 30, 4, &shared_out_badly);
        assert!(last.last() < Some(&1.0), "{last:?}");
    }

    #[test]
    fn on_few_cores_less_than_a_call_too_many_changes_nothing() {
        let mut controller = PressureController::default();
        let mut two_cores = look(0.3, 1.0);
        two_cores.cores = 2.0;
        assert_eq!(factors(&mut controller, 0, 30, &two_cores), [1.0; 30]);
        two_cores.pressure = Some(0.5);
        let last = factors(&mut controller, 30, 4, &two_cores);
        assert!(last.last() < Some(&1.0), "{last:?}");
    }

    #[test]
    fn it_grows_only_while_calls_wait_for_cores_that_idle() {
        let mut controller = PressureController::default();
        let mut calm = look(0.0, 0.95);
        assert_eq!(factors(&mut controller, 0, 9, &calm), [1.0; 9]);
        calm.busy = Some(0.3);
        calm.is_short_of_cores = false;
        assert_eq!(factors(&mut controller, 9, 9, &calm), [1.0; 9]);
        calm.is_short_of_cores = true;
        let last = factors(&mut controller, 18, 9, &calm);
        assert_eq!(last.last(), Some(&MOST));
    }

    #[test]
    fn growth_that_is_taken_back_is_tried_less_and_less_often() {
        let mut controller = PressureController::default();
        let mut turns = Vec::new();
        let mut before = controller.factor();
        let mut was_up = None;
        for second in 0..400 {
            // One more than fits is much too much; one less leaves a core idle.
            let seen = if controller.factor() > 0.9 {
                look(0.6, 1.0)
            } else {
                look(0.0, 0.5)
            };
            controller.observe(Moment::from(Duration::from_secs(second)), &seen);
            if controller.factor().to_bits() != before.to_bits() {
                let is_up = controller.factor() > before;
                if was_up.is_some_and(|was| was != is_up) {
                    turns.push(second);
                }
                (was_up, before) = (Some(is_up), controller.factor());
            }
        }
        let tries: Vec<u64> = turns.windows(3).map(|it| it[2] - it[0]).collect();
        assert!(turns.len() <= 12, "{turns:?}");
        assert!(tries.iter().all(|time| *time >= 10), "{turns:?}");
    }

    #[test]
    fn without_pressure_full_cores_count_once_they_stay_full() {
        let mut controller = PressureController::default();
        let full = Observation {
            pressure: None,
            busy: Some(1.0),
            cores: 8.0,
            is_short_of_cores: true,
            is_overbooked: true,
            filled: 1.0,
        };
        let steps = factors(&mut controller, 0, 5, &full);
        assert_eq!(steps, [1.0, 1.0, 1.0, 0.85, 0.85]);
        assert_eq!(controller.pressure(), None);
    }
}
