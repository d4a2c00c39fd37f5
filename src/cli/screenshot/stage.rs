//! The dashboard of real runs on a screen in memory: the real engine and the
//! real loop, with played attempts and a clock that jumps.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::{StreamExt, stream};
use ratatui::Terminal;
use ratatui::buffer::Buffer;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::players::Players;
use super::recording::Recording;
use crate::catalogue::Catalogue;
use crate::engine::{self, Command, EngineHandle, Lifetime, RunSurroundings};
use crate::lab::ExperimentStatus;
use crate::model::{Cap, Plan, Policy, RunId};
use crate::output::{Bounds, ProtocolLog, Store};
use crate::probe::{Probe, ProbeReading};
use crate::theme::Theme;
use crate::tui::ExperimentHandle;
use crate::tui::event_loop::motion::Motion;
use crate::tui::terminal::canvas::Canvas;
use crate::tui::terminal::{Lent, TerminalControl};
use crate::tui::text::glyphs::Glyphs;
use crate::tui::{self, DashboardSettings, Deps, SavedSession, Signal, TuiError};

/// Something that is done at a moment of the run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cue {
    /// A key is pressed.
    Press(char),
    /// The cap is turned.
    Turn(u32),
    /// A call is cancelled.
    Cancel(&'static str),
    /// The screen is taken.
    Take,
}

/// What is shown, and how it looks.
pub(super) struct Show {
    pub(super) plan: Plan,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) theme: Theme,
    pub(super) size: (u16, u16),
    /// In the order of their moments.
    pub(super) cues: Vec<(Duration, Cue)>,
}

/// A screen cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum StageError {
    #[error("the recorded run cannot be read")]
    Recording(#[from] serde_json::Error),
    #[error("the runtime cannot be started")]
    Runtime(#[from] io::Error),
    #[error("the dashboard ended: failed to {0}")]
    Dashboard(#[from] TuiError),
    #[error("the dashboard was left before the picture was taken")]
    Left,
}

/// A session that is never put aside.
struct Here;

impl TerminalControl for Here {
    fn copy(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    async fn lend(
        &mut self,
        _: std::process::Command,
        _: impl Future<Output = Signal>,
    ) -> io::Result<Lent> {
        Ok(Lent::NotStarted(io::ErrorKind::Unsupported.into()))
    }

    async fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn report_mouse(&mut self, _is_wanted: bool) -> io::Result<()> {
        Ok(())
    }
}

/// Plays a run from its start, and takes the screen wherever a cue says so.
pub(super) fn play(show: Show) -> Result<Vec<Buffer>, StageError> {
    let recording = Arc::new(Recording::demo()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(perform(show, recording))
}

async fn perform(show: Show, recording: Arc<Recording>) -> Result<Vec<Buffer>, StageError> {
    let (sender, readings) = watch::channel(Arc::new(ProbeReading::default()));
    let cores = recording.cores();
    let players = Players::new(recording, &show.plan);
    tokio::spawn(players.clone().tell_readings(sender));
    let store = Store::new(None, Bounds::default());
    let engine = engine::start(engine::Setup {
        run: RunId::new("screenshot"),
        policy: Policy {
            cap: show.plan.cap.unwrap_or_default(),
            ..Policy::default()
        },
        plan: show.plan.clone(),
        seed: 1,
        time_scale: 1.0,
        lifetime: Lifetime::UntilAsked,
        catalogue: Arc::clone(&show.catalogue),
        cores,
        spawner: Arc::new(players),
        store: store.clone(),
        probe: Probe::of(readings),
        learned: Vec::new(),
        surroundings: surroundings(),
        recorder: None,
        tape: None,
    });
    let canvas = Canvas::new(show.size.0, show.size.1);
    let (keys, mut typed) = mpsc::channel(64);
    let handle = engine.handle();
    let deps = Deps {
        handle: handle.clone(),
        reader: store.reader(),
        protocol_log: ProtocolLog::default(),
        catalogue: show.catalogue,
        theme: show.theme,
        glyphs: Glyphs::Unicode,
        motion: Motion::Full,
        settings: DashboardSettings::default(),
        recalled: SavedSession::default(),
        run_folder: PathBuf::from("/run"),
        laboratory: Some(laboratory(&show.plan)),
    };
    let Ok(mut terminal) = Terminal::new(canvas.clone());
    // No cue gives the terminal away, so the keys are asked for once.
    let mut input = Some(stream::poll_fn(move |context| typed.poll_recv(context)).boxed_local());
    let input = || {
        input
            .take()
            .unwrap_or_else(|| stream::pending().boxed_local())
    };
    let mut here = Here;
    let dashboard = tui::run(&mut terminal, input, stream::pending(), &mut here, deps);
    tokio::select! {
        biased;
        left = dashboard => left.map_err(StageError::from).and(Err(StageError::Left)),
        screens = direct(&show.plan, show.cues, &handle, &keys, &canvas) => Ok(screens),
    }
}

/// One that tells of the plan, and then of nothing more.
fn laboratory(plan: &Plan) -> ExperimentHandle {
    let (_, mut news) = watch::channel(ExperimentStatus::of(plan));
    news.mark_changed();
    let (orders, _) = mpsc::channel(1);
    ExperimentHandle { orders, news }
}

/// Gives the cues.
async fn direct(
    plan: &Plan,
    cues: Vec<(Duration, Cue)>,
    handle: &EngineHandle,
    keys: &mpsc::Sender<io::Result<Event>>,
    canvas: &Canvas,
) -> Vec<Buffer> {
    let begun = Instant::now();
    let mut screens = Vec::new();
    for (at, cue) in cues {
        sleep_until(begun + at).await;
        match cue {
            Cue::Press(key) => {
                // The dashboard was left: `play` says so.
                let _unheard = keys.send(Ok(Event::Key(pressed(key)))).await;
            }
            Cue::Turn(lanes) => {
                let command = Cap::new(lanes).map(Command::SetCap);
                let _refused = command.map(|command| handle.send(command));
            }
            Cue::Cancel(name) => {
                let call = plan.calls.iter().find(|call| call.name.as_str() == name);
                let command = call.map(|call| Command::Cancel(vec![call.id]));
                let _refused = command.map(|command| handle.send(command));
            }
            Cue::Take => screens.push(canvas.buffer()),
        }
    }
    screens
}

fn pressed(key: char) -> KeyEvent {
    let code = match key {
        '\t' => KeyCode::Tab,
        '\n' => KeyCode::Enter,
        key => KeyCode::Char(key),
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Nothing of the user's: no folder, no environment.
fn surroundings() -> RunSurroundings {
    RunSurroundings {
        started_in: PathBuf::from("/"),
        own_program: PathBuf::from("/fanout"),
        inherited_env: std::collections::BTreeMap::new(),
        run_dir: PathBuf::from("/run"),
    }
}
