//! A shim that a test plays: it listens in a meeting folder of its own, and
//! says what the test has it say.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fanout::exec::proxy::frames::{
    AgentIdentity, By, CallCame, CallEnded, CallMoved, Command, CommandNo, Controller,
    DashboardFrame, DashboardHello, Direction, FrameReader, Message, Mode, ProxiedOutcome,
    ProxiedState, Refused, RefusedWhy, Role, ShimCall, ShimFrame, ShimHello, ShimTime, VERSION,
    encode,
};
use fanout::exec::proxy::{MeetingFolder, ShimSocket};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Longest wait for something that comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A frame of a dashboard, with its body.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) frame: DashboardFrame,
    pub(crate) body: Option<Vec<u8>>,
}

/// A shim, played by a test, with one dashboard.
pub(crate) struct PlayedShim {
    pub(crate) folder: MeetingFolder,
    pub(crate) socket: ShimSocket,
    listener: Option<UnixListener>,
    stream: Option<UnixStream>,
    heard: Option<Receiver<Heard>>,
    pub(crate) hello: ShimHello,
    next_call: u64,
    sequence: u64,
    /// Whether commands are answered by `ok`, and `hello control` grants it.
    pub(crate) is_obedient: bool,
}

impl PlayedShim {
    /// A shim of an agent's process `pid`.
    pub(crate) fn new(via: &Path, number: u32, agent: &str, pid: u32, server: &str) -> Self {
        let folder = MeetingFolder::of_shim(Some(via)).expect("a folder");
        let name = format!("{number}-0000000{}.sock", number % 10);
        let socket = ShimSocket::read(std::ffi::OsStr::new(&name)).expect("a name");
        let listener = folder.listen(&socket).expect("a socket");
        let started = SystemTime::now().duration_since(UNIX_EPOCH).expect("time");
        Self {
            hello: ShimHello {
                v: VERSION,
                id: socket.id().to_owned(),
                name: server.to_owned(),
                shim_pid: number,
                agent: AgentIdentity {
                    name: Some(agent.to_owned()),
                    version: Some("1.2.3".to_owned()),
                    title: None,
                    pid,
                    comm: "agent".to_owned(),
                },
                lock: format!("{server}-00000000"),
                in_use: true,
                started_unix_us: started.as_micros() as u64,
                ..ShimHello::default()
            },
            folder,
            socket,
            listener: Some(listener),
            stream: None,
            heard: None,
            next_call: 0,
            sequence: 0,
            is_obedient: true,
        }
    }

    /// Takes the dashboard's connection, and introduces itself.
    pub(crate) fn accept(&mut self) {
        let listener = self.listener.as_ref().expect("it listens");
        let (stream, _) = listener.accept().expect("a dashboard");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        let reader = stream.try_clone().expect("a second handle");
        let (sender, heard) = channel();
        std::thread::spawn(move || listen(reader, &sender));
        self.stream = Some(stream);
        self.heard = Some(heard);
        let hello = self.hello.clone();
        self.say(&ShimFrame::Hello(Box::new(hello)), None);
        let first = self.hear();
        assert!(matches!(first.frame, DashboardFrame::Hello(_)), "{first:?}");
    }

    pub(crate) fn say(&mut self, frame: &ShimFrame, body: Option<&[u8]>) {
        let stream = self.stream.as_mut().expect("a connection");
        stream.write_all(&encode(frame, body)).expect("it reads");
    }

    /// The next frame of the dashboard that is no sign of life.
    pub(crate) fn hear(&mut self) -> Heard {
        let heard = self.heard.as_ref().expect("a connection");
        loop {
            let next = heard.recv_timeout(PATIENCE).expect("a frame");
            if !matches!(next.frame, DashboardFrame::Beat) {
                return next;
            }
        }
    }

    /// The next command; a request for control before it is granted.
    pub(crate) fn command(&mut self) -> Command {
        self.command_with_body().0
    }

    /// The same with its body.
    pub(crate) fn command_with_body(&mut self) -> (Command, Vec<u8>) {
        loop {
            let heard = self.hear();
            match heard.frame {
                DashboardFrame::Hello(DashboardHello {
                    n,
                    role: Role::Control,
                    ..
                }) => self.grant(n),
                DashboardFrame::Command(command) => {
                    if self.is_obedient {
                        self.say(
                            &ShimFrame::Ok {
                                n: command.number().0,
                            },
                            None,
                        );
                    }
                    if let Command::Mode(set) = &command {
                        self.hello.mode = set.mode;
                        let hello = self.hello.clone();
                        self.say(&ShimFrame::Hello(Box::new(hello)), None);
                    }
                    return (command, heard.body.unwrap_or_default());
                }
                other => panic!("a command, not {other:?}"),
            }
        }
    }

    fn grant(&mut self, n: CommandNo) {
        if !self.is_obedient {
            let refused = Refused {
                n: n.0,
                why: RefusedWhy::NotController,
                text: "controlled by pid 1".to_owned(),
            };
            return self.say(&ShimFrame::No(refused), None);
        }
        self.hello.controller = Some(Controller {
            pid: std::process::id(),
            name: "fanout".to_owned(),
        });
        self.say(&ShimFrame::Ok { n: n.0 }, None);
        let hello = self.hello.clone();
        self.say(&ShimFrame::Hello(Box::new(hello)), None);
    }

    /// Waits until the dashboard governs.
    pub(crate) fn is_governed(&mut self) {
        match self.command() {
            Command::Mode(set) => assert_eq!(set.mode, Mode::Govern),
            other => panic!("the mode, not {other:?}"),
        }
    }

    fn now(&self) -> ShimTime {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("time");
        ShimTime((now.as_micros() as u64).saturating_sub(self.hello.started_unix_us))
    }

    /// A call comes from the agent.
    pub(crate) fn call(&mut self, tool: &str, args: &Value, ro: Option<bool>) -> ShimCall {
        self.call_with(tool, args, ro, None)
    }

    /// The same, of an agent that waits no longer than this.
    pub(crate) fn call_with(
        &mut self,
        tool: &str,
        args: &Value,
        ro: Option<bool>,
        limit_ms: Option<u64>,
    ) -> ShimCall {
        self.next_call += 1;
        let call = ShimCall(self.next_call);
        let t = self.now();
        let line = json!({
            "jsonrpc": "2.0", "id": call.0, "method": "tools/call",
            "params": {"name": tool, "arguments": args},
        });
        self.message(Direction::ToServer, Some(call), &line);
        let came = CallCame {
            call,
            t,
            rpc: RawValue::from_string(call.0.to_string()).expect("JSON"),
            method: "tools/call".to_owned(),
            tool: tool.to_owned(),
            ro,
            token: true,
            limit_ms,
            extends: false,
            batch: None,
            meta: None,
        };
        self.say(&ShimFrame::Call(Box::new(came)), None);
        call
    }

    pub(crate) fn message(&mut self, dir: Direction, call: Option<ShimCall>, line: &Value) {
        self.sequence += 1;
        let message = Message {
            own: false,
            seq: self.sequence,
            t: self.now(),
            dir,
            call,
            full: None,
        };
        let body = line.to_string();
        self.say(&ShimFrame::Msg(message), Some(body.as_bytes()));
    }

    /// A call stands here now.
    pub(crate) fn moves(&mut self, call: ShimCall, state: ProxiedState) {
        self.moves_because(call, state, None, None);
    }

    pub(crate) fn moves_because(
        &mut self,
        call: ShimCall,
        state: ProxiedState,
        why: Option<&str>,
        by: Option<By>,
    ) {
        let moved = CallMoved {
            call,
            t: self.now(),
            state,
            why: why.map(str::to_owned),
            by,
            until: None,
            unlocked: false,
        };
        self.say(&ShimFrame::State(moved), None);
    }

    /// The server answers a call with a text.
    pub(crate) fn answers(&mut self, call: ShimCall, text: &str) {
        let line = json!({
            "jsonrpc": "2.0", "id": call.0,
            "result": {"content": [{"type": "text", "text": text}]},
        });
        self.message(Direction::ToAgent, Some(call), &line);
        self.ends(call, ProxiedOutcome::Succeeded, None, None);
    }

    pub(crate) fn ends(
        &mut self,
        call: ShimCall,
        outcome: ProxiedOutcome,
        reason: Option<&str>,
        by: Option<By>,
    ) {
        let ended = CallEnded {
            call,
            t: self.now(),
            outcome,
            is_error: false,
            bytes: 0,
            server_ms: Some(1),
            reason: reason.map(str::to_owned),
            by,
        };
        self.say(&ShimFrame::End(ended), None);
    }

    /// Everything that the dashboard said until it closed the connection.
    pub(crate) fn rest(&mut self) -> Vec<Heard> {
        let heard = self.heard.as_ref().expect("a connection");
        let mut rest = Vec::new();
        loop {
            match heard.recv_timeout(PATIENCE) {
                Ok(next) => rest.push(next),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return rest,
                Err(late) => panic!("{late}: it stays connected"),
            }
        }
    }

    /// Closes the connection, and is found no more.
    pub(crate) fn dies(mut self) {
        self.listener = None;
        self.cut();
    }

    /// Closes the connection.
    pub(crate) fn cut(&mut self) {
        if let Some(stream) = self.stream.take() {
            let _closed = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

impl Drop for PlayedShim {
    fn drop(&mut self) {
        self.cut();
        self.folder.remove(&self.socket);
    }
}

fn listen(mut stream: UnixStream, heard: &Sender<Heard>) {
    let mut frames = FrameReader::default();
    let mut buffer = [0; 8192];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        frames.push(&buffer[..count]);
        while let Some(raw) = frames.next_frame().expect("a frame") {
            let frame = DashboardFrame::read(&raw).expect("a frame of a dashboard");
            let body = raw.body;
            if heard.send(Heard { frame, body }).is_err() {
                return;
            }
        }
    }
}
