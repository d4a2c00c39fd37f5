//! The standard streams of the shim itself.

use std::io;

use tokio::io::Interest;

use crate::exec::proxy::stdio::Stdio;

/// The shim's own standard streams.
pub(super) struct Streams {
    pub(super) stdin: Stdio,
    pub(super) stdout: Option<Stdio>,
    pub(super) stderr: Option<Stdio>,
}

impl Streams {
    pub(super) fn take() -> io::Result<Self> {
        let stdin = Stdio::take(rustix::stdio::stdin(), Interest::READABLE)?;
        let stdout = Stdio::take(rustix::stdio::stdout(), Interest::WRITABLE)?;
        // Kept open as well: what the shim itself has to say goes there.
        let stderr = Stdio::take(rustix::stdio::stderr(), Interest::WRITABLE).ok();
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
        let null = rustix::fs::open("/dev/null", flags, rustix::fs::Mode::empty())?;
        rustix::stdio::dup2_stdin(&null)?;
        rustix::stdio::dup2_stdout(&null)?;
        Ok(Self {
            stdin,
            stdout: Some(stdout),
            stderr,
        })
    }
}
