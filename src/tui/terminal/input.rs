//! What is typed, until the terminal is gone.
//!
//! `crossterm` reads a terminal that hung up without end, since every read
//! answers at once that there is nothing. A thread watches for that, and puts
//! a pipe in the terminal's place that stays empty: whoever reads it waits.

use std::io;
use std::os::fd::AsFd;
use std::thread;

use crossterm::event::{Event, EventStream};
use futures_util::{Stream, StreamExt};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio_util::sync::CancellationToken;

/// The keyboard of the terminal on standard input, and whether it is there.
#[derive(Debug)]
pub struct Keyboard {
    hung_up: CancellationToken,
}

impl Keyboard {
    /// Begins to watch.
    pub fn watch() -> io::Result<Self> {
        let hung_up = CancellationToken::new();
        let noticed = hung_up.clone();
        thread::Builder::new()
            .name("terminal-watch".to_owned())
            .spawn(move || {
                // A terminal that cannot be watched is not one that hung up.
                if await_hang_up().is_ok() {
                    noticed.cancel();
                }
            })?;
        Ok(Self { hung_up })
    }

    /// What is typed. Ends when the terminal hangs up.
    pub fn keys(&self) -> impl Stream<Item = io::Result<Event>> + Unpin + use<> {
        let hung_up = Box::pin(self.hung_up.clone().cancelled_owned());
        EventStream::new().take_until(hung_up)
    }

    /// Whether the terminal has hung up, which its reader may hear of later.
    pub fn is_hung_up(&self) -> bool {
        let now = hangs_up(io::stdout(), Some(&Timespec::default()));
        self.hung_up.is_cancelled() || now.unwrap_or(false)
    }
}

fn await_hang_up() -> io::Result<()> {
    while !hangs_up(io::stdin(), None)? {}
    let flags = PipeFlags::CLOEXEC | PipeFlags::NONBLOCK;
    let (silent, open) = pipe_with(flags)?;
    rustix::stdio::dup2_stdin(&silent)?;
    // Closed, it would be an end of file again.
    std::mem::forget(open);
    Ok(())
}

/// Waits for at most `time` until a terminal hangs up.
fn hangs_up(terminal: impl AsFd, time: Option<&Timespec>) -> io::Result<bool> {
    // A hang-up is told of whatever is asked for.
    let mut watched = [PollFd::new(&terminal, PollFlags::empty())];
    match poll(&mut watched, time) {
        Ok(_) => Ok(watched.iter().any(|it| {
            let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
            it.revents().intersects(gone)
        })),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
