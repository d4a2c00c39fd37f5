//! The streams of a shim, and what of them was cut into lines.

use std::io;
use std::time::Duration;

use tokio::io::Interest;

use crate::exec::proxy::relay::LineCutter;
use crate::exec::proxy::stdio::Stdio;
use crate::model::Ending;

/// Streams as far as they were cut into lines, and what of them is open.
pub(super) struct Relay {
    pub(super) agent: LineCutter,
    pub(super) server: LineCutter,
    pub(super) stderr: LineCutter,
    pub(super) is_agent_open: bool,
    /// Time at which the agent said its last word, while calls of it have no answer
    /// and it reads them.
    pub(super) last_word: Option<Duration>,
    /// Whether some of them still waited to be sent then.
    pub(super) has_late: bool,
    /// The server's ending and its time.
    pub(super) ended: Option<(Ending, Duration)>,
}

impl Relay {
    pub(super) fn new() -> Self {
        Self {
            agent: LineCutter::default(),
            server: LineCutter::default(),
            stderr: LineCutter::default(),
            is_agent_open: true,
            last_word: None,
            has_late: false,
            ended: None,
        }
    }
}

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
