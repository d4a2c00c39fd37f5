//! One attempt under a supervisor: from the launch to its ending.

use std::future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use rustix::io::Errno;
use tokio::time::{self, Instant};

use super::Shared;
use super::keeper::Health;
use super::lane::Lane;
use crate::exec::pipes::{Pipes, ToolEnds};
use crate::exec::refusal::shortage;
use crate::exec::report::Reporter;
use crate::exec::wire::{Done, News, Order, Stage};
use crate::exec::{Refusal, StopTokens, program};
use crate::model::{Ending, Launch, Leftover, Measured, Outcome, Source};
use crate::output::Sink;

/// A supervisor answers a kill within 5 s, also where it did not succeed. One
/// that takes longer is itself at fault.
const ANSWER_DEADLINE: Duration = Duration::from_secs(7);

/// What the warden needs at most to clear what a dead supervisor left.
const CLEAR_DEADLINE: Duration = Duration::from_secs(5);

/// Pauses between tries when the system is short of something.
const BACKOFF: [Duration; 3] = [
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(250),
];

/// A program that runs under a supervisor, and our ends of its pipes.
pub(super) struct Attempt<P> {
    lane: Lane,
    pid: u32,
    pipes: P,
}

/// Our ends of a program's pipes, while it is supervised.
pub(super) trait Pump {
    /// Waits until a pipe can move and moves one piece. Never ready once all
    /// are closed; nothing is lost where the wait is given up.
    fn step(&mut self) -> impl Future<Output = ()> + Send;

    /// Nothing more is written to the program.
    fn close_stdin(&mut self);
}

/// The pipes of a call: what it prints goes to its sink.
struct CallPump<'p> {
    pipes: &'p mut Pipes,
    sink: &'p Sink,
}

impl Pump for CallPump<'_> {
    async fn step(&mut self) {
        self.pipes.step(self.sink).await;
    }

    fn close_stdin(&mut self) {
        self.pipes.close_stdin();
    }
}

/// How a start went wrong.
enum Hitch {
    /// For good.
    Refused(Refusal),
    /// Perhaps only for a moment.
    Short(Errno),
    /// The supervisor died before it told of the start.
    Lost(Lane),
}

/// How the supervising came to its end.
pub(super) enum End {
    /// The supervisor told.
    Done(Done),
    /// The supervisor died, or was given up.
    Lost(&'static str),
}

impl Attempt<Pipes> {
    /// Starts the program of a call.
    pub(super) async fn of_call(
        shared: &Shared,
        launch: &Launch,
        stop: &StopTokens,
    ) -> Result<Self, Ending> {
        Self::begin(shared, launch, stop, &|| Pipes::new(&launch.stdin)).await
    }

    /// Runs to the end, whatever happens in the pump.
    pub(super) async fn run(
        mut self,
        reporter: &Reporter,
        stop: &StopTokens,
        sink: Sink,
    ) -> Ending {
        reporter.started(Some(self.pid)).await;
        let mut pump = CallPump {
            pipes: &mut self.pipes,
            sink: &sink,
        };
        let supervised = supervise(&self.lane, stop, &mut pump);
        let pumped = AssertUnwindSafe(supervised).catch_unwind().await;
        let Ok(end) = pumped else {
            return self.abort().await;
        };
        self.pipes.take_rest(&sink);
        sink.finish();
        self.conclude(end).await
    }
}

impl<P> Attempt<P> {
    /// Starts the program of a launch with the pipes that `make` makes, with
    /// some patience if the system is short of something.
    pub(super) async fn begin(
        shared: &Shared,
        launch: &Launch,
        stop: &StopTokens,
        make: &(dyn Fn() -> io::Result<(P, ToolEnds)> + Sync),
    ) -> Result<Self, Ending> {
        let program = program::find(launch).map_err(Refusal::into_ending)?;
        let mut pauses = BACKOFF.iter();
        loop {
            if stop.soft.is_cancelled() || stop.hard.is_cancelled() {
                return Err(Refusal::Stopped.into_ending());
            }
            let errno = match Self::try_begin(shared, launch, &program, make).await {
                Ok(attempt) => return Ok(attempt),
                Err(Hitch::Refused(refusal)) => return Err(refusal.into_ending()),
                Err(Hitch::Lost(lane)) => return Err(lost(&lane, "its supervisor died", 0).await),
                Err(Hitch::Short(errno)) => errno,
            };
            let Some(pause) = pauses.next() else {
                return Err(exhausted(errno).into_ending());
            };
            tokio::select! {
                () = time::sleep(*pause) => {}
                () = stop.soft.cancelled() => {}
                () = stop.hard.cancelled() => {}
            }
        }
    }

    async fn try_begin(
        shared: &Shared,
        launch: &Launch,
        program: &Path,
        make: &(dyn Fn() -> io::Result<(P, ToolEnds)> + Sync),
    ) -> Result<Self, Hitch> {
        let message = Order::start_message(launch, program);
        let (pipes, ends) = make().map_err(|error| hitch(&error, "pipes"))?;
        let lane = loop {
            let keeper = shared
                .keeper()
                .map_err(|error| hitch(&error, "the warden"))?;
            let lane = keeper
                .take()
                .map_err(|error| hitch(&error, "a supervisor"))?;
            match lane.start(&message, &ends) {
                Ok(()) => break lane,
                // It died while it was idle.
                Err(Errno::PIPE | Errno::CONNRESET) => {}
                Err(errno) => return Err(hitch(&errno.into(), "an order")),
            }
        };
        drop(ends);
        match lane.news().await {
            Some(News::Started { pid }) => Ok(Self { lane, pid, pipes }),
            Some(News::Refused { stage, errno }) => {
                if stage != Stage::Supervisor {
                    lane.keep();
                }
                let errno = Errno::from_raw_os_error(errno);
                Err(match shortage(errno) {
                    Some(_) => Hitch::Short(errno),
                    None => Hitch::Refused(program::explain(launch, program, stage.word(), errno)),
                })
            }
            Some(News::Exited(_) | News::Done(_)) | None => Err(Hitch::Lost(lane)),
        }
    }

    /// The pump panicked: the tree goes, and the call has failed.
    async fn abort(self) -> Ending {
        self.lane.tell(&Order::Kill);
        let due = Instant::now() + ANSWER_DEADLINE;
        let end = loop {
            match time::timeout_at(due, self.lane.news()).await {
                Ok(Some(News::Done(done))) => break End::Done(done),
                Ok(Some(_)) => {}
                Ok(None) => break End::Lost("its supervisor died"),
                Err(_) => break End::Lost("its supervisor did not answer"),
            }
        };
        Ending {
            outcome: Outcome::Failed,
            reason: Some("an internal error ended it: the pump panicked".to_owned()),
            ..self.conclude(end).await
        }
    }

    /// The supervisor, to give it orders.
    pub(super) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Process id of the program.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Its pipes, to be taken over.
    pub(super) fn pipes(&mut self) -> &mut P {
        &mut self.pipes
    }

    /// What is known at the end.
    pub(super) async fn conclude(self, end: End) -> Ending {
        match end {
            End::Done(done) => {
                if done.unconfirmed.is_empty() {
                    self.lane.keep();
                }
                ending(done)
            }
            End::Lost(reason) => lost(&self.lane, reason, self.pid).await,
        }
    }
}

/// Pumps and passes stops on until the supervisor says that it is over.
pub(super) async fn supervise(lane: &Lane, stop: &StopTokens, pump: &mut impl Pump) -> End {
    let mut soft = pin!(stop.soft.cancelled());
    let mut hard = pin!(stop.hard.cancelled());
    let mut health = lane.keeper().health();
    let mut warden_died = pin!(health.wait_for(|health| *health != Health::Alive));
    let (mut is_soft, mut is_hard, mut is_lost) = (false, false, false);
    let mut answer_due: Option<Instant> = None;
    loop {
        tokio::select! {
            biased;
            () = &mut hard, if !is_hard => {
                is_hard = true;
                lane.tell(&Order::Kill);
                answer_due.get_or_insert(Instant::now() + ANSWER_DEADLINE);
            }
            () = &mut soft, if !is_soft => {
                is_soft = true;
                pump.close_stdin();
                lane.tell(&Order::Terminate);
            }
            _ = &mut warden_died, if !is_lost => {
                is_lost = true;
                lane.tell(&Order::Kill);
                answer_due.get_or_insert(Instant::now() + ANSWER_DEADLINE);
            }
            news = lane.news() => match news {
                Some(News::Exited(_)) => pump.close_stdin(),
                Some(News::Done(_)) if is_lost => return End::Lost("the warden died"),
                Some(News::Done(done)) => return End::Done(done),
                Some(News::Started { .. } | News::Refused { .. }) => {}
                None => return End::Lost("its supervisor died"),
            },
            () = due(answer_due) => {
                lane.keeper().abandon(lane.key());
                return End::Lost("its supervisor did not answer");
            }
            () = pump.step() => {}
        }
    }
}

/// The ending that a supervisor's account comes to.
fn ending(done: Done) -> Ending {
    let mut ending = match done.exit {
        Some(exit) => exit.into_ending(),
        None => Ending::plain(Outcome::Unconfirmed),
    };
    if !done.unconfirmed.is_empty() {
        ending.outcome = Outcome::Unconfirmed;
        ending.reason = Some(unconfirmed_reason(&done.unconfirmed));
    } else if ending.outcome == Outcome::Succeeded && !done.leaked.is_empty() {
        ending.outcome = Outcome::Leaked;
    }
    let exact = |value| Measured {
        value,
        source: Source::Exact,
    };
    Ending {
        cpu_ms: done.cpu_us.map(|cpu_us| exact(cpu_us.div_ceil(1000))),
        peak_rss_bytes: done.peak_rss_bytes.map(exact),
        leaked: done.leaked,
        unconfirmed: done.unconfirmed,
        ..ending
    }
}

/// Who was not confirmed dead, and why, as far as a line has room for it.
fn unconfirmed_reason(leftovers: &[Leftover]) -> String {
    /// Leftovers that are named; the rest is counted.
    const NAMED: usize = 3;
    let mut reason = "not confirmed dead 5 s after SIGKILL: ".to_owned();
    let named = leftovers.iter().take(NAMED).map(|leftover| {
        let why = leftover.reason.as_deref().unwrap_or("it is still there");
        format!("{} (pid {}), {why}", leftover.name, leftover.pid)
    });
    reason.push_str(&named.collect::<Vec<_>>().join("; "));
    if leftovers.len() > NAMED {
        reason.push_str("; and more: ");
        reason.push_str(&(leftovers.len() - NAMED).to_string());
    }
    reason
}

/// The end of a call whose supervisor died: told only once what that had is
/// gone, too. `main` is its main process, 0 if that was not heard of.
async fn lost(lane: &Lane, reason: &str, main: u32) -> Ending {
    let cleared = lane.keeper().cleared(lane.key());
    let is_cleared = time::timeout(CLEAR_DEADLINE, cleared).await.is_ok();
    let unseen = format!("{reason}, and what it left was not seen to be gone");
    let (outcome, reason, unconfirmed) = match main {
        _ if is_cleared => (Outcome::Lost, reason.to_owned(), Vec::new()),
        0 => (Outcome::Unconfirmed, unseen, Vec::new()),
        pid => {
            let rest = Leftover {
                pid,
                name: String::new(),
                reason: Some(unseen.clone()),
            };
            (Outcome::Unconfirmed, unseen, vec![rest])
        }
    };
    Ending {
        reason: Some(reason),
        unconfirmed,
        ..Ending::plain(outcome)
    }
}

fn hitch(error: &io::Error, stage: &'static str) -> Hitch {
    let errno = Errno::from_io_error(error).unwrap_or(Errno::IO);
    match shortage(errno) {
        Some(_) => Hitch::Short(errno),
        None => Hitch::Refused(Refusal::System { stage, errno }),
    }
}

fn exhausted(errno: Errno) -> Refusal {
    Refusal::Exhausted {
        what: shortage(errno).unwrap_or("something"),
        errno,
        tries: BACKOFF.len() as u32 + 1,
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => time::sleep_until(at).await,
        None => future::pending().await,
    }
}
