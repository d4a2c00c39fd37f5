//! One program under a supervisor: from the launch to its ending.

use std::future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use rustix::io::Errno;
use rustix::process::Signal;
use tokio::time::{self, Instant};

use super::current_warden::CurrentWarden;
use super::options::Surroundings;
use super::supervisor_conn::SupervisorConn;
use super::warden_client::{SupervisorFate, WardenHealth};
use crate::exec::pipes::{Pipes, ToolEnds};
use crate::exec::refusal::{Refusal, Shortage, StartFailure, StartStage};
use crate::exec::reporter::Reporter;
use crate::exec::wire::{CallReport, SupervisorCommand, SupervisorEvent};
use crate::exec::{StopTokens, oom, program};
use crate::model::{Ending, Leftover, MeasureSource, Measured, Outcome, ProcessSpec};
use crate::output::Sink;

/// Time in which a supervisor must answer a kill. It gives up after 5 s where
/// it did not succeed; one that takes longer is itself at fault.
const ANSWER_WITHIN: Duration = Duration::from_secs(7);

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
    /// are closed. Safe to cancel.
    fn step(&mut self) -> impl Future<Output = ()> + Send;

    /// Closes the program's standard input.
    fn close_stdin(&mut self);
}

/// Moves a call's output to its sink.
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

/// Reason that one try of a start failed.
enum StartError {
    /// For good.
    Refused(Refusal),
    /// Perhaps only for a moment.
    Passing(StartFailure),
    /// The supervisor died before it told of the start, and everything under it
    /// is gone, where that is so.
    Lost { is_cleared: bool },
}

/// Reason that the end of a tree was not told by its supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Loss {
    #[error("its supervisor died")]
    SupervisorDied,
    #[error("its supervisor did not answer")]
    NoAnswer,
    #[error("the warden died")]
    WardenDied,
}

/// End of the supervising.
pub(super) enum SupervisionEnd {
    /// The supervisor reported the end of the call.
    Reported(CallReport),
    /// No report will come.
    Lost(Loss),
}

impl SupervisedProcess<Pipes> {
    /// Starts the program of a call.
    pub(super) async fn of_call(
        warden: &CurrentWarden,
        launch: &ProcessSpec,
        stop: &StopTokens,
    ) -> Result<Self, Ending> {
        Self::start(warden, launch, stop, &|| Pipes::new(&launch.stdin)).await
    }

    /// Runs to the end, also where the pump panics.
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
        let is_stopped = stop.soft.is_cancelled() || stop.hard.is_cancelled();
        let ending = self.conclude(end).await;
        if is_stopped {
            ending
        } else {
            with_shortage(ending)
        }
    }
}

impl<P> SupervisedProcess<P> {
    /// Starts the program of a launch with the pipes that `make` makes. Tries
    /// again a few times where the system is short of something.
    pub(super) async fn start(
        warden: &CurrentWarden,
        launch: &ProcessSpec,
        stop: &StopTokens,
        make: &(dyn Fn() -> io::Result<(P, ToolEnds)> + Sync),
    ) -> Result<Self, Ending> {
        let surroundings = warden.surroundings();
        let mut program = program::find(launch).map_err(Refusal::into_ending)?;
        if let (Surroundings::Inherited, Some(name)) = (surroundings, launch.argv.first())
            && name.contains('/')
        {
            // As it was written: a script is told its path.
            program = PathBuf::from(name);
        }
        let mut pauses = BACKOFF.iter();
        loop {
            if stop.soft.is_cancelled() || stop.hard.is_cancelled() {
                return Err(Refusal::Stopped.into_ending());
            }
            let failure = match Self::try_start(warden, launch, &program, make).await {
                Ok(process) => return Ok(process),
                Err(StartError::Refused(refusal)) => return Err(refusal.into_ending()),
                Err(StartError::Lost { is_cleared }) => {
                    return Err(lost(Loss::SupervisorDied, is_cleared, None));
                }
                Err(StartError::Passing(failure)) => failure,
            };
            let Some(pause) = pauses.next() else {
                return Err(given_up(launch, &program, failure).into_ending());
            };
            tokio::select! {
                () = time::sleep(*pause) => {}
                () = stop.soft.cancelled() => {}
                () = stop.hard.cancelled() => {}
            }
        }
    }

    async fn try_start(
        warden: &CurrentWarden,
        launch: &ProcessSpec,
        program: &Path,
        make: &(dyn Fn() -> io::Result<(P, ToolEnds)> + Sync),
    ) -> Result<Self, StartError> {
        let message = match warden.surroundings() {
            Surroundings::Tool => SupervisorCommand::start_message(launch, program),
            Surroundings::Inherited => SupervisorCommand::inherit_message(launch, program),
        };
        let (pipes, ends) = make().map_err(|error| StartError::of(&error, StartStage::Pipes))?;
        let conn = loop {
            let client = warden
                .client()
                .map_err(|error| StartError::of(&error, StartStage::Warden))?;
            let conn = SupervisorConn::open(client)
                .map_err(|error| StartError::of(&error, StartStage::Supervisor))?;
            match conn.start(&message, &ends) {
                Ok(()) => break conn,
                Err(Errno::PIPE | Errno::CONNRESET) if conn.is_new() => {
                    return Err(StartError::of_dead(&conn).await);
                }
                // It died while it was idle.
                Err(Errno::PIPE | Errno::CONNRESET) => {}
                Err(errno) => return Err(StartError::of(&errno.into(), StartStage::Supervisor)),
            }
        };
        drop(ends);
        match conn.next_event().await {
            Some(SupervisorEvent::Started { pid }) => Ok(Self { conn, pid, pipes }),
            Some(SupervisorEvent::Refused(failure)) => {
                conn.keep();
                Err(if is_passing(failure) {
                    StartError::Passing(failure)
                } else {
                    StartError::Refused(program::explain(launch, program, failure))
                })
            }
            Some(SupervisorEvent::Exited(_) | SupervisorEvent::Finished(_)) | None => {
                Err(StartError::of_dead(&conn).await)
            }
        }
    }

    /// Kills the tree after a panic of the pump; the call has failed.
    async fn abort(self) -> Ending {
        self.conn.send(&SupervisorCommand::Kill);
        let due = Instant::now() + ANSWER_WITHIN;
        let end = loop {
            match time::timeout_at(due, self.conn.next_event()).await {
                Ok(Some(SupervisorEvent::Finished(report))) => {
                    break SupervisionEnd::Reported(report);
                }
                Ok(Some(_)) => {}
                Ok(None) => break SupervisionEnd::Lost(Loss::SupervisorDied),
                Err(_) => break SupervisionEnd::Lost(Loss::NoAnswer),
            }
        };
        Ending {
            outcome: Outcome::Failed,
            reason: Some("an internal error ended it: the pump panicked".to_owned()),
            ..self.conclude(end).await
        }
    }

    /// Returns the connection to the supervisor.
    pub(super) fn conn(&self) -> &SupervisorConn {
        &self.conn
    }

    /// Returns the process id of the program.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns its pipes, to be taken over.
    pub(super) fn pipes(&mut self) -> &mut P {
        &mut self.pipes
    }

    /// Returns the ending, and hands back a supervisor whose tree is empty.
    pub(super) async fn conclude(self, end: SupervisionEnd) -> Ending {
        match end {
            SupervisionEnd::Reported(report) => {
                if report.unconfirmed.is_empty() {
                    self.conn.keep();
                }
                ending(report)
            }
            SupervisionEnd::Lost(loss) => {
                let is_cleared = self.conn.fate().await.is_some();
                lost(loss, is_cleared, Some(self.pid))
            }
        }
    }
}

impl StartError {
    fn of(error: &io::Error, stage: StartStage) -> Self {
        let errno = Errno::from_io_error(error).unwrap_or(Errno::IO);
        let failure = StartFailure { stage, errno };
        if is_passing(failure) {
            Self::Passing(failure)
        } else {
            Self::Refused(Refusal::System(failure))
        }
    }

    /// Asks the warden why a supervisor is dead that told of no start.
    async fn of_dead(conn: &SupervisorConn) -> Self {
        match conn.fate().await {
            Some(SupervisorFate::Refused(errno)) => Self::Passing(StartFailure {
                stage: StartStage::Supervisor,
                errno,
            }),
            Some(SupervisorFate::Gone) => Self::Lost { is_cleared: true },
            None => Self::Lost { is_cleared: false },
        }
    }
}

/// Whether the answer may be another one in a moment. A closed socket to the
/// warden is: another warden is started.
fn is_passing(failure: StartFailure) -> bool {
    match failure.errno {
        Errno::TXTBSY => true,
        Errno::PIPE | Errno::CONNRESET => failure.stage == StartStage::Supervisor,
        errno => Shortage::of(errno).is_some(),
    }
}

/// Returns the reason of a start whose every try met a passing answer.
fn given_up(launch: &ProcessSpec, program: &Path, failure: StartFailure) -> Refusal {
    match Shortage::of(failure.errno) {
        Some(what) => Refusal::Exhausted {
            what,
            tries: BACKOFF.len() as u32 + 1,
        },
        None => program::explain(launch, program, failure),
    }
}

/// Pumps and passes stops on until the supervisor reports the end.
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
                conn.send(&SupervisorCommand::Kill);
                answer_due.get_or_insert(Instant::now() + ANSWER_WITHIN);
            }
            () = &mut soft, if !is_soft => {
                is_soft = true;
                pump.close_stdin();
                conn.send(&SupervisorCommand::Terminate);
            }
            _ = &mut warden_died, if !is_lost => {
                is_lost = true;
                conn.send(&SupervisorCommand::Kill);
                answer_due.get_or_insert(Instant::now() + ANSWER_WITHIN);
            }
            event = conn.next_event() => match event {
                Some(SupervisorEvent::Exited(_)) => pump.close_stdin(),
                Some(SupervisorEvent::Finished(_)) if is_lost => {
                    return SupervisionEnd::Lost(Loss::WardenDied);
                }
                Some(SupervisorEvent::Finished(report)) => {
                    return SupervisionEnd::Reported(report);
                }
                Some(SupervisorEvent::Started { .. } | SupervisorEvent::Refused(_)) => {}
                None => return SupervisionEnd::Lost(Loss::SupervisorDied),
            },
            () = due(answer_due) => {
                conn.warden().abandon(conn.key());
                return SupervisionEnd::Lost(Loss::NoAnswer);
            }
            () = pump.step() => {}
        }
    }
}

/// Returns the ending that a supervisor's report comes to.
fn ending(report: CallReport) -> Ending {
    let mut ending = match report.exit {
        Some(exit) => exit.into_ending(),
        None => Ending::plain(Outcome::Unconfirmed),
    };
    if !report.unconfirmed.is_empty() {
        ending.outcome = Outcome::Unconfirmed;
        ending.reason = Some(unconfirmed_reason(&report.unconfirmed));
    } else if ending.outcome == Outcome::Succeeded && !report.leaked.is_empty() {
        ending.outcome = Outcome::Leaked;
    }
    let exact = |value| Measured {
        value,
        source: MeasureSource::Exact,
    };
    let cpu_source = if report.is_cpu_partial {
        MeasureSource::Sampled
    } else {
        MeasureSource::Exact
    };
    Ending {
        cpu_ms: report.cpu_us.map(|cpu_us| Measured {
            value: cpu_us.div_ceil(1000),
            source: cpu_source,
        }),
        peak_rss_bytes: report.peak_rss_bytes.map(exact),
        leaked: report.leaked,
        unconfirmed: report.unconfirmed,
        ..ending
    }
}

/// Adds the likely cause to the reason of a program that was killed without an
/// order of ours.
fn with_shortage(mut ending: Ending) -> Ending {
    let is_killed = ending.signal == Some(Signal::KILL.as_raw());
    if is_killed && oom::take_kill() {
        ending.reason = Some(format!(
            "killed by SIGKILL while the system was out of memory; {}",
            Shortage::Memory.remedy()
        ));
    }
    ending
}

/// Names the first processes that were not confirmed dead, and counts the rest.
fn unconfirmed_reason(leftovers: &[Leftover]) -> String {
    /// Leftovers that are named.
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

/// Returns the ending of a call without a report. `is_cleared` tells whether its
/// processes are known to be gone; `main` is its main process, where one is
/// known.
fn lost(loss: Loss, is_cleared: bool, main: Option<u32>) -> Ending {
    if is_cleared {
        return Ending {
            reason: Some(loss.to_string()),
            ..Ending::plain(Outcome::Lost)
        };
    }
    let reason = format!("{loss}, and what it left was not seen to be gone");
    let main = main.map(|pid| Leftover {
        pid,
        name: String::new(),
        reason: Some(reason.clone()),
    });
    Ending {
        reason: Some(reason),
        unconfirmed: main.into_iter().collect(),
        ..Ending::plain(Outcome::Unconfirmed)
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => time::sleep_until(at).await,
        None => future::pending().await,
    }
}
