//! The runner's end of one supervisor.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use super::channel::Channel;
use super::keeper::Keeper;
use crate::exec::pipes::ToolEnds;
use crate::exec::wire::{News, Order};

/// One supervisor. Dropped, its socket closes, and it kills what it has.
#[derive(Debug)]
pub(super) struct Lane {
    key: u64,
    channel: Arc<Channel>,
    keeper: Arc<Keeper>,
    is_kept: bool,
}

impl Lane {
    pub(super) fn new(key: u64, channel: Arc<Channel>, keeper: Arc<Keeper>) -> Self {
        Self {
            key,
            channel,
            keeper,
            is_kept: false,
        }
    }

    pub(super) fn key(&self) -> u64 {
        self.key
    }

    pub(super) fn keeper(&self) -> &Arc<Keeper> {
        &self.keeper
    }

    /// The call is over and the tree is empty: the next call may come.
    pub(super) fn keep(mut self) {
        self.is_kept = self.keeper.keep(self.key, &self.channel);
    }

    /// Sends the message of a start with the tool's ends of its pipes.
    pub(super) fn start(&self, message: &[u8], ends: &ToolEnds) -> rustix::io::Result<()> {
        let mut descriptors: Vec<BorrowedFd<'_>> = vec![ends.stdout.as_fd(), ends.stderr.as_fd()];
        descriptors.extend(ends.stdin.as_ref().map(AsFd::as_fd));
        self.channel.send(message, &descriptors)
    }

    /// Sends an order. A supervisor that is dead is heard of through its news.
    pub(super) fn tell(&self, order: &Order<'_>) {
        let _unheard = self.channel.send(&order.word(), &[]);
    }

    /// The next news; `None` once the supervisor is dead. Nothing is lost
    /// where the wait is given up.
    pub(super) async fn news(&self) -> Option<News> {
        News::read(&self.channel.next().await?)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if !self.is_kept {
            self.keeper.forget(self.key);
        }
    }
}
