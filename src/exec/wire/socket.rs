//! Packets and the descriptors that travel with them.

use std::cell::RefCell;
use std::fs::File;
use std::io::{IoSlice, IoSliceMut, Read, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg,
    sendmsg, socketpair,
};

/// The longest message that travels in a packet, in bytes: well under the
/// system's default of 208 KiB for what a socket holds.
const LONGEST: usize = 64 * 1024;

/// The longest message of all, in bytes: longer than any argument list.
const LONGEST_FILE: u64 = 64 << 20;

/// Descriptors with one message: three and a memory file.
const MOST_DESCRIPTORS: usize = 4;

/// First byte of a packet: the message follows, or it is in a memory file, the
/// last descriptor.
const INLINE: u8 = 0;
const IN_FILE: u8 = 1;

thread_local! {
    // Clearing a buffer of this size for every message costs more than
    // receiving one.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A packet, or the end of the connection.
#[derive(Debug)]
pub(in crate::exec) enum Packet {
    /// A message and its descriptors.
    Message(Vec<u8>, Vec<OwnedFd>),
    /// The other end is closed.
    End,
}

/// Returns a connected pair of sockets that are closed on exec.
pub(in crate::exec) fn pair() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )
}

/// Sends a message with descriptors; `Err(AGAIN)` at once where the socket is
/// full.
pub(in crate::exec) fn send(
    socket: BorrowedFd<'_>,
    message: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> rustix::io::Result<()> {
    send_with(socket, message, descriptors, SendFlags::DONTWAIT)
}

/// Sends a message, waiting for room.
pub(in crate::exec) fn send_waiting(
    socket: BorrowedFd<'_>,
    message: &[u8],
) -> rustix::io::Result<()> {
    send_with(socket, message, &[], SendFlags::empty())
}

fn send_with(
    socket: BorrowedFd<'_>,
    message: &[u8],
    descriptors: &[BorrowedFd<'_>],
    flags: SendFlags,
) -> rustix::io::Result<()> {
    if message.len() <= LONGEST {
        return send_packet(socket, &[&[INLINE], message], descriptors, flags);
    }
    let file = memory_file(message)?;
    let mut all = descriptors.to_vec();
    all.push(file.as_fd());
    send_packet(socket, &[&[IN_FILE]], &all, flags)
}

fn send_packet(
    socket: BorrowedFd<'_>,
    parts: &[&[u8]],
    descriptors: &[BorrowedFd<'_>],
    flags: SendFlags,
) -> rustix::io::Result<()> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::INVAL);
    }
    let slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    retry_on_intr(|| sendmsg(socket, &slices, &mut ancillary, flags | SendFlags::NOSIGNAL))?;
    Ok(())
}

/// Receives one packet; `Err(AGAIN)` where there is none yet.
pub(in crate::exec) fn receive(socket: BorrowedFd<'_>) -> rustix::io::Result<Packet> {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(LONGEST + 1, 0);
        receive_into(socket, scratch)
    })
}

fn receive_into(socket: BorrowedFd<'_>, scratch: &mut [u8]) -> rustix::io::Result<Packet> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let received = retry_on_intr(|| {
        let mut slices = [IoSliceMut::new(scratch)];
        recvmsg(socket, &mut slices, &mut ancillary, flags)
    })?;
    let mut descriptors = Vec::new();
    for item in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = item {
            descriptors.extend(rights);
        }
    }
    if received
        .flags
        .intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC)
    {
        return Err(Errno::MSGSIZE);
    }
    let message = match scratch.get(..received.bytes) {
        None | Some([]) => return Ok(Packet::End),
        Some([INLINE, message @ ..]) => message.to_vec(),
        Some(_) => read_file(descriptors.pop().ok_or(Errno::PROTO)?)?,
    };
    Ok(Packet::Message(message, descriptors))
}

fn memory_file(message: &[u8]) -> rustix::io::Result<File> {
    let mut file = File::from(memfd_create("message", MemfdFlags::CLOEXEC)?);
    file.write_all(message)
        .and_then(|()| file.rewind())
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(file)
}

fn read_file(descriptor: OwnedFd) -> rustix::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    File::from(descriptor)
        .take(LONGEST_FILE)
        .read_to_end(&mut message)
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_messages_arrive_with_their_descriptors() {
        let (ours, theirs) = pair().expect("a pair");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        for length in [1, LONGEST, LONGEST + 1, 3 << 20] {
            let message = vec![7; length];
            send(ours.as_fd(), &message, &[writer.as_fd()]).expect("room");
            let Ok(Packet::Message(received, descriptors)) = receive(theirs.as_fd()) else {
                panic!("no message of {length} bytes");
            };
            assert_eq!(received, message);
            assert_eq!(descriptors.len(), 1);
        }
        assert_eq!(receive(theirs.as_fd()).err(), Some(Errno::AGAIN));
        drop(ours);
        assert!(matches!(receive(theirs.as_fd()), Ok(Packet::End)));
        drop((reader, writer));
    }
}
