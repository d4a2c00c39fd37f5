//! Signals that end the dashboard or put it aside.

use std::io;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::EventStream;
use futures_util::Stream;
use rustix::process::{Pid, Signal as Number, kill_current_process_group, kill_process};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};

use super::Modes;

/// A signal that ends the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP.
    HangUp,
}

/// How long a stop may take to come about; where there is no job control it
/// never does.
const STOPS_WITHIN: Duration = Duration::from_millis(300);

/// How long a program that has the terminal may take to end when it is told to.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// How a program that had the terminal ended.
#[derive(Debug)]
pub enum Lent {
    /// By itself.
    Ended(ExitStatus),
    /// It could not be started.
    NotStarted(io::Error),
    /// This signal told fanout to end, and fanout told the program.
    Cut(Signal),
}

/// Hands the terminal over while the dashboard is suspended.
pub trait TerminalControl {
    /// Gives the terminal to a program until that ends, or until the signal
    /// comes, and returns in the dashboard's modes. Nobody may read the
    /// terminal's keys meanwhile.
    fn lend(
        &mut self,
        program: Command,
        until: impl Future<Output = Signal>,
    ) -> impl Future<Output = io::Result<Lent>>;

    /// Gives the terminal back to the shell and returns when the program is
    /// wanted again, in the dashboard's modes.
    fn suspend(&mut self) -> impl Future<Output = io::Result<()>>;

    /// Has the terminal report the mouse, or no longer.
    fn report_mouse(&mut self, is_wanted: bool) -> io::Result<()>;

    /// Puts a text on the clipboard, by way of the terminal.
    fn copy(&mut self, text: &str) -> io::Result<()>;
}

/// The modes of a real terminal, which can be left and entered again.
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

    /// Gives the terminal back.
    pub fn leave(&mut self) {
        // Dropping them restores the terminal.
        self.modes = None;
    }

    /// Gives the terminal to a program until that ends, or until the signal
    /// comes, and enters the modes again. Nobody may read the terminal's keys
    /// meanwhile.
    pub async fn lend(
        &mut self,
        program: Command,
        until: impl Future<Output = Signal>,
    ) -> io::Result<Lent> {
        self.leave();
        // A stream of keys that was dropped may still be about to read some.
        // Another one begins only when it has let go.
        drop(EventStream::new());
        let before = tcgetattr(io::stdin())?;
        let lent = conduct(program, until).await;
        // A program that was killed may leave anything.
        tcsetattr(io::stdin(), OptionalActions::Now, &before)?;
        self.enter_again()?;
        lent
    }

    /// Enters the modes as they were left.
    pub fn enter_again(&mut self) -> io::Result<()> {
        // New ones would be undone by dropping those before after them.
        self.leave();
        self.modes = Some(Modes::enter(self.has_mouse)?);
        Ok(())
    }

    /// Has the terminal report the mouse, or no longer.
    pub fn report_mouse(&mut self, is_wanted: bool) -> io::Result<()> {
        self.has_mouse = is_wanted;
        match &self.modes {
            Some(modes) => modes.report_mouse(is_wanted),
            None => Ok(()),
        }
    }

    /// Puts a text on the clipboard, by way of the terminal.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        crossterm::execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
    }
}

/// Stops the program, and whatever its shell runs with it.
pub fn stop_process_group() -> io::Result<()> {
    Ok(kill_current_process_group(Number::TSTP)?)
}

/// Has `stop` stop the program; returns when it is continued.
pub async fn halt(stop: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let mut continued = signal(SignalKind::from_raw(Number::CONT.as_raw()))?;
    stop()?;
    // The stop itself takes no time that this clock would count twice: after
    // it, either of the two is ready.
    tokio::select! {
        _ = continued.recv() => {}
        () = tokio::time::sleep(STOPS_WITHIN) => {}
    }
    Ok(())
}

/// Starts a program on the terminal and waits for its end. It stays in the
/// session and the process group of fanout: so keys that send signals reach
/// both, as a shell has it, and nobody takes it for an orphan of a call.
async fn conduct(program: Command, until: impl Future<Output = Signal>) -> io::Result<Lent> {
    let mut child = match tokio::process::Command::from(program).spawn() {
        Ok(child) => child,
        Err(error) => return Ok(Lent::NotStarted(error)),
    };
    tokio::select! {
        status = child.wait() => Ok(Lent::Ended(status?)),
        signal = until => {
            stop(&mut child).await?;
            Ok(Lent::Cut(signal))
        }
    }
}

/// Tells a program to end, and kills it if it does not.
async fn stop(child: &mut Child) -> io::Result<()> {
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    if let Some(pid) = pid {
        kill_process(pid, Number::TERM)?;
    }
    match tokio::time::timeout(ENDS_WITHIN, child.wait()).await {
        Ok(ended) => ended.map(drop),
        Err(_elapsed) => child.kill().await,
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
