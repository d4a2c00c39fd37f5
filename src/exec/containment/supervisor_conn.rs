//! The runner's connection to one supervisor.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use tokio::time;

use super::warden_client::{SupervisorFate, SupervisorSocket, WardenClient};
use crate::exec::pipes::ToolEnds;
use crate::exec::wire::{SupervisorCommand, SupervisorEvent};

/// Time in which the warden must clear what a dead supervisor left.
const CLEAR_WITHIN: Duration = Duration::from_secs(5);

/// One supervisor. Dropped, its socket closes, and the supervisor kills its
/// tree.
#[derive(Debug)]
pub(super) struct SupervisorConn {
    socket: SupervisorSocket,
    warden: Arc<WardenClient>,
    /// Whether it was forked for this connection.
    is_new: bool,
    is_kept: bool,
}

impl SupervisorConn {
    /// Connects to an idle supervisor, or to a new one. A new one takes
    /// commands at once: they wait in its socket.
    pub(super) fn open(warden: Arc<WardenClient>) -> io::Result<Self> {
        let idle = warden.idle_supervisor();
        let is_new = idle.is_none();
        let socket = match idle {
            Some(socket) => socket,
            None => warden.new_supervisor()?,
        };
        Ok(Self {
            socket,
            warden,
            is_new,
            is_kept: false,
        })
    }

    /// Whether the supervisor was forked for this connection.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Waits until the supervisor, whose socket was closed, is known to have
    /// left nothing behind. `None` where that takes too long.
    pub(super) async fn fate(&self) -> Option<SupervisorFate> {
        let fate = self.warden.fate(self.socket.key);
        time::timeout(CLEAR_WITHIN, fate).await.ok()
    }

    pub(super) fn key(&self) -> u64 {
        self.socket.key
    }

    pub(super) fn warden(&self) -> &Arc<WardenClient> {
        &self.warden
    }

    /// Hands the supervisor back for the next call. Its tree must be empty.
    pub(super) fn keep(mut self) {
        self.is_kept = self.warden.keep(self.socket.clone());
    }

    /// Sends the message of a start with the tool's ends of its pipes. While calls
    /// are suspended, the call is suspended as soon as it has started.
    pub(super) fn start(&self, message: &[u8], ends: &ToolEnds) -> rustix::io::Result<()> {
        let mut descriptors: Vec<BorrowedFd<'_>> = vec![ends.stdout.as_fd(), ends.stderr.as_fd()];
        descriptors.extend(ends.stdin.as_ref().map(AsFd::as_fd));
        let is_suspended = self.warden.suspended();
        self.socket.channel.send(message, &descriptors)?;
        if *is_suspended {
            self.send(&SupervisorCommand::Suspend);
        }
        Ok(())
    }

    /// Sends a command. Of a dead supervisor, [`next_event`](Self::next_event)
    /// tells.
    pub(super) fn send(&self, command: &SupervisorCommand<'_>) {
        let _unheard = self.socket.channel.send(&command.message(), &[]);
    }

    /// Returns the next event; `None` once the supervisor is dead. Safe to
    /// cancel.
    pub(super) async fn next_event(&self) -> Option<SupervisorEvent> {
        SupervisorEvent::read(&self.socket.channel.next().await?)
    }
}

impl Drop for SupervisorConn {
    fn drop(&mut self) {
        if !self.is_kept {
            self.warden.forget(self.socket.key);
        }
    }
}
