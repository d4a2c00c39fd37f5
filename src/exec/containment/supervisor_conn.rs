//! The runner's connection to one supervisor.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use super::warden_client::{SupervisorSocket, WardenClient};
use crate::exec::pipes::ToolEnds;
use crate::exec::wire::{SupervisorCommand, SupervisorEvent};

/// One supervisor. Dropped, its socket closes, and the supervisor kills its
/// tree.
#[derive(Debug)]
pub(super) struct SupervisorConn {
    socket: SupervisorSocket,
    warden: Arc<WardenClient>,
    is_kept: bool,
}

impl SupervisorConn {
    /// Connects to an idle supervisor, or to a new one. A new one takes
    /// commands at once: they wait in its socket.
    pub(super) fn open(warden: Arc<WardenClient>) -> io::Result<Self> {
        Ok(Self {
            socket: warden.supervisor()?,
            warden,
            is_kept: false,
        })
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

    /// Sends the message of a start with the tool's ends of its pipes.
    pub(super) fn start(&self, message: &[u8], ends: &ToolEnds) -> rustix::io::Result<()> {
        let mut descriptors: Vec<BorrowedFd<'_>> = vec![ends.stdout.as_fd(), ends.stderr.as_fd()];
        descriptors.extend(ends.stdin.as_ref().map(AsFd::as_fd));
        self.socket.channel.send(message, &descriptors)
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
