//! Attempts as direct children: a process group each, no supervisor.
//!
//! SIGTERM and SIGKILL go to the group. A process that leaves its group
//! outlives this; what is left in the group after the main process is killed
//! and named.

use std::os::unix::process::ExitStatusExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::FutureExt;
use rustix::io::Errno;
use rustix::process::Signal;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{self, Instant};

use super::exit::Exit;
use super::group::Group;
use super::pipes::{Pipes, ToolEnds};
use super::refusal::shortage;
use super::report::Reporter;
use super::{AttemptEvent, Refusal, Spawner, StopTokens, program};
use crate::model::{Ending, Launch, Leftover, Outcome};
use crate::output::Sink;

/// After the main process, what is left of its group and its pipes has this long.
const LEAK_DEADLINE: Duration = Duration::from_millis(200);

/// What is not gone this long after SIGKILL is given up as unconfirmed.
const CONFIRM_DEADLINE: Duration = Duration::from_secs(5);

/// Between two looks at a group that is to be gone.
const LOOK: Duration = Duration::from_millis(5);

/// Pauses between tries when the system is short of something.
const BACKOFF: [Duration; 3] = [
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(250),
];

/// Starts attempts as direct children of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessSpawner;

impl Spawner for ProcessSpawner {
    fn start(
        &self,
        launch: Launch,
        stop: StopTokens,
        sink: Sink,
        events: mpsc::Sender<AttemptEvent>,
    ) {
        let reporter = Reporter::new(launch.call, launch.epoch, events);
        tokio::spawn(async move {
            let ending = match begin(&launch, &stop).await {
                Ok(attempt) => attempt.run(&reporter, &stop, sink).await,
                Err(refusal) => refusal.into_ending(),
            };
            reporter.ended(ending).await;
        });
    }
}

/// One attempt under way.
struct Attempt {
    child: Child,
    group: Group,
    pipes: Pipes,
    /// The strongest stop performed.
    stop: Stop,
    exit: Option<Exit>,
}

/// A stop that was performed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    None,
    Soft,
    Hard,
}

async fn begin(launch: &Launch, stop: &StopTokens) -> Result<Attempt, Refusal> {
    let program = program::find(launch)?;
    let mut pauses = BACKOFF.iter();
    loop {
        if stop.soft.is_cancelled() || stop.hard.is_cancelled() {
            return Err(Refusal::Stopped);
        }
        let error = match spawn(launch, &program) {
            Ok(attempt) => return Ok(attempt),
            Err(error) => error,
        };
        let errno = error
            .raw_os_error()
            .map_or(Errno::IO, Errno::from_raw_os_error);
        match (shortage(errno), pauses.next()) {
            (None, _) => return Err(program::explain(launch, &program, "spawn", errno)),
            (Some(what), None) => {
                let tries = BACKOFF.len() as u32 + 1;
                return Err(Refusal::Exhausted { what, errno, tries });
            }
            (Some(_), Some(pause)) => tokio::select! {
                () = time::sleep(*pause) => {}
                () = stop.soft.cancelled() => {}
                () = stop.hard.cancelled() => {}
            },
        }
    }
}

fn spawn(launch: &Launch, program: &Path) -> std::io::Result<Attempt> {
    let (pipes, ends) = Pipes::new(&launch.stdin)?;
    let ToolEnds {
        stdin,
        stdout,
        stderr,
    } = ends;
    let mut command = Command::new(program);
    command
        .args(launch.argv.iter().skip(1))
        .env_clear()
        .envs(&launch.env)
        .current_dir(&launch.cwd)
        .stdin(stdin.map_or_else(Stdio::null, Stdio::from))
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .kill_on_drop(true);
    let child = command.spawn()?;
    let group = Group::of(child.id().unwrap_or(0));
    Ok(Attempt {
        child,
        group,
        pipes,
        stop: Stop::None,
        exit: None,
    })
}

impl Attempt {
    /// Runs to the end, whatever happens in the pump.
    async fn run(mut self, reporter: &Reporter, stop: &StopTokens, sink: Sink) -> Ending {
        reporter.started(self.child.id()).await;
        let pumped = AssertUnwindSafe(self.pump(stop, &sink))
            .catch_unwind()
            .await;
        if pumped.is_err() {
            let rest = self.clear().await;
            return Ending {
                unconfirmed: rest,
                reason: Some("an internal error ended it: the pump panicked".to_owned()),
                ..Ending::plain(Outcome::Failed)
            };
        }
        let leaked = if self.stop == Stop::None {
            self.group.members()
        } else {
            Vec::new()
        };
        let unconfirmed = self.clear().await;
        self.pipes.take_rest(&sink);
        sink.finish();
        self.ending(leaked, unconfirmed)
    }

    /// Pumps until the main process has ended and its group and pipes are gone,
    /// or their time is up.
    async fn pump(&mut self, stop: &StopTokens, sink: &Sink) {
        let mut soft = std::pin::pin!(stop.soft.cancelled());
        let mut hard = std::pin::pin!(stop.hard.cancelled());
        let mut deadline = None;
        loop {
            tokio::select! {
                biased;
                () = &mut hard, if self.stop < Stop::Hard => {
                    self.stop = Stop::Hard;
                    self.group.signal(Signal::KILL);
                    deadline = Some(Instant::now() + CONFIRM_DEADLINE);
                }
                () = &mut soft, if self.stop < Stop::Soft => {
                    self.stop = Stop::Soft;
                    self.pipes.close_stdin();
                    self.group.signal(Signal::TERM);
                    self.group.signal(Signal::CONT);
                }
                status = self.child.wait(), if self.exit.is_none() => {
                    self.exit = Some(exit_of(status.ok()));
                    self.pipes.close_stdin();
                    // A tree that was told to stop has its whole grace.
                    if self.stop == Stop::None {
                        deadline = Some(Instant::now() + LEAK_DEADLINE);
                    }
                }
                () = time::sleep(LOOK), if self.exit.is_some() => {}
                () = self.pipes.step(sink) => {}
            }
            let is_gone = self.exit.is_some() && self.pipes.are_at_end() && self.group.is_empty();
            if is_gone || deadline.is_some_and(|at| Instant::now() >= at) {
                return;
            }
        }
    }

    /// Kills what is left, and names what cannot be confirmed dead.
    async fn clear(&mut self) -> Vec<Leftover> {
        self.group.signal(Signal::KILL);
        let deadline = Instant::now() + CONFIRM_DEADLINE;
        if self.exit.is_none() {
            let status = time::timeout_at(deadline, self.child.wait()).await;
            self.exit = status.ok().map(|status| exit_of(status.ok()));
        }
        while !self.group.is_empty() && Instant::now() < deadline {
            time::sleep(LOOK).await;
        }
        let mut rest = self.group.members();
        for leftover in &mut rest {
            leftover.reason = Some("still there 5 s after SIGKILL".to_owned());
        }
        rest
    }

    fn ending(&self, leaked: Vec<Leftover>, unconfirmed: Vec<Leftover>) -> Ending {
        let mut ending = self
            .exit
            .map_or_else(|| Ending::plain(Outcome::Unconfirmed), Exit::into_ending);
        if ending.outcome == Outcome::Succeeded && !leaked.is_empty() {
            ending.outcome = Outcome::Leaked;
        }
        if !unconfirmed.is_empty() {
            ending.outcome = Outcome::Unconfirmed;
        }
        Ending {
            leaked,
            unconfirmed,
            ..ending
        }
    }
}

fn exit_of(status: Option<ExitStatus>) -> Exit {
    match status {
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, signal) => Exit::Signal(signal.unwrap_or(0)),
        },
        // The status was taken by someone else, which nothing here does.
        None => Exit::Signal(0),
    }
}
