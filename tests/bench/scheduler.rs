//! The scheduler's cost: calls without and with dependencies, from enqueue to
//! drain, and the memory a call takes. `cargo bench --bench scheduler`.

mod graphs;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::Duration;

use fanout::lab::simulate;
use fanout::model::{CallId, Cap, Epoch, Order, Outcome, Policy, ToolName};
use fanout::sched::{AttemptResult, CallSpec, Effect, Input, Scheduler, SchedulerSettings};
use rand_core::SeedableRng;
use rand_pcg::Pcg64Mcg;

/// Calls told at once.
const BATCH: usize = 10_000;
/// Runs of each size; the shortest counts.
const RUNS: usize = 5;

/// Processor time of the scheduler, and resident bytes grown, from the first
/// call told to the last ended. Making what it is told is not its cost.
fn independent(count: usize) -> (Duration, u64) {
    let policy = Policy {
        cap: Cap::new(8).expect("a cap above 0"),
        ..Policy::default()
    };
    let mut scheduler = Scheduler::new(SchedulerSettings::new(policy, Pcg64Mcg::seed_from_u64(1)));
    let tool = ToolName::new("tool");
    let before = resident_bytes();
    let mut spent = Duration::ZERO;
    let mut running = VecDeque::new();
    for first in (0..count).step_by(BATCH) {
        let ids = (first..(first + BATCH).min(count)).map(CallId::from_index);
        let batch = ids.map(|id| CallSpec::new(id, tool.clone())).collect();
        let begun = Clock::start();
        let effects = scheduler.step(Duration::ZERO, Input::CallsQueued(batch));
        spent += begun.elapsed();
        started(effects, &mut running);
    }
    let grown = resident_bytes().saturating_sub(before);
    let begun = Clock::start();
    let mut now = Duration::ZERO;
    while let Some((id, epoch)) = running.pop_front() {
        now += Duration::from_micros(1);
        scheduler.step(now, Input::AttemptStarted { id, epoch });
        let end = AttemptResult::plain(Outcome::Succeeded);
        let ended = Input::AttemptEnded { id, epoch, end };
        started(scheduler.step(now, ended), &mut running);
    }
    assert_eq!(scheduler.open_calls(), 0);
    (spent + begun.elapsed(), grown)
}

/// Takes over what was started.
fn started(effects: Vec<Effect>, running: &mut VecDeque<(CallId, Epoch)>) {
    for effect in effects {
        if let Effect::Start { id, epoch, .. } = effect {
            running.push_back((id, epoch));
        }
    }
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
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        (time.tv_sec * 1_000_000_000 + time.tv_nsec).cast_unsigned()
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
        "processor time of independent calls, cap 8, enqueue to drain (best of 5):"
    )?;
    // The largest first: memory that was used before is not seen to grow.
    let mut fewest = Vec::new();
    for count in [1_000_000, 100_000, 10_000] {
        let runs: Vec<(Duration, u64)> = (0..RUNS).map(|_| independent(count)).collect();
        let time = runs.iter().map(|run| run.0).min().unwrap_or_default();
        let nanos = time.as_nanos() / count as u128;
        write!(out, "{count:>9}  {time:>10.1?}  {nanos:>5} ns a call")?;
        if fewest.is_empty() {
            write!(out, "  {} bytes a call", runs[0].1 / count as u64)?;
        }
        writeln!(out)?;
        fewest.push(nanos);
    }
    let growth = fewest[0] as f64 / fewest[2] as f64;
    writeln!(
        out,
        "a call of 1,000,000 costs {growth:.2} times one of 10,000"
    )?;
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
