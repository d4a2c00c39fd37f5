//! One connection to a shim: its frames in, orders out.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::{self, Instant};

use super::ProxyOrder;
use super::news::{ProxyEvent, ProxyNews};
use super::order::hello;
use super::told::Teller;
use crate::exec::proxy::frames::{
    CommandNo, DashboardFrame, FrameReader, Refused, RefusedWhy, Role, ShimCall, ShimFrame,
    ShimHello, VERSION, encode,
};
use crate::model::{ProxyControl, ProxyId};

/// How often a controller gives a sign of life.
const BEAT: Duration = Duration::from_secs(1);

/// Time after which a shim is shown though its agent has asked nothing yet: a
/// probe does not live so long.
const PROBE: Duration = Duration::from_secs(2);

/// News of one that is not shown yet; more mean that it is in use.
const UNSEEN: usize = 256;

/// Bytes that are read at once.
const READ: usize = 64 << 10;

/// Orders whose answers are waited for; the oldest beyond that are taken as
/// done.
const UNANSWERED: usize = 4096;

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closed {
    /// The server ended, and the shim with it.
    Ended(Arc<str>),
    /// The shim closed the connection: it ends, died, or another dashboard
    /// took over.
    Cut,
    /// It speaks no protocol that is understood.
    Garbled(Arc<str>),
    /// Nobody wants news any more.
    Unwanted,
}

/// The state that outlasts a connection to a shim.
#[derive(Debug, Default)]
pub(super) struct Acquaintance {
    /// Whether the shim has been told of; before that, its news wait.
    pub(super) is_shown: bool,
    /// Whether it said farewell before the last connection was closed.
    pub(super) said_bye: bool,
    /// Number of the latest message that was read.
    pub(super) last_message: u64,
    /// The latest call that was told of.
    pub(super) last_call: ShimCall,
}

/// A connection, and what is known of the shim.
pub(super) struct Connection<'a> {
    proxy: ProxyId,
    news: mpsc::Sender<ProxyNews>,
    writer: OwnedWriteHalf,
    teller: Teller,
    facts: Option<Box<ShimHello>>,
    is_controller: bool,
    known: &'a mut Acquaintance,
    /// News of a shim that is not shown yet.
    unseen: Vec<ProxyEvent>,
    last_number: u64,
    unanswered: BTreeMap<u64, ProxyOrder>,
}

impl<'a> Connection<'a> {
    /// Follows a shim until one of the two goes.
    pub(super) async fn follow(
        stream: UnixStream,
        proxy: ProxyId,
        known: &'a mut Acquaintance,
        news: mpsc::Sender<ProxyNews>,
        orders: &mut mpsc::Receiver<ProxyOrder>,
    ) -> Closed {
        let (reader, writer) = stream.into_split();
        known.said_bye = false;
        let mut connection = Self {
            proxy,
            news,
            writer,
            teller: Teller::after(known.last_message, known.last_call),
            facts: None,
            is_controller: false,
            known,
            unseen: Vec::new(),
            last_number: 0,
            unanswered: BTreeMap::new(),
        };
        let closed = connection.run(reader, orders).await;
        let teller = &connection.teller;
        (connection.known.last_message, connection.known.last_call) =
            (teller.last_message, teller.last_call);
        closed
    }

    async fn run(
        &mut self,
        mut reader: OwnedReadHalf,
        orders: &mut mpsc::Receiver<ProxyOrder>,
    ) -> Closed {
        let greeting = hello(self.next_number(), Role::Watch, false);
        if self.writer.write_all(&greeting).await.is_err() {
            return Closed::Cut;
        }
        let mut frames = FrameReader::default();
        let mut buffer = vec![0; READ];
        let probe_over = time::sleep(PROBE);
        let mut probe_over = std::pin::pin!(probe_over);
        let mut beat_due = Instant::now() + BEAT;
        loop {
            tokio::select! {
                read = reader.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => return self.closed(),
                    Ok(count) => {
                        frames.push(buffer.get(..count).unwrap_or_default());
                        if let Err(closed) = self.take_frames(&mut frames).await {
                            return closed;
                        }
                    }
                },
                order = orders.recv() => match order {
                    None => return Closed::Unwanted,
                    Some(order) => if self.send(order).await.is_err() {
                        return self.closed();
                    },
                },
                () = &mut probe_over, if !self.known.is_shown && self.facts.is_some() => {
                    if self.show().await.is_err() {
                        return Closed::Unwanted;
                    }
                }
                () = time::sleep_until(beat_due), if self.is_controller => {
                    beat_due = Instant::now() + BEAT;
                    let beat = encode(&DashboardFrame::Beat, None);
                    if self.writer.write_all(&beat).await.is_err() {
                        return self.closed();
                    }
                }
            }
        }
    }

    fn closed(&self) -> Closed {
        match &self.teller.server_end {
            Some(how) => Closed::Ended(format!("server ended: {how}").into()),
            None => Closed::Cut,
        }
    }

    fn next_number(&mut self) -> CommandNo {
        self.last_number += 1;
        CommandNo(self.last_number)
    }

    async fn send(&mut self, order: ProxyOrder) -> io::Result<()> {
        let n = self.next_number();
        self.writer.write_all(&order.encode(n)).await?;
        if self.unanswered.len() >= UNANSWERED {
            self.unanswered.pop_first();
        }
        self.unanswered.insert(n.0, order);
        Ok(())
    }

    async fn take_frames(&mut self, frames: &mut FrameReader) -> Result<(), Closed> {
        loop {
            let garbled = |error: &dyn std::fmt::Display| {
                Closed::Garbled(format!("its proxy is not understood: {error}").into())
            };
            let raw = match frames.next_frame() {
                Ok(Some(raw)) => raw,
                Ok(None) => return Ok(()),
                Err(error) => return Err(garbled(&error)),
            };
            let frame = ShimFrame::read(&raw).map_err(|error| garbled(&error))?;
            let told = match frame {
                ShimFrame::Hello(facts) => {
                    self.described(facts).await?;
                    continue;
                }
                ShimFrame::Ok { n } => self.accepted(n),
                ShimFrame::No(refused) => self.refused(&refused),
                ShimFrame::Bye => {
                    self.known.said_bye = true;
                    continue;
                }
                frame => self.teller.read(frame, raw),
            };
            for event in told {
                self.tell(event).await?;
            }
        }
    }

    /// Takes the shim's description of itself.
    async fn described(&mut self, facts: Box<ShimHello>) -> Result<(), Closed> {
        self.teller.set_start(facts.started_unix_us);
        if let Some(controller) = &facts.controller
            && controller.pid != std::process::id()
        {
            self.is_controller = false;
        }
        let is_in_use = facts.in_use || facts.calls > 0;
        let event = ProxyEvent::Described(facts.clone(), self.control(&facts));
        self.facts = Some(facts);
        if self.known.is_shown {
            return self.tell(event).await;
        }
        if is_in_use { self.show().await } else { Ok(()) }
    }

    /// Role of this program at the shim.
    fn control(&self, facts: &ShimHello) -> ProxyControl {
        let watch_only = |why: String| ProxyControl::WatchOnly { why: why.into() };
        if facts.v != VERSION {
            return watch_only(format!(
                "its proxy speaks version {} of the protocol, this fanout version {VERSION}",
                facts.v
            ));
        }
        if facts.watch_only {
            return watch_only("its proxy was started with --watch-only".to_owned());
        }
        match &facts.controller {
            _ if self.is_controller => ProxyControl::Ours,
            Some(other) if other.pid != std::process::id() => ProxyControl::Others {
                by: format!("pid {}", other.pid).into(),
            },
            _ => ProxyControl::Free,
        }
    }

    fn role_changed(&mut self, is_controller: bool) -> Vec<ProxyEvent> {
        self.is_controller = is_controller;
        let facts = self.facts.clone();
        let described = |facts| ProxyEvent::Described(facts, ProxyControl::Free);
        let mut events: Vec<_> = facts.map(described).into_iter().collect();
        for event in &mut events {
            if let ProxyEvent::Described(facts, control) = event {
                *control = self.control(facts);
            }
        }
        events
    }

    fn accepted(&mut self, n: u64) -> Vec<ProxyEvent> {
        match self.unanswered.remove(&n) {
            Some(ProxyOrder::Control { .. }) => self.role_changed(true),
            _ => Vec::new(),
        }
    }

    fn refused(&mut self, refused: &Refused) -> Vec<ProxyEvent> {
        let Some(order) = self.unanswered.remove(&refused.n) else {
            return Vec::new();
        };
        let mut told = Vec::new();
        if refused.why == RefusedWhy::NotController && self.is_controller {
            told.extend(self.role_changed(false));
        }
        let text = match (refused.text.as_str(), refused.why) {
            ("", RefusedWhy::Gone) => "the call has ended",
            ("", RefusedWhy::NotHeld) => "the call is not held",
            ("", RefusedWhy::NotController) => "another one controls the proxy",
            ("", RefusedWhy::Invalid) => "the proxy cannot use it",
            ("", _) => "the proxy does not do that",
            (text, _) => text,
        };
        told.push(ProxyEvent::Refused {
            order,
            why: refused.why,
            text: text.into(),
        });
        told
    }

    /// Passes news on, or keeps them while the shim is not shown.
    async fn tell(&mut self, event: ProxyEvent) -> Result<(), Closed> {
        if !self.known.is_shown {
            self.unseen.push(event);
            return if self.unseen.len() >= UNSEEN {
                self.show().await
            } else {
                Ok(())
            };
        }
        let proxy = self.proxy;
        let sent = self.news.send(ProxyNews { proxy, event }).await;
        sent.map_err(|_nobody| Closed::Unwanted)
    }

    /// Tells of the shim, and what was kept.
    async fn show(&mut self) -> Result<(), Closed> {
        let Some(facts) = self.facts.clone() else {
            return Ok(());
        };
        self.known.is_shown = true;
        let control = self.control(&facts);
        let kept = std::mem::take(&mut self.unseen);
        let first = ProxyEvent::Described(facts, control);
        for event in std::iter::once(first).chain(kept) {
            let proxy = self.proxy;
            let sent = self.news.send(ProxyNews { proxy, event }).await;
            sent.map_err(|_nobody| Closed::Unwanted)?;
        }
        Ok(())
    }
}
