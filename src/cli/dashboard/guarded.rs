//! The dashboard's terminal with a guardian, which restores it if the program
//! is killed.

use std::io;
use std::os::fd::AsFd;

use crate::exec::{Guardian, own_program, while_none_starts};
use crate::tui::Signal;
use crate::tui::terminal::{
    Lent, TerminalControl, TerminalSession, halt, restoring, stop_process_group,
};

/// Line that is printed after the terminal was restored.
const HINT: &str = "fanout was killed; its calls were ended, and the terminal was restored";

/// The terminal in the dashboard's modes. Dropping it restores the terminal.
pub(super) struct GuardedTerminal {
    /// Dropped first: the guardian watches until the terminal is restored.
    session: TerminalSession,
    guardian: Option<Guardian>,
}

impl GuardedTerminal {
    /// Starts a guardian and enters the modes. Without a guardian, which only
    /// a system short of processes would refuse, the dashboard goes on: it
    /// restores the terminal itself on every end that it can catch.
    pub(super) fn enter(has_mouse: bool) -> io::Result<Self> {
        let mut guardian = start().ok();
        if let Some(guardian) = &mut guardian {
            guardian.arm()?;
        }
        Ok(Self {
            session: TerminalSession::enter(has_mouse)?,
            guardian,
        })
    }
}

fn start() -> io::Result<Guardian> {
    let tty = io::stdout().as_fd().try_clone_to_owned()?;
    Guardian::start(own_program(), tty, &restoring(), HINT)
}

impl TerminalControl for GuardedTerminal {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.session.copy(text)
    }

    async fn lend(
        &mut self,
        program: std::process::Command,
        until: impl Future<Output = Signal>,
    ) -> io::Result<Lent> {
        if let Some(guardian) = &mut self.guardian {
            guardian.disarm()?;
        }
        let lent = self.session.lend(program, until).await;
        if let Some(guardian) = &mut self.guardian {
            guardian.arm()?;
        }
        lent
    }

    async fn suspend(&mut self) -> io::Result<()> {
        self.session.leave();
        if let Some(guardian) = &mut self.guardian {
            guardian.disarm()?;
        }
        halt(|| while_none_starts(stop_process_group)).await?;
        if let Some(guardian) = &mut self.guardian {
            guardian.arm()?;
        }
        self.session.enter_again()
    }

    fn report_mouse(&mut self, is_wanted: bool) -> io::Result<()> {
        self.session.report_mouse(is_wanted)
    }
}
