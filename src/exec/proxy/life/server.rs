//! The server behind a shim: a process under a supervisor, in the surroundings
//! that it would have had without a shim.

use std::future::pending;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::pin::Pin;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::net::unix::pipe::{Receiver, Sender};

use super::options::{ShimError, ShimOptions};
use crate::exec::proxy::relay::Outgoing;
use crate::exec::{Containment, ContainmentOptions, StopTokens, Surroundings, program};
use crate::model::{AttemptNo, CallId, Ending, Epoch, ProcessSpec, Stdin};

/// Exit codes of a shell for a program that is missing, and for one that cannot
/// be executed.
const MISSING: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

/// Added to the number of the signal that ended a program.
const SIGNALLED: i32 = 128;

/// A running server.
pub(super) struct Server {
    pub(super) pid: u32,
    pub(super) stop: StopTokens,
    process: Option<OwnedFd>,
    pub(super) stdin: Option<Sender>,
    pub(super) stdout: Option<Receiver>,
    pub(super) stderr: Option<Receiver>,
    pub(super) ended: Pin<Box<dyn Future<Output = Ending> + Send>>,
}

impl Server {
    /// Starts the server.
    pub(super) async fn start(options: &ShimOptions) -> Result<Self, ShimError> {
        let containment = Containment::start(ContainmentOptions {
            surroundings: Surroundings::Inherited,
            ..ContainmentOptions::default()
        })?;
        let spec = spec(options.argv.clone());
        let stop = StopTokens::default();
        let (process, pipes) = containment
            .start_persistent(&spec, &stop)
            .await
            .map_err(|ending| not_started(&spec, ending))?;
        let pid = process.pid();
        let signals = Pid::from_raw(pid.cast_signed());
        let tokens = stop.clone();
        Ok(Self {
            pid,
            stop,
            process: signals.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()),
            stdin: Some(pipes.stdin),
            stdout: Some(pipes.stdout),
            stderr: Some(pipes.stderr),
            ended: Box::pin(async move {
                let ending = process.ended(&tokens).await;
                // Everything under it is gone before this is.
                drop(containment);
                ending
            }),
        })
    }

    /// Passes a signal on to the server's own process.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            let _gone = pidfd_send_signal(process, signal);
        }
    }

    /// Writes what there is room for.
    pub(super) async fn write(stdin: Option<&Sender>, outgoing: &Outgoing) -> io::Result<usize> {
        let Some(stdin) = stdin else {
            return pending().await;
        };
        loop {
            stdin.writable().await?;
            match stdin.try_write(outgoing.next_bytes()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return written,
            }
        }
    }

    /// Reads what is there; never ready once the stream is closed.
    pub(super) async fn read(stream: Option<&Receiver>, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(stream) = stream else {
            return pending().await;
        };
        loop {
            stream.readable().await?;
            match stream.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }
}

fn spec(argv: Vec<String>) -> ProcessSpec {
    // The server inherits the environment; this is where its program is looked
    // up.
    let search = std::env::var_os("PATH").map(|path| path.to_string_lossy().into_owned());
    ProcessSpec {
        call: CallId::MIN,
        attempt: AttemptNo(1),
        epoch: Epoch(1),
        argv,
        env: search
            .map(|path| ("PATH".to_owned(), path))
            .into_iter()
            .collect(),
        cwd: std::env::current_dir().unwrap_or_else(|_gone| PathBuf::from(".")),
        stdin: Stdin::Empty,
    }
}

fn not_started(spec: &ProcessSpec, ending: Ending) -> ShimError {
    let is_there = match program::find(spec) {
        Ok(program) => program.exists(),
        Err(refusal) => !matches!(refusal, crate::exec::Refusal::ProgramMissing(_)),
    };
    ShimError::NotStarted {
        code: if is_there { NOT_EXECUTABLE } else { MISSING },
        reason: ending
            .reason
            .unwrap_or_else(|| "the server was not started".to_owned()),
    }
}

/// Returns the exit code that stands for an ending, as a shell would give it.
pub(super) fn exit_code(ending: &Ending) -> u8 {
    let killed = Signal::KILL.as_raw();
    let code = match (ending.exit_code, ending.signal) {
        (Some(code), _) => code,
        (None, Some(signal)) => SIGNALLED + signal,
        // Its supervisor was killed, and killed it by that.
        (None, None) => SIGNALLED + killed,
    };
    u8::try_from(code).unwrap_or(u8::MAX)
}
