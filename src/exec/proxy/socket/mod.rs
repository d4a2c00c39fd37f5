//! Those who are attached to a shim: what each is told, and who controls.
//!
//! The relay never waits for any of them. What one does not read in time is
//! left out, bodies first, and counted.

mod connection;
mod outbox;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::mpsc;

use self::connection::Connection;
pub(super) use self::connection::{ConnectionId, SocketEvent};
use self::outbox::Encoded;
use super::folder::{PeerError, peer_of};
use super::frames::{
    Command, Controller, DashboardFrame, DashboardHello, Refused, RefusedWhy, Role, ShimFrame,
    VERSION, encode,
};

/// Connections at most.
const CONNECTIONS: usize = 8;

/// Bytes of past frames that a new connection is sent.
pub(super) const BACKLOG_BYTES: usize = 4 << 20;

/// Events that wait for the shim.
const EVENTS: usize = 64;

/// Time in which a controller must give a sign of life.
pub(super) const BEAT_WITHIN: Duration = Duration::from_secs(3);

/// Everyone who is attached.
#[derive(Debug)]
pub(super) struct Attached {
    connections: Vec<Connection>,
    events: mpsc::Sender<SocketEvent>,
    last_id: u64,
    control: Option<InControl>,
    is_watch_only: bool,
    backlog: VecDeque<Arc<[u8]>>,
    backlog_bytes: usize,
}

/// The connection that controls.
#[derive(Debug)]
struct InControl {
    connection: ConnectionId,
    who: Controller,
    heard: Duration,
}

/// Something that a frame means for the shim.
#[derive(Debug)]
pub(super) enum Wanted {
    Nothing,
    /// One who attached wants to be told everything from now on.
    Attach(ConnectionId),
    /// It controls from now on, in place of nobody.
    Control(ConnectionId),
    /// It controls from now on, in place of another.
    TakeOver(ConnectionId),
    /// The controller only watches from now on.
    Resign,
    /// A command of the controller.
    Command(ConnectionId, Command, Vec<u8>),
}

impl Attached {
    /// Returns nobody, and where events of connections come.
    pub(super) fn new(is_watch_only: bool) -> (Self, mpsc::Receiver<SocketEvent>) {
        let (events, receiver) = mpsc::channel(EVENTS);
        let attached = Self {
            connections: Vec::new(),
            events,
            last_id: 0,
            control: None,
            is_watch_only,
            backlog: VecDeque::new(),
            backlog_bytes: 0,
        };
        (attached, receiver)
    }

    /// Accepts a connection and introduces the shim, if the other end is this
    /// user's.
    pub(super) fn accept(
        &mut self,
        stream: UnixStream,
        hello: &ShimFrame,
    ) -> Result<(), PeerError> {
        let peer = peer_of(&stream)?;
        self.last_id += 1;
        let id = ConnectionId(self.last_id);
        let connection = Connection::open(id, peer, stream, self.events.clone());
        connection.tell(&encode(hello, None).into());
        if self.connections.len() >= CONNECTIONS {
            let text = format!("{CONNECTIONS} connections are open already");
            connection.tell(&refusal(0, RefusedWhy::Unsupported, text));
            connection.close();
            return Ok(());
        }
        self.connections.push(connection);
        Ok(())
    }

    /// Whether anybody is told what passes.
    pub(super) fn is_watched(&self) -> bool {
        self.connections.iter().any(|it| it.is_attached)
    }

    /// Returns who controls.
    pub(super) fn controller(&self) -> Option<&Controller> {
        self.control.as_ref().map(|control| &control.who)
    }

    /// Tells everyone, and those who attach later as far as the backlog reaches.
    pub(super) fn tell(&mut self, frame: &ShimFrame, body: Option<&[u8]>) {
        let is_kept = matches!(
            frame,
            ShimFrame::Msg(_)
                | ShimFrame::Call(_)
                | ShimFrame::End(_)
                | ShimFrame::Late(_)
                | ShimFrame::Server(_)
        );
        if !is_kept && !self.is_watched() {
            return;
        }
        let mut encoded = Encoded::new(frame, body);
        for connection in self.connections.iter().filter(|it| it.is_attached) {
            connection.tell_or_leave_out(&mut encoded);
        }
        if is_kept {
            self.keep(encoded.whole);
        }
    }

    fn keep(&mut self, frame: Arc<[u8]>) {
        self.backlog_bytes += frame.len();
        self.backlog.push_back(frame);
        while self.backlog_bytes > BACKLOG_BYTES {
            let Some(oldest) = self.backlog.pop_front() else {
                return;
            };
            self.backlog_bytes -= oldest.len();
        }
    }

    /// Introduces the shim anew to everyone.
    pub(super) fn introduce(&self, hello: &ShimFrame) {
        let bytes: Arc<[u8]> = encode(hello, None).into();
        for connection in &self.connections {
            connection.tell(&bytes);
        }
    }

    /// Tells one connection what passed before it attached, and has it told
    /// everything from now on.
    pub(super) fn attach(&mut self, id: ConnectionId, tools: Option<&[u8]>) {
        let backlog = self.backlog.iter();
        let Some(connection) = self.connections.iter_mut().find(|it| it.id == id) else {
            return;
        };
        if let Some(tools) = tools {
            connection.tell(&encode(&ShimFrame::Tools, Some(tools)).into());
        }
        if std::mem::replace(&mut connection.is_attached, true) {
            return;
        }
        for frame in backlog {
            connection.tell(frame);
        }
    }

    /// Tells one connection.
    pub(super) fn tell_one(&self, id: ConnectionId, frame: &ShimFrame) {
        if let Some(connection) = self.connections.iter().find(|it| it.id == id) {
            connection.tell(&encode(frame, None).into());
        }
    }

    /// Refuses a command.
    pub(super) fn refuse(&self, id: ConnectionId, n: u64, why: RefusedWhy, text: String) {
        if let Some(connection) = self.connections.iter().find(|it| it.id == id) {
            connection.tell(&refusal(n, why, text));
        }
    }

    /// Returns the time at which the controller counts as lost.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.control.as_ref().map(|it| it.heard + BEAT_WITHIN)
    }

    /// Drops a controller that gave no sign of life. Returns whether there was
    /// one.
    pub(super) fn drop_silent(&mut self, now: Duration) -> bool {
        let is_due = self.deadline().is_some_and(|due| due <= now);
        if let Some(control) = self.control.take_if(|_| is_due) {
            self.gone(control.connection);
            return true;
        }
        false
    }

    /// Removes a connection. Returns whether it controlled.
    pub(super) fn gone(&mut self, id: ConnectionId) -> bool {
        self.connections.retain(|connection| connection.id != id);
        let is_controller = self.control.as_ref().is_some_and(|it| it.connection == id);
        if is_controller {
            self.control = None;
        }
        is_controller
    }

    /// Takes a frame of a connection.
    pub(super) fn heard(
        &mut self,
        now: Duration,
        id: ConnectionId,
        frame: DashboardFrame,
        body: Vec<u8>,
    ) -> Wanted {
        let is_controller = self.control.as_ref().is_some_and(|it| it.connection == id);
        if let Some(control) = self.control.as_mut().filter(|_| is_controller) {
            control.heard = now;
        }
        match frame {
            DashboardFrame::Hello(hello) => self.introduced(now, id, hello),
            DashboardFrame::Beat => {
                self.tell_one(id, &ShimFrame::Beat);
                Wanted::Nothing
            }
            DashboardFrame::Unknown(n) => {
                let text = "this version does not know the command".to_owned();
                self.refuse(id, n.0, RefusedWhy::Unsupported, text);
                Wanted::Nothing
            }
            DashboardFrame::Command(command) if is_controller => Wanted::Command(id, command, body),
            DashboardFrame::Command(command) => {
                let text = match self.controller() {
                    Some(other) => format!("controlled by pid {}", other.pid),
                    None => "ask for control first".to_owned(),
                };
                let n = command.number().0;
                self.refuse(id, n, RefusedWhy::NotController, text);
                Wanted::Nothing
            }
        }
    }

    fn introduced(&mut self, now: Duration, id: ConnectionId, hello: DashboardHello) -> Wanted {
        let Some(connection) = self.connections.iter().find(|it| it.id == id) else {
            return Wanted::Nothing;
        };
        let (pid, is_attached) = (connection.peer.pid, connection.is_attached);
        let n = hello.n.0;
        let watch = if is_attached {
            Wanted::Nothing
        } else {
            Wanted::Attach(id)
        };
        let is_controller = self.control.as_ref().is_some_and(|it| it.connection == id);
        let refused = if hello.v != VERSION {
            let text = format!("protocol version {}; this proxy speaks {VERSION}", hello.v);
            Some((RefusedWhy::Unsupported, text))
        } else if hello.role == Role::Watch || is_controller {
            None
        } else if self.is_watch_only {
            let text = "this proxy was started with --watch-only".to_owned();
            Some((RefusedWhy::Unsupported, text))
        } else {
            let other = self.controller().filter(|_| !hello.takeover);
            other.map(|it| {
                (
                    RefusedWhy::NotController,
                    format!("controlled by pid {}", it.pid),
                )
            })
        };
        if let Some((why, text)) = refused {
            self.refuse(id, n, why, text);
            return watch;
        }
        self.tell_one(id, &ShimFrame::Ok { n });
        match (hello.role, is_controller) {
            (Role::Watch, false) => watch,
            (Role::Watch, true) => {
                self.control = None;
                Wanted::Resign
            }
            (Role::Control, true) => Wanted::Nothing,
            (Role::Control, false) => self.take_control(now, id, pid, hello.name),
        }
    }

    fn take_control(&mut self, now: Duration, id: ConnectionId, pid: u32, name: String) -> Wanted {
        let who = Controller { pid, name };
        let before = self.control.replace(InControl {
            connection: id,
            who,
            heard: now,
        });
        match before {
            None => Wanted::Control(id),
            Some(before) => {
                if let Some(it) = self
                    .connections
                    .iter()
                    .find(|it| it.id == before.connection)
                {
                    it.tell(&encode(&ShimFrame::Bye, None).into());
                    it.close();
                }
                self.connections.retain(|it| it.id != before.connection);
                Wanted::TakeOver(id)
            }
        }
    }

    /// Says farewell, and waits for a moment until everyone has been told.
    pub(super) async fn close(self, patience: Duration) {
        for connection in &self.connections {
            connection.tell(&encode(&ShimFrame::Bye, None).into());
            connection.close();
        }
        let all = async {
            for connection in self.connections {
                connection.written().await;
            }
        };
        let _late = tokio::time::timeout(patience, all).await;
    }
}

fn refusal(n: u64, why: RefusedWhy, text: String) -> Arc<[u8]> {
    encode(&ShimFrame::No(Refused { n, why, text }), None).into()
}
