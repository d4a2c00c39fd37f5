//! The dashboard on a terminal: with a plan, or empty with the catalogue at hand.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use clap::Args;
use futures_util::StreamExt;
use ratatui::Terminal;
use tokio::runtime::Runtime;

use super::exit::{self, Exit};
use super::experiment::Conditions;
use super::ground::Ground;
use super::guarded::GuardedTerminal;
use super::laboratory::{Keeping, Workshop};
use super::looks::{LookOptions, Looks};
use super::options::{CatalogueOptions, OutputOptions, PolicyOptions};
use super::session::{Session, SessionError, audit};
use super::summary;
use super::suspension::{RunSession, UnderWay};
use super::trust::Otherwise;
use crate::engine::{Command, Engine, EngineHandle, Lifetime};
use crate::model::{Plan, Snapshot};
use crate::record::LastArguments;
use crate::tui::ExperimentHandle;
use crate::tui::terminal::{self, Keyboard, TerminalBackend};
use crate::tui::{self, Deps, Leave, SavedSession, Signal};

/// `fanout` without a command.
#[derive(Debug, Args)]
pub(super) struct Dashboard {
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    /// Neither read nor write what is kept of earlier runs and sessions
    #[arg(long)]
    no_history: bool,
    #[command(flatten)]
    looks: LookOptions,
}

impl Dashboard {
    pub(super) fn run(self) -> Exit {
        if !is_terminal() {
            return exit::usage_text(
                "the dashboard needs a terminal; `fanout run PLAN --plain` does not",
            );
        }
        let catalogue = match self.catalogue.load(Otherwise::PassOver) {
            Ok(catalogue) => catalogue,
            Err(exit) => return exit,
        };
        let plan = Plan {
            name: "no plan".to_owned(),
            cap: None,
            on_failure: None,
            calls: Vec::new(),
            expected_failures: Vec::new(),
        };
        match Ground::prepare(&catalogue) {
            Ok(ground) => {
                let mut session = Session::new(ground, plan, catalogue);
                let options = OutputOptions {
                    looks: self.looks,
                    no_history: self.no_history,
                    ..OutputOptions::default()
                };
                conduct(&mut session, &self.policy, &options)
            }
            Err(error) => exit::cannot_run(&error),
        }
    }
}

/// Whether a dashboard can be drawn and steered here.
pub(super) fn is_terminal() -> bool {
    let term = std::env::var_os("TERM").unwrap_or_default();
    let is_dumb = term.is_empty() || term == "dumb";
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
}

/// Shows a run until the user leaves it.
pub(super) fn conduct(
    session: &mut Session,
    policy: &PolicyOptions,
    options: &OutputOptions,
) -> Exit {
    // Before anything starts: a wrong theme is a usage error, and the terminal
    // answers questions only outside of the dashboard's modes.
    let mut looks = match options.looks.looks() {
        Ok(looks) => looks,
        Err(exit) => return exit,
    };
    for error in session.recall_needs(options) {
        let notice = format!("what calls need: {error}");
        looks.settings.notices.push(notice);
    }
    let recalled = recall(session, policy, options, &mut looks.settings.notices);
    let keeping = Keeping::of(recalled.notebook.as_ref());
    let shown = session
        .start(
            policy,
            Lifetime::UntilAsked,
            None,
            options.record.as_deref(),
        )
        .and_then(|engine| {
            let conditions = Conditions::of(policy);
            let workshop = Workshop::open(&session.plan, &session.catalogue, conditions, keeping)?;
            let runtime = runtime_of_screen()?;
            let laboratory = workshop.laboratory();
            let drawn = Drawn {
                looks,
                recalled,
                laboratory,
                experiment: workshop.under_way(),
            };
            runtime.block_on(show(session, engine, workshop, drawn))
        });
    session.ground.close_servers();
    match shown {
        Ok((last, leave)) => {
            let written = summary::print(&last, &mut io::stdout().lock());
            if leave == Leave::Quit {
                session.remember(&last, options);
            }
            let verdict = session.close(&last, options);
            exit::report_panics();
            match leave {
                Leave::Quit => exit::first_failure(exit::written(written), verdict),
                Leave::Interrupted | Leave::Signalled(Signal::Interrupt) => Exit::Interrupted,
                Leave::Signalled(Signal::Terminate | Signal::HangUp) => Exit::Terminated,
            }
        }
        Err(error) => exit::cannot_run(&error),
    }
}

/// The screen has a thread and timers of its own: those of the run are late while
/// many calls flood.
fn runtime_of_screen() -> Result<Runtime, SessionError> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().map_err(SessionError::Runtime)
}

/// What is known of earlier sessions; what cannot be read is said.
fn recall(
    session: &Session,
    policy: &PolicyOptions,
    options: &OutputOptions,
    notices: &mut Vec<String>,
) -> SavedSession {
    let Some(notebook) = options.notebook() else {
        return SavedSession::default();
    };
    let runs = notebook.previous(&session.plan.calls, policy.time_scale);
    let runs = runs.unwrap_or_else(|error| {
        notices.push(format!("earlier runs of this plan: {error}"));
        Vec::new()
    });
    let arguments = notebook.arguments().unwrap_or_else(|error| {
        notices.push(format!("last arguments: {error}"));
        LastArguments::default()
    });
    // With a plan there is something to look at; the card is for who has none.
    let is_first = session.plan.calls.is_empty() && notebook.welcome().unwrap_or(false);
    SavedSession {
        runs,
        is_first,
        arguments,
        notebook: Some(notebook),
    }
}

/// What a dashboard is drawn with besides the run.
struct Drawn {
    looks: Looks,
    recalled: SavedSession,
    laboratory: ExperimentHandle,
    experiment: UnderWay,
}

/// Draws until the user leaves, gives the terminal back, and ends the run.
async fn show(
    session: &Session,
    mut engine: Engine,
    workshop: Workshop,
    drawn: Drawn,
) -> Result<(Arc<Snapshot>, Leave), SessionError> {
    let handle = engine.handle();
    let left = draw(session, handle.clone(), drawn).await;
    // An engine that was drained or shut down has ended, and takes nothing any more.
    let _ = handle.send(Command::Shutdown);
    let mut signals = terminal::signals().map_err(SessionError::Signals)?;
    let closed = workshop.close(async || {
        signals.next().await;
        // The same order again kills what is left of the run as well.
        let _ = handle.send(Command::KillAll);
    });
    closed.await.map_err(SessionError::Laboratory)?;
    let last = end(&mut engine, &handle).await?;
    audit(&last)?;
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
) -> Result<Leave, SessionError> {
    let Drawn {
        looks,
        recalled,
        laboratory,
        experiment,
    } = drawn;
    terminal::install_panic_hook();
    let deps = Deps {
        handle,
        reader: session.ground.store.reader(),
        wiretap: session.ground.servers.wiretap().clone(),
        catalogue: Arc::clone(&session.catalogue),
        theme: looks.theme,
        glyphs: looks.glyphs,
        motion: looks.motion,
        settings: looks.settings,
        recalled,
        run_folder: session.ground.folder.path.clone(),
        laboratory: Some(laboratory),
    };
    let signals = terminal::signals().map_err(SessionError::Signals)?;
    let has_mouse = deps.settings.has_mouse;
    let terminal = GuardedTerminal::enter(has_mouse).map_err(SessionError::Terminal)?;
    let mut aside = RunSession::new(terminal, deps.handle.clone(), experiment);
    let mut screen =
        Terminal::new(TerminalBackend::new(io::stdout())).map_err(SessionError::Terminal)?;
    let keyboard = Keyboard::watch().map_err(SessionError::Terminal)?;
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
