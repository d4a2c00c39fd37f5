//! The pipes of one attempt: its output goes to its sink in large pieces, its
//! input is written at the same time.

use std::cell::RefCell;
use std::future;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::io::ioctl_fionbio;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use tokio::net::unix::pipe::{Receiver, Sender};

use crate::model::Stdin;
use crate::output::{Sink, Stream};

/// Bytes read from a pipe at once. A GiB read in pieces of 256 KiB from a
/// pipe of 1 MiB takes 0.37 of the time that `cat` takes with a pipe of 64 KiB.
const PIECE: usize = 256 * 1024;

/// Size of a pipe that floods, in bytes; also the system's usual limit.
const FLOOD_PIPE: usize = 1024 * 1024;

/// A read of this many bytes or more is a pipe that was full, the default
/// being 64 KiB: the writer had to wait for us.
const FULL: usize = 60 * 1024;

thread_local! {
    // One buffer a thread and none an attempt: a thousand quiet attempts
    // would hold 256 MiB.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The tool's ends of its pipes.
#[derive(Debug)]
pub(super) struct ToolEnds {
    /// `None` is end of file at once.
    pub(super) stdin: Option<OwnedFd>,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// Our ends of one attempt's pipes.
#[derive(Debug)]
pub(super) struct Pipes {
    stdin: Option<StdinPipe>,
    stdout: OutputPipe,
    stderr: OutputPipe,
}

/// The tool's standard input, until everything is written.
#[derive(Debug)]
struct StdinPipe {
    pipe: Sender,
    bytes: Arc<[u8]>,
    /// Bytes written so far.
    written: usize,
}

/// One output of the tool.
#[derive(Debug)]
struct OutputPipe {
    stream: Stream,
    /// `None` once every writer has closed it.
    pipe: Option<Receiver>,
    /// Whether the pipe was enlarged, or that was tried.
    is_enlarged: bool,
}

/// The pipe that can move.
enum Ready {
    Stdin,
    Stdout,
    Stderr,
}

impl Pipes {
    /// Makes the pipes of an attempt: two, or three if it has input.
    pub(super) fn new(stdin: &Stdin) -> io::Result<(Self, ToolEnds)> {
        let (stdout, stdout_end) = OutputPipe::new(Stream::Stdout)?;
        let (stderr, stderr_end) = OutputPipe::new(Stream::Stderr)?;
        let (feed, stdin_end) = match stdin {
            Stdin::Bytes(bytes) if !bytes.is_empty() => {
                let (feed, end) = StdinPipe::new(bytes)?;
                (Some(feed), Some(end))
            }
            Stdin::Bytes(_) | Stdin::Empty => (None, None),
        };
        let pipes = Self {
            stdin: feed,
            stdout,
            stderr,
        };
        let ends = ToolEnds {
            stdin: stdin_end,
            stdout: stdout_end,
            stderr: stderr_end,
        };
        Ok((pipes, ends))
    }

    /// Closes the tool's standard input.
    pub(super) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits until a pipe can move and moves one piece. Never ready once all
    /// are closed. Safe to cancel. Reads nothing while the disk is behind: the
    /// tool waits, and nothing is lost.
    pub(super) async fn step(&mut self, sink: &Sink) {
        let is_behind = sink.is_behind();
        let ready = tokio::select! {
            () = self.stdout.readable(), if !is_behind => Ready::Stdout,
            () = self.stderr.readable(), if !is_behind => Ready::Stderr,
            () = writable(self.stdin.as_ref()) => Ready::Stdin,
            () = sink.caught_up(), if is_behind => return,
        };
        match ready {
            Ready::Stdout => self.stdout.move_piece(sink, Receiver::try_read),
            Ready::Stderr => self.stderr.move_piece(sink, Receiver::try_read),
            Ready::Stdin => {
                if self
                    .stdin
                    .as_mut()
                    .is_some_and(StdinPipe::is_done_after_piece)
                {
                    self.stdin = None;
                }
            }
        }
    }

    /// Reads the bytes in the pipes now, at most as many as a pipe can hold,
    /// without waiting: at the end another process may keep a pipe open. Asks
    /// the system and not the runtime, which may not know of them yet.
    pub(super) fn take_rest(&mut self, sink: &Sink) {
        for output in [&mut self.stdout, &mut self.stderr] {
            for _piece in 0..FLOOD_PIPE / PIECE {
                output.move_piece(sink, |pipe, scratch| {
                    Ok(rustix::io::read(pipe.as_fd(), scratch)?)
                });
            }
        }
    }
}

impl StdinPipe {
    fn new(bytes: &Arc<[u8]>) -> io::Result<(Self, OwnedFd)> {
        let (tool, ours) = pipe_with(PipeFlags::CLOEXEC)?;
        ioctl_fionbio(&ours, true)?;
        let feed = Self {
            pipe: Sender::from_owned_fd_unchecked(ours)?,
            bytes: Arc::clone(bytes),
            written: 0,
        };
        Ok((feed, tool))
    }

    /// Writes one piece. Returns whether that was the last one; a tool that
    /// closed its input has read all it wants, and that is no error.
    fn is_done_after_piece(&mut self) -> bool {
        let rest = self.bytes.get(self.written..).unwrap_or_default();
        match self.pipe.try_write(rest) {
            Ok(count) => {
                self.written += count;
                self.written >= self.bytes.len()
            }
            Err(error) => !is_not_yet(&error),
        }
    }
}

impl OutputPipe {
    fn new(stream: Stream) -> io::Result<(Self, OwnedFd)> {
        let (ours, tool) = pipe_with(PipeFlags::CLOEXEC)?;
        ioctl_fionbio(&ours, true)?;
        let output = Self {
            stream,
            pipe: Some(Receiver::from_owned_fd_unchecked(ours)?),
            is_enlarged: false,
        };
        Ok((output, tool))
    }

    async fn readable(&self) {
        match &self.pipe {
            // An error here means that the runtime is being shut down.
            Some(pipe) => {
                if pipe.readable().await.is_err() {
                    future::pending::<()>().await;
                }
            }
            None => future::pending().await,
        }
    }

    /// Moves one piece from the pipe to the sink, if there is one.
    fn move_piece(
        &mut self,
        sink: &Sink,
        read: impl FnOnce(&Receiver, &mut [u8]) -> io::Result<usize>,
    ) {
        let Some(pipe) = &self.pipe else { return };
        let count = SCRATCH.with_borrow_mut(|scratch| {
            scratch.resize(PIECE, 0);
            let read = read(pipe, scratch);
            if let Ok(count) = read {
                sink.write(self.stream, scratch.get(..count).unwrap_or_default());
            }
            read
        });
        match count {
            Ok(0) => self.pipe = None,
            Ok(count) if count >= FULL && !self.is_enlarged => {
                self.is_enlarged = true;
                // Refused once the user's pipes hold too much in all; a small pipe
                // is only slower.
                let _kept_size = fcntl_setpipe_size(pipe, FLOOD_PIPE);
            }
            Ok(_) => {}
            Err(error) if is_not_yet(&error) => {}
            Err(_broken) => self.pipe = None,
        }
    }
}

async fn writable(feed: Option<&StdinPipe>) {
    match feed {
        Some(feed) => {
            if feed.pipe.writable().await.is_err() {
                future::pending::<()>().await;
            }
        }
        None => future::pending().await,
    }
}

fn is_not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttemptNo, CallId};
    use crate::output::{Bounds, Store};

    #[tokio::test]
    async fn the_rest_is_taken_before_the_runtime_hears_of_it() {
        let (mut pipes, ends) = Pipes::new(&Stdin::Empty).expect("pipes");
        rustix::io::write(&ends.stdout, b"last words").expect("room");
        rustix::io::write(&ends.stderr, b"and more").expect("room");
        let store = Store::new(None, Bounds::default());
        let call = CallId::from_index(0);
        pipes.take_rest(&store.sink(call, AttemptNo(1)));
        let stat = store.stat(call);
        assert_eq!((stat.stdout_bytes, stat.stderr_bytes), (10, 8));
    }
}
