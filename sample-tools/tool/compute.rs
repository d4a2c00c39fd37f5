//! Tools that use cores and memory.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use super::{Arguments, Exit, SampleToolError, Streams};

/// Number of rounds that the printed sum is made of, for each unit of work: few,
/// so that they take less than the unit in any build.
const ROUNDS: u64 = 100;
/// Number of rounds between two looks at the clock.
const ROUNDS_A_LOOK: u64 = 1_000;
/// Pieces that the work of each core is told in.
const PIECES: u64 = 10;

/// Uses `work` milliseconds of CPU time, spread over some cores: with the
/// machine to itself it takes `work` milliseconds divided by `cores`, under
/// contention longer, in whatever way the program was built. The printed sum
/// depends on the arguments only.
pub(super) fn burn(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let cores = arguments.number("cores", 1, 256)?.max(1);
    let work = arguments.number("work", 1_000, 1_000_000)?;
    let label = arguments.text("label")?;
    arguments.finish()?;

    let rounds = work * ROUNDS / cores / PIECES;
    let time = Duration::from_micros(work * 1_000 / cores / PIECES);
    let mut sums: Vec<u64> = (1..=cores).collect();
    for piece in 1..=PIECES {
        std::thread::scope(|scope| {
            for sum in &mut sums {
                scope.spawn(move || {
                    *sum = stir(*sum, rounds);
                    use_up(time);
                });
            }
        });
        writeln!(streams.stderr, "{} % done", piece * 100 / PIECES)
            .map_err(SampleToolError::Output)?;
    }
    let sum = sums.iter().fold(0, |all, sum| all ^ sum);
    let result = json!({
        "label": label, "cores": cores, "work": work, "sum": format!("{sum:016x}"),
    });
    writeln!(streams.stdout, "{result}").map_err(SampleToolError::Output)?;
    Ok(0)
}

fn sleep_until(end: Instant) {
    std::thread::sleep(end.saturating_duration_since(Instant::now()));
}

/// Computes until this thread has used so much CPU time.
fn use_up(time: Duration) {
    let mut state = 1;
    while thread_cpu_time() < time {
        state = stir(black_box(state), ROUNDS_A_LOOK);
    }
}

/// Returns the CPU time that this thread has used.
fn thread_cpu_time() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(used.tv_sec).unwrap_or_default(),
        u32::try_from(used.tv_nsec).unwrap_or_default(),
    )
}

/// Rounds of the finaliser of `SplitMix64` (Steele, Lea and Flood 2014), each
/// depending on the one before.
fn stir(mut state: u64, rounds: u64) -> u64 {
    let mut left = black_box(rounds);
    while left > 0 {
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ left;
        left -= 1;
    }
    state
}

/// Fills memory step by step, keeps it for a while and gives it back. To fill it
/// counts as a part of the time.
pub(super) fn allocate(arguments: &mut Arguments, streams: &mut Streams<'_>) -> Exit {
    let mib = arguments.number("mib", 64, 65_536)?;
    let time = arguments.millis("ms", 2_000)?;
    arguments.finish()?;

    let begun = Instant::now();
    let steps = mib.clamp(1, 16);
    let step_time = time / u32::try_from(steps * 2).unwrap_or(u32::MAX);
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    let mut filled = 0;
    for step in 1..=steps {
        let upto = mib * step / steps;
        // Bytes other than 0, so that the pages are really there.
        blocks.push(vec![
            0xa5;
            usize::try_from((upto - filled) << 20)
                .unwrap_or(usize::MAX)
        ]);
        filled = upto;
        writeln!(streams.stderr, "{filled} of {mib} MiB").map_err(SampleToolError::Output)?;
        sleep_until(begun + step_time * step as u32);
    }
    sleep_until(begun + time);
    let bytes: usize = black_box(&blocks).iter().map(Vec::len).sum();
    let result = json!({ "mib": mib, "bytes": bytes });
    writeln!(streams.stdout, "{result}").map_err(SampleToolError::Output)?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::outcome;
    use super::*;

    #[test]
    fn the_same_work_gives_the_same_sum() {
        let (code, first, _) = outcome("burn", &["--work", "1", "--cores", "2"]);
        let (_, second, remarks) = outcome("burn", &["--work=1", "--cores=2"]);
        assert_eq!((code, &first), (0, &second));
        assert!(remarks.ends_with("100 % done\n"));
        assert_ne!(stir(1, 10), stir(1, 11));
    }

    #[test]
    fn work_is_a_time_of_the_cpu() {
        let before = thread_cpu_time();
        use_up(before + Duration::from_millis(5));
        let used = thread_cpu_time().saturating_sub(before);
        assert!(used >= Duration::from_millis(5), "{used:?}");
    }

    #[test]
    fn allocated_memory_is_counted() {
        let (code, printed, _) = outcome("allocate", &["--mib", "3", "--ms", "0"]);
        assert_eq!(
            (code, printed.as_str()),
            (0, "{\"mib\":3,\"bytes\":3145728}\n")
        );
    }
}
