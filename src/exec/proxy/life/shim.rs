//! The one loop of a shim: takes what comes from agent, server, those who are
//! attached and the clock, and does what the gate says.

use std::io;
use std::time::Duration;

use rustix::process::Signal;
use tokio::net::UnixStream;
use tokio::signal::unix::{self, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::begin::{self, Meeting};
use super::ladder::Ladder;
use super::options::ShimOptions;
use super::server::{Server, exit_code};
use super::streams::{Relay, Streams};
use crate::exec::proxy::folder::ShimSocket;
use crate::exec::proxy::frames::{Direction, ServerEvent, ServerNews, ShimFrame, ShimHello};
use crate::exec::proxy::gate::{Gate, GateEffect, GateSettings, OwnRule};
use crate::exec::proxy::locks::{LockEvent, Locks, Ordered};
use crate::exec::proxy::record::Recording;
use crate::exec::proxy::relay::Outgoing;
use crate::exec::proxy::socket::{Attached, SocketEvent};
use crate::exec::proxy::stdio::Stdio;
use crate::model::Ending;

/// Time in which calls that wait must have been answered once their agent has
/// nothing more to say. Agents that end kill what they started after 2 s; a
/// script that pipes its requests in waits for the answers.
pub(super) const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// Bytes that wait in one direction before no more is read for it.
const WAITING: usize = 1 << 20;

/// Bytes read at once.
const READ: usize = 64 * 1024;
const READ_STDERR: usize = 4096;

/// Time between two marks on the socket and the locks, against cleaners.
const TOUCH_EVERY: Duration = Duration::from_hours(24);

/// Time in which what a dead server printed must have been taken.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

/// A shim at work.
pub(super) struct Shim {
    pub(super) began: Instant,
    pub(super) about: ShimHello,
    pub(super) gate: Gate,
    pub(super) attached: Attached,
    pub(super) socket_events: mpsc::Receiver<SocketEvent>,
    pub(super) meeting: Option<Meeting>,
    pub(super) locks: Locks,
    pub(super) lock_events: mpsc::Receiver<LockEvent>,
    pub(super) recording: Option<Recording>,
    pub(super) recording_ended: mpsc::Receiver<String>,
    pub(super) ladder: Ladder,
    pub(super) to_stderr: Outgoing,
    pub(super) next_touch: Duration,
}

/// Something that happened.
enum Event {
    /// Bytes were read; none is the end of the stream.
    Came(Direction, io::Result<usize>),
    /// Bytes were written.
    Passed(Direction, io::Result<usize>),
    Connected(io::Result<UnixStream>),
    Socket(SocketEvent),
    Lock(LockEvent),
    RecordingEnded(String),
    Signalled(Signal),
    ServerEnded(Ending),
    Due,
}

/// Room for what is read at once from each stream.
struct Buffers {
    agent: Vec<u8>,
    server: Vec<u8>,
    stderr: Vec<u8>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self {
            agent: vec![0; READ],
            server: vec![0; READ],
            stderr: vec![0; READ_STDERR],
        }
    }
}

impl Buffers {
    /// Returns what was read.
    fn read(&self, direction: Direction, count: usize) -> Option<&[u8]> {
        let buffer = match direction {
            Direction::ToServer => &self.agent,
            Direction::ToAgent => &self.server,
            Direction::Stderr => &self.stderr,
        };
        buffer.get(..count)
    }
}

/// Signals that end a shim.
struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
    hang_up: unix::Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::TERM,
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.hang_up.recv() => Signal::HUP,
        }
    }
}

impl Shim {
    /// Prepares a shim for a server that runs.
    pub(super) fn new(options: ShimOptions, server: &Server, warn: &mut dyn FnMut(&str)) -> Self {
        let began = Instant::now();
        let via = options.via.as_deref();
        let socket = ShimSocket::of_this_process();
        let mut about = begin::about(&options, &socket, server.pid);
        let meeting = Meeting::begin(via, socket);
        if let Err(reason) = &meeting {
            warn(&format!("no dashboard can attach: {reason}"));
        }
        let told = meeting.as_ref().err();
        let folders = begin::lock_folders(&options, told.map(String::as_str), warn);
        let has_locks = !folders.is_empty();
        let holder = format!("pid {} ({})", about.shim_pid, about.agent.comm);
        let (locks, lock_events) = Locks::new(folders, &about.lock, &holder);
        let (attached, socket_events) = Attached::new(options.is_watch_only);
        let (end, recording_ended) = mpsc::channel(1);
        let recording = begin::begin_recording(&options, &about, end, warn);
        let path = recording.as_ref().map(Recording::path);
        about.recording = path.map(|path| path.display().to_string());
        let gate = Gate::new(GateSettings {
            govern: options.is_governed.then_some(OwnRule { cap: options.cap }),
            lock: about.lock.clone(),
            has_locks,
            parallel: options.parallel,
            limit: options.limit,
            on_lost: options.on_lost,
            session: std::env::var("CLAUDE_CODE_SESSION_ID").ok(),
        });
        Self {
            began,
            about,
            gate,
            attached,
            socket_events,
            meeting: meeting.ok(),
            locks,
            lock_events,
            recording,
            recording_ended,
            ladder: Ladder::default(),
            to_stderr: Outgoing::default(),
            next_touch: TOUCH_EVERY,
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Relays until the server has ended and all that it said was passed on.
    pub(super) async fn serve(
        &mut self,
        mut server: Server,
        mut streams: Streams,
        warn: &mut dyn FnMut(&str),
    ) -> io::Result<u8> {
        let mut signals = Signals::listen()?;
        let mut relay = Relay::new();
        let mut buffers = Buffers::default();
        self.told_of_server(ServerEvent::Started, server.pid, None);
        loop {
            self.do_effects(&server);
            self.finish(&mut relay, &streams);
            self.close_what_has_ended(&mut server, &mut streams, &relay);
            if let Some(code) = self.end(&server, &relay) {
                return Ok(code);
            }
            let deadline = self.deadline(&server, &relay).map(|at| self.began + at);
            let event = self
                .next_event(
                    &mut server,
                    &streams,
                    &relay,
                    &mut buffers,
                    &mut signals,
                    deadline,
                )
                .await;
            match event {
                Event::Passed(direction, result) => {
                    self.passed(&mut server, &mut streams, direction, result);
                }
                Event::Came(direction, result) => {
                    let bytes = result.ok().and_then(|count| buffers.read(direction, count));
                    self.came(
                        &mut relay,
                        &mut server,
                        direction,
                        bytes.unwrap_or_default(),
                    );
                }
                Event::ServerEnded(ending) => relay.ended = Some((ending, self.now())),
                Event::Signalled(signal) => {
                    server.signal(signal);
                    self.agent_left(&mut relay, &streams);
                }
                Event::Due => self.tick(&server),
                Event::Connected(stream) => self.connected(stream, warn),
                Event::Socket(event) => self.socket_event(event),
                Event::Lock(event) => self.lock_event(event),
                Event::RecordingEnded(reason) => {
                    warn(&format!("the recording has ended: {reason}"));
                    self.recording = None;
                    self.about.recording = Some(format!("ended: {reason}"));
                    self.introduce();
                }
            }
        }
    }

    /// Waits for the next thing that happens.
    async fn next_event(
        &mut self,
        server: &mut Server,
        streams: &Streams,
        relay: &Relay,
        buffers: &mut Buffers,
        signals: &mut Signals,
        deadline: Option<Instant>,
    ) -> Event {
        use Direction::{Stderr, ToAgent, ToServer};
        let (to_server, to_agent) = (&self.gate.to_server, &self.gate.to_agent);
        let (stdin, stdout, stderr) = (&server.stdin, &server.stdout, &server.stderr);
        tokio::select! {
            read = streams.stdin.read(&mut buffers.agent),
                if relay.is_agent_open && to_server.bytes() < WAITING => Event::Came(ToServer, read),
            read = Server::read(stdout.as_ref(), &mut buffers.server),
                if to_agent.bytes() < WAITING => Event::Came(ToAgent, read),
            read = Server::read(stderr.as_ref(), &mut buffers.stderr),
                if self.to_stderr.bytes() < WAITING => Event::Came(Stderr, read),
            written = Server::write(stdin.as_ref(), to_server),
                if !to_server.is_empty() => Event::Passed(ToServer, written),
            written = write(streams.stdout.as_ref(), to_agent),
                if !to_agent.is_empty() => Event::Passed(ToAgent, written),
            written = write(streams.stderr.as_ref(), &self.to_stderr),
                if !self.to_stderr.is_empty() => Event::Passed(Stderr, written),
            stream = accept(self.meeting.as_ref()) => Event::Connected(stream),
            Some(event) = self.socket_events.recv() => Event::Socket(event),
            Some(event) = self.lock_events.recv() => Event::Lock(event),
            Some(reason) = self.recording_ended.recv() => Event::RecordingEnded(reason),
            signal = signals.next() => Event::Signalled(signal),
            ending = &mut server.ended, if relay.ended.is_none() => Event::ServerEnded(ending),
            () = due(deadline) => Event::Due,
        }
    }

    /// Takes off what was written. A side that takes no more is closed on the other
    /// side as well.
    fn passed(
        &mut self,
        server: &mut Server,
        streams: &mut Streams,
        direction: Direction,
        result: io::Result<usize>,
    ) {
        let outgoing = match direction {
            Direction::ToServer => &mut self.gate.to_server,
            Direction::ToAgent => &mut self.gate.to_agent,
            Direction::Stderr => &mut self.to_stderr,
        };
        match (result, direction) {
            (Ok(count), _) => return outgoing.advance(count),
            // What the agent says goes on being read, so that its end is seen.
            (Err(_), Direction::ToServer) => server.stdin = None,
            (Err(_), Direction::ToAgent) => (streams.stdout, server.stdout) = (None, None),
            (Err(_), Direction::Stderr) => (streams.stderr, server.stderr) = (None, None),
        }
        outgoing.clear();
    }

    /// Takes what was read; nothing is the end of the stream.
    fn came(&mut self, relay: &mut Relay, server: &mut Server, direction: Direction, bytes: &[u8]) {
        match direction {
            Direction::ToServer => self.agent_said(relay, server, bytes),
            Direction::ToAgent => self.server_said(relay, server, bytes),
            Direction::Stderr => self.stderr_said(relay, server, bytes),
        }
    }

    /// Returns the next time at which something is due.
    pub(super) fn deadline(&self, server: &Server, relay: &Relay) -> Option<Duration> {
        let drained = relay.ended.as_ref().map(|(_, at)| *at + DRAIN_WITHIN);
        let ladder = match relay.ended {
            None => self.ladder.deadline(&server.stop),
            Some(_) => None,
        };
        let finished = relay.last_word.map(|since| since + FINISH_WITHIN);
        [
            finished,
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

    pub(super) fn tick(&mut self, server: &Server) {
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

    /// Closes streams whose other side has ended, once everything was passed on.
    pub(super) fn close_what_has_ended(
        &self,
        server: &mut Server,
        streams: &mut Streams,
        relay: &Relay,
    ) {
        if self.ladder.has_begun() && self.gate.to_server.is_empty() {
            server.stdin = None;
        }
        if server.stdout.is_none() && self.gate.to_agent.is_empty() && relay.ended.is_some() {
            streams.stdout = None;
        }
    }

    /// Returns the exit code once the server has ended and what it said was
    /// passed on.
    pub(super) fn end(&mut self, server: &Server, relay: &Relay) -> Option<u8> {
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

    pub(super) fn told_of_server(&mut self, event: ServerEvent, pid: u32, ending: Option<&Ending>) {
        let news = ServerNews {
            event,
            pid: Some(pid),
            code: ending.and_then(|ending| ending.exit_code),
            signal: ending.and_then(|ending| ending.signal),
        };
        self.attached.tell(&ShimFrame::Server(news), None);
    }

    /// Does what the gate wants done.
    pub(super) fn do_effects(&mut self, server: &Server) {
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
                    GateEffect::Kill => server.stop.hard.cancel(),
                }
            }
        }
        if is_introduced {
            self.introduce();
        }
    }
}

async fn write(stream: Option<&Stdio>, outgoing: &Outgoing) -> io::Result<usize> {
    match stream {
        Some(stream) => stream.write(outgoing.next_bytes()).await,
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

async fn accept(meeting: Option<&Meeting>) -> io::Result<UnixStream> {
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
