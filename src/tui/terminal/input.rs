//! Input of the terminal, until it hangs up.
//!
//! `crossterm` reads a terminal that hung up without end, since every read
//! answers at once that there is nothing. A thread watches for that, and puts
//! a pipe in the terminal's place that stays empty: whoever reads it waits.
//!
//! It also wakes the one who asked first for a key, not the one who asked last
//! as a stream should: who looked in passing would be woken, and who waits
//! would not. [`WakesTheLatest`] makes up for that.

use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use crossterm::event::{Event, EventStream};
use futures_util::task::AtomicWaker;
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

    /// Returns the stream of input events, which ends when the terminal hangs up.
    pub fn keys(&self) -> impl Stream<Item = io::Result<Event>> + Unpin + use<> {
        let hung_up = Box::pin(self.hung_up.clone().cancelled_owned());
        WakesTheLatest::new(EventStream::new()).take_until(hung_up)
    }

    /// Whether the terminal has hung up, which its reader may hear of later.
    pub fn is_hung_up(&self) -> bool {
        let now = hangs_up(io::stdout(), Some(&Timespec::default()));
        self.hung_up.is_cancelled() || now.unwrap_or(false)
    }
}

/// A stream that wakes whoever asked last, whoever its source wakes.
#[derive(Debug)]
struct WakesTheLatest<S> {
    source: S,
    latest: Arc<Latest>,
    waker: Waker,
}

/// Waker of the latest poll.
#[derive(Debug, Default)]
struct Latest(AtomicWaker);

impl Wake for Latest {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }
}

impl<S> WakesTheLatest<S> {
    fn new(source: S) -> Self {
        let latest = Arc::new(Latest::default());
        Self {
            source,
            waker: Waker::from(Arc::clone(&latest)),
            latest,
        }
    }
}

impl<S: Stream + Unpin> Stream for WakesTheLatest<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.latest.0.register(cx.waker());
        let waker = self.waker.clone();
        self.source
            .poll_next_unpin(&mut Context::from_waker(&waker))
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Wakes the first who asked, as `crossterm` does.
    #[derive(Default)]
    struct WakesTheFirst(Option<Waker>);

    impl Stream for WakesTheFirst {
        type Item = ();

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
            self.0.get_or_insert_with(|| cx.waker().clone());
            Poll::Pending
        }
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_key_wakes_who_waits_for_it_after_somebody_looked_in_passing() {
        let mut keys = WakesTheLatest::new(WakesTheFirst::default());
        let mut in_passing = Context::from_waker(Waker::noop());
        assert!(keys.poll_next_unpin(&mut in_passing).is_pending());
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let polled = keys.poll_next_unpin(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        keys.source.0.take().expect("it was asked").wake();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    }
}
