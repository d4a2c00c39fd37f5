//! A program that stays and is spoken to over its pipes, such as a server.

use std::future;
use std::io;

use rustix::io::ioctl_fionbio;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::net::unix::pipe::{Receiver, Sender};

use super::current_warden::CurrentWarden;
use super::supervised_process::{Pump, SupervisedProcess, supervise};
use crate::exec::StopTokens;
use crate::exec::pipes::ToolEnds;
use crate::model::{Ending, ProcessSpec};

/// Our ends of a persistent program's pipes. Dropping `stdin` is end of file
/// for the program.
#[derive(Debug)]
pub struct PersistentPipes {
    /// The program's standard input.
    pub stdin: Sender,
    /// The program's standard output.
    pub stdout: Receiver,
    /// The program's standard error. Must be drained, or the program blocks
    /// when the pipe is full.
    pub stderr: Receiver,
}

/// A persistent program that runs under a supervisor.
pub struct PersistentProcess {
    process: SupervisedProcess<Option<PersistentPipes>>,
}

/// Moves nothing: the owner of the pipes does.
struct NoPump;

impl Pump for NoPump {
    async fn step(&mut self) {
        future::pending::<()>().await;
    }

    fn close_stdin(&mut self) {}
}

impl PersistentProcess {
    pub(super) async fn start(
        warden: &CurrentWarden,
        launch: &ProcessSpec,
        stop: &StopTokens,
    ) -> Result<(Self, PersistentPipes), Ending> {
        let make = || PersistentPipes::new().map(|(pipes, ends)| (Some(pipes), ends));
        let mut process = SupervisedProcess::start(warden, launch, stop, &make).await?;
        match process.pipes().take() {
            Some(pipes) => Ok((Self { process }, pipes)),
            None => Err(Ending::refused("its pipes were taken already")),
        }
    }

    /// Returns the process id of the program.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Waits until the program and everything under it is gone, or given up.
    /// Passes stops on meanwhile: the soft one is SIGTERM and SIGCONT to the
    /// whole tree, the hard one SIGKILL.
    pub async fn ended(self, stop: &StopTokens) -> Ending {
        let end = supervise(self.process.conn(), stop, &mut NoPump).await;
        self.process.conclude(end).await
    }
}

impl PersistentPipes {
    fn new() -> io::Result<(Self, ToolEnds)> {
        let (stdin_end, stdin) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stdout, stdout_end) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stderr, stderr_end) = pipe_with(PipeFlags::CLOEXEC)?;
        for ours in [&stdin, &stdout, &stderr] {
            ioctl_fionbio(ours, true)?;
        }
        let pipes = Self {
            stdin: Sender::from_owned_fd_unchecked(stdin)?,
            stdout: Receiver::from_owned_fd_unchecked(stdout)?,
            stderr: Receiver::from_owned_fd_unchecked(stderr)?,
        };
        let ends = ToolEnds {
            stdin: Some(stdin_end),
            stdout: stdout_end,
            stderr: stderr_end,
        };
        Ok((pipes, ends))
    }
}
