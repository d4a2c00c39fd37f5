//! Wide calls among narrow ones: a reservation keeps the wide from starving
//! and backfill keeps the narrow from waiting for them.

use std::time::Duration;

use fanout::lab::{SimulatedCall, SimulationInput, simulate};
use fanout::model::{CallId, Cap, Order, Policy, ToolName};
use fanout::sched::{CallSpec, SchedulerSettings};
use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;

use crate::graphs::Graph;

/// Cores that the calls share.
const CORES: f64 = 8.0;
/// How much of the cores is asked for over time.
const LOAD: f64 = 0.85;
/// One in so many calls is wide.
const WIDE: usize = 10;
/// Mean of a log-normal run time whose median is one unit.
const MEAN_RUN: f64 = 1.6487;
/// Mean of the cores that a call claims: 1, or 4 to 8.
const MEAN_WIDTH: f64 = 0.9 + 0.1 * 6.0;
const CALLS: usize = 2_000;

/// A number from the standard normal distribution (G. Box, M. Muller, 1958).
fn normal(random: &mut Graph) -> f64 {
    let (radius, angle) = (1.0 - random.part(), random.part());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

fn units(count: f64) -> Duration {
    Duration::from_secs_f64(count)
}

/// Calls that come at random; `noise` is the deviation of the logarithm of
/// their estimates.
fn crowd(seed: u64, noise: f64, order: Order) -> SimulationInput {
    let mut random = Graph::new(seed);
    let mut now = 0.0;
    let calls = (0..CALLS).map(|index| {
        now -= (1.0 - random.part()).ln() * MEAN_RUN * MEAN_WIDTH / (CORES * LOAD);
        let mut spec = CallSpec::new(CallId::from_index(index), ToolName::new("tool"));
        let is_wide = random.part() * (WIDE as f64) < 1.0;
        let width = if is_wide {
            (4.0 + random.part() * 5.0).floor()
        } else {
            1.0
        };
        spec.claims.cpus = Some(width);
        spec.start_after = Some(units(now));
        let run = normal(&mut random).exp();
        let estimate = run * (noise * normal(&mut random)).exp();
        spec.estimate = Some(units(estimate));
        SimulatedCall {
            spec,
            run: units(run),
        }
    });
    let calls = calls.collect();
    let policy = Policy {
        cap: Cap::new(64).expect("a cap above 0"),
        order,
        ..Policy::default()
    };
    let mut settings = SchedulerSettings::new(policy, Pcg64Mcg::seed_from_u64(0));
    settings.cores = Some(CORES);
    SimulationInput {
        settings,
        calls,
        running: 0,
        assumed: 0,
    }
}

/// Mean wait of narrow calls and the 99th percentile of wide ones, in units.
fn waits(noise: f64, order: Order) -> (f64, f64) {
    let (mut narrow, mut wide) = (Vec::new(), Vec::new());
    for seed in 0..6 {
        let case = crowd(seed, noise, order);
        let course = simulate(&case);
        for (call, span) in case.calls.iter().zip(&course.spans) {
            let (start, _) = span.expect("every call starts");
            let wait = start.saturating_sub(call.spec.start_after.unwrap_or_default());
            let is_wide = call.spec.claims.cpus > Some(1.0);
            let waits = if is_wide { &mut wide } else { &mut narrow };
            waits.push(wait.as_secs_f64());
        }
    }
    wide.sort_by(f64::total_cmp);
    let mean = narrow.iter().sum::<f64>() / narrow.len() as f64;
    (mean, wide[wide.len() * 99 / 100])
}

#[test]
fn wide_calls_do_not_starve_and_narrow_ones_do_not_wait_for_them() {
    for order in [Order::CriticalPath, Order::Fifo] {
        let (exact, noisy) = (waits(0.0, order), waits(1.0, order));
        let found = format!("{order:?}: exact {exact:.1?}, noisy {noisy:.1?}");
        // What EASY backfilling reaches, exact and noisy, and half as much more.
        assert!(exact.0 <= 5.0 * 1.5 && exact.1 <= 43.0 * 1.5, "{found}");
        assert!(noisy.0 <= 15.0 * 1.5 && noisy.1 <= 62.0 * 1.5, "{found}");
    }
}
