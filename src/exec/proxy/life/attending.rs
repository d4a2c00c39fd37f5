//! Those who are attached: introductions, commands, and news of locks.

use std::io;
use std::time::Duration;

use tokio::net::UnixStream;

use super::shim::Shim;
use crate::exec::proxy::frames::{AgentIdentity, DashboardFrame, ShimFrame, ShimHello};
use crate::exec::proxy::locks::LockEvent;
use crate::exec::proxy::socket::{ConnectionId, SocketEvent, Wanted};

impl Shim {
    pub(super) fn introduce(&self) {
        self.attached.introduce(&self.hello());
    }

    pub(super) fn hello(&self) -> ShimFrame {
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

    pub(super) fn connected(&mut self, stream: io::Result<UnixStream>, warn: &mut dyn FnMut(&str)) {
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

    pub(super) fn socket_event(&mut self, event: SocketEvent) {
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

    pub(super) fn heard(
        &mut self,
        now: Duration,
        id: ConnectionId,
        frame: DashboardFrame,
        body: Vec<u8>,
    ) {
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
    pub(super) fn attach(&mut self, now: Duration, id: ConnectionId) {
        self.gate.is_watched = true;
        self.gate.refresh_reasons(now);
        let tools = self.gate.session().tools();
        self.attached.attach(id, tools.as_deref());
        for frame in self.gate.open_calls(now) {
            self.attached.tell_one(id, &frame);
        }
    }

    pub(super) fn lock_event(&mut self, event: LockEvent) {
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
