//! A run without a dashboard: lines or events on standard output.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::exit::{self, Exit};
use super::options::{OutputOptions, PolicyOptions};
use super::{ending, settings, summary, terminal};
use crate::app::{
    self, RunEnd, RunSettings, Session, SessionError, SignalRequest, Signals, StopRequests,
    WarningsOnly,
};
use crate::engine::{EventDetail, Lifetime, Recorder};
use crate::model::{RunEvent, Snapshot};
use crate::record::{self, EventLines, HistoryStore, PlainLines, ReportState};

/// Number of events that may wait to be printed.
const EVENT_QUEUE: usize = 1024;

/// Time after the second signal for everything to be killed and written out,
/// before another signal ends the program as it is.
const LAST_WRITES: Duration = Duration::from_secs(2);

/// Conducts a run to its end, prints it, and decides the exit code.
pub(super) fn conduct(
    session: &mut Session,
    policy: &PolicyOptions,
    options: &OutputOptions,
) -> Exit {
    let form = if options.events {
        OutputForm::Events
    } else {
        OutputForm::Plain
    };
    for problem in settings::options().1 {
        exit::complain(&problem.to_string());
    }
    let history = options.history();
    for error in session.recall_needs(history.as_ref()) {
        exit::complain(&format!("what calls need: {error}"));
    }
    let settings = policy.settings(&session.plan);
    match conduct_as(session, &settings, form, options.record.as_deref()) {
        Ok(Conducted { end, printed }) => {
            let outputs = match form {
                OutputForm::Plain => {
                    let print = |last| print_outputs(session, history.as_ref(), last);
                    exit::written(print(&end.last))
                }
                OutputForm::Events | OutputForm::Silent => Exit::Success,
            };
            if end.interruption.is_none() && printed == Exit::Success {
                session.remember(&end.last, history.as_ref());
            }
            let state = match end.interruption {
                Some(_) => ReportState::Interrupted,
                None => ReportState::Ended,
            };
            let closed = ending::closed(session, &end.last, state, options);
            match end.interruption {
                Some(interruption) => interruption.into(),
                None => exit::first_failure(exit::first_failure(printed, outputs), closed),
            }
        }
        Err(error) => exit::cannot_run(&error),
    }
}

/// Form in which a run is printed while it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputForm {
    /// One line per start and per end.
    Plain,
    /// One JSON object per event.
    Events,
    /// Nothing.
    Silent,
}

/// A run that was conducted to its end.
pub(super) struct Conducted {
    /// Its end.
    pub(super) end: RunEnd,
    /// Whether everything about it could be printed.
    pub(super) printed: Exit,
}

/// Conducts a run to its end.
pub(super) fn conduct_as(
    session: &mut Session,
    settings: &RunSettings,
    form: OutputForm,
    record: Option<&Path>,
) -> Result<Conducted, SessionError> {
    let (recorder, lines) = match form {
        OutputForm::Silent => (None, None),
        OutputForm::Plain | OutputForm::Events => {
            let (sender, events) = mpsc::channel(EVENT_QUEUE);
            let lines = session
                .environment
                .runtime
                .spawn_blocking(move || print_events(events, form));
            let detail = match form {
                OutputForm::Events => EventDetail::Everything,
                _ => EventDetail::Calls,
            };
            let recorder = Recorder {
                events: sender,
                detail,
            };
            (Some(recorder), Some(lines))
        }
    };
    // Heard from before the first call on: a signal must never leave one behind.
    let mut signals = {
        let _inside = session.environment.runtime.enter();
        tokio::spawn(leave_if_held_up(Signals::listen_only()?));
        Signals::listen()?
    };
    let engine = session.start(settings, Lifetime::UntilEnded, None, recorder, record)?;
    let runtime = &session.environment.runtime;
    let ended = runtime.block_on(async {
        let end = app::follow(engine, &mut signals, &mut WarningsOnly).await?;
        let printed = match lines {
            Some(lines) => lines.await.map_or(Exit::Success, exit::written),
            None => Exit::Success,
        };
        Ok(Conducted { end, printed })
    });
    session.environment.close_servers();
    ended
}

/// Ends the program on a signal that comes when the second one has long had its
/// effect: all that is left then is a reader of our output who does not read.
/// Whatever might still run dies with us, and its supervisors see to that.
async fn leave_if_held_up(mut signals: Signals) {
    let mut ends: Vec<Instant> = Vec::new();
    loop {
        let SignalRequest::End(by) = signals.next().await else {
            continue;
        };
        match ends.get(1) {
            Some(second) if second.elapsed() >= LAST_WRITES => {
                std::process::exit(i32::from(Exit::from(by).code()));
            }
            Some(_) => {}
            None => ends.push(Instant::now()),
        }
    }
}

/// Prints events until the run has ended. After a write error the rest is
/// taken and dropped, so that the run is not held up.
fn print_events(mut events: mpsc::Receiver<RunEvent>, form: OutputForm) -> io::Result<()> {
    let mut out = terminal::stdout();
    let mut lines = EventPrinter::of(form);
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
enum EventPrinter {
    Plain(PlainLines),
    Events(EventLines),
}

impl EventPrinter {
    fn of(form: OutputForm) -> Self {
        match form {
            OutputForm::Events => Self::Events(EventLines::default()),
            OutputForm::Plain | OutputForm::Silent => Self::Plain(PlainLines::default()),
        }
    }

    fn write(&mut self, event: &RunEvent, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Plain(lines) => lines.write(event, out),
            Self::Events(lines) => lines.write(event, out),
        }
    }
}

/// Prints every call's output in plan order under its id, and then the sum of
/// the run.
fn print_outputs(
    session: &Session,
    history: Option<&HistoryStore>,
    last: &Snapshot,
) -> io::Result<()> {
    let mut out = terminal::stdout();
    record::write_outputs(last, &|id| session.output_of(last, id), &mut out)?;
    writeln!(out)?;
    summary::print(session, history, last, &mut out)?;
    out.flush()
}
