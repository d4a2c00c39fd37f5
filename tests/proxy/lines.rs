//! Lines that come from another process, waited for with a deadline.

use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Lines read by a thread, each with its end.
pub(crate) struct Lines(Receiver<Vec<u8>>);

impl Lines {
    pub(crate) fn of(mut stream: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(100_000);
        std::thread::spawn(move || {
            let mut line = Vec::new();
            let mut bytes = vec![0; 64 * 1024];
            loop {
                let count = match stream.read(&mut bytes) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => count,
                };
                for piece in bytes[..count].split_inclusive(|byte| *byte == b'\n') {
                    line.extend_from_slice(piece);
                    if piece.ends_with(b"\n") && sender.send(std::mem::take(&mut line)).is_err() {
                        return;
                    }
                }
            }
            if !line.is_empty() {
                let _gone = sender.send(line);
            }
        });
        Self(receiver)
    }

    /// The next line.
    pub(crate) fn next(&self) -> Vec<u8> {
        self.0.recv_timeout(PATIENCE).expect("a line in time")
    }

    /// The next line, read.
    pub(crate) fn next_json(&self) -> Value {
        let line = self.next();
        serde_json::from_slice(&line)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&line)))
    }

    /// The line that comes within this time; `None` where none does.
    pub(crate) fn within(&self, time: Duration) -> Option<Vec<u8>> {
        self.0.recv_timeout(time).ok()
    }

    /// Waits for the end of the stream, past everything that still comes.
    pub(crate) fn wait_for_end(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.0.recv_timeout(left) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => panic!("no end in time"),
            }
        }
    }
}

/// Waits until a condition holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
