//! The process at the other end of a socket.

use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;

/// The process at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its id, as it was when it connected.
    pub pid: u32,
}

/// Reason that nothing is said to the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// It is another user's, be it root.
    #[error("the other end belongs to the user with id {uid}")]
    ForeignUser {
        /// That user.
        uid: u32,
    },
    /// The system does not tell.
    #[error("the system does not tell whose the other end is: {0}")]
    Unknown(Errno),
}

/// Returns the process at the other end, if it is this user's.
pub fn peer_of(socket: impl AsFd) -> Result<Peer, PeerError> {
    let peer = socket_peercred(socket).map_err(PeerError::Unknown)?;
    if peer.uid != rustix::process::geteuid() {
        let uid = peer.uid.as_raw();
        return Err(PeerError::ForeignUser { uid });
    }
    Ok(Peer {
        pid: crate::probe::procfs::number(peer.pid),
    })
}
