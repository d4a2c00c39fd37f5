//! The runner's end of the warden: asks for supervisors, hears which are gone,
//! and cleans up after a warden that dies.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustix::net::Shutdown;
use tokio::sync::watch;
use tokio::time;

use super::channel::Channel;
use super::supervisor_conn::SupervisorConn;
use super::{ContainmentOptions, adopted};
use crate::exec::ledger::ProcessIdentity;
use crate::exec::limits::OpenFiles;
use crate::exec::wire::{SupervisorCommand, WardenCommand, WardenEvent, pair, send};
use crate::exec::{cgroup, own_children, warden};

/// What a dead warden's supervisors need at most to end by themselves. One
/// that has not ended by then is killed like the rest.
const LAST_WORDS: Duration = Duration::from_secs(6);

/// How long is killed from then on before what is left is given up.
const CLEARING: Duration = Duration::from_secs(5);

/// Looks in a row that must find no child: a single one may miss a child if
/// another is waited for, or if a thread ends, while it looks
/// (`proc_tid_children(5)`).
const EMPTY_LOOKS: u32 = 2;

/// What the warden needs at most to end once nobody needs it.
const PARTING: Duration = Duration::from_secs(2);

/// Idle supervisors that are always kept, beside half as many as there are.
const SPARE: usize = 8;

/// Whether the warden lives, and if not, whether all is cleaned up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WardenHealth {
    Alive,
    Dead,
    /// Dead, and nothing is left of what was under it.
    Cleared,
}

/// One warden and the supervisors it forked.
#[derive(Debug)]
pub(super) struct WardenClient {
    pid: u32,
    process: Mutex<Child>,
    socket: OwnedFd,
    /// The same socket, once there is a runtime to read it in.
    reading: OnceLock<Arc<Channel>>,
    next_key: AtomicU64,
    lanes: Mutex<BTreeMap<u64, RegisteredSupervisor>>,
    /// Supervisors without a call, the one used last on top.
    idle: Mutex<Vec<Idle>>,
    health: watch::Sender<WardenHealth>,
    /// Changes when a supervisor is gone with everything under it.
    gone: watch::Sender<u64>,
}

/// What is known of a supervisor.
#[derive(Debug)]
struct RegisteredSupervisor {
    pid: Option<u32>,
    channel: Weak<Channel>,
    state: SupervisorState,
}

/// What a supervisor's sockets and its warden say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SupervisorState {
    /// It lives, as far as is known.
    Serving,
    /// Its socket is closed: it is dead.
    Silent,
    /// It is dead, and what it had is gone as well.
    Gone,
}

/// A supervisor that waits for work.
type Idle = (u64, Arc<Channel>);

impl WardenClient {
    /// Starts a warden: this program once more, under another name. Its
    /// standard input is our socket.
    pub(super) fn start(
        options: &ContainmentOptions,
        open_files: OpenFiles,
    ) -> io::Result<Arc<Self>> {
        let (ours, theirs) = pair()?;
        let arguments = warden::arguments(open_files.before, options.state.as_deref());
        let mut command = Command::new(&options.program);
        command
            .arg0(warden::NAME)
            .args(arguments)
            .stdin(theirs)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = own_children::spawn(&mut command)?;
        Ok(Arc::new(Self {
            pid: process.id(),
            process: Mutex::new(process),
            socket: ours,
            reading: OnceLock::new(),
            next_key: AtomicU64::new(0),
            lanes: Mutex::new(BTreeMap::new()),
            idle: Mutex::new(Vec::new()),
            health: watch::Sender::new(WardenHealth::Alive),
            gone: watch::Sender::new(0),
        }))
    }

    /// Process id of the warden.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn is_dead(&self) -> bool {
        *self.health.borrow() != WardenHealth::Alive
    }

    /// Watches the warden's health.
    pub(super) fn health(&self) -> watch::Receiver<WardenHealth> {
        self.health.subscribe()
    }

    /// A supervisor that is free. A new one may be spoken to at once: what is
    /// said waits for it.
    pub(super) fn take(self: Arc<Self>) -> io::Result<SupervisorConn> {
        let idle = self.idle().pop();
        match idle {
            Some((key, channel)) => Ok(SupervisorConn::new(key, channel, self)),
            None => self.fork(),
        }
    }

    /// Keeps a supervisor whose tree is empty for the next call, unless many
    /// are idle already.
    pub(super) fn keep(&self, key: u64, channel: &Arc<Channel>) -> bool {
        let count = self.lanes().len();
        let mut idle = self.idle();
        let is_kept = !self.is_dead() && idle.len() < SPARE + count / 2;
        if is_kept {
            idle.push((key, Arc::clone(channel)));
        }
        is_kept
    }

    fn fork(self: Arc<Self>) -> io::Result<SupervisorConn> {
        self.listen()?;
        let key = self.next_key.fetch_add(1, Ordering::Relaxed);
        let (ours, theirs) = pair()?;
        let channel = Arc::new(Channel::new(ours)?);
        let registered = RegisteredSupervisor {
            pid: None,
            channel: Arc::downgrade(&channel),
            state: SupervisorState::Serving,
        };
        self.lanes().insert(key, registered);
        let conn = SupervisorConn::new(key, channel, Arc::clone(&self));
        let order = WardenCommand::Fork(key).message();
        send(self.socket.as_fd(), &order, &[theirs.as_fd()])?;
        Ok(conn)
    }

    /// Has a supervisor killed that does not answer, and its tree with it.
    pub(super) fn abandon(&self, key: u64) {
        let order = WardenCommand::Abandon(key).message();
        let _dead = send(self.socket.as_fd(), &order, &[]);
    }

    /// Waits until a supervisor that died is known to have left nothing.
    pub(super) async fn cleared(&self, key: u64) {
        let mut gone = self.gone.subscribe();
        let mut health = self.health.subscribe();
        if let Some(conn) = self.lanes().get_mut(&key)
            && conn.state == SupervisorState::Serving
        {
            conn.state = SupervisorState::Silent;
        }
        let is_gone = || {
            let lanes = self.lanes();
            lanes
                .get(&key)
                .is_none_or(|conn| conn.state == SupervisorState::Gone)
        };
        tokio::select! {
            _ = gone.wait_for(|_| is_gone()) => {}
            _ = health.wait_for(|health| *health == WardenHealth::Cleared) => {}
        }
    }

    /// Sends an order to every supervisor that has a call.
    pub(super) fn tell_all(&self, order: &SupervisorCommand<'_>) {
        for conn in self.lanes().values() {
            if let Some(channel) = conn.channel.upgrade() {
                let _dead = channel.send(&order.word(), &[]);
            }
        }
    }

    pub(super) fn forget(&self, key: u64) {
        self.lanes().remove(&key);
    }

    fn lanes(&self) -> MutexGuard<'_, BTreeMap<u64, RegisteredSupervisor>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to read the news, once.
    fn listen(self: &Arc<Self>) -> io::Result<()> {
        if self.reading.get().is_some() {
            return Ok(());
        }
        let channel = Arc::new(Channel::new(self.socket.try_clone()?)?);
        if self.reading.set(Arc::clone(&channel)).is_ok() {
            tokio::spawn(read_news(Arc::downgrade(self), channel));
        }
        Ok(())
    }

    fn handle_event(&self, news: WardenEvent) {
        match news {
            WardenEvent::Forked { key, pid } => {
                if let Some(conn) = self.lanes().get_mut(&key) {
                    conn.pid = Some(pid);
                }
            }
            WardenEvent::Gone { key } => {
                if let Some(conn) = self.lanes().get_mut(&key) {
                    conn.state = SupervisorState::Gone;
                }
                self.gone.send_modify(|count| *count += 1);
            }
        }
    }

    /// The warden is dead: its supervisors are told to end by their lanes, and
    /// what they leave, which is ours now, is killed. What cannot be killed is
    /// given up after a while, and is never said to be gone.
    async fn clean_up(&self) {
        self.health.send_replace(WardenHealth::Dead);
        let idle = std::mem::take(&mut *self.idle());
        for (key, _) in &idle {
            self.forget(*key);
        }
        drop(idle);
        let begun = time::Instant::now();
        let mut empty_looks = 0;
        while begun.elapsed() < LAST_WORDS + CLEARING {
            // A process that dies closes its sockets first, and only then are
            // its children ours: before the warden can be waited for, and
            // while a supervisor is yet to be, seeing no child says nothing.
            let is_warden_over = self.reap_process();
            let mut serving = self.serving();
            if begun.elapsed() >= LAST_WORDS {
                serving.clear();
            }
            let are_lanes_closed = serving.is_empty();
            let spared: Vec<u32> = serving.into_iter().flatten().collect();
            let looked = tokio::task::spawn_blocking(move || adopted::kill(&spared)).await;
            let is_empty = is_warden_over && are_lanes_closed && looked.unwrap_or(false);
            empty_looks = if is_empty { empty_looks + 1 } else { 0 };
            if empty_looks >= EMPTY_LOOKS {
                self.health.send_replace(WardenHealth::Cleared);
                return;
            }
            time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The supervisors that are still about to end by themselves.
    fn serving(&self) -> Vec<Option<u32>> {
        let lanes = self.lanes();
        let serving = lanes
            .values()
            .filter(|conn| conn.state == SupervisorState::Serving);
        serving.map(|conn| conn.pid).collect()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the warden's process if it has ended, so that it is not left
    /// as a zombie. Returns whether it has.
    fn reap_process(&self) -> bool {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(process.try_wait(), Ok(None))
    }
}

impl Drop for WardenClient {
    /// The warden ends when everything under it is gone: waiting for it is
    /// knowing that. A tree that cannot be killed does not hold us.
    fn drop(&mut self) {
        let _closed = rustix::net::shutdown(&self.socket, Shutdown::Both);
        self.idle().clear();
        let deadline = Instant::now() + PARTING;
        while !self.reap_process() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        own_children::disown(self.pid);
        if let Some(group) = ProcessIdentity::now(std::process::id()).and_then(cgroup::path_for) {
            cgroup::remove(&group);
        }
    }
}

/// Reads the warden's news until it is dead, or until nobody needs it.
async fn read_news(warden: Weak<WardenClient>, channel: Arc<Channel>) {
    loop {
        let message = channel.next().await;
        let Some(warden) = warden.upgrade() else {
            return;
        };
        let Some(message) = message else {
            warden.clean_up().await;
            return;
        };
        if let Some(news) = WardenEvent::read(&message) {
            warden.handle_event(news);
        }
    }
}
