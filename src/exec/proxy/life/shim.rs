//! The one loop of a shim: takes what comes from agent, server, those who are
//! attached and the clock, and does what the gate says.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::Streams;
use super::ladder::Ladder;
use super::options::ShimOptions;
use super::server::{Server, exit_code};
use crate::exec::proxy::folder::{MeetingFolder, ShimSocket};
use crate::exec::proxy::frames::{
    AgentIdentity, DashboardFrame, Direction, Limits, ServerEvent, ServerNews, ShimFrame,
    ShimHello, VERSION,
};
use crate::exec::proxy::gate::{
    Gate, GateEffect, GateSettings, OwnRule, WAITING_BYTES, WAITING_CALLS,
};
use crate::exec::proxy::lock_key::ServerCommand;
use crate::exec::proxy::locks::{LockEvent, Locks, Ordered};
use crate::exec::proxy::masked_argv::masked;
use crate::exec::proxy::record::{Recording, RecordingHead};
use crate::exec::proxy::relay::{LINE_BYTES, LineCutter, Outgoing, Piece};
use crate::exec::proxy::socket::{
    Attached, BACKLOG_BYTES, BEAT_WITHIN, ConnectionId, SocketEvent, Wanted,
};
use crate::exec::proxy::stdio::Stdio;
use crate::model::Ending;
use crate::probe::procfs;

/// Bytes that wait in one direction before no more is read for it.
const WAITING: usize = 1 << 20;

/// Bytes read at once.
const READ: usize = 64 * 1024;

/// Time between two marks on the socket and the locks, against cleaners.
const TOUCH_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Time in which what a dead server printed must have been taken.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

/// A shim at work.
pub(super) struct Shim {
    began: Instant,
    about: ShimHello,
    gate: Gate,
    attached: Attached,
    socket_events: mpsc::Receiver<SocketEvent>,
    meeting: Option<Meeting>,
    locks: Locks,
    lock_events: mpsc::Receiver<LockEvent>,
    recording: Option<Recording>,
    recording_ended: mpsc::Receiver<String>,
    ladder: Ladder,
    to_stderr: Outgoing,
    next_touch: Duration,
    is_kill_wanted: bool,
}

/// The shim's socket. Dropped, it is removed.
struct Meeting {
    folder: MeetingFolder,
    socket: ShimSocket,
    listener: UnixListener,
}

impl Drop for Meeting {
    fn drop(&mut self) {
        self.folder.remove(&self.socket);
    }
}

/// Something that happened.
enum Event {
    FromAgent(io::Result<usize>),
    FromServer(io::Result<usize>),
    FromStderr(io::Result<usize>),
    ToServer(io::Result<usize>),
    ToAgent(io::Result<usize>),
    ToStderr(io::Result<usize>),
    Connected(io::Result<tokio::net::UnixStream>),
    Socket(SocketEvent),
    Lock(LockEvent),
    RecordingEnded(String),
    Signalled(Signal),
    ServerEnded(Ending),
    Due,
}

/// Streams as far as they were cut into lines, and what of them is open.
struct Relay {
    agent: LineCutter,
    server: LineCutter,
    stderr: LineCutter,
    is_agent_open: bool,
    ended: Option<(Ending, Duration)>,
}

impl Shim {
    /// Prepares a shim for a server that runs.
    pub(super) fn new(options: ShimOptions, server: &Server, warn: &mut dyn FnMut(&str)) -> Self {
        let name = options.name.clone().unwrap_or_else(|| {
            let program = options.argv.first().map(String::as_str).unwrap_or_default();
            program.rsplit('/').next().unwrap_or(program).to_owned()
        });
        let lock = options
            .lock
            .clone()
            .unwrap_or_else(|| default_lock(&name, &options.argv));
        let began = Instant::now();
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let socket = ShimSocket::of_this_process();
        let agent_pid = rustix::process::getppid().map_or(0, procfs::number);
        let agent = AgentIdentity {
            pid: agent_pid,
            comm: procfs::name(agent_pid),
            ..AgentIdentity::default()
        };
        let mut about = ShimHello {
            v: VERSION,
            id: socket.id().to_owned(),
            name,
            shim_pid: std::process::id(),
            server_pid: Some(server.pid),
            argv: masked(&options.argv),
            cwd: std::env::current_dir()
                .unwrap_or_default()
                .display()
                .to_string(),
            agent,
            watch_only: options.is_watch_only,
            lock: lock.clone(),
            started_unix_us: unix.as_micros() as u64,
            limits: Limits {
                waiting_calls: WAITING_CALLS as u64,
                waiting_bytes: WAITING_BYTES as u64,
                line_bytes: LINE_BYTES as u64,
                backlog_bytes: BACKLOG_BYTES as u64,
                beat_ms: BEAT_WITHIN.as_millis() as u64,
            },
            ..ShimHello::default()
        };
        let mut folders = Vec::new();
        for folder in MeetingFolder::all_made(options.via.as_deref()) {
            match folder {
                Ok(folder) => folders.push(folder),
                Err(error) => warn(&format!("no dashboard can attach by it: {error}")),
            }
        }
        let holder = format!("pid {} ({})", about.shim_pid, about.agent.comm);
        let has_locks = !folders.is_empty();
        let (locks, lock_events) = Locks::new(folders, &lock, holder);
        let (attached, socket_events) = Attached::new(options.is_watch_only);
        let (recording_end, recording_ended) = mpsc::channel(1);
        let recording = begin_recording(&options, &about, recording_end, warn);
        about.recording = recording.as_ref().map(|it| it.path().display().to_string());
        let meeting = match meet(&options, socket) {
            Ok(meeting) => Some(meeting),
            Err(reason) => {
                warn(&format!("no dashboard can attach: {reason}"));
                None
            }
        };
        let session = std::env::var("CLAUDE_CODE_SESSION_ID").ok();
        let gate = Gate::new(GateSettings {
            govern: options.is_governed.then_some(OwnRule { cap: options.cap }),
            lock,
            has_locks,
            parallel: options.parallel,
            limit: options.limit,
            on_lost: options.on_lost,
            session,
        });
        Self {
            began,
            about,
            gate,
            attached,
            socket_events,
            meeting,
            locks,
            lock_events,
            recording,
            recording_ended,
            ladder: Ladder::default(),
            to_stderr: Outgoing::default(),
            next_touch: TOUCH_EVERY,
            is_kill_wanted: false,
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Relays until the server has ended and all that it said was passed on.
    pub(super) async fn serve(
        &mut self,
        mut server: Server,
        mut streams: Streams,
        warn: &mut dyn FnMut(&str),
    ) -> io::Result<u8> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut relay = Relay {
            agent: LineCutter::default(),
            server: LineCutter::default(),
            stderr: LineCutter::default(),
            is_agent_open: true,
            ended: None,
        };
        let mut buffers = [vec![0; READ], vec![0; READ], vec![0; 4096]];
        self.told_of_server(ServerEvent::Started, server.pid, None);
        loop {
            self.do_effects(&server);
            self.close_what_has_ended(&mut server, &mut streams, &relay);
            if let Some(code) = self.end(&server, &relay) {
                return Ok(code);
            }
            let deadline = self.deadline(&server, &relay).map(|at| self.began + at);
            let [from_agent, from_server, from_stderr] = &mut buffers;
            let can_take_more = self.gate.to_server.bytes() < WAITING;
            let can_give_more = self.gate.to_agent.bytes() < WAITING;
            let event = tokio::select! {
                read = streams.stdin.read(from_agent), if relay.is_agent_open && can_take_more => {
                    Event::FromAgent(read)
                }
                read = Server::read(server.stdout.as_ref(), from_server), if can_give_more => {
                    Event::FromServer(read)
                }
                read = Server::read(server.stderr.as_ref(), from_stderr),
                    if self.to_stderr.bytes() < WAITING => Event::FromStderr(read),
                written = Server::write(server.stdin.as_ref(), &self.gate.to_server),
                    if !self.gate.to_server.is_empty() => Event::ToServer(written),
                written = write(streams.stdout.as_ref(), &self.gate.to_agent),
                    if !self.gate.to_agent.is_empty() => Event::ToAgent(written),
                written = write(streams.stderr.as_ref(), &self.to_stderr),
                    if !self.to_stderr.is_empty() => Event::ToStderr(written),
                stream = accept(self.meeting.as_ref()) => Event::Connected(stream),
                Some(event) = self.socket_events.recv() => Event::Socket(event),
                Some(event) = self.lock_events.recv() => Event::Lock(event),
                Some(reason) = self.recording_ended.recv() => Event::RecordingEnded(reason),
                Some(()) = terminate.recv() => Event::Signalled(Signal::TERM),
                Some(()) = interrupt.recv() => Event::Signalled(Signal::INT),
                Some(()) = hang_up.recv() => Event::Signalled(Signal::HUP),
                ending = &mut server.ended, if relay.ended.is_none() => Event::ServerEnded(ending),
                () = due(deadline) => Event::Due,
            };
            match event {
                Event::FromAgent(read) => {
                    let bytes = read.ok().and_then(|count| buffers[0].get(..count));
                    self.from_agent(&mut relay, bytes.unwrap_or_default());
                }
                Event::FromServer(read) => {
                    let bytes = read.ok().and_then(|count| buffers[1].get(..count));
                    self.from_server(&mut relay, &mut server, bytes.unwrap_or_default());
                }
                Event::FromStderr(read) => {
                    let bytes = read.ok().and_then(|count| buffers[2].get(..count));
                    self.from_stderr(&mut relay, &mut server, bytes.unwrap_or_default());
                }
                Event::ToServer(Ok(count)) => self.gate.to_server.advance(count),
                Event::ToServer(Err(_)) => {
                    // It reads no more. What the agent says goes on being read, so
                    // that its end is seen.
                    self.gate.to_server.clear();
                    server.stdin = None;
                }
                Event::ToAgent(Ok(count)) => self.gate.to_agent.advance(count),
                Event::ToAgent(Err(_)) => {
                    self.gate.to_agent.clear();
                    streams.stdout = None;
                    server.stdout = None;
                }
                Event::ToStderr(Ok(count)) => self.to_stderr.advance(count),
                Event::ToStderr(Err(_)) => {
                    self.to_stderr.clear();
                    streams.stderr = None;
                    server.stderr = None;
                }
                Event::Connected(stream) => self.connected(stream, warn),
                Event::Socket(event) => self.socket_event(event),
                Event::Lock(event) => self.lock_event(event),
                Event::RecordingEnded(reason) => {
                    warn(&format!("the recording has ended: {reason}"));
                    self.recording = None;
                    self.about.recording = Some(format!("ended: {reason}"));
                    self.introduce();
                }
                Event::Signalled(signal) => {
                    server.signal(signal);
                    self.agent_left(&mut relay);
                }
                Event::ServerEnded(ending) => {
                    let now = self.now();
                    relay.ended = Some((ending, now));
                }
                Event::Due => self.tick(&server),
            }
        }
    }

    /// Returns the next time at which something is due.
    fn deadline(&self, server: &Server, relay: &Relay) -> Option<Duration> {
        let drained = relay.ended.as_ref().map(|(_, at)| *at + DRAIN_WITHIN);
        let ladder = match relay.ended {
            None => self.ladder.deadline(&server.stop),
            Some(_) => None,
        };
        [
            self.gate.next_deadline(),
            self.attached.deadline(),
            self.meeting.as_ref().map(|_| self.next_touch),
            drained,
            ladder,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn tick(&mut self, server: &Server) {
        let now = self.now();
        self.gate.tick(now);
        self.ladder.step(now, &server.stop);
        if self.attached.drop_silent(now) {
            self.gate.controller_lost(now);
        }
        if now >= self.next_touch {
            self.next_touch = now + TOUCH_EVERY;
            self.locks.touch();
            if let Some(meeting) = &self.meeting {
                meeting.folder.touch(&meeting.socket);
            }
        }
    }

    fn from_agent(&mut self, relay: &mut Relay, bytes: &[u8]) {
        let is_end = bytes.is_empty();
        relay.agent.push(bytes);
        let now = self.now();
        while let Some(piece) = relay.agent.next_piece() {
            self.piece_of_agent(now, piece);
        }
        if is_end {
            if let Some(piece) = relay.agent.rest() {
                self.piece_of_agent(now, piece);
            }
            self.agent_left(relay);
        }
    }

    fn piece_of_agent(&mut self, now: Duration, piece: Piece) {
        let to = Direction::ToServer;
        self.record(now, to, &piece);
        match piece {
            Piece::Line(line) => self.gate.from_agent(now, line),
            Piece::Part { bytes, is_last } => self.gate.part(to, bytes, is_last),
        }
    }

    /// Begins to end: the agent is gone, or wants it.
    fn agent_left(&mut self, relay: &mut Relay) {
        let now = self.now();
        relay.is_agent_open = false;
        self.gate.agent_left(now);
        self.ladder.begin(now);
    }

    fn from_server(&mut self, relay: &mut Relay, server: &mut Server, bytes: &[u8]) {
        let is_end = bytes.is_empty();
        relay.server.push(bytes);
        let now = self.now();
        while let Some(piece) = relay.server.next_piece() {
            self.piece_of_server(now, piece);
        }
        if is_end {
            if let Some(piece) = relay.server.rest() {
                self.piece_of_server(now, piece);
            }
            server.stdout = None;
        }
    }

    fn piece_of_server(&mut self, now: Duration, piece: Piece) {
        let to = Direction::ToAgent;
        self.record(now, to, &piece);
        match piece {
            Piece::Line(line) => self.gate.from_server(now, line),
            Piece::Part { bytes, is_last } => self.gate.part(to, bytes, is_last),
        }
    }

    fn from_stderr(&mut self, relay: &mut Relay, server: &mut Server, bytes: &[u8]) {
        if bytes.is_empty() {
            server.stderr = None;
        } else {
            self.to_stderr.line(bytes.to_vec());
        }
        relay.stderr.push(bytes);
        let now = self.now();
        let rest = bytes.is_empty().then(|| relay.stderr.rest()).flatten();
        let pieces = std::iter::from_fn(|| relay.stderr.next_piece());
        for piece in pieces.chain(rest) {
            self.record(now, Direction::Stderr, &piece);
            if let Piece::Line(line) = piece {
                self.gate.stderr_line(now, &line);
            }
        }
    }

    fn record(&mut self, now: Duration, direction: Direction, piece: &Piece) {
        if let Some(recording) = &mut self.recording {
            let (Piece::Line(bytes) | Piece::Part { bytes, .. }) = piece;
            recording.message(now, direction, bytes);
        }
    }

    /// Closes streams whose other side has ended, once everything was passed on.
    fn close_what_has_ended(&self, server: &mut Server, streams: &mut Streams, relay: &Relay) {
        if self.ladder.has_begun() && self.gate.to_server.is_empty() {
            server.stdin = None;
        }
        if server.stdout.is_none() && self.gate.to_agent.is_empty() && relay.ended.is_some() {
            streams.stdout = None;
        }
    }

    /// Returns the exit code once the server has ended and what it said was
    /// passed on.
    fn end(&mut self, server: &Server, relay: &Relay) -> Option<u8> {
        let (ending, at) = relay.ended.as_ref()?;
        let is_passed = server.stdout.is_none()
            && server.stderr.is_none()
            && self.gate.to_agent.is_empty()
            && self.to_stderr.is_empty();
        if !is_passed && self.now() < *at + DRAIN_WITHIN {
            return None;
        }
        let now = self.now();
        self.gate.server_ended(now);
        self.told_of_server(ServerEvent::Exited, server.pid, Some(ending));
        self.do_effects(server);
        Some(exit_code(ending))
    }

    fn told_of_server(&mut self, event: ServerEvent, pid: u32, ending: Option<&Ending>) {
        let news = ServerNews {
            event,
            pid: Some(pid),
            code: ending.and_then(|ending| ending.exit_code),
            signal: ending.and_then(|ending| ending.signal),
        };
        self.attached.tell(&ShimFrame::Server(news), None);
    }

    /// Does what the gate wants done.
    fn do_effects(&mut self, server: &Server) {
        self.gate.is_watched = self.attached.is_watched();
        let mut is_introduced = false;
        loop {
            let effects = self.gate.take_effects();
            if effects.is_empty() {
                break;
            }
            for effect in effects {
                match effect {
                    GateEffect::Tell(frame, body) => self.attached.tell(&frame, body.as_deref()),
                    GateEffect::Introduce => is_introduced = true,
                    GateEffect::Lock(order) => {
                        if self.locks.order(order) == Ordered::Taken {
                            let now = self.now();
                            self.gate.lock_taken(now, order.call);
                        }
                    }
                    GateEffect::Unlock(call) => self.locks.release(call),
                    GateEffect::Note(note) => {
                        let now = self.now();
                        if let Some(recording) = &mut self.recording {
                            recording.note(now, &note);
                        }
                    }
                    GateEffect::Kill => self.is_kill_wanted = true,
                }
            }
        }
        if std::mem::take(&mut self.is_kill_wanted) {
            server.stop.hard.cancel();
        }
        if is_introduced {
            self.introduce();
        }
    }

    fn introduce(&self) {
        self.attached.introduce(&self.hello());
    }

    fn hello(&self) -> ShimFrame {
        let session = self.gate.session();
        let (calls, waiting) = self.gate.counts();
        let client = session.client.as_ref();
        ShimFrame::Hello(Box::new(ShimHello {
            agent: AgentIdentity {
                name: client.map(|client| client.name.clone()),
                version: client.and_then(|client| client.version.clone()),
                title: client.and_then(|client| client.title.clone()),
                ..self.about.agent.clone()
            },
            protocol: session.protocol.clone(),
            session: session.name.clone(),
            mode: self.gate.mode(),
            on_lost: self.gate.on_lost(),
            controller: self.attached.controller().cloned(),
            tools: session.tool_count(),
            calls,
            waiting,
            in_use: session.is_in_use,
            not_json: session.not_json,
            unread: session.unread,
            ..self.about.clone()
        }))
    }

    fn connected(
        &mut self,
        stream: io::Result<tokio::net::UnixStream>,
        warn: &mut dyn FnMut(&str),
    ) {
        match stream {
            Ok(stream) => {
                let hello = self.hello();
                if let Err(error) = self.attached.accept(stream, &hello) {
                    warn(&format!("a connection was refused: {error}"));
                }
            }
            Err(error) => {
                // Asking again at once would be asked for ever.
                warn(&format!("no dashboard can attach any more: {error}"));
                self.meeting = None;
            }
        }
    }

    fn socket_event(&mut self, event: SocketEvent) {
        let now = self.now();
        match event {
            SocketEvent::Gone(id) => {
                if self.attached.gone(id) {
                    self.gate.controller_lost(now);
                }
            }
            SocketEvent::Heard(id, frame, body) => self.heard(now, id, frame, body),
        }
    }

    fn heard(&mut self, now: Duration, id: ConnectionId, frame: DashboardFrame, body: Vec<u8>) {
        match self.attached.heard(now, id, frame, body) {
            Wanted::Nothing => {}
            Wanted::Attach(id) => self.attach(now, id),
            Wanted::Control(id) => {
                self.gate.controlled();
                self.attach(now, id);
                self.introduce();
            }
            Wanted::TakeOver(id) => {
                self.attach(now, id);
                self.introduce();
            }
            Wanted::Resign => self.gate.controller_lost(now),
            Wanted::Command(id, command, body) => {
                let n = command.number().0;
                match self.gate.command(now, &command, &body) {
                    Ok(()) => self.attached.tell_one(id, &ShimFrame::Ok { n }),
                    Err(not_done) => self.attached.refuse(id, n, not_done.why, not_done.text),
                }
            }
        }
    }

    /// Tells one connection what there is, and everything from now on.
    fn attach(&mut self, now: Duration, id: ConnectionId) {
        let tools = self.gate.session().tools();
        self.attached.attach(id, tools.as_deref());
        for frame in self.gate.open_calls(now) {
            self.attached.tell_one(id, &frame);
        }
    }

    fn lock_event(&mut self, event: LockEvent) {
        let now = self.now();
        match event {
            LockEvent::Busy { call, holder } => self.gate.lock_busy(now, call, &holder),
            LockEvent::Taken { call, files } => {
                if self.locks.taken(call, files) {
                    self.gate.lock_taken(now, call);
                }
            }
        }
    }

    /// Says farewell to those who are attached.
    pub(super) async fn farewell(self, patience: Duration) {
        drop(self.meeting);
        self.attached.close(patience).await;
    }
}

/// Returns the key of a lock that follows from the server's command. Variables
/// that the agent's configuration adds cannot be told from the agent's own.
fn default_lock(name: &str, argv: &[String]) -> String {
    let mut words = argv.iter().map(std::ffi::OsString::from);
    let program = words.next().unwrap_or_default();
    let args: Vec<std::ffi::OsString> = words.collect();
    let command = ServerCommand {
        program: &program,
        args: &args,
        cwd: &std::env::current_dir().unwrap_or_default(),
        env: &std::collections::BTreeMap::new(),
        search: &std::env::var_os("PATH").unwrap_or_default(),
    };
    command.lock_key(name)
}

fn meet(options: &ShimOptions, socket: ShimSocket) -> Result<Meeting, String> {
    let folder = MeetingFolder::of_shim(options.via.as_deref()).map_err(|it| it.to_string())?;
    let listener = folder.listen(&socket).map_err(|it| it.to_string())?;
    let listener = listener
        .set_nonblocking(true)
        .and_then(|()| UnixListener::from_std(listener));
    Ok(Meeting {
        listener: listener.map_err(|it| it.to_string())?,
        folder,
        socket,
    })
}

fn begin_recording(
    options: &ShimOptions,
    about: &ShimHello,
    ended: mpsc::Sender<String>,
    warn: &mut dyn FnMut(&str),
) -> Option<Recording> {
    let path = options.record.as_ref()?;
    let path = path
        .to_string_lossy()
        .replace("{pid}", &about.shim_pid.to_string())
        .replace("{time}", &(about.started_unix_us / 1_000_000).to_string());
    let head = RecordingHead {
        fanout_wire: 1,
        name: &about.name,
        argv: &about.argv,
        started_unix_us: about.started_unix_us,
        agent: &about.agent,
    };
    match Recording::begin(path.as_ref(), &head, ended) {
        Ok(recording) => Some(recording),
        Err(error) => {
            warn(&format!("nothing is recorded: {path}: {error}"));
            None
        }
    }
}

async fn write(stream: Option<&Stdio>, outgoing: &Outgoing) -> io::Result<usize> {
    match stream {
        Some(stream) => stream.write(outgoing.next_bytes()).await,
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

async fn accept(meeting: Option<&Meeting>) -> io::Result<tokio::net::UnixStream> {
    match meeting {
        Some(meeting) => meeting.listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
