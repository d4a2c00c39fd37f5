//! A socket that can be waited on.

#![expect(unsafe_code, reason = "the safe registration is deprecated as unsound")]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::exec::wire::{Packet, receive, send};

/// The runner's end of a socket to a supervisor or to the warden.
#[derive(Debug)]
pub(super) struct Channel(AsyncFd<OwnedFd>);

impl Channel {
    /// Registers the socket with the current tokio runtime. Only reading is
    /// waited for: a command that finds no room is an error.
    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        // SAFETY: an `OwnedFd` stays open, and stays the same, for as long as
        // it lives, and nothing takes it out of here.
        let registered = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) };
        Ok(Self(registered?))
    }

    /// Sends a message with descriptors; `AGAIN` at once where the socket is full.
    pub(super) fn send(
        &self,
        message: &[u8],
        descriptors: &[BorrowedFd<'_>],
    ) -> rustix::io::Result<()> {
        send(self.0.get_ref().as_fd(), message, descriptors)
    }

    /// Returns the next message; `None` once the other end is closed. Safe to
    /// cancel.
    pub(super) async fn next(&self) -> Option<Vec<u8>> {
        let is_reset = |error: &io::Error| Errno::from_io_error(error) == Some(Errno::CONNRESET);
        loop {
            let received = self.0.async_io(Interest::READABLE, |socket| {
                receive(socket.as_fd()).map_err(Errno::into)
            });
            match received.await {
                Ok(Packet::Message(message, _)) => return Some(message),
                // Told once, before the messages that the other end sent, where
                // it was closed with unread ones.
                Err(error) if is_reset(&error) => {}
                Ok(Packet::End) | Err(_) => return None,
            }
        }
    }
}
