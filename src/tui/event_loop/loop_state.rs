//! State of the dashboard's loop: handles events, carries out commands, reads
//! output and draws frames that are due.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, MouseEvent, MouseEventKind};
use futures_util::{FutureExt, Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::Position;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::deps::Deps;
use super::error::{TuiError, drawing};
use super::experiment_handle::{export_results, send_command};
use super::exporter::Exporter;
use super::frame_clock::FrameClock;
use super::motion;
use super::reading::{PaneReader, ServerLogReader};
use crate::model::{Snapshot, ToolName};
use crate::theme::Depth;
use crate::tui::dialogs::Layers;
use crate::tui::export::copy_source::CopySource;
use crate::tui::export::program::Viewer;
use crate::tui::export::report;
use crate::tui::state::{ChosenColumns, Leave, State, ToastLevel, UiCommand};
use crate::tui::terminal::{Lent, Signal, TerminalControl};
use crate::tui::timeline::EarlierRun;
use crate::tui::update::{Msg, update};
use crate::tui::views::{self, Hit};

/// Events that are taken in before the next frame at most, so that a held key
/// cannot keep the screen from being drawn.
const EVENTS_PER_TURN: usize = 256;

/// How long after the end of a viewer a Ctrl-C may become known that was for
/// it. The dashboard's own is a key and no signal.
const LATE: Duration = Duration::from_millis(50);

/// Whether the loop continues after a turn.
pub(in crate::tui) enum Flow {
    Continue,
    Leave(Leave),
    /// The terminal is given to a viewer of this.
    Show(Viewer, CopySource),
}

/// State of the loop between turns.
pub(in crate::tui) struct LoopState {
    state: State,
    layers: Layers,
    pub(in crate::tui) deps: Deps,
    frames: FrameClock,
    started: Instant,
    drawn: Duration,
    commands: VecDeque<UiCommand>,
    /// Notches of the wheel since the last frame, and what they were over.
    wheel: Option<(i32, Option<Hit>)>,
    reading: PaneReader,
    pub(in crate::tui) exporter: Exporter,
    pub(in crate::tui) server_log: ServerLogReader,
    /// Whether more is to be read at once.
    is_reading: bool,
}

impl LoopState {
    pub(in crate::tui) fn new(mut state: State, mut deps: Deps) -> Self {
        state.keymap = deps.settings.keymap.clone();
        state.cpu_unit = deps.settings.cpu_unit;
        state.comparison_at_start = deps.settings.comparison_at_start;
        state.load_at_start = deps.settings.load_at_start.take();
        state.time_scale = deps.settings.time_scale;
        state.zone = deps.settings.zone.clone();
        state.pointer.set_reported(deps.settings.has_mouse);
        state.last_args = std::mem::take(&mut deps.recalled.arguments);
        if let Some(columns) = &deps.recalled.columns {
            state.columns = ChosenColumns::of_ids(columns);
        }
        let runs = std::mem::take(&mut deps.recalled.runs);
        state.timeline.before = runs.iter().map(EarlierRun::of).collect();
        state.offers = std::mem::take(&mut deps.settings.offers);
        let notices = std::mem::take(&mut deps.settings.notices);
        let exporter = Exporter::new(deps.reader.clone(), &deps.run_folder, &deps.settings);
        let mut turn = Self {
            state,
            layers: Layers::default(),
            exporter,
            frames: FrameClock::new(deps.settings.frames_per_second),
            server_log: ServerLogReader::new(deps.protocol_log.clone()),
            deps,
            started: Instant::now(),
            drawn: Duration::ZERO,
            commands: VecDeque::new(),
            wheel: None,
            reading: PaneReader::default(),
            is_reading: false,
        };
        if turn.deps.recalled.is_first {
            turn.handle(Msg::FirstStart);
        }
        turn.list_themes();
        for notice in notices {
            turn.handle(Msg::Notice(ToastLevel::Warn, notice));
        }
        turn
    }

    fn list_themes(&mut self) {
        self.handle(Msg::ThemeApplied(self.deps.theme.name().to_owned()));
        if self.deps.theme.depth() > Depth::Mono {
            let listed = self.deps.settings.themes.list();
            let names = listed.into_iter().map(|it| it.name).collect();
            self.handle(Msg::ThemesListed(names));
        }
    }

    /// A file of the user's themes changed: the theme in use is read again. A
    /// broken one is not put on.
    pub(in crate::tui) fn reload_themes(&mut self) {
        self.list_themes();
        self.apply_theme(self.deps.theme.name().to_owned());
    }

    /// Puts a theme on, unless there is something wrong with it.
    fn apply_theme(&mut self, name: String) {
        let depth = self.deps.theme.depth();
        let loaded = self.deps.settings.themes.load(&name, depth);
        let problem = match loaded {
            Ok((theme, problems)) if problems.is_empty() => {
                self.deps.theme = theme;
                self.handle(Msg::ThemeApplied(name));
                None
            }
            Ok((_, problems)) => problems.first().map(ToString::to_string),
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            self.handle(Msg::Notice(ToastLevel::Warn, problem));
        }
        self.frames.request(self.now());
    }

    /// Writes down what a tool is called with.
    fn remember(&mut self, tool: &ToolName, args: Value) {
        let Some(tool) = self.state.catalogue.get(tool) else {
            return;
        };
        if let Err(error) = self.deps.recalled.keep_arguments(tool, args) {
            let problem = format!("last arguments: {error}");
            self.handle(Msg::Notice(ToastLevel::Warn, problem));
        }
    }

    /// Writes down which columns were chosen.
    fn remember_columns(&mut self, columns: &ChosenColumns) {
        if let Err(error) = self.deps.recalled.keep_columns(columns) {
            let problem = format!("chosen columns: {error}");
            self.handle(Msg::Notice(ToastLevel::Warn, problem));
        }
    }

    /// Writes the report of the run into the current folder.
    fn write_report(&mut self) {
        let state = &self.state;
        let summary = state.ending.summary.as_deref();
        let written = report::write(&state.run, summary, &state.catalogue, &self.deps.reader);
        let msg = match written {
            Ok(path) => {
                let said = format!("written: {}", path.display());
                Msg::Notice(ToastLevel::Info, said)
            }
            Err(error) => Msg::Notice(ToastLevel::Warn, format!("not written: {error}")),
        };
        self.handle(msg);
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// When to wake without being called: the next frame, or far away.
    pub(in crate::tui) fn wake(&self) -> Instant {
        const FAR: Duration = Duration::from_hours(1);
        if self.is_reading {
            return Instant::now();
        }
        let deadline = self.frames.deadline();
        self.started + deadline.unwrap_or_else(|| self.now() + FAR)
    }

    pub(in crate::tui) fn handle(&mut self, msg: Msg) {
        let commands = update(
            &mut self.state,
            &mut self.layers,
            self.started.elapsed(),
            msg,
        );
        self.commands.extend(commands);
    }

    pub(in crate::tui) fn handle_and_draw(&mut self, msg: Msg) {
        self.handle(msg);
        self.frames.request(self.state.now);
    }

    /// Handles the events that are already there.
    pub(in crate::tui) fn inputs<I>(&mut self, input: &mut I) -> Result<(), TuiError>
    where
        I: Stream<Item = io::Result<Event>> + Unpin,
    {
        for _ in 0..EVENTS_PER_TURN {
            match input.next().now_or_never() {
                Some(Some(event)) => self.input(event.map_err(TuiError::Input)?),
                _ => break,
            }
        }
        Ok(())
    }

    /// Reads and draws what is due.
    pub(in crate::tui) fn close<B: Backend>(
        &mut self,
        terminal: &mut Terminal<B>,
    ) -> Result<(), TuiError>
    where
        B::Error: Send + Sync + 'static,
    {
        // A search does not wait for the next frame.
        if self.is_reading || self.state.output.find.search.is_some() {
            self.read();
        }
        if self.frames.is_due(self.now()) {
            self.turn_wheel();
            self.draw(terminal)?;
        }
        Ok(())
    }

    pub(in crate::tui) fn input(&mut self, event: Event) {
        match event {
            Event::Mouse(event) => self.mouse(event),
            event => self.handle(Msg::Input(event)),
        }
        self.frames.request(self.state.now);
    }

    /// A press is handed on with what is under it. Notches of the wheel are
    /// counted until the next frame, so that inertia does not run past it.
    fn mouse(&mut self, event: MouseEvent) {
        let notch = match event.kind {
            MouseEventKind::ScrollDown => 1,
            MouseEventKind::ScrollUp => -1,
            _ => {
                let hit = self.under(event);
                return self.handle(Msg::Pointed(event, hit));
            }
        };
        let hit = self.under(event);
        match &mut self.wheel {
            Some((notches, over)) if *over == hit => *notches += notch,
            _ => {
                self.turn_wheel();
                self.wheel = Some((notch, hit));
            }
        }
    }

    fn under(&self, event: MouseEvent) -> Option<Hit> {
        let view = self
            .layers
            .view(&self.state, &self.deps.theme, self.deps.glyphs);
        views::hit(&view, Position::new(event.column, event.row))
    }

    fn turn_wheel(&mut self) {
        if let Some((notches, hit)) = self.wheel.take() {
            self.handle(Msg::Wheeled(notches, hit));
        }
    }

    pub(in crate::tui) fn engine(
        &mut self,
        is_there: bool,
        snapshots: &mut watch::Receiver<Arc<Snapshot>>,
    ) {
        if !is_there {
            return self.handle_and_draw(Msg::EngineEnded);
        }
        let before = Arc::clone(&self.state.run);
        let run = Arc::clone(&snapshots.borrow_and_update());
        self.state.set_catalogue(self.deps.handle.catalogue());
        self.handle(Msg::Published(run));
        let is_gauges_only = differs_in_gauges_only(&before, &self.state.run);
        if let Some(at) = motion::snapshot_frame(&self.state, self.drawn, is_gauges_only) {
            self.frames.request_at(at);
        }
    }

    /// Does what was asked for, up to what ends the turn.
    pub(in crate::tui) async fn perform<B: Backend>(
        &mut self,
        terminal: &mut Terminal<B>,
        session: &mut impl TerminalControl,
    ) -> Result<Flow, TuiError>
    where
        B::Error: Send + Sync + 'static,
    {
        while let Some(command) = self.commands.pop_front() {
            match command {
                UiCommand::Leave(leave) => return Ok(Flow::Leave(leave)),
                UiCommand::View(viewer, extract) => return Ok(Flow::Show(viewer, extract)),
                UiCommand::Experiment(order) => {
                    let msg = send_command(self.deps.experiments.as_ref(), order);
                    self.handle(msg);
                }
                UiCommand::Export(experiment) => self.handle(export_results(&experiment)),
                UiCommand::ApplyTheme(name) => self.apply_theme(name),
                UiCommand::Mouse(is_wanted) => {
                    session.report_mouse(is_wanted).map_err(TuiError::Mouse)?;
                }
                UiCommand::Copy(extract) => {
                    if let Some(msg) = self.exporter.copy(session, extract) {
                        self.handle(msg);
                    }
                }
                UiCommand::SaveToFile(extract) => {
                    let msg = self.exporter.keep(&extract);
                    self.handle(msg);
                }
                UiCommand::WriteReport => self.write_report(),
                UiCommand::SaveAttachments(call, name) => {
                    let msg = self.exporter.save(call, &name);
                    self.handle(msg);
                }
                UiCommand::KeepArguments(tool, args) => self.remember(&tool, args),
                UiCommand::KeepColumns(columns) => self.remember_columns(&columns),
                UiCommand::Redraw => terminal.clear().map_err(drawing)?,
                UiCommand::Suspend => {
                    session.suspend().await.map_err(TuiError::Suspend)?;
                    terminal.clear().map_err(drawing)?;
                }
                UiCommand::Engine(command) => {
                    if self.deps.handle.send(command).is_err() {
                        self.handle(Msg::CommandRefused);
                    }
                }
            }
            self.frames.request(self.now());
        }
        Ok(Flow::Continue)
    }

    /// Gives the terminal to a viewer. `Some` if fanout was told to end
    /// meanwhile; Ctrl-C is the viewer's.
    pub(in crate::tui) async fn show<S: Stream<Item = Signal> + Unpin>(
        &mut self,
        session: &mut impl TerminalControl,
        signals: &mut S,
        viewer: Viewer,
        extract: CopySource,
    ) -> Result<Option<Leave>, TuiError> {
        let depth = self.deps.theme.depth();
        let command = match self.exporter.view(viewer, extract, depth) {
            Ok(command) => command,
            Err(error) => {
                self.handle_and_draw(Msg::Notice(
                    ToastLevel::Warn,
                    format!("no copy to show: {error}"),
                ));
                return Ok(None);
            }
        };
        let name = command.get_program().to_string_lossy().into_owned();
        let lent = session.lend(command, but_interrupts(signals)).await;
        let problem = match lent.map_err(TuiError::Lend)? {
            Lent::Cut(signal) => return Ok(Some(Leave::Signalled(signal))),
            Lent::Ended(status) if status.success() => None,
            Lent::Ended(status) => Some(format!("{name} ended with {status}")),
            Lent::NotStarted(error) => Some(not_started(viewer, &name, &error)),
        };
        if let Some(problem) = problem {
            self.handle(Msg::Notice(ToastLevel::Warn, problem));
        }
        self.frames.request(self.now());
        let late = tokio::time::timeout(LATE, but_interrupts(signals)).await;
        Ok(late.ok().map(Leave::Signalled))
    }

    pub(in crate::tui) fn draw<B: Backend>(
        &mut self,
        terminal: &mut Terminal<B>,
    ) -> Result<(), TuiError>
    where
        B::Error: Send + Sync + 'static,
    {
        let size = terminal.size().map_err(drawing)?;
        if size == self.state.size {
            self.handle(Msg::Ticked);
        } else {
            self.handle(Msg::Input(Event::Resize(size.width, size.height)));
        }
        self.read();
        let view = self
            .layers
            .view(&self.state, &self.deps.theme, self.deps.glyphs);
        let drawn = terminal.draw(|frame| {
            self.layers.render(&view, frame.area(), frame.buffer_mut());
        });
        drawn.map_err(drawing)?;
        self.drawn = self.now();
        self.frames.drawn(self.drawn);
        if let Some(at) = motion::next_change(&self.state, self.deps.motion) {
            self.frames.request_at(at);
        }
        Ok(())
    }

    /// Reads a piece of what the output pane wants. While there is more, the
    /// loop comes back at once, with time for keys in between.
    fn read(&mut self) {
        let mut news = self.reading.serve(&self.deps.reader, &self.state);
        news.extend(self.server_log.serve(&self.state));
        self.is_reading = !news.is_empty();
        for news in news {
            self.handle(Msg::Read(news));
        }
        if self.is_reading {
            self.frames.request(self.now());
        }
    }
}

/// The next signal that is no Ctrl-C.
async fn but_interrupts<S: Stream<Item = Signal> + Unpin>(signals: &mut S) -> Signal {
    loop {
        match signals.next().await.unwrap_or(Signal::HangUp) {
            Signal::Interrupt => {}
            signal => return signal,
        }
    }
}

/// Why nothing is shown, with what would help.
fn not_started(viewer: Viewer, name: &str, error: &io::Error) -> String {
    let names = match viewer {
        Viewer::Editor => "VISUAL or EDITOR",
        Viewer::Pager => "PAGER",
    };
    format!("{name} cannot be started ({error}): {names} names another one")
}

/// Whether two snapshots differ only in readings of the machine.
fn differs_in_gauges_only(before: &Snapshot, after: &Snapshot) -> bool {
    before.calls.is_same(&after.calls)
        && Arc::ptr_eq(&before.servers, &after.servers)
        && before.agents.differs_in_gauges_only(&after.agents)
        && Arc::ptr_eq(&before.lanes, &after.lanes)
        && before.phase == after.phase
        && before.policy == after.policy
        && before.notice.as_ref().map(|it| it.0) == after.notice.as_ref().map(|it| it.0)
}
