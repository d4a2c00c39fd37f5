//! One who attaches to a proxy, speaking the socket's protocol.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use fanout::exec::proxy::frames::{
    AnswerCall, Command, CommandNo, DashboardFrame, DashboardHello, FrameReader, Mode,
    ProxiedOutcome, ProxiedState, RefusedWhy, Role, SetMode, ShimCall, ShimFrame, encode,
};
use fanout::exec::proxy::{MeetingFolder, ShimSocket};

use crate::lines::{PATIENCE, wait_until};

/// Pause between two signs of life.
const BEAT: Duration = Duration::from_millis(500);

/// A frame and its body.
pub(crate) type Told = (ShimFrame, Option<Vec<u8>>);

/// A connection to a proxy.
pub(crate) struct Dashboard {
    stream: UnixStream,
    frames: Receiver<Told>,
    last: u64,
}

/// Sockets of the proxies that live.
pub(crate) fn sockets(via: &Path) -> Vec<ShimSocket> {
    let folders = MeetingFolder::all_existing(Some(via)).into_iter();
    let folders = folders.map(|folder| folder.expect("a sound folder"));
    folders
        .flat_map(|folder| folder.shims().expect("a list"))
        .collect()
}

/// Connects to a proxy without a word.
pub(crate) fn connect(via: &Path, socket: &ShimSocket) -> UnixStream {
    let folder = MeetingFolder::all_existing(Some(via))
        .remove(0)
        .expect("a sound folder");
    folder.connect(socket).expect("a connection")
}

impl Dashboard {
    /// Attaches to the only proxy as a watcher.
    pub(crate) fn attach(via: &Path) -> Self {
        wait_until("a socket", || !sockets(via).is_empty());
        let mut dashboard = Self::of(connect(via, &sockets(via)[0]));
        let n = dashboard.introduce(Role::Watch, false, 1);
        assert_eq!(dashboard.answer_to(n), Ok(()));
        dashboard
    }

    /// Takes a connection.
    pub(crate) fn of(stream: UnixStream) -> Self {
        let (sender, frames) = sync_channel(100_000);
        let mut reading = stream.try_clone().expect("a descriptor");
        std::thread::spawn(move || {
            let mut reader = FrameReader::default();
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = reading.read(&mut bytes) {
                reader.push(&bytes[..count]);
                while let Some(raw) = reader.next_frame().expect("frames") {
                    let frame = ShimFrame::read(&raw).expect("a frame");
                    if sender.send((frame, raw.body)).is_err() {
                        return;
                    }
                }
            }
        });
        Self {
            stream,
            frames,
            last: 0,
        }
    }

    fn write(&self, frame: &DashboardFrame, body: Option<&[u8]>) {
        let mut stream = &self.stream;
        stream.write_all(&encode(frame, body)).expect("a proxy");
    }

    /// The number of the next command.
    pub(crate) fn number(&mut self) -> CommandNo {
        self.last += 1;
        CommandNo(self.last)
    }

    /// Introduces itself.
    pub(crate) fn introduce(&mut self, role: Role, takeover: bool, version: u32) -> u64 {
        let n = self.number();
        let hello = DashboardHello {
            n,
            v: version,
            role,
            takeover,
            name: "test".to_owned(),
        };
        self.write(&DashboardFrame::Hello(hello), None);
        n.0
    }

    /// Controls and governs, giving signs of life for as long as it lives.
    pub(crate) fn control(&mut self) {
        let n = self.introduce(Role::Control, false, 1);
        assert_eq!(self.answer_to(n), Ok(()));
        self.beat();
        assert_eq!(self.mode(Mode::Govern), Ok(()));
    }

    /// Begins to give signs of life.
    pub(crate) fn beat(&self) {
        let mut stream = self.stream.try_clone().expect("a descriptor");
        std::thread::spawn(move || {
            while stream
                .write_all(&encode(&DashboardFrame::Beat, None))
                .is_ok()
            {
                std::thread::sleep(BEAT);
            }
        });
    }

    pub(crate) fn mode(&mut self, mode: Mode) -> Result<(), RefusedWhy> {
        let n = self.number();
        self.command(
            Command::Mode(SetMode {
                n,
                mode,
                on_lost: None,
                auto_release: None,
            }),
            None,
        )
    }

    /// Gives a command and takes its answer.
    pub(crate) fn command(
        &mut self,
        command: Command,
        body: Option<&str>,
    ) -> Result<(), RefusedWhy> {
        let n = command.number().0;
        self.write(&DashboardFrame::Command(command), body.map(str::as_bytes));
        self.answer_to(n)
    }

    /// Answers a call by hand.
    pub(crate) fn answer(&mut self, call: u64, body: &str) -> Result<(), RefusedWhy> {
        let n = self.number();
        let call = ShimCall(call);
        self.command(Command::Answer(AnswerCall { n, call }), Some(body))
    }

    pub(crate) fn cancel(&mut self, call: u64) -> Result<(), RefusedWhy> {
        let n = self.number();
        let call = ShimCall(call);
        self.command(Command::Cancel(AnswerCall { n, call }), None)
    }

    pub(crate) fn answer_to(&self, number: u64) -> Result<(), RefusedWhy> {
        self.find("an answer to a command", |(frame, _)| match frame {
            ShimFrame::Ok { n } if *n == number => Some(Ok(())),
            ShimFrame::No(refused) if refused.n == number => Some(Err(refused.why)),
            _ => None,
        })
    }

    /// Waits for a frame, passing over others.
    pub(crate) fn find<T>(&self, what: &str, wanted: impl Fn(&Told) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.frames.recv_timeout(left) {
                Ok(told) => {
                    if let Some(found) = wanted(&told) {
                        return found;
                    }
                }
                Err(error) => panic!("waited for {what}: {error}"),
            }
        }
    }

    /// Waits until a call is in a state. Returns the reason on it.
    pub(crate) fn state(&self, call: u64, state: ProxiedState) -> Option<String> {
        self.find(&format!("{state:?} of {call}"), |(frame, _)| match frame {
            ShimFrame::State(moved) if moved.call.0 == call && moved.state == state => {
                Some(moved.why.clone())
            }
            _ => None,
        })
    }

    /// Waits for the end of a call.
    pub(crate) fn end(&self, call: u64) -> (ProxiedOutcome, Option<String>) {
        self.find(&format!("the end of {call}"), |(frame, _)| match frame {
            ShimFrame::End(end) if end.call.0 == call => Some((end.outcome, end.reason.clone())),
            _ => None,
        })
    }

    /// Waits for the end of the connection.
    pub(crate) fn closed(&self) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.frames.recv_timeout(left) {
                Ok(_) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
                Err(error) => panic!("the connection stays: {error}"),
            }
        }
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        let _gone = self.stream.shutdown(std::net::Shutdown::Both);
    }
}
