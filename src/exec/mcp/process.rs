//! Process of a server, from its start to the proof that it is gone.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time;

use crate::exec::secret_mask::SecretMask;
use crate::exec::{Containment, PersistentPipes, PersistentProcess, StopTokens};
use crate::model::{Ending, McpServer, ProcessSpec, ServerName};
use crate::output::ProtocolLog;

/// Time that a server has after end of file, and again after SIGTERM (the
/// protocol's ladder; its reference implementations wait 2 s).
const STOP_STEP: Duration = Duration::from_secs(2);

/// Longest time after its end in which the rest of standard error is read.
const DRAIN_DEADLINE: Duration = Duration::from_millis(500);

/// Time after its start in which what it prints is news of its row: a server
/// that connects later shows it in its log.
const NEWS_FOR: Duration = Duration::from_mins(2);

/// Bytes of standard error read at once.
const READ_SIZE: usize = 8 << 10;

/// Process of a server.
#[derive(Debug, Clone)]
pub(super) struct ServerProcess {
    pub(super) pid: u32,
    stop: StopTokens,
    ended: watch::Receiver<Option<Arc<Ending>>>,
}

impl ServerProcess {
    /// Starts it under a supervisor. Its standard error is read from the first
    /// byte on.
    pub(super) async fn start(
        containment: &Containment,
        launch: &ProcessSpec,
        config: &McpServer,
        protocol_log: &ProtocolLog,
        news: watch::Sender<u64>,
    ) -> Result<(Self, Sender, Receiver), Ending> {
        let stop = StopTokens::default();
        let (process, pipes) = containment.start_persistent(launch, &stop).await?;
        let PersistentPipes {
            stdin,
            stdout,
            stderr,
        } = pipes;
        let mask = SecretMask::new(&config.secrets);
        let drained = tokio::spawn(drain(
            stderr,
            config.name.clone(),
            mask,
            protocol_log.clone(),
            news,
        ));
        let pid = process.pid();
        let ended = monitor_exit(process, stop.clone(), drained);
        Ok((Self { pid, stop, ended }, stdin, stdout))
    }

    /// Waits until it and everything under it is gone or given up; returns how
    /// it ended.
    pub(super) async fn ended(&self) -> Arc<Ending> {
        let mut ended = self.ended.clone();
        let known = ended.wait_for(Option::is_some).await;
        let known = known.ok().and_then(|ending| ending.clone());
        known.unwrap_or_else(|| Arc::new(Ending::refused("nobody watches it any more")))
    }

    /// Returns how it ended, if that is known within `limit`.
    pub(super) async fn ended_within(&self, limit: Duration) -> Option<Arc<Ending>> {
        time::timeout(limit, self.ended()).await.ok()
    }

    /// Waits until it ends after end of file, then sends SIGTERM, then SIGKILL.
    pub(super) async fn close(&self) -> Arc<Ending> {
        for token in [&self.stop.soft, &self.stop.hard] {
            if let Some(ending) = self.ended_within(STOP_STEP).await {
                return ending;
            }
            token.cancel();
        }
        self.ended().await
    }
}

fn monitor_exit(
    process: PersistentProcess,
    stop: StopTokens,
    drained: JoinHandle<()>,
) -> watch::Receiver<Option<Arc<Ending>>> {
    let (sender, ended) = watch::channel(None);
    tokio::spawn(async move {
        let ending = process.ended(&stop).await;
        // Its last words are to be known before its end is.
        let _drained = time::timeout(DRAIN_DEADLINE, drained).await;
        sender.send_replace(Some(Arc::new(ending)));
    });
    ended
}

/// Reads standard error to its end. Secrets are masked line by line.
async fn drain(
    mut stderr: Receiver,
    server: ServerName,
    mask: SecretMask,
    protocol_log: ProtocolLog,
    news: watch::Sender<u64>,
) {
    let begun = time::Instant::now();
    let mut piece = vec![0; READ_SIZE];
    let mut line = Vec::new();
    while let Ok(count @ 1..) = stderr.read(&mut piece).await {
        line.extend_from_slice(piece.get(..count).unwrap_or_default());
        let end = match memchr::memrchr(b'\n', &line) {
            Some(at) => at + 1,
            None if line.len() >= READ_SIZE => line.len(),
            None => continue,
        };
        let rest = line.split_off(end);
        protocol_log.add_stderr(&server, &mask.bytes(&line));
        if begun.elapsed() < NEWS_FOR {
            news.send_modify(|count| *count += 1);
        }
        line = rest;
    }
    protocol_log.add_stderr(&server, &mask.bytes(&line));
}
