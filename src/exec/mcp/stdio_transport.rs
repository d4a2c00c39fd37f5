//! Messages over a server's standard input and output, one a line.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorCode, ErrorData, JsonRpcMessage, RequestId,
    ServerJsonRpcMessage,
};
use rmcp::transport::Transport;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::Mutex;
use tokio::time::{self, Instant};

use super::lines::{Line, LineReader, MAX_MESSAGE};
use super::request_table::RequestTable;

/// A connection over pipes.
pub(super) struct StdioTransport {
    stdin: Arc<Mutex<Option<Sender>>>,
    stdout: LineReader<Receiver>,
    requests: Arc<RequestTable>,
    /// How long a server may be silent on the question which era it is of.
    probe_timeout: Duration,
    probe: EraProbe,
}

/// The question which era the server is of (`server/discover`). Silence is an
/// answer: an older server need not react to what it does not know.
enum EraProbe {
    Idle,
    Sent(RequestId, Instant),
    /// Given up; an answer that comes all the same is passed over.
    Abandoned(RequestId),
}

/// What a message that is too long answers.
#[derive(Deserialize)]
struct MessageId {
    id: Option<RequestId>,
}

impl StdioTransport {
    pub(super) fn new(
        stdin: Sender,
        stdout: Receiver,
        requests: Arc<RequestTable>,
        probe_timeout: Duration,
    ) -> Self {
        Self {
            stdin: Arc::new(Mutex::new(Some(stdin))),
            stdout: LineReader::new(stdout),
            requests,
            probe_timeout,
            probe: EraProbe::Idle,
        }
    }

    /// The message in a line, if it is one that is of interest.
    fn parse(&mut self, line: Line) -> Option<ServerJsonRpcMessage> {
        let bytes = match line {
            Line::Whole(bytes) => bytes,
            Line::Oversized(bytes) => return self.too_long(&bytes),
        };
        let line = bytes.trim_ascii();
        if line.is_empty() {
            return None;
        }
        let Ok(message) = serde_json::from_slice::<ServerJsonRpcMessage>(line) else {
            self.requests.count_fault(|faults| faults.noise += 1);
            return None;
        };
        if self.is_late_probe_answer(&message) {
            return None;
        }
        self.requests
            .received(&message, &String::from_utf8_lossy(line));
        Some(message)
    }

    /// An answer that is too long becomes an error in its place.
    fn too_long(&self, bytes: &[u8]) -> Option<ServerJsonRpcMessage> {
        self.requests.count_fault(|faults| faults.oversized += 1);
        let id = serde_json::from_slice::<MessageId>(bytes).ok()?.id?;
        let text = format!(
            "the answer of {} bytes is longer than {} MiB",
            bytes.len(),
            MAX_MESSAGE >> 20
        );
        let error = ErrorData::new(ErrorCode::INTERNAL_ERROR, text.clone(), None);
        let message = JsonRpcMessage::error(error, Some(id));
        self.requests.received(&message, &text);
        Some(message)
    }

    /// Takes note of the answer to the question of the era; whether it came
    /// too late.
    fn is_late_probe_answer(&mut self, message: &ServerJsonRpcMessage) -> bool {
        let answered = match message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        match &self.probe {
            EraProbe::Sent(id, _) if answered == Some(id) => {
                self.probe = EraProbe::Idle;
                false
            }
            EraProbe::Abandoned(id) if answered == Some(id) => {
                self.probe = EraProbe::Idle;
                true
            }
            _ => false,
        }
    }

    /// Answers the question of the era in the silent server's place.
    fn abandon_probe(&mut self) -> Option<ServerJsonRpcMessage> {
        let EraProbe::Sent(id, _) = std::mem::replace(&mut self.probe, EraProbe::Idle) else {
            return None;
        };
        self.probe = EraProbe::Abandoned(id.clone());
        let error = ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "no answer in time", None);
        Some(JsonRpcMessage::error(error, Some(id)))
    }
}

impl Transport<RoleClient> for StdioTransport {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let text = serde_json::to_string(&message).map_err(io::Error::other);
        if let JsonRpcMessage::Request(request) = &message
            && let ClientRequest::DiscoverRequest(_) = &request.request
        {
            let due = Instant::now() + self.probe_timeout;
            self.probe = EraProbe::Sent(request.id.clone(), due);
        }
        if let Ok(text) = &text {
            self.requests.sent(&message, text);
        }
        let stdin = Arc::clone(&self.stdin);
        async move {
            let mut line = text?;
            line.push('\n');
            let mut stdin = stdin.lock().await;
            let pipe = stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
            pipe.write_all(line.as_bytes()).await
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            let due = match &self.probe {
                EraProbe::Sent(_, due) => Some(*due),
                _ => None,
            };
            let line = tokio::select! {
                line = self.stdout.next() => line,
                () = until(due) => return self.abandon_probe(),
            };
            match line {
                Ok(Some(line)) => {
                    if let Some(message) = self.parse(line) {
                        return Some(message);
                    }
                }
                Ok(None) | Err(_) => return None,
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.stdin.lock().await.take();
        Ok(())
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
