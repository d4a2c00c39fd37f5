//! Random tests by time: two seconds each, times `FANOUT_TEST_SCALE`, which is
//! 10 in `.ci/run` and 300 for ten minutes.

use std::time::{Duration, Instant};

use proptest::test_runner::Config;

/// Time of one test at scale 1.
const TIME: Duration = Duration::from_secs(2);

/// Cases between two looks at the clock.
const CASES: u32 = 32;

/// Tries batches of cases until the time is over.
pub(super) fn for_a_while(batch: impl Fn(Config)) {
    let scale = std::env::var("FANOUT_TEST_SCALE").ok();
    let scale = scale.and_then(|text| text.parse::<f64>().ok());
    let end = Instant::now() + TIME.mul_f64(scale.unwrap_or(1.0));
    loop {
        batch(Config {
            cases: CASES,
            max_shrink_time: 30_000,
            // What was found is put into the corpus by hand.
            failure_persistence: None,
            ..Config::default()
        });
        if Instant::now() >= end {
            return;
        }
    }
}
