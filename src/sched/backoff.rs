//! How long a call waits before another attempt.

use std::time::Duration;

use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

/// The longest delay before another attempt.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest delay before the second attempt; it doubles from there.
const FIRST: Duration = Duration::from_millis(500);

/// A delay with full jitter after attempt number `attempt`:
/// `U(0, min(30 s, 0.5 s * 2^k))` with `k` retries before this one, in whole
/// microseconds. Source: M. Brooker, "Exponential Backoff And Jitter", AWS.
pub(super) fn full_jitter(generator: &mut Pcg64Mcg, attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let limit = LONGEST.min(FIRST * (1 << doublings));
    let span = limit.as_micros() as u64 + 1;
    // The high half of the product is uniform enough: the bias of a span of
    // 2^25 in 2^64 cannot be seen.
    let drawn = (u128::from(generator.next_u64()) * u128::from(span)) >> 64;
    Duration::from_micros(drawn as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_spread_over_the_whole_range_and_stop_growing() {
        let mut generator = Pcg64Mcg::new(7);
        for (attempt, limit_ms) in [(1, 500), (2, 1_000), (7, 30_000), (200, 30_000)] {
            let drawn: Vec<u128> = (0..2_000)
                .map(|_| full_jitter(&mut generator, attempt).as_millis())
                .collect();
            let mean = drawn.iter().sum::<u128>() / 2_000;
            assert!(drawn.iter().all(|delay| *delay <= limit_ms));
            assert!(mean.abs_diff(limit_ms / 2) < limit_ms / 20, "mean {mean}");
        }
    }
}
