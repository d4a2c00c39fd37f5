//! The dashboard of real runs on a screen in memory: the real engine and the
//! real loop, with played attempts and a clock that jumps.

pub(super) mod recording;
mod spawner;

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

use super::script::{Script, ScriptStep};
use crate::engine::{self, Command, EngineHandle, Lifetime, RunSurroundings};
use crate::lab::ExperimentStatus;
use crate::model::{Cap, Plan, Policy, RunId};
use crate::output::{Bounds, ProtocolLog, Store};
use crate::probe::{Probe, ProbeReading};
use crate::tui::ExperimentHandle;
use crate::tui::event_loop::motion::Motion;
use crate::tui::terminal::canvas::Canvas;
use crate::tui::terminal::{Lent, TerminalControl};
use crate::tui::text::glyphs::Glyphs;
use crate::tui::{self, DashboardSettings, Deps, SavedSession, Signal, TuiError};
use spawner::ReplaySpawner;

/// A screen cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayError {
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
struct NoTerminal;

impl TerminalControl for NoTerminal {
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

/// Plays a run from its start, and takes the screen wherever a step says so.
pub(super) fn play(script: Script) -> Result<Vec<Buffer>, ReplayError> {
    let recording = Arc::clone(&script.recording);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(perform(script, recording))
}

async fn perform(
    script: Script,
    recording: Arc<recording::Recording>,
) -> Result<Vec<Buffer>, ReplayError> {
    let (sender, readings) = watch::channel(Arc::new(ProbeReading::default()));
    let cores = recording.cores();
    let spawner = ReplaySpawner::new(recording, &script.plan);
    tokio::spawn(spawner.clone().send_readings(sender));
    let store = Store::new(None, Bounds::default());
    let engine = engine::start(engine::Setup {
        run: RunId::new("screenshot"),
        policy: Policy {
            cap: script.plan.cap.unwrap_or_default(),
            order: script.order,
            ..Policy::default()
        },
        plan: script.plan.clone(),
        seed: 1,
        time_scale: 1.0,
        lifetime: Lifetime::UntilAsked,
        catalogue: Arc::clone(&script.catalogue),
        cores,
        spawner: Arc::new(spawner),
        store: store.clone(),
        probe: Probe::of(readings),
        learned: Vec::new(),
        surroundings: surroundings(),
        recorder: None,
        agents: None,
        load: None,
        tape: None,
    });
    let canvas = Canvas::new(script.size.0, script.size.1);
    let (keys, mut typed) = mpsc::channel(64);
    let handle = engine.handle();
    let deps = Deps {
        handle: handle.clone(),
        reader: store.reader(),
        protocol_log: ProtocolLog::default(),
        theme: script.theme,
        glyphs: Glyphs::Unicode,
        motion: Motion::Full,
        settings: DashboardSettings::default(),
        recalled: SavedSession::default(),
        run_folder: PathBuf::from("/run"),
        experiments: Some(laboratory(&script.plan)),
    };
    let Ok(mut terminal) = Terminal::new(canvas.clone());
    // No step gives the terminal away, so the keys are asked for once.
    let mut input = Some(stream::poll_fn(move |context| typed.poll_recv(context)).boxed_local());
    let input = || {
        input
            .take()
            .unwrap_or_else(|| stream::pending().boxed_local())
    };
    let mut control = NoTerminal;
    let dashboard = tui::run(&mut terminal, input, stream::pending(), &mut control, deps);
    tokio::select! {
        biased;
        left = dashboard => left.map_err(ReplayError::from).and(Err(ReplayError::Left)),
        screens = direct(&script.plan, script.steps, &handle, &keys, &canvas) => Ok(screens),
    }
}

/// One that tells of the plan, and then of nothing more.
fn laboratory(plan: &Plan) -> ExperimentHandle {
    let (_, mut news) = watch::channel(ExperimentStatus::of(plan));
    news.mark_changed();
    let (orders, _) = mpsc::channel(1);
    ExperimentHandle { orders, news }
}

/// Gives the steps.
async fn direct(
    plan: &Plan,
    steps: Vec<(Duration, ScriptStep)>,
    handle: &EngineHandle,
    keys: &mpsc::Sender<io::Result<Event>>,
    canvas: &Canvas,
) -> Vec<Buffer> {
    let begun = Instant::now();
    let mut screens = Vec::new();
    for (at, step) in steps {
        sleep_until(begun + at).await;
        match step {
            ScriptStep::Press(key) => {
                // The dashboard was left: `play` says so.
                let _unheard = keys.send(Ok(Event::Key(pressed(key)))).await;
            }
            ScriptStep::SetCap(lanes) => {
                let command = Cap::new(lanes).map(Command::SetCap);
                let _refused = command.map(|command| handle.send(command));
            }
            ScriptStep::Cancel(name) => {
                let call = plan.calls.iter().find(|call| call.name.as_str() == name);
                let command = call.map(|call| Command::Cancel(vec![call.id]));
                let _refused = command.map(|command| handle.send(command));
            }
            ScriptStep::Capture => screens.push(canvas.buffer()),
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
