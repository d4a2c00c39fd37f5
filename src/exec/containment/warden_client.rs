//! The runner's client of the warden: asks for supervisors, learns which are
//! gone, and cleans up after a warden that dies.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::Shutdown;
use tokio::sync::watch;
use tokio::time;

use super::adopted;
use super::channel::Channel;
use super::options::ContainmentOptions;
use crate::exec::limits::OpenFiles;
use crate::exec::wire::{SupervisorCommand, WardenCommand, WardenEvent, pair, send};
use crate::exec::{cgroup, own_children, warden};
use crate::probe::procfs::ProcessIdentity;

/// Time that a dead warden's supervisors have to end by themselves. One that
/// has not ended by then is killed like the rest.
const SUPERVISORS_END_WITHIN: Duration = Duration::from_secs(6);

/// Time of killing from then on, before the rest is given up.
const KILL_FOR: Duration = Duration::from_secs(5);

/// Number of looks in a row that must find no child: a single one may miss a
/// child if another is waited for, or if a thread ends, while it looks
/// (`proc_tid_children(5)`).
const EMPTY_LOOKS: u32 = 2;

/// Time that the warden has to end once its socket is closed.
const WARDEN_ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Idle supervisors that are always kept, beside half as many as there are.
const SPARE_SUPERVISORS: usize = 8;

/// State of the warden's process and of everything that was under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WardenHealth {
    /// It lives.
    Alive,
    /// It is dead, and its supervisors and calls may live.
    Dead,
    /// It is dead, and nothing is left of what was under it.
    Cleared,
}

/// One warden and the supervisors it forked.
#[derive(Debug)]
pub(super) struct WardenClient {
    pid: u32,
    process: Mutex<Child>,
    socket: OwnedFd,
    /// The same socket, once there is a runtime to read it in.
    events: OnceLock<Arc<Channel>>,
    /// Key of the next supervisor.
    next_key: AtomicU64,
    /// Supervisors by key, from their fork until they are forgotten.
    supervisors: Mutex<BTreeMap<u64, RegisteredSupervisor>>,
    /// Whether calls are suspended, those included that start meanwhile.
    suspended: Mutex<bool>,
    /// Supervisors without a call, the one used last on top.
    idle: Mutex<Vec<SupervisorSocket>>,
    health: watch::Sender<WardenHealth>,
    /// Number of supervisors whose end the warden told.
    ended: watch::Sender<u64>,
}

/// Knowledge of one supervisor.
#[derive(Debug)]
struct RegisteredSupervisor {
    /// Its process, once the warden has told.
    pid: Option<u32>,
    channel: Weak<Channel>,
    state: SupervisorState,
}

/// State of a supervisor, as its socket and its warden tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SupervisorState {
    /// It lives, as far as is known.
    Alive,
    /// Its socket is closed: it is dead.
    Closed,
    /// It is dead, and everything that was under it is gone.
    Gone,
    /// It never served: the system was short of something.
    Refused(Errno),
}

/// End of a supervisor whose socket was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SupervisorFate {
    /// It is dead, and everything that was under it is gone.
    Gone,
    /// It never served: the system was short of something.
    Refused(Errno),
}

/// The runner's end of a supervisor's socket.
#[derive(Debug, Clone)]
pub(super) struct SupervisorSocket {
    /// The runner's name for the supervisor.
    pub(super) key: u64,
    pub(super) channel: Arc<Channel>,
}

impl WardenClient {
    /// Starts a warden: this program executed again under another name. Its
    /// standard input is our socket.
    pub(super) fn start(
        options: &ContainmentOptions,
        open_files: OpenFiles,
    ) -> io::Result<Arc<Self>> {
        let (ours, theirs) = pair()?;
        let arguments = warden::arguments(
            options.surroundings,
            open_files.before,
            options.state.as_deref(),
        );
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
            events: OnceLock::new(),
            next_key: AtomicU64::new(0),
            supervisors: Mutex::new(BTreeMap::new()),
            suspended: Mutex::new(false),
            idle: Mutex::new(Vec::new()),
            health: watch::Sender::new(WardenHealth::Alive),
            ended: watch::Sender::new(0),
        }))
    }

    /// Returns the process id of the warden.
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

    /// Returns an idle supervisor, the one used last.
    pub(super) fn idle_supervisor(&self) -> Option<SupervisorSocket> {
        self.idle().pop()
    }

    /// Keeps a supervisor whose tree is empty for the next call, unless many
    /// are idle already. Returns whether it was kept.
    pub(super) fn keep(&self, socket: SupervisorSocket) -> bool {
        let count = self.supervisors().len();
        let mut idle = self.idle();
        let is_kept = !self.is_dead() && idle.len() < SPARE_SUPERVISORS + count / 2;
        if is_kept {
            idle.push(socket);
        }
        is_kept
    }

    /// Has the warden fork a supervisor. Whether it could, its
    /// [fate](Self::fate) tells.
    pub(super) fn new_supervisor(self: &Arc<Self>) -> io::Result<SupervisorSocket> {
        self.listen()?;
        let key = self.next_key.fetch_add(1, Ordering::Relaxed);
        let (ours, theirs) = pair()?;
        let channel = Arc::new(Channel::new(ours)?);
        let registered = RegisteredSupervisor {
            pid: None,
            channel: Arc::downgrade(&channel),
            state: SupervisorState::Alive,
        };
        self.supervisors().insert(key, registered);
        let command = WardenCommand::Fork(key).message();
        let sent = send(self.socket.as_fd(), &command, &[theirs.as_fd()]);
        sent.inspect_err(|_| self.forget(key))?;
        Ok(SupervisorSocket { key, channel })
    }

    /// Has the warden kill a supervisor that does not answer, and its tree with
    /// it.
    pub(super) fn abandon(&self, key: u64) {
        let command = WardenCommand::Abandon(key).message();
        let _dead = send(self.socket.as_fd(), &command, &[]);
    }

    /// Waits until a supervisor whose socket was closed is known to have left
    /// nothing behind.
    pub(super) async fn fate(&self, key: u64) -> SupervisorFate {
        let mut ended = self.ended.subscribe();
        let mut health = self.health.subscribe();
        if let Some(supervisor) = self.supervisors().get_mut(&key)
            && supervisor.state == SupervisorState::Alive
        {
            supervisor.state = SupervisorState::Closed;
        }
        let fate = || match self.supervisors().get(&key).map(|it| it.state) {
            Some(SupervisorState::Alive | SupervisorState::Closed) => None,
            Some(SupervisorState::Refused(errno)) => Some(SupervisorFate::Refused(errno)),
            Some(SupervisorState::Gone) | None => Some(SupervisorFate::Gone),
        };
        tokio::select! {
            _ = ended.wait_for(|_| fate().is_some()) => {}
            _ = health.wait_for(|health| *health == WardenHealth::Cleared) => {}
        }
        fate().unwrap_or(SupervisorFate::Gone)
    }

    /// Suspends every call, and those that start from now on.
    pub(super) fn suspend(&self) {
        let mut is_suspended = self.suspended();
        *is_suspended = true;
        self.send_to_all(&SupervisorCommand::Suspend);
    }

    /// Continues every call.
    pub(super) fn resume(&self) {
        let mut is_suspended = self.suspended();
        *is_suspended = false;
        self.send_to_all(&SupervisorCommand::Continue);
    }

    /// Returns whether calls are suspended; that does not change until the
    /// guard is dropped.
    pub(super) fn suspended(&self) -> MutexGuard<'_, bool> {
        self.suspended
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a command to every supervisor that has a call.
    fn send_to_all(&self, command: &SupervisorCommand<'_>) {
        for supervisor in self.supervisors().values() {
            if let Some(channel) = supervisor.channel.upgrade() {
                let _dead = channel.send(&command.message(), &[]);
            }
        }
    }

    /// Removes a supervisor that is not used any more.
    pub(super) fn forget(&self, key: u64) {
        self.supervisors().remove(&key);
    }

    fn supervisors(&self) -> MutexGuard<'_, BTreeMap<u64, RegisteredSupervisor>> {
        self.supervisors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to read the warden's events, once.
    fn listen(self: &Arc<Self>) -> io::Result<()> {
        if self.events.get().is_some() {
            return Ok(());
        }
        let channel = Arc::new(Channel::new(self.socket.try_clone()?)?);
        if self.events.set(Arc::clone(&channel)).is_ok() {
            tokio::spawn(read_events(Arc::downgrade(self), channel));
        }
        Ok(())
    }

    fn handle_event(&self, event: WardenEvent) {
        match event {
            WardenEvent::Forked { key, pid } => {
                if let Some(supervisor) = self.supervisors().get_mut(&key) {
                    supervisor.pid = Some(pid);
                }
            }
            WardenEvent::Gone { key } => self.set_ended(key, SupervisorState::Gone),
            WardenEvent::Refused { key, errno } => {
                self.set_ended(key, SupervisorState::Refused(errno));
            }
        }
    }

    fn set_ended(&self, key: u64, state: SupervisorState) {
        if let Some(supervisor) = self.supervisors().get_mut(&key) {
            supervisor.state = state;
        }
        self.ended.send_modify(|count| *count += 1);
    }

    /// Cleans up after a dead warden. Its supervisors end as their connections
    /// close; the processes that they leave have become ours and are killed. The
    /// health becomes [`WardenHealth::Cleared`] only once none is left.
    async fn clean_up(&self) {
        self.health.send_replace(WardenHealth::Dead);
        let idle = std::mem::take(&mut *self.idle());
        for socket in &idle {
            self.forget(socket.key);
        }
        drop(idle);
        let begun = time::Instant::now();
        let mut empty_looks = 0;
        while begun.elapsed() < SUPERVISORS_END_WITHIN + KILL_FOR {
            // A dying process closes its sockets first, and only then are its
            // children ours. Until the warden has been waited for and every
            // supervisor is dead, finding no child proves nothing.
            let is_warden_over = self.reap_process();
            let mut alive = self.alive();
            if begun.elapsed() >= SUPERVISORS_END_WITHIN {
                alive.clear();
            }
            let are_supervisors_dead = alive.is_empty();
            let spared: Vec<u32> = alive.into_iter().flatten().collect();
            let looked = tokio::task::spawn_blocking(move || adopted::kill(&spared)).await;
            let is_empty = is_warden_over && are_supervisors_dead && looked.unwrap_or(false);
            empty_looks = if is_empty { empty_looks + 1 } else { 0 };
            if empty_looks >= EMPTY_LOOKS {
                self.health.send_replace(WardenHealth::Cleared);
                return;
            }
            time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Lists the pids, where they are known, of supervisors that have not ended
    /// yet.
    fn alive(&self) -> Vec<Option<u32>> {
        let supervisors = self.supervisors();
        let alive = supervisors
            .values()
            .filter(|it| it.state == SupervisorState::Alive);
        alive.map(|it| it.pid).collect()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SupervisorSocket>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reaps the warden's process if it has ended. Returns whether it has.
    fn reap_process(&self) -> bool {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(process.try_wait(), Ok(None))
    }
}

impl Drop for WardenClient {
    /// Waits for the warden, which ends when everything under it is gone. A tree
    /// that cannot be killed does not hold us for longer than the deadline.
    fn drop(&mut self) {
        let _closed = rustix::net::shutdown(&self.socket, Shutdown::Both);
        self.idle().clear();
        let deadline = Instant::now() + WARDEN_ENDS_WITHIN;
        while !self.reap_process() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        own_children::disown(self.pid);
        if let Some(group) = ProcessIdentity::of_pid(std::process::id()).and_then(cgroup::path_for)
        {
            cgroup::remove(&group);
        }
    }
}

/// Reads the warden's events until it is dead, or until its client is dropped.
async fn read_events(warden: Weak<WardenClient>, channel: Arc<Channel>) {
    loop {
        let message = channel.next().await;
        let Some(warden) = warden.upgrade() else {
            return;
        };
        let Some(message) = message else {
            warden.clean_up().await;
            return;
        };
        if let Some(event) = WardenEvent::read(&message) {
            warden.handle_event(event);
        }
    }
}
