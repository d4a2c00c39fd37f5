//! The dashboard on a terminal: with a plan, or empty with the catalogue at hand.

mod guarded;
mod offers;
mod suspendable;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;
use ratatui::Terminal;
use tokio::runtime::Runtime;

use super::exit::{self, Exit};
use super::looks::Looks;
use super::options::{OutputOptions, PolicyOptions};
use super::{ending, summary};
use crate::app::{
    self, ExperimentRun, ExperimentThread, MakeArguments, ResumePolicy, Session, SessionError,
    WarningsOnly, start_current_thread,
};
use crate::engine::{Command, Engine, EngineHandle, Lifetime};
use crate::lab::load::{LoadFindings, LoadRequest};
use crate::lab::{ExperimentFindings, ExperimentStatus};
use crate::model::Snapshot;
use crate::record::{LastArguments, ReportState};
use crate::tui::ExperimentHandle;
use crate::tui::terminal::{self, Keyboard, TerminalBackend};
use crate::tui::{self, Deps, Leave, Offer, SavedSession, Signal, TuiError};
use guarded::GuardedTerminal;
use suspendable::SuspendableTerminal;

/// Reason that the dashboard ended by itself, or did not begin.
#[derive(Debug, thiserror::Error)]
enum DashboardError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("the terminal cannot be used")]
    Terminal(#[source] io::Error),
    #[error("the dashboard ended: failed to {0}")]
    Drawing(#[from] TuiError),
}

/// Shows a run until the user leaves it.
pub(super) fn conduct(
    session: &mut Session,
    policy: &PolicyOptions,
    options: &OutputOptions,
) -> Exit {
    conduct_from(session, policy, options, AtStart::Run, Vec::new())
}

/// Shows the dashboard without a plan until the user leaves it; `notices` are
/// said first.
pub(super) fn conduct_empty(
    session: &mut Session,
    policy: &PolicyOptions,
    options: &OutputOptions,
    notices: Vec<String>,
) -> Exit {
    conduct_from(session, policy, options, AtStart::Run, notices)
}

/// Shows a comparison of a plan, run so many times each way, until the user
/// leaves it. The plan itself is not run beside it.
pub(super) fn compare(
    session: &mut Session,
    policy: &PolicyOptions,
    options: &OutputOptions,
    blocks: usize,
) -> Exit {
    let at_start = AtStart::Compare(blocks);
    conduct_from(session, policy, options, at_start, Vec::new())
}

/// Shows a load of the calls of a plan until the user leaves it. Returns its latest
/// findings besides, if it began.
pub(super) fn load(
    session: &mut Session,
    request: LoadRequest,
    arguments: Option<MakeArguments>,
) -> (Exit, Option<LoadFindings>) {
    let mut findings = None;
    let at_start = AtStart::Load(Box::new(LoadAtStart {
        request,
        arguments,
        findings: &mut findings,
    }));
    let (policy, options) = (PolicyOptions::default(), OutputOptions::default());
    let exit = conduct_from(session, &policy, &options, at_start, Vec::new());
    (exit, findings)
}

/// The work that begins with the dashboard.
enum AtStart<'a> {
    /// The plan is run.
    Run,
    /// The plan is compared in so many blocks, and not run besides.
    Compare(usize),
    /// Its calls are put under load, and not run besides.
    Load(Box<LoadAtStart<'a>>),
}

/// A load that is begun at the start.
struct LoadAtStart<'a> {
    request: LoadRequest,
    arguments: Option<MakeArguments>,
    /// Takes the findings when the dashboard is left.
    findings: &'a mut Option<LoadFindings>,
}

/// Shows what is done at the start; `notices` are said first.
fn conduct_from(
    session: &mut Session,
    policy: &PolicyOptions,
    options: &OutputOptions,
    at_start: AtStart<'_>,
    notices: Vec<String>,
) -> Exit {
    // Before anything starts: a wrong theme is a usage error, and the terminal
    // answers questions only outside of the dashboard's modes.
    let mut looks = match options.looks.looks() {
        Ok(looks) => looks,
        Err(exit) => return exit,
    };
    looks.settings.notices.extend(notices);
    let history = options.history();
    for error in session.recall_needs(history.as_ref()) {
        let notice = format!("what calls need: {error}");
        looks.settings.notices.push(notice);
    }
    looks.settings.offers = offers::near(Path::new("."), &session.catalogue);
    let recalled = recall(session, policy, options, &mut looks.settings.notices);
    let resume = match recalled.history {
        Some(_) => ResumePolicy::Save,
        None => ResumePolicy::Forget,
    };
    let settings = policy.settings(&session.plan);
    looks.settings.time_scale = settings.time_scale;
    let plan = session.plan.clone();
    let (mut arguments, mut found) = (None, None);
    match at_start {
        AtStart::Run => {}
        AtStart::Compare(blocks) => looks.settings.comparison_at_start = Some(blocks),
        AtStart::Load(load) => {
            looks.settings.load_at_start = Some(load.request);
            (arguments, found) = (load.arguments, Some(load.findings));
        }
    }
    if looks.settings.comparison_at_start.is_some() || looks.settings.load_at_start.is_some() {
        session.plan.calls.clear();
    }
    let agents = options.agents.feed(&session.environment);
    session.environment.servers.questions().attend();
    let shown = session
        .start(
            &settings,
            Lifetime::UntilAsked,
            agents,
            None,
            options.record.as_deref(),
        )
        .map_err(DashboardError::from)
        .and_then(|engine| {
            let (plan, catalogue) = (&plan, &session.catalogue);
            let experiments =
                ExperimentThread::start(plan, catalogue, policy.conditions(), resume, arguments)?;
            let news = experiments.status();
            let runtime = runtime_of_screen()?;
            let drawn = Drawn {
                looks,
                recalled,
                experiments: ExperimentHandle {
                    orders: experiments.commands(),
                    news: experiments.status(),
                },
                experiment_run: experiments.under_way(),
            };
            let shown = runtime.block_on(show(session, engine, experiments, drawn));
            if let Some(found) = found {
                *found = load_of(&news.borrow());
            }
            shown
        });
    session.environment.close_servers();
    match shown {
        Ok((last, leave)) => {
            let mut out = io::stdout().lock();
            let written = summary::print(session, history.as_ref(), &last, &mut out);
            drop(out);
            if matches!(leave, Leave::Quit | Leave::Open(_)) {
                session.remember(&last, history.as_ref());
            }
            let state = match leave {
                Leave::Quit | Leave::Open(_) => ReportState::Ended,
                Leave::Interrupted | Leave::Signalled(_) => ReportState::Interrupted,
            };
            let closed = ending::closed(session, &last, state, options);
            exit::report_panics();
            let printed = exit::first_failure(exit::written(written), closed);
            exit_of(leave, printed, options)
        }
        Err(error) => exit::cannot_run(&error),
    }
}

/// Returns the findings of the latest experiment, if it is a load.
fn load_of(status: &ExperimentStatus) -> Option<LoadFindings> {
    match &status.experiment.as_ref()?.findings {
        ExperimentFindings::Load(findings) => Some((**findings).clone()),
        _ => None,
    }
}

/// Returns how the program ends, or goes on, where the dashboard was left so and
/// what stands behind it `ended` so.
fn exit_of(leave: Leave, ended: Exit, options: &OutputOptions) -> Exit {
    match leave {
        Leave::Open(offer) => Exit::Again(again(&offer, options)),
        Leave::Quit => ended,
        Leave::Interrupted | Leave::Signalled(Signal::Interrupt) => Exit::Interrupted,
        Leave::Signalled(Signal::Terminate | Signal::HangUp) => Exit::Terminated,
    }
}

/// Returns the command line that opens what was chosen, with the options that
/// outlive one run.
fn again(offer: &Offer, options: &OutputOptions) -> Box<[OsString]> {
    let mut words = offer.words();
    if options.no_history {
        words.push("--no-history".into());
    }
    words.into()
}

/// The screen has a thread and timers of its own: those of the run are late while
/// many calls flood.
fn runtime_of_screen() -> Result<Runtime, DashboardError> {
    Ok(start_current_thread().map_err(SessionError::Runtime)?)
}

/// Reads the files of earlier sessions; adds a notice for each that cannot be
/// read.
fn recall(
    session: &Session,
    policy: &PolicyOptions,
    options: &OutputOptions,
    notices: &mut Vec<String>,
) -> SavedSession {
    let Some(history) = options.history() else {
        return SavedSession::default();
    };
    let runs = history.past_runs(&session.plan.calls, policy.time_scale);
    let runs = runs.unwrap_or_else(|error| {
        notices.push(format!("earlier runs of this plan: {error}"));
        Vec::new()
    });
    let arguments = history.arguments().unwrap_or_else(|error| {
        notices.push(format!("last arguments: {error}"));
        LastArguments::default()
    });
    let columns = history.columns().unwrap_or_else(|error| {
        notices.push(format!("chosen columns: {error}"));
        None
    });
    // With a plan there is something to look at; the card is for who has none.
    let is_first = session.plan.calls.is_empty() && history.note_first_use().unwrap_or(false);
    SavedSession {
        runs,
        columns,
        is_first,
        arguments,
        history: Some(history),
    }
}

/// The parts of a dashboard besides the run.
struct Drawn {
    looks: Looks,
    recalled: SavedSession,
    experiments: ExperimentHandle,
    experiment_run: ExperimentRun,
}

/// Draws until the user leaves, gives the terminal back, and ends the run.
async fn show(
    session: &Session,
    mut engine: Engine,
    experiments: ExperimentThread,
    drawn: Drawn,
) -> Result<(Arc<Snapshot>, Leave), DashboardError> {
    let handle = engine.handle();
    let left = draw(session, handle.clone(), drawn).await;
    // An engine that was drained or shut down has ended, and takes nothing any more.
    let _ = handle.send(Command::Shutdown);
    let mut signals = terminal::signals().map_err(SessionError::Signals)?;
    let closed = experiments.close(async || {
        signals.next().await;
        // The same order again kills what is left of the run as well.
        let _ = handle.send(Command::KillAll);
    });
    closed.await.map_err(SessionError::ExperimentThread)?;
    let last = end(&mut engine, &handle).await?;
    app::audit(&last, &mut WarningsOnly)?;
    Ok((last, left?))
}

/// Waits for the end of the run. A signal that comes while the stop ladder is
/// on kills what is left.
async fn end(engine: &mut Engine, handle: &EngineHandle) -> Result<Arc<Snapshot>, SessionError> {
    let mut signals = terminal::signals().map_err(SessionError::Signals)?;
    loop {
        tokio::select! {
            last = engine.ended() => return last.map_err(SessionError::EngineDied),
            _ = signals.next() => {
                // An engine that has ended in the meantime has nothing left to kill.
                let _ = handle.send(Command::KillAll);
            }
        }
    }
}

async fn draw(
    session: &Session,
    handle: EngineHandle,
    drawn: Drawn,
) -> Result<Leave, DashboardError> {
    let Drawn {
        looks,
        recalled,
        experiments,
        experiment_run,
    } = drawn;
    terminal::install_panic_hook();
    let deps = Deps {
        handle,
        reader: session.environment.store.reader(),
        protocol_log: session.environment.servers.protocol_log().clone(),
        theme: looks.theme,
        glyphs: looks.glyphs,
        motion: looks.motion,
        settings: looks.settings,
        recalled,
        run_folder: session.environment.folder.path.clone(),
        experiments: Some(experiments),
    };
    let signals = terminal::signals().map_err(SessionError::Signals)?;
    let has_mouse = deps.settings.has_mouse;
    let terminal = GuardedTerminal::enter(has_mouse).map_err(DashboardError::Terminal)?;
    let mut aside = SuspendableTerminal::new(terminal, deps.handle.clone(), experiment_run);
    let mut screen =
        Terminal::new(TerminalBackend::new(io::stdout())).map_err(DashboardError::Terminal)?;
    let keyboard = Keyboard::watch().map_err(DashboardError::Terminal)?;
    let keys = || keyboard.keys();
    let left = tui::run(&mut screen, keys, signals, &mut aside, deps).await;
    // What cannot be drawn on a terminal that hung up is no error of its own.
    let is_hung_up = left.is_err() && keyboard.is_hung_up();
    drop(aside);
    drop(looks.watch);
    if is_hung_up {
        return Ok(Leave::Signalled(Signal::HangUp));
    }
    Ok(left?)
}
