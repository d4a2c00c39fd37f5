//! The runner's end of one supervisor.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use super::channel::Channel;
use super::warden_client::WardenClient;
use crate::exec::pipes::ToolEnds;
use crate::exec::wire::{SupervisorCommand, SupervisorEvent};

/// One supervisor. Dropped, its socket closes, and it kills what it has.
#[derive(Debug)]
pub(super) struct SupervisorConn {
    key: u64,
    channel: Arc<Channel>,
    warden: Arc<WardenClient>,
    is_kept: bool,
}

impl SupervisorConn {
    pub(super) fn new(key: u64, channel: Arc<Channel>, warden: Arc<WardenClient>) -> Self {
        Self {
            key,
            channel,
            warden,
            is_kept: false,
        }
    }

    pub(super) fn key(&self) -> u64 {
        self.key
    }

    pub(super) fn warden(&self) -> &Arc<WardenClient> {
        &self.warden
    }

    /// The call is over and the tree is empty: the next call may come.
    pub(super) fn keep(mut self) {
        self.is_kept = self.warden.keep(self.key, &self.channel);
    }

    /// Sends the message of a start with the tool's ends of its pipes.
    pub(super) fn start(&self, message: &[u8], ends: &ToolEnds) -> rustix::io::Result<()> {
        let mut descriptors: Vec<BorrowedFd<'_>> = vec![ends.stdout.as_fd(), ends.stderr.as_fd()];
        descriptors.extend(ends.stdin.as_ref().map(AsFd::as_fd));
        self.channel.send(message, &descriptors)
    }

    /// Sends an order. A supervisor that is dead is heard of through its news.
    pub(super) fn tell(&self, order: &SupervisorCommand<'_>) {
        let _unheard = self.channel.send(&order.word(), &[]);
    }

    /// The next news; `None` once the supervisor is dead. Nothing is lost
    /// where the wait is given up.
    pub(super) async fn news(&self) -> Option<SupervisorEvent> {
        SupervisorEvent::read(&self.channel.next().await?)
    }
}

impl Drop for SupervisorConn {
    fn drop(&mut self) {
        if !self.is_kept {
            self.warden.forget(self.key);
        }
    }
}
