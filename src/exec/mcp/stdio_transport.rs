//! Messages over a server's standard input and output, one a line.
//!
//! It owns the two pipes. A short line is written at once where the pipe has
//! room for all of it. Else a task of its own writes, so that a request which is
//! given up never leaves half a line; answers to the server's own requests
//! wait in a queue with a bound, and nothing more is read while that is full.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorCode, ErrorData, JsonRpcMessage, RequestId,
    ServerJsonRpcMessage,
};
use rmcp::transport::Transport;
use tokio::io::AsyncRead;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, coop};
use tokio::time::{self, Instant};

use super::asks::Asks;
use super::client::Client;
use super::lines::{Line, LineReader};
use super::request_table::RequestTable;

/// Messages of ours that wait to be written. Each sender waits for its own.
const MAX_MESSAGES: usize = 64;

/// Answers to requests of the server that wait to be written: about 3 MiB.
/// A server may ask for very much before it reads.
const MAX_REPLIES: usize = 32_768;

/// Longest wait for lines under way when the connection is closed.
const FLUSH_DEADLINE: Duration = Duration::from_millis(200);

/// Bytes that a pipe takes whole or not at all.
const MAX_ATOMIC: usize = 4096;

/// Connection over pipes.
pub(super) struct StdioTransport<R> {
    /// `None` once nothing more is written.
    stdin: Option<Arc<Input>>,
    messages: Option<mpsc::Sender<Outgoing>>,
    writer: JoinHandle<()>,
    replies: mpsc::Sender<String>,
    asks: Asks,
    /// Reply for which there is no room yet.
    held_reply: Option<String>,
    stdout: LineReader<R>,
    is_ended: bool,
    /// Messages that were decoded and not returned yet.
    decoded: VecDeque<ServerJsonRpcMessage>,
    requests: Arc<RequestTable>,
    /// Longest silence of a server on the question which era it is of.
    probe_timeout: Duration,
    probe: EraProbe,
}

/// Standard input of a server, and whose turn it is to write.
struct Input {
    pipe: Arc<pipe::Sender>,
    /// Held while a line is written.
    turn: tokio::sync::Mutex<()>,
    /// Number of messages that wait to be written, or are.
    queued: Arc<AtomicUsize>,
}

/// Line to be written, and the sender who waits for it.
struct Outgoing {
    line: String,
    written: mpsc::Sender<io::Result<()>>,
    queued: Queued,
}

/// Counts a message as queued, until it is written or given up.
struct Queued(Arc<AtomicUsize>);

impl Queued {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(count))
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Input {
    /// Writes a short line at once, if none waits and the pipe has room for all
    /// of it; whether it did.
    fn try_write(&self, line: &str) -> io::Result<bool> {
        if line.len() > MAX_ATOMIC || self.queued.load(Ordering::Acquire) > 0 {
            return Ok(false);
        }
        let Ok(_turn) = self.turn.try_lock() else {
            return Ok(false);
        };
        match self.pipe.try_write(line.as_bytes()) {
            Ok(_whole) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn write(&self, line: &str) -> io::Result<()> {
        let _turn = self.turn.lock().await;
        write_all(&self.pipe, line.as_bytes()).await
    }
}

/// Question which era the server is of (`server/discover`). Silence is an
/// answer: an older server need not react to what it does not know.
enum EraProbe {
    Unasked,
    Sent(RequestId, Instant),
    /// No answer came in time; one that comes later is passed over.
    Abandoned(RequestId),
    /// It was answered, or is asked anew, for as long as the start may take.
    Settled,
}

impl<R: AsyncRead + Unpin> StdioTransport<R> {
    /// Connects to the two pipes of a server.
    pub(super) fn new(
        stdin: Arc<pipe::Sender>,
        stdout: R,
        requests: Arc<RequestTable>,
        client: Arc<Client>,
        probe_timeout: Duration,
    ) -> Self {
        let (messages, written) = mpsc::channel(MAX_MESSAGES);
        let (replies, queued) = mpsc::channel(MAX_REPLIES);
        let stdin = Arc::new(Input {
            pipe: stdin,
            turn: tokio::sync::Mutex::default(),
            queued: Arc::default(),
        });
        let writer = tokio::spawn(write_lines(Arc::clone(&stdin), written, queued));
        Self {
            stdin: Some(stdin),
            messages: Some(messages),
            writer,
            asks: Asks::new(client, Arc::clone(&requests), replies.clone()),
            replies,
            held_reply: None,
            stdout: LineReader::new(stdout),
            is_ended: false,
            decoded: VecDeque::new(),
            requests,
            probe_timeout,
            probe: EraProbe::Unasked,
        }
    }

    fn take_line(&mut self, line: &Line) {
        let messages = match line {
            Line::Whole(bytes) => self.requests.receive(bytes),
            Line::Oversized(bytes) | Line::Start(bytes) | Line::End(bytes) => {
                self.requests.receive_oversized(bytes)
            }
        };
        self.decoded.extend(messages);
    }

    /// Takes note of the answer to the question of the era; whether it came
    /// too late.
    fn is_late_probe_answer(&mut self, message: &ServerJsonRpcMessage) -> bool {
        let answered = match message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        let is_late = match &self.probe {
            EraProbe::Sent(id, _) if answered == Some(id) => false,
            EraProbe::Abandoned(id) if answered == Some(id) => true,
            _ => return false,
        };
        self.probe = EraProbe::Settled;
        is_late
    }

    /// Answers the question of the era in the silent server's place.
    fn abandon_probe(&mut self) -> Option<ServerJsonRpcMessage> {
        let EraProbe::Sent(id, _) = std::mem::replace(&mut self.probe, EraProbe::Settled) else {
            return None;
        };
        self.probe = EraProbe::Abandoned(id.clone());
        let error = ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "no answer in time", None);
        Some(JsonRpcMessage::error(error, Some(id)))
    }

    /// Queues the reply that is held. Dropping the future loses nothing.
    async fn queue_reply(&mut self) {
        if self.held_reply.is_none() {
            return;
        }
        let room = self.replies.reserve().await;
        let reply = self.held_reply.take();
        // Without a writer the pipe is closed: nobody waits for the reply.
        if let (Ok(room), Some(reply)) = (room, reply) {
            room.send(reply);
        }
    }

    /// Returns the next message that was decoded and is of interest.
    async fn next_decoded(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            self.queue_reply().await;
            match self.decoded.pop_front()? {
                JsonRpcMessage::Request(request) => {
                    self.held_reply = self.asks.take(&request);
                }
                message if self.asks.takes(&message) => {}
                message if self.is_late_probe_answer(&message) => {}
                message => return Some(message),
            }
        }
    }
}

impl<R: AsyncRead + Unpin + Send + 'static> Transport<RoleClient> for StdioTransport<R> {
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
            self.probe = match self.probe {
                EraProbe::Unasked => EraProbe::Sent(request.id.clone(), due),
                _ => EraProbe::Settled,
            };
        }
        if let Ok(text) = &text {
            self.requests.sent(&message, text);
        }
        let line = text.map(|mut line| {
            line.push('\n');
            line
        });
        let at_once = match (&line, &self.stdin) {
            (Ok(line), Some(stdin)) => stdin.try_write(line),
            _ => Ok(false),
        };
        if at_once.is_err() {
            // The pipe is closed on this side as well.
            self.stdin.take();
            self.messages.take();
        }
        let queued = self.stdin.as_ref().filter(|_| matches!(at_once, Ok(false)));
        let queued = queued.map(|stdin| Queued::new(&stdin.queued));
        let messages = self.messages.clone();
        async move {
            let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
            let (line, is_written) = (line?, at_once?);
            if is_written {
                return Ok(());
            }
            let queued = queued.ok_or_else(closed)?;
            let (written, mut is_written) = mpsc::channel(1);
            let messages = messages.ok_or_else(closed)?;
            let outgoing = Outgoing {
                line,
                written,
                queued,
            };
            messages.send(outgoing).await.map_err(|_closed| closed())?;
            is_written.recv().await.unwrap_or_else(|| Err(closed()))
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            if let Some(message) = self.next_decoded().await {
                return Some(message);
            }
            let probe_due = match &self.probe {
                EraProbe::Sent(_, due) => Some(*due),
                _ => None,
            };
            let orphan_due = self.requests.orphan_due();
            let line = tokio::select! {
                line = self.stdout.next() => line,
                () = until(probe_due) => return self.abandon_probe(),
                () = until(orphan_due) => {
                    self.decoded.extend(self.requests.settle_orphans());
                    continue;
                }
            };
            // What comes without end leaves the thread to others now and then.
            coop::consume_budget().await;
            match line {
                Ok(Some(line)) => self.take_line(&line),
                Ok(None) if self.is_ended => return None,
                // A last line without line feed may be a whole message.
                Ok(None) => {
                    self.is_ended = true;
                    self.requests.note_end("it closed its output");
                    self.decoded
                        .extend(self.requests.receive(self.stdout.rest()));
                }
                Err(error) => {
                    self.requests.note_end(&error.to_string());
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.messages.take();
        self.stdin.take();
        let _flushed = time::timeout(FLUSH_DEADLINE, &mut self.writer).await;
        self.writer.abort();
        Ok(())
    }
}

impl<R> Drop for StdioTransport<R> {
    /// Closes the pipe also where a server does not read: it is to see the end.
    fn drop(&mut self) {
        self.writer.abort();
    }
}

/// Writes lines until nobody sends any more, then closes the pipe. Requests go
/// before replies.
async fn write_lines(
    stdin: Arc<Input>,
    mut messages: mpsc::Receiver<Outgoing>,
    mut replies: mpsc::Receiver<String>,
) {
    loop {
        let (line, message) = tokio::select! {
            biased;
            message = messages.recv() => match message {
                Some(Outgoing { line, written, queued }) => (line, Some((written, queued))),
                // Closed: replies are of no use any more.
                None => return,
            },
            Some(reply) = replies.recv() => (reply, None),
        };
        let result = stdin.write(&line).await;
        let is_broken = result.is_err();
        if let Some((written, queued)) = message {
            drop(queued);
            // Its sender may have given up meanwhile.
            let _given_up = written.try_send(result);
        }
        if is_broken {
            return;
        }
    }
}

async fn write_all(pipe: &pipe::Sender, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        pipe.writable().await?;
        match pipe.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::exec::secret_mask::SecretMask;
    use crate::output::ProtocolLog;

    fn requests() -> Arc<RequestTable> {
        let mask = SecretMask::new(&[]);
        Arc::new(RequestTable::new(ProtocolLog::default(), mask, true))
    }

    fn client() -> Arc<Client> {
        let news = tokio::sync::watch::Sender::new(0);
        Arc::new(Client {
            server: crate::model::ServerName::new("s"),
            settings: crate::model::ClientSettings::default(),
            sampling: None,
            questions: Arc::new(crate::exec::Questions::new(news, |_, _| Vec::new())),
            protocol_log: ProtocolLog::default(),
        })
    }

    fn ping(id: usize) -> String {
        format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"ping\"}}\n")
    }

    #[tokio::test(start_paused = true)]
    async fn requests_of_a_server_that_does_not_read_are_bounded() {
        let (stdin, _unread) = pipe::pipe().expect("a pipe");
        let (mut server, stdout) = duplex(1 << 16);
        let asked = tokio::spawn(async move {
            let mut asked = 0;
            while server.write_all(ping(asked).as_bytes()).await.is_ok() {
                asked += 1;
                if asked > 4 * MAX_REPLIES {
                    break;
                }
                tokio::task::yield_now().await;
            }
            asked
        });
        let mut transport = StdioTransport::new(
            Arc::new(stdin),
            stdout,
            requests(),
            client(),
            Duration::from_secs(1),
        );
        // Nothing of it is for the library, and at some point nothing more is
        // read.
        let received = time::timeout(Duration::from_mins(1), transport.receive()).await;
        assert!(received.is_err());
        drop(transport);
        let asked = asked.await.expect("no panic");
        assert!((MAX_REPLIES..2 * MAX_REPLIES).contains(&asked), "{asked}");
    }

    #[tokio::test]
    async fn a_ping_is_answered_and_what_was_not_granted_is_refused() {
        let (stdin, mut read) = pipe::pipe().expect("a pipe");
        let (mut server, stdout) = duplex(1 << 16);
        let mut transport = StdioTransport::new(
            Arc::new(stdin),
            stdout,
            requests(),
            client(),
            Duration::from_secs(1),
        );
        let roots = "{\"jsonrpc\":\"2.0\",\"id\":\"r\",\"method\":\"tasks/list\"}\n";
        let asked = format!("{}{roots}", ping(7));
        server.write_all(asked.as_bytes()).await.expect("written");
        drop(server);
        assert!(transport.receive().await.is_none());
        let mut said = vec![0; 1 << 10];
        let mut text = String::new();
        while text.lines().count() < 2 {
            let count = read.read(&mut said).await.expect("read");
            text.push_str(&String::from_utf8_lossy(&said[..count]));
        }
        assert!(
            text.contains("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}"),
            "{text}"
        );
        assert!(
            text.contains("\"id\":\"r\",\"error\":{\"code\":-32601"),
            "{text}"
        );
    }
}
