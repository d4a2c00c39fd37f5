//! The scheduler's cost: calls without and with dependencies, from enqueue to
//! drain, and the memory a call takes. `cargo bench --bench scheduler`.

mod graphs;

use std::io::{self, Write};
use std::time::Duration;

use fanout::lab::simulate;
use fanout::model::{CallId, Cap, Order, Outcome, Policy, ToolName};
use fanout::sched::{AttemptEnd, CallSpec, Effect, Input, Scheduler, Settings};
use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;

/// Calls told at once.
const BATCH: usize = 10_000;

/// Time and resident bytes from the first call told to the last ended.
fn independent(count: usize) -> (Duration, u64) {
    let policy = Policy {
        cap: Cap::new(8).expect("a cap above 0"),
        ..Policy::default()
    };
    let mut scheduler = Scheduler::new(Settings::new(policy, Pcg64Mcg::seed_from_u64(1)));
    let tool = ToolName::new("tool");
    let batches: Vec<Vec<CallSpec>> = (0..count)
        .step_by(BATCH)
        .map(|first| {
            let ids = (first..(first + BATCH).min(count)).map(CallId::from_index);
            ids.map(|id| CallSpec::new(id, tool.clone())).collect()
        })
        .collect();
    let before = resident_bytes();
    let begun = Clock::start();
    let mut running = std::collections::VecDeque::new();
    let take = |effects: Vec<Effect>, running: &mut std::collections::VecDeque<_>| {
        for effect in effects {
            if let Effect::Start { id, epoch, .. } = effect {
                running.push_back((id, epoch));
            }
        }
    };
    for batch in batches {
        take(
            scheduler.step(Duration::ZERO, Input::CallsQueued(batch)),
            &mut running,
        );
    }
    let grown = resident_bytes().saturating_sub(before);
    let mut now = Duration::ZERO;
    while let Some((id, epoch)) = running.pop_front() {
        now += Duration::from_micros(1);
        scheduler.step(now, Input::AttemptStarted { id, epoch });
        let end = AttemptEnd::plain(Outcome::Succeeded);
        take(
            scheduler.step(now, Input::AttemptEnded { id, epoch, end }),
            &mut running,
        );
    }
    assert_eq!(scheduler.open_calls(), 0);
    (begun.elapsed(), grown)
}

/// Processor time of this thread: on a machine that does other things too the
/// wall clock says little.
struct Clock(u64);

impl Clock {
    fn start() -> Self {
        Self(Self::read())
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(Self::read() - self.0)
    }

    fn read() -> u64 {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
        nanos.unwrap_or(0)
    }
}

/// Resident memory of this process.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    pages * 4096
}

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "processor time of independent calls, cap 8, enqueue to drain (best of 3):"
    )?;
    for count in [10_000, 100_000, 1_000_000] {
        let runs: Vec<(Duration, u64)> = (0..3).map(|_| independent(count)).collect();
        let time = runs.iter().map(|run| run.0).min().unwrap_or_default();
        let bytes = runs[0].1 / count as u64;
        let nanos = time.as_nanos() / count as u128;
        writeln!(
            out,
            "{count:>9}  {time:>10.1?}  {nanos:>5} ns a call  {bytes:>4} bytes a call grown"
        )?;
    }
    for (shape, graph) in [
        ("chains", graphs::chains(1, 100, 1_000)),
        ("fork-joins", graphs::fork_joins(1, 100, 1_000)),
        ("layers", graphs::layers(1, 100, 1_000, 2)),
        ("montage", graphs::montage(1, 25_000)),
    ] {
        let case = graph.case(8, Order::CriticalPath);
        let edges: usize = case.calls.iter().map(|call| call.spec.after.len()).sum();
        let begun = Clock::start();
        let course = simulate(&case);
        let time = begun.elapsed();
        let calls = case.calls.len();
        writeln!(
            out,
            "{shape}: {calls} calls, {edges} edges: simulated in {time:.1?}, {} steps, makespan {:.0?}",
            course.steps, course.makespan
        )?;
    }
    Ok(())
}
