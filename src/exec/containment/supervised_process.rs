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

use super::Inner;
use super::supervisor_conn::SupervisorConn;
use super::warden_client::WardenHealth;
use crate::exec::pipes::{Pipes, ToolEnds};
use crate::exec::refusal::shortage;
use crate::exec::reporter::Reporter;
use crate::exec::wire::{Done, StartStage, SupervisorCommand, SupervisorEvent};
use crate::exec::{Refusal, StopTokens, program};
use crate::model::{Ending, Leftover, MeasureSource, Measured, Outcome, ProcessSpec};
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
pub(super) struct SupervisedProcess<P> {
    conn: SupervisorConn,
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
enum StartError {
    /// For good.
    Refused(Refusal),
    /// Perhaps only for a moment.
    Short(Errno),
    /// The supervisor died before it told of the start.
    Lost(SupervisorConn),
}

/// How the supervising came to its end.
pub(super) enum SupervisionEnd {
    /// The supervisor told.
    Done(Done),
    /// The supervisor died, or was given up.
    Lost(&'static str),
}

impl SupervisedProcess<Pipes> {
    /// Starts the program of a call.
    pub(super) async fn of_call(
        shared: &Inner,
        launch: &ProcessSpec,
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
        let supervised = supervise(&self.conn, stop, &mut pump);
        let pumped = AssertUnwindSafe(supervised).catch_unwind().await;
        let Ok(end) = pumped else {
            return self.abort().await;
        };
        self.pipes.take_rest(&sink);
        sink.finish();
        self.conclude(end).await
    }
}

impl<P> SupervisedProcess<P> {
    /// Starts the program of a launch with the pipes that `make` makes, with
    /// some patience if the system is short of something.
    pub(super) async fn begin(
        shared: &Inner,
        launch: &ProcessSpec,
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
                Err(StartError::Refused(refusal)) => return Err(refusal.into_ending()),
                Err(StartError::Lost(conn)) => {
                    return Err(lost(&conn, "its supervisor died", 0).await);
                }
                Err(StartError::Short(errno)) => errno,
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
        shared: &Inner,
        launch: &ProcessSpec,
        program: &Path,
        make: &(dyn Fn() -> io::Result<(P, ToolEnds)> + Sync),
    ) -> Result<Self, StartError> {
        let message = SupervisorCommand::start_message(launch, program);
        let (pipes, ends) = make().map_err(|error| start_error(&error, "pipes"))?;
        let conn = loop {
            let warden = shared
                .warden()
                .map_err(|error| start_error(&error, "the warden"))?;
            let conn = warden
                .take()
                .map_err(|error| start_error(&error, "a supervisor"))?;
            match conn.start(&message, &ends) {
                Ok(()) => break conn,
                // It died while it was idle.
                Err(Errno::PIPE | Errno::CONNRESET) => {}
                Err(errno) => return Err(start_error(&errno.into(), "an order")),
            }
        };
        drop(ends);
        match conn.news().await {
            Some(SupervisorEvent::Started { pid }) => Ok(Self { conn, pid, pipes }),
            Some(SupervisorEvent::Refused { stage, errno }) => {
                if stage != StartStage::Supervisor {
                    conn.keep();
                }
                let errno = Errno::from_raw_os_error(errno);
                Err(match shortage(errno) {
                    Some(_) => StartError::Short(errno),
                    None => {
                        StartError::Refused(program::explain(launch, program, stage.word(), errno))
                    }
                })
            }
            Some(SupervisorEvent::Exited(_) | SupervisorEvent::Done(_)) | None => {
                Err(StartError::Lost(conn))
            }
        }
    }

    /// The pump panicked: the tree goes, and the call has failed.
    async fn abort(self) -> Ending {
        self.conn.tell(&SupervisorCommand::Kill);
        let due = Instant::now() + ANSWER_DEADLINE;
        let end = loop {
            match time::timeout_at(due, self.conn.news()).await {
                Ok(Some(SupervisorEvent::Done(done))) => break SupervisionEnd::Done(done),
                Ok(Some(_)) => {}
                Ok(None) => break SupervisionEnd::Lost("its supervisor died"),
                Err(_) => break SupervisionEnd::Lost("its supervisor did not answer"),
            }
        };
        Ending {
            outcome: Outcome::Failed,
            reason: Some("an internal error ended it: the pump panicked".to_owned()),
            ..self.conclude(end).await
        }
    }

    /// The supervisor, to give it orders.
    pub(super) fn conn(&self) -> &SupervisorConn {
        &self.conn
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
    pub(super) async fn conclude(self, end: SupervisionEnd) -> Ending {
        match end {
            SupervisionEnd::Done(done) => {
                if done.unconfirmed.is_empty() {
                    self.conn.keep();
                }
                ending(done)
            }
            SupervisionEnd::Lost(reason) => lost(&self.conn, reason, self.pid).await,
        }
    }
}

/// Pumps and passes stops on until the supervisor says that it is over.
pub(super) async fn supervise(
    conn: &SupervisorConn,
    stop: &StopTokens,
    pump: &mut impl Pump,
) -> SupervisionEnd {
    let mut soft = pin!(stop.soft.cancelled());
    let mut hard = pin!(stop.hard.cancelled());
    let mut health = conn.warden().health();
    let mut warden_died = pin!(health.wait_for(|health| *health != WardenHealth::Alive));
    let (mut is_soft, mut is_hard, mut is_lost) = (false, false, false);
    let mut answer_due: Option<Instant> = None;
    loop {
        tokio::select! {
            biased;
            () = &mut hard, if !is_hard => {
                is_hard = true;
                conn.tell(&SupervisorCommand::Kill);
                answer_due.get_or_insert(Instant::now() + ANSWER_DEADLINE);
            }
            () = &mut soft, if !is_soft => {
                is_soft = true;
                pump.close_stdin();
                conn.tell(&SupervisorCommand::Terminate);
            }
            _ = &mut warden_died, if !is_lost => {
                is_lost = true;
                conn.tell(&SupervisorCommand::Kill);
                answer_due.get_or_insert(Instant::now() + ANSWER_DEADLINE);
            }
            news = conn.news() => match news {
                Some(SupervisorEvent::Exited(_)) => pump.close_stdin(),
                Some(SupervisorEvent::Done(_)) if is_lost => return SupervisionEnd::Lost("the warden died"),
                Some(SupervisorEvent::Done(done)) => return SupervisionEnd::Done(done),
                Some(SupervisorEvent::Started { .. } | SupervisorEvent::Refused { .. }) => {}
                None => return SupervisionEnd::Lost("its supervisor died"),
            },
            () = due(answer_due) => {
                conn.warden().abandon(conn.key());
                return SupervisionEnd::Lost("its supervisor did not answer");
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
        source: MeasureSource::Exact,
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
async fn lost(conn: &SupervisorConn, reason: &str, main: u32) -> Ending {
    let cleared = conn.warden().cleared(conn.key());
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

fn start_error(error: &io::Error, stage: &'static str) -> StartError {
    let errno = Errno::from_io_error(error).unwrap_or(Errno::IO);
    match shortage(errno) {
        Some(_) => StartError::Short(errno),
        None => StartError::Refused(Refusal::System { stage, errno }),
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
