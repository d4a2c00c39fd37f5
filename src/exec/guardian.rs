//! The terminal's guardian: a small process that puts the terminal back when
//! the dashboard is killed and cannot do so itself.
//!
//! It is this program, executed again under another name, in a session of its
//! own. It holds the terminal and its settings from before. While it is armed,
//! end of file on its socket means that the dashboard died: it restores the
//! terminal, prints a hint and ends. It must not know how a screen is drawn:
//! the bytes that undo the dashboard's modes are given to it.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::own_children;
use super::signals;

/// Name of the process, and its first argument. It does not contain the
/// program's name, so that killing the program by name spares the guardian.
pub(super) const NAME: &str = "tty-guardian";

/// Time in which the guardian must be ready, and must end.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Bytes on the socket: the guardian has read the terminal's settings; the
/// dashboard is on; the dashboard is off.
const READY: u8 = b'r';
const ARMED: u8 = b'a';
const DISARMED: u8 = b'z';

/// Our end of a guardian. It ends with us, and quietly if it is disarmed.
#[derive(Debug)]
pub struct Guardian {
    socket: UnixStream,
    process: Child,
}

impl Guardian {
    /// Starts a guardian of the terminal `tty`, disarmed, and waits until it has
    /// seen the terminal's settings: to be called before they are changed.
    /// `program` is this one, which calls [`prepare`](super::prepare) first of
    /// all. `restoring` are the bytes that undo everything the dashboard sets,
    /// `hint` the line that is printed after them.
    pub fn start(program: &Path, tty: OwnedFd, restoring: &[u8], hint: &str) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        let mut command = Command::new(program);
        command
            .arg0(NAME)
            .arg(OsString::from_vec(restoring.to_vec()))
            .arg(hint)
            .stdin(OwnedFd::from(theirs))
            .stdout(tty)
            .stderr(Stdio::null());
        let process = own_children::spawn(&mut command)?;
        let mut guardian = Self { socket, process };
        guardian.socket.set_read_timeout(Some(READY_WITHIN))?;
        let mut answer = [0];
        guardian.socket.read_exact(&mut answer)?;
        Ok(guardian)
    }

    /// Makes the guardian restore the terminal if this process dies. To be called
    /// before the terminal is changed.
    pub fn arm(&mut self) -> io::Result<()> {
        self.socket.write_all(&[ARMED])
    }

    /// Makes the guardian leave the terminal alone, which is as it was.
    pub fn disarm(&mut self) -> io::Result<()> {
        self.socket.write_all(&[DISARMED])
    }
}

impl Drop for Guardian {
    /// Disarms the guardian and waits for its end. The terminal has been restored
    /// already, or this thread is unwinding.
    fn drop(&mut self) {
        let _gone = self.disarm();
        let _closed = self.socket.shutdown(Shutdown::Both);
        let deadline = Instant::now() + READY_WITHIN;
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        own_children::disown(self.process.id());
    }
}

/// Runs the guardian until the other side is gone. The socket is its standard
/// input, the terminal its standard output; `arguments` are the restoring
/// bytes and the hint.
pub(super) fn run(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    signals::reset_and_block();
    rustix::process::setsid()?;
    let restoring = arguments.next().unwrap_or_default();
    let hint = arguments.next().unwrap_or_default();
    let settings = tcgetattr(rustix::stdio::stdout())?;
    let mut socket = UnixStream::from(rustix::io::dup(rustix::stdio::stdin())?);
    socket.write_all(&[READY])?;
    let mut state = DISARMED;
    let mut heard = [0; 16];
    loop {
        match socket.read(&mut heard) {
            Ok(0) => break,
            Ok(count) => state = heard.get(count - 1).copied().unwrap_or(state),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    if state == ARMED {
        restore(&settings, restoring.as_bytes(), hint.as_bytes())?;
    }
    Ok(())
}

/// Restores the terminal. Fails where it has hung up meanwhile.
fn restore(settings: &Termios, restoring: &[u8], hint: &[u8]) -> io::Result<()> {
    let mut terminal = io::stdout().lock();
    terminal.write_all(restoring)?;
    terminal.flush()?;
    // Without waiting for what is not yet written: a stopped terminal would
    // hold us for ever.
    tcsetattr(rustix::stdio::stdout(), OptionalActions::Now, settings)?;
    terminal.write_all(hint)?;
    terminal.write_all(b"\r\n")?;
    terminal.flush()
}
