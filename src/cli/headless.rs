//! A run without a dashboard: lines or events on standard output.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::config;
use super::exit::{self, Exit};
use super::options::{OutputOptions, PolicyOptions};
use super::session::{Session, SessionError, audit};
use super::{suspension, terminal_text};
use crate::engine::{Command, Engine, EngineHandle, EventDetail, Lifetime, Recorder};
use crate::model::{RunEvent, Snapshot};
use crate::record::{self, EventLines, PlainLines};

/// Events that may wait to be printed.
const EVENTS: usize = 1024;

/// How long after the second signal everything may take to be killed and
/// written out before another one ends the program as it is.
const PARTING: Duration = Duration::from_secs(2);

/// Conducts a run to its end, prints it, and decides the exit code.
pub(super) fn conduct(
    session: &mut Session,
    policy: &PolicyOptions,
    options: &OutputOptions,
) -> Exit {
    let form = if options.events {
        Form::Events
    } else {
        Form::Plain
    };
    for problem in config::options().1 {
        exit::complain(&problem.to_string());
    }
    for error in session.recall_needs(options) {
        exit::complain(&format!("what calls need: {error}"));
    }
    match conduct_as(session, policy, form, options.record.as_deref()) {
        Ok((last, interruption)) => {
            let printed = match form {
                Form::Plain => exit::written(print_outputs(session, &last)),
                Form::Events | Form::Silent => Exit::Success,
            };
            if interruption.is_none() {
                session.remember(&last, options);
            }
            let verdict = session.close(&last, options);
            interruption.unwrap_or(exit::first_failure(printed, verdict))
        }
        Err(error) => exit::cannot_run(&error),
    }
}

/// What is printed while the run is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One line per start and per end.
    Plain,
    /// One JSON object per event.
    Events,
    /// Nothing.
    Silent,
}

/// Conducts a run to its end; its last snapshot, and the exit code where its
/// calls do not decide it: a signal interrupted it, or what it printed could
/// not be written.
pub(super) fn conduct_as(
    session: &mut Session,
    policy: &PolicyOptions,
    form: Form,
    record: Option<&Path>,
) -> Result<(Arc<Snapshot>, Option<Exit>), SessionError> {
    let (recorder, printer) = match form {
        Form::Silent => (None, None),
        Form::Plain | Form::Events => {
            let (sender, events) = mpsc::channel(EVENTS);
            let printer = session
                .ground
                .runtime
                .spawn_blocking(move || print_events(events, form));
            let detail = match form {
                Form::Events => EventDetail::Everything,
                _ => EventDetail::Calls,
            };
            let recorder = Recorder {
                events: sender,
                detail,
            };
            (Some(recorder), Some(printer))
        }
    };
    // Heard from before the first call on: a signal must never leave one behind.
    let mut signals = {
        let _inside = session.ground.runtime.enter();
        tokio::spawn(leave_if_held_up(Signals::listen()?));
        Signals::listen()?
    };
    let engine = session.start(policy, Lifetime::UntilEnded, recorder, record)?;
    let runtime = &session.ground.runtime;
    let ended = runtime.block_on(follow(engine, &mut signals, printer));
    session.ground.close_servers();
    ended
}

/// The signals that end or suspend a run.
pub(super) struct Signals {
    interrupted: Signal,
    terminated: Signal,
    hung_up: Signal,
    suspended: Signal,
}

/// What a signal asks for.
enum Asked {
    End(Exit),
    Suspend,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, SessionError> {
        let listen = |kind| signal(kind).map_err(SessionError::Signals);
        Ok(Self {
            interrupted: listen(SignalKind::interrupt())?,
            terminated: listen(SignalKind::terminate())?,
            hung_up: listen(SignalKind::hangup())?,
            suspended: listen(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
        })
    }

    /// What the next one asks for.
    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupted.recv() => Asked::End(Exit::Interrupted),
            _ = self.terminated.recv() => Asked::End(Exit::Terminated),
            _ = self.hung_up.recv() => Asked::End(Exit::Terminated),
            _ = self.suspended.recv() => Asked::Suspend,
        }
    }
}

/// Waits for the end of the run; signals stop or suspend it.
pub(super) async fn follow(
    mut engine: Engine,
    signals: &mut Signals,
    printer: Option<JoinHandle<io::Result<()>>>,
) -> Result<(Arc<Snapshot>, Option<Exit>), SessionError> {
    let handle = engine.handle();
    let mut interruption = None;
    let last = loop {
        let asked = tokio::select! {
            last = engine.ended() => break last.map_err(SessionError::EngineDied)?,
            asked = signals.next() => asked,
        };
        match asked {
            Asked::End(exit) => {
                stop(&handle, interruption.is_some());
                interruption.get_or_insert(exit);
            }
            Asked::Suspend => suspension::suspend(&handle)
                .await
                .map_err(SessionError::Suspend)?,
        }
    };
    if let Some(printer) = printer
        && let Ok(printed) = printer.await
        && exit::written(printed) != Exit::Success
    {
        interruption.get_or_insert(Exit::CannotRun);
    }
    audit(&last)?;
    Ok((last, interruption))
}

/// The first signal stops everything by the ladder, a second one kills.
fn stop(handle: &EngineHandle, is_second: bool) {
    let command = if is_second {
        Command::KillAll
    } else {
        Command::Shutdown
    };
    if handle.send(command).is_err() {
        exit::complain("the stop could not be passed on; try again");
    }
}

/// Ends the program on a signal that comes when the second one has long had its
/// effect: all that is left then is a reader of our output who does not read.
/// Whatever might still run dies with us, and its supervisors see to that.
async fn leave_if_held_up(mut signals: Signals) {
    let mut ends: Vec<Instant> = Vec::new();
    loop {
        let Asked::End(exit) = signals.next().await else {
            continue;
        };
        match ends.get(1) {
            Some(second) if second.elapsed() >= PARTING => {
                std::process::exit(i32::from(exit.code()));
            }
            Some(_) => {}
            None => ends.push(Instant::now()),
        }
    }
}

/// Prints events until the run has ended. After a write error the rest is
/// taken and dropped, so that the run is not held up.
fn print_events(mut events: mpsc::Receiver<RunEvent>, form: Form) -> io::Result<()> {
    let mut out = terminal_text::stdout();
    let mut lines = Lines::of(form);
    let mut result = Ok(());
    while let Some(event) = events.blocking_recv() {
        if result.is_ok() {
            result = lines.write(&event, &mut out);
        }
        if result.is_ok() && events.is_empty() {
            result = out.flush();
        }
    }
    result.and_then(|()| out.flush())
}

/// One of the two forms in which events are printed.
enum Lines {
    Plain(PlainLines),
    Events(EventLines),
}

impl Lines {
    fn of(form: Form) -> Self {
        match form {
            Form::Events => Self::Events(EventLines::default()),
            Form::Plain | Form::Silent => Self::Plain(PlainLines::default()),
        }
    }

    fn write(&mut self, event: &RunEvent, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Plain(lines) => lines.write(event, out),
            Self::Events(lines) => lines.write(event, out),
        }
    }
}

/// Prints every call's output in plan order under its id.
fn print_outputs(session: &Session, last: &Snapshot) -> io::Result<()> {
    let mut out = terminal_text::stdout();
    record::write_outputs(last, &|id| session.output_of(last, id), &mut out)?;
    out.flush()
}
