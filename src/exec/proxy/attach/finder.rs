//! Finds shims: lists the meeting folders, and again whenever something in
//! them changes. While nothing changes, nothing wakes up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use notify_debouncer_full::notify::{self, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::net::UnixStream;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time;

use super::connection::{Acquaintance, Closed, Connection};
use super::connections::{Connections, ORDERS};
use super::news::{ProxyEvent, ProxyNews};
use super::order::ProxyOrder;
use crate::exec::proxy::{MeetingFolder, ShimSocket};
use crate::model::ProxyId;

/// Shims that are followed at the same time; more are not looked at.
const PROXIES: usize = 256;

/// Between two looks at a folder that the system does not watch.
const LOOK: Duration = Duration::from_secs(2);

/// Between two tries to reach a shim that closed the connection.
const RETRY: Duration = Duration::from_millis(250);

/// Tries to reach a shim again that lives and does not keep the connection.
const TRIES: u32 = 5;

/// The search for shims.
pub(super) struct Finder {
    via: Option<PathBuf>,
    news: mpsc::Sender<ProxyNews>,
    connections: Connections,
    /// Those that are followed.
    followed: BTreeMap<ShimSocket, ProxyId>,
    last: u32,
    tasks: JoinSet<ShimSocket>,
}

impl Finder {
    pub(super) fn new(
        via: Option<PathBuf>,
        news: mpsc::Sender<ProxyNews>,
        connections: Connections,
    ) -> Self {
        Self {
            via,
            news,
            connections,
            followed: BTreeMap::new(),
            last: 0,
            tasks: JoinSet::new(),
        }
    }

    /// Looks for shims until it is dropped, and follows each.
    pub(super) async fn run(mut self) {
        let changed = Arc::new(Notify::new());
        let mut folders = Vec::new();
        // What shims would make is made here: only a folder that exists can be
        // watched.
        for opened in MeetingFolder::all_made(self.via.as_deref()) {
            match opened {
                Ok(folder) => folders.push(Arc::new(folder)),
                Err(error) => self.complain(&error.to_string()).await,
            }
        }
        let watcher = watch(&folders, &changed);
        if let Err(error) = &watcher {
            tracing::warn!(%error, "the folder of agents is looked at every two seconds");
        }
        loop {
            for folder in &folders {
                self.look(folder);
            }
            tokio::select! {
                () = changed.notified() => {}
                () = time::sleep(LOOK), if watcher.is_err() => {}
                Some(ended) = self.tasks.join_next() => {
                    let socket = ended.ok();
                    let proxy = socket.and_then(|socket| self.followed.remove(&socket));
                    if let Some(proxy) = proxy {
                        self.connections.with(|all| all.remove(&proxy));
                    }
                }
            }
        }
    }

    async fn complain(&self, text: &str) {
        let event = ProxyEvent::Blind(text.into());
        let proxy = ProxyId(0);
        // Nobody may be there to read it any more.
        let _sent = self.news.send(ProxyNews { proxy, event }).await;
    }

    /// Follows the shims of a folder that are not followed yet.
    fn look(&mut self, folder: &Arc<MeetingFolder>) {
        let shims = match folder.shims() {
            Ok(shims) => shims,
            Err(error) => {
                tracing::warn!(%error, "the folder of agents cannot be listed");
                return;
            }
        };
        for socket in shims {
            if self.followed.contains_key(&socket) || self.followed.len() >= PROXIES {
                continue;
            }
            self.last += 1;
            let proxy = ProxyId(self.last);
            let (sender, orders) = mpsc::channel(ORDERS);
            self.connections.with(|all| all.insert(proxy, sender));
            self.followed.insert(socket.clone(), proxy);
            let follower = Follower {
                folder: Arc::clone(folder),
                socket,
                proxy,
                news: self.news.clone(),
                known: Acquaintance::default(),
            };
            self.tasks.spawn(follower.run(orders));
        }
    }
}

/// Follows one shim, over one connection after the other.
struct Follower {
    folder: Arc<MeetingFolder>,
    socket: ShimSocket,
    proxy: ProxyId,
    news: mpsc::Sender<ProxyNews>,
    known: Acquaintance,
}

impl Follower {
    async fn run(mut self, mut orders: mpsc::Receiver<ProxyOrder>) -> ShimSocket {
        let mut tries = 0;
        let why: Arc<str> = loop {
            let stream = match self.connect() {
                Ok(stream) => stream,
                Err(why) => break why,
            };
            let begun = time::Instant::now();
            let news = self.news.clone();
            let closed = Connection::follow(stream, self.proxy, &mut self.known, news, &mut orders);
            match closed.await {
                Closed::Ended(why) | Closed::Garbled(why) => break why,
                Closed::Unwanted => return self.socket,
                Closed::Cut => {}
            }
            if begun.elapsed() > RETRY * TRIES {
                tries = 0;
            }
            tries += 1;
            if tries > TRIES {
                break "its proxy closes every connection".into();
            }
            // Another dashboard took over, or the shim died: the next try tells.
            time::sleep(RETRY).await;
        };
        if self.known.is_shown {
            let event = ProxyEvent::Gone(why);
            let proxy = self.proxy;
            let _sent = self.news.send(ProxyNews { proxy, event }).await;
        }
        self.socket
    }

    fn connect(&self) -> Result<UnixStream, Arc<str>> {
        let connected = self.folder.connect(&self.socket);
        let stream = connected.map_err(|error| match error {
            crate::exec::proxy::folder::ConnectError::Gone if self.known.said_bye => {
                Arc::from("agent left")
            }
            crate::exec::proxy::folder::ConnectError::Gone => Arc::from("proxy died"),
            error => error.to_string().into(),
        })?;
        let unreachable = |error: std::io::Error| Arc::from(error.to_string());
        stream.set_nonblocking(true).map_err(unreachable)?;
        UnixStream::from_std(stream).map_err(unreachable)
    }
}

/// Has `changed` told of every change in the folders, until it is dropped.
fn watch(
    folders: &[Arc<MeetingFolder>],
    changed: &Arc<Notify>,
) -> Result<RecommendedWatcher, notify::Error> {
    let changed = Arc::clone(changed);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // After an error, events may be missing.
        let is_change = event.map_or(true, |event| !event.kind.is_access());
        if is_change {
            changed.notify_one();
        }
    })?;
    for folder in folders {
        watcher.watch(&folder.agents_path(), RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}
