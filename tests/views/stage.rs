//! The real loop of the dashboard on a screen in memory, with typed keys, a
//! clock that is turned by hand and an engine that only listens.

use std::cell::RefCell;
use std::io;
use std::process;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use fanout::catalogue::Catalogue;
use fanout::engine::{Command, EngineHandle};
use fanout::lab::{ExperimentCommand, ExperimentStatus};
use fanout::model::{Plan, Snapshot};
use fanout::output::{Bounds, ProtocolLog, Store};
use fanout::theme::{Depth, builtin};
use fanout::tui::ExperimentHandle;
use fanout::tui::event_loop::motion::Motion;
use fanout::tui::terminal::canvas::Canvas;
use fanout::tui::terminal::{Lent, TerminalControl};
use fanout::tui::text::glyphs::Glyphs;
use fanout::tui::{DashboardSettings, Deps, Leave, SavedSession, Signal, run};
use futures_util::stream;
use ratatui::Terminal;
use ratatui::buffer::Buffer;
use tokio::sync::{mpsc, watch};

use crate::fixtures::with_listed;

/// A session that is never put aside, with a clipboard to look into.
struct Here {
    clipboard: Rc<RefCell<String>>,
    handed: Rc<RefCell<(String, String)>>,
}

impl TerminalControl for Here {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        text.clone_into(&mut self.clipboard.borrow_mut());
        Ok(())
    }

    async fn lend(
        &mut self,
        program: process::Command,
        _: impl Future<Output = Signal>,
    ) -> io::Result<Lent> {
        let file = program.get_args().last().expect("a file");
        let name = program.get_program().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file)?;
        *self.handed.borrow_mut() = (name, text);
        Ok(Lent::Ended(process::ExitStatus::default()))
    }

    async fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn report_mouse(&mut self, _is_wanted: bool) -> io::Result<()> {
        Ok(())
    }
}

/// What a test does to the running dashboard, and what it sees of it.
pub(crate) struct Stage {
    screen: Canvas,
    keys: mpsc::UnboundedSender<io::Result<Event>>,
    signals: mpsc::UnboundedSender<Signal>,
    commands: mpsc::Receiver<Command>,
    orders: mpsc::Receiver<ExperimentCommand>,
    tells: watch::Sender<ExperimentStatus>,
    snapshots: Option<watch::Sender<Arc<Snapshot>>>,
    catalogues: watch::Sender<Arc<Catalogue>>,
    pub(crate) outputs: Store,
    pub(crate) protocol_log: ProtocolLog,
    clipboard: Rc<RefCell<String>>,
    handed: Rc<RefCell<(String, String)>>,
}

impl Stage {
    /// Types keys, such as `jjxx<ret>` or `<C-c>`, and lets the loop answer.
    pub(crate) async fn keys(&mut self, script: &str) {
        for key in parse(script) {
            self.event(Event::Key(key)).await;
        }
    }

    pub(crate) async fn event(&mut self, event: Event) {
        self.keys.send(Ok(event)).expect("the loop listens");
        self.pass(Duration::from_millis(50)).await;
    }

    pub(crate) async fn signal(&mut self, signal: Signal) {
        self.signals.send(signal).expect("the loop listens");
        self.pass(Duration::from_millis(50)).await;
    }

    /// Publishes a snapshot.
    pub(crate) async fn publish(&mut self, run: Arc<Snapshot>) {
        let snapshots = self.snapshots.as_ref().expect("the engine is there");
        self.catalogues
            .send_modify(|known| *known = with_listed(Arc::clone(known), &run));
        snapshots.send(run).expect("the loop listens");
        self.pass(Duration::from_millis(50)).await;
    }

    /// The engine ends.
    pub(crate) async fn end_engine(&mut self) {
        self.snapshots = None;
        self.pass(Duration::from_millis(50)).await;
    }

    /// Lets time pass.
    pub(crate) async fn pass(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> Buffer {
        self.screen.buffer()
    }

    pub(crate) fn text(&self) -> String {
        crate::dump::text(&self.screen())
    }

    /// What was copied last.
    pub(crate) fn clipboard(&self) -> String {
        self.clipboard.borrow().clone()
    }

    /// The program that had the terminal last, and what it was given to show.
    pub(crate) fn handed(&self) -> (String, String) {
        self.handed.borrow().clone()
    }

    /// Frames drawn so far.
    pub(crate) fn frames(&self) -> usize {
        self.screen.frames()
    }

    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        self.screen.resize(width, height);
    }

    /// Tells something in the laboratory's name.
    pub(crate) async fn tell(&mut self, news: ExperimentStatus) {
        self.tells.send(news).expect("the loop listens");
        self.pass(Duration::from_millis(50)).await;
    }

    /// What the laboratory was asked for since the last time.
    pub(crate) fn orders(&mut self) -> Vec<ExperimentCommand> {
        std::iter::from_fn(|| self.orders.try_recv().ok()).collect()
    }

    /// What the engine was asked for since the last time, looks at processes left
    /// out.
    pub(crate) fn commands(&mut self) -> Vec<Command> {
        let mut commands = self.every_command();
        commands.retain(|command| !matches!(command, Command::Inspect(_)));
        commands
    }

    /// Everything that the engine was asked for since the last time.
    pub(crate) fn every_command(&mut self) -> Vec<Command> {
        std::iter::from_fn(|| self.commands.try_recv().ok()).collect()
    }
}

/// Runs the dashboard on a made-up run for as long as `play` plays. `Some` if
/// it was left.
pub(crate) fn play(
    run_picture: Arc<Snapshot>,
    size: (u16, u16),
    script: impl AsyncFnOnce(&mut Stage),
) -> Option<Leave> {
    play_with(
        DashboardSettings::default(),
        SavedSession::default(),
        run_picture,
        size,
        script,
    )
}

/// The same with what a user set up, and what is known of earlier sessions.
pub(crate) fn play_with(
    settings: DashboardSettings,
    recalled: SavedSession,
    run_picture: Arc<Snapshot>,
    size: (u16, u16),
    script: impl AsyncFnOnce(&mut Stage),
) -> Option<Leave> {
    let around = (settings, recalled, crate::fixtures::tools());
    play_on(around, run_picture, size, script)
}

/// The same with other tools.
pub(crate) fn play_on(
    (settings, recalled, catalogue): (DashboardSettings, SavedSession, Arc<Catalogue>),
    run_picture: Arc<Snapshot>,
    size: (u16, u16),
    script: impl AsyncFnOnce(&mut Stage),
) -> Option<Leave> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (command_sender, commands) = mpsc::channel(64);
        let catalogue = with_listed(catalogue, &run_picture);
        let (snapshot_sender, snapshots) = watch::channel(run_picture);
        let (catalogue_sender, catalogues) = watch::channel(catalogue);
        let (keys, typed) = mpsc::unbounded_channel();
        let (signals, mut signalled) = mpsc::unbounded_channel();
        let (order_sender, orders) = mpsc::channel(64);
        let (tells, news) = watch::channel(ExperimentStatus::of(&Plan {
            name: "no plan".to_owned(),
            ..Plan::default()
        }));
        let screen = Canvas::new(size.0, size.1);
        let folder = tempfile::tempdir().expect("a folder");
        let outputs = Store::new(None, Bounds::default());
        let protocol_log = ProtocolLog::default();
        let deps = Deps {
            handle: EngineHandle::new(command_sender, snapshots, catalogues),
            reader: outputs.reader(),
            protocol_log: protocol_log.clone(),
            theme: builtin("terminal", Depth::Ansi).expect("a built-in theme"),
            glyphs: Glyphs::Unicode,
            motion: Motion::Full,
            settings,
            recalled,
            run_folder: folder.path().to_owned(),
            experiments: Some(ExperimentHandle {
                orders: order_sender,
                news,
            }),
        };
        let mut terminal = Terminal::new(screen.clone()).expect("a screen");
        let clipboard: Rc<RefCell<String>> = Rc::default();
        let handed: Rc<RefCell<(String, String)>> = Rc::default();
        let mut session = Here {
            clipboard: Rc::clone(&clipboard),
            handed: Rc::clone(&handed),
        };
        let typed = Rc::new(RefCell::new(typed));
        let input = || {
            let typed = Rc::clone(&typed);
            stream::poll_fn(move |context| typed.borrow_mut().poll_recv(context))
        };
        let signalled = stream::poll_fn(move |context| signalled.poll_recv(context));
        let mut stage = Stage {
            screen,
            keys,
            signals,
            commands,
            orders,
            tells,
            snapshots: Some(snapshot_sender),
            catalogues: catalogue_sender,
            outputs,
            protocol_log,
            clipboard,
            handed,
        };
        let dashboard = run(&mut terminal, input, signalled, &mut session, deps);
        let played = async {
            stage.pass(Duration::from_millis(50)).await;
            script(&mut stage).await;
        };
        tokio::select! {
            biased;
            left = dashboard => Some(left.expect("no error")),
            () = played => None,
        }
    })
}

fn parse(script: &str) -> Vec<KeyEvent> {
    let mut keys = Vec::new();
    let mut rest = script.chars();
    while let Some(c) = rest.next() {
        if c != '<' {
            keys.push(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
            continue;
        }
        let name: String = rest.by_ref().take_while(|c| *c != '>').collect();
        let (modifiers, name) = match name.strip_prefix("C-") {
            Some(name) => (KeyModifiers::CONTROL, name),
            None => (KeyModifiers::NONE, name.as_str()),
        };
        let code = match name {
            "ret" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "backtab" => KeyCode::BackTab,
            "space" => KeyCode::Char(' '),
            "bs" => KeyCode::Backspace,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "f2" => KeyCode::F(2),
            "f3" => KeyCode::F(3),
            "f4" => KeyCode::F(4),
            "f5" => KeyCode::F(5),
            "f6" => KeyCode::F(6),
            "f7" => KeyCode::F(7),
            "f8" => KeyCode::F(8),
            one => KeyCode::Char(one.chars().next().expect("a key's name")),
        };
        keys.push(KeyEvent::new(code, modifiers));
    }
    keys
}
