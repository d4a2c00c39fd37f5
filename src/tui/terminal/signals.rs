//! Signals that end the dashboard or put it aside.

use std::io;
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use futures_util::Stream;
use rustix::process::{Signal as Number, kill_current_process_group};
use tokio::signal::unix::{SignalKind, signal};

use super::Modes;
use crate::tui::update::Signal;

/// How long a stop may take to come about; where there is no job control it
/// never does.
const STOPS_WITHIN: Duration = Duration::from_millis(300);

/// What happens to the terminal when the dashboard is put aside.
pub trait Session {
    /// Gives the terminal back to the shell and returns when the program is
    /// wanted again, in the dashboard's modes.
    fn suspend(&mut self) -> impl Future<Output = io::Result<()>>;

    /// Has the terminal report the mouse, or no longer.
    fn report_mouse(&mut self, is_wanted: bool) -> io::Result<()>;

    /// Puts a text on the clipboard, by way of the terminal.
    fn copy(&mut self, text: &str) -> io::Result<()>;
}

/// The session of a real terminal.
#[derive(Debug)]
pub struct TerminalSession {
    modes: Option<Modes>,
    has_mouse: bool,
}

impl TerminalSession {
    /// Enters the modes, which end with the session.
    pub fn enter(has_mouse: bool) -> io::Result<Self> {
        Ok(Self {
            modes: Some(Modes::enter(has_mouse)?),
            has_mouse,
        })
    }
}

impl Session for TerminalSession {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        crossterm::execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    async fn suspend(&mut self) -> io::Result<()> {
        let mut continued = signal(SignalKind::from_raw(Number::CONT.as_raw()))?;
        // Dropping them restores the terminal; new ones must not be undone by that.
        drop(self.modes.take());
        kill_current_process_group(Number::TSTP)?;
        // The stop itself takes no time that this clock would count twice:
        // after it, either of the two is ready.
        tokio::select! {
            _ = continued.recv() => {}
            () = tokio::time::sleep(STOPS_WITHIN) => {}
        }
        self.modes = Some(Modes::enter(self.has_mouse)?);
        Ok(())
    }

    fn report_mouse(&mut self, is_wanted: bool) -> io::Result<()> {
        self.has_mouse = is_wanted;
        match &self.modes {
            Some(modes) => modes.report_mouse(is_wanted),
            None => Ok(()),
        }
    }
}

/// The signals that end the program, as they arrive.
pub fn signals() -> io::Result<impl Stream<Item = Signal> + Unpin> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(futures_util::stream::poll_fn(move |context| {
        use std::task::Poll;
        let listened = [
            (&mut interrupt, Signal::Interrupt),
            (&mut terminate, Signal::Terminate),
            (&mut hang_up, Signal::HangUp),
        ];
        for (stream, signal) in listened {
            if stream.poll_recv(context).is_ready() {
                return Poll::Ready(Some(signal));
            }
        }
        Poll::Pending
    }))
}
