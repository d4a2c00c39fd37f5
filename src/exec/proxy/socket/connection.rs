//! One connection: a reader and a writer of its own.

use std::cell::Cell;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::outbox::{Encoded, Outbox};
use crate::exec::proxy::folder::Peer;
use crate::exec::proxy::frames::{DashboardFrame, FrameReader};

/// Bytes that are read at once.
const READ: usize = 16 * 1024;

/// Number of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exec::proxy) struct ConnectionId(pub(super) u64);

/// Something that happened on a connection.
#[derive(Debug)]
pub(in crate::exec::proxy) enum SocketEvent {
    /// A frame came.
    Heard(ConnectionId, DashboardFrame, Vec<u8>),
    /// The other end is gone, or sent what is no frame.
    Gone(ConnectionId),
}

/// A connection that is attached. Dropped, the connection is closed.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) peer: Peer,
    /// Whether it is told everything that passes.
    pub(super) is_attached: bool,
    outbox: Arc<Outbox>,
    reader: JoinHandle<()>,
    writer: Option<JoinHandle<()>>,
    /// Whether the frames that wait are still to be sent.
    is_closing: Cell<bool>,
}

impl Connection {
    pub(super) fn open(
        id: ConnectionId,
        peer: Peer,
        stream: UnixStream,
        events: mpsc::Sender<SocketEvent>,
    ) -> Self {
        let (read, write) = stream.into_split();
        let outbox = Arc::new(Outbox::default());
        Self {
            id,
            peer,
            is_attached: false,
            reader: tokio::spawn(read_frames(id, read, events)),
            writer: Some(tokio::spawn(write_frames(Arc::clone(&outbox), write))),
            outbox,
            is_closing: Cell::new(false),
        }
    }

    pub(super) fn tell(&self, frame: &Arc<[u8]>) {
        self.outbox.push(frame);
    }

    pub(super) fn tell_or_leave_out(&self, frame: &mut Encoded<'_>) {
        self.outbox.push_or_leave_out(frame);
    }

    /// Closes the connection once everything was sent.
    pub(super) fn close(&self) {
        self.is_closing.set(true);
        self.outbox.close();
    }

    /// Waits until everything was sent, after a [`close`](Self::close).
    pub(super) async fn written(mut self) {
        if let Some(writer) = self.writer.take() {
            let _ended = writer.await;
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
        if let Some(writer) = self.writer.take().filter(|_| !self.is_closing.get()) {
            writer.abort();
        }
    }
}

async fn read_frames(
    id: ConnectionId,
    mut stream: OwnedReadHalf,
    events: mpsc::Sender<SocketEvent>,
) {
    let mut reader = FrameReader::default();
    let mut bytes = vec![0; READ];
    'reading: loop {
        match stream.read(&mut bytes).await {
            Ok(0) | Err(_) => break,
            Ok(count) => reader.push(bytes.get(..count).unwrap_or_default()),
        }
        loop {
            let raw = match reader.next_frame() {
                Ok(Some(raw)) => raw,
                Ok(None) => break,
                Err(_) => break 'reading,
            };
            let Ok(frame) = DashboardFrame::read(&raw) else {
                break 'reading;
            };
            let body = raw.body.unwrap_or_default();
            if events
                .send(SocketEvent::Heard(id, frame, body))
                .await
                .is_err()
            {
                return;
            }
        }
    }
    let _ended = events.send(SocketEvent::Gone(id)).await;
}

async fn write_frames(outbox: Arc<Outbox>, mut stream: OwnedWriteHalf) {
    while let Some(frame) = outbox.next().await {
        if stream.write_all(&frame).await.is_err() {
            return;
        }
    }
}
