//! A program that stays and is spoken to over its pipes, such as a server.

use std::future;
use std::io;

use rustix::io::ioctl_fionbio;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::net::unix::pipe::{Receiver, Sender};

use super::Containment;
use super::supervised_process::{Pump, SupervisedProcess, supervise};
use crate::exec::StopTokens;
use crate::exec::pipes::ToolEnds;
use crate::model::{Ending, ProcessSpec};

/// Our ends of a resident program's pipes. Dropping `stdin` is end of file
/// for it.
#[derive(Debug)]
pub struct PersistentPipes {
    /// What it reads.
    pub stdin: Sender,
    /// What it prints.
    pub stdout: Receiver,
    /// What it complains of; to be read, or the program stands still some day.
    pub stderr: Receiver,
}

/// A resident program that runs under a supervisor.
pub struct PersistentProcess {
    attempt: SupervisedProcess<Option<PersistentPipes>>,
}

/// Whoever took the pipes moves them; here nothing does.
struct NoPump;

impl Pump for NoPump {
    async fn step(&mut self) {
        future::pending::<()>().await;
    }

    fn close_stdin(&mut self) {}
}

impl Containment {
    /// Starts a program that stays. The standard input of the launch is not
    /// looked at: the program reads what is written to its pipe. The error is
    /// the ending of a program that could not be started.
    pub async fn start_persistent(
        &self,
        launch: &ProcessSpec,
        stop: &StopTokens,
    ) -> Result<(PersistentProcess, PersistentPipes), Ending> {
        let make = || PersistentPipes::new().map(|(pipes, ends)| (Some(pipes), ends));
        let mut attempt = SupervisedProcess::begin(&self.0, launch, stop, &make).await?;
        match attempt.pipes().take() {
            Some(pipes) => Ok((PersistentProcess { attempt }, pipes)),
            None => Err(Ending::refused("its pipes were taken already")),
        }
    }
}

impl PersistentProcess {
    /// Process id of the program.
    pub fn pid(&self) -> u32 {
        self.attempt.pid()
    }

    /// Waits until the program and everything under it is gone, or given up,
    /// and passes stops on meanwhile: the soft one is SIGTERM and SIGCONT to
    /// the whole tree, the hard one SIGKILL.
    pub async fn ended(self, stop: &StopTokens) -> Ending {
        let end = supervise(self.attempt.conn(), stop, &mut NoPump).await;
        self.attempt.conclude(end).await
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
