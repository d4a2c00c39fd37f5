//! One look at every shim: what it says of itself, and no more.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use super::order::hello;
use crate::exec::proxy::frames::{CommandNo, FrameReader, Role, ShimFrame, ShimHello};
use crate::exec::proxy::{FolderError, MeetingFolder};

/// Time that one shim has to introduce itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// A shim that was looked at, or the reason why it could not be.
#[derive(Debug)]
pub struct SeenProxy {
    /// Name of its socket, without its end.
    pub id: String,
    /// Its process.
    pub pid: u32,
    /// Its description of itself.
    pub hello: Result<Box<ShimHello>, String>,
}

/// Looks at every shim, one after the other.
///
/// # Errors
///
/// Meeting folders that cannot be used; shims in others are not listed then.
pub fn look(via: Option<&Path>) -> Result<Vec<SeenProxy>, FolderError> {
    let mut seen = Vec::new();
    for folder in MeetingFolder::all_existing(via) {
        let folder = folder?;
        for socket in folder.shims()? {
            let hello = match folder.connect(&socket) {
                Ok(stream) => introduction(stream),
                // Its socket was left behind, and is removed by now.
                Err(crate::exec::proxy::folder::ConnectError::Gone) => continue,
                Err(error) => Err(error.to_string()),
            };
            seen.push(SeenProxy {
                id: socket.id().to_owned(),
                pid: socket.pid(),
                hello,
            });
        }
    }
    Ok(seen)
}

fn introduction(mut stream: UnixStream) -> Result<Box<ShimHello>, String> {
    let words = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => {
            "it does not answer".to_owned()
        }
        _ => error.to_string(),
    };
    let deadline = Instant::now() + PATIENCE;
    stream.set_write_timeout(Some(PATIENCE)).map_err(words)?;
    let greeting = hello(CommandNo(1), Role::Watch, false);
    stream.write_all(&greeting).map_err(words)?;
    let mut frames = FrameReader::default();
    let mut buffer = [0; 8192];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err("it does not answer".to_owned());
        }
        stream.set_read_timeout(Some(left)).map_err(words)?;
        let count = stream.read(&mut buffer).map_err(words)?;
        if count == 0 {
            return Err("it closed the connection".to_owned());
        }
        frames.push(buffer.get(..count).unwrap_or_default());
        while let Some(raw) = frames.next_frame().map_err(|error| error.to_string())? {
            let frame = ShimFrame::read(&raw).map_err(|error| error.to_string())?;
            if let ShimFrame::Hello(hello) = frame {
                return Ok(hello);
            }
        }
    }
}
