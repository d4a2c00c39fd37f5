//! The warden: a small process of one thread that forks the supervisors, so
//! that the runner, which has many threads and may be large, never forks.
//!
//! It is this program, executed again under another name. It owns its
//! supervisors, and adopts and kills the processes of a supervisor that dies
//! before its time. End of file on its socket means that the runner is gone;
//! it then stays until everything under it is gone too. It must not know of
//! calls: those are its supervisors' matter.

mod inherited;
mod ledger;
mod process_tree;
mod reap;
mod signals;
mod spawn;
mod supervised_call;
mod supervisor;

use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{Pid, Signal};

use self::ledger::Ledger;
use self::reap::{Reap, Reaped, reap_any};
use self::signals::ChildSignals;
use self::spawn::Fork;
use self::supervisor::Supervisor;
use super::containment::Surroundings;
use super::exit::ProcessExit;
use super::refusal::Shortage;
use super::wire::{Packet, WardenCommand, WardenEvent, receive, send_waiting};
use crate::probe::procfs::{ProcessIdentity, number};

/// Name of the process, and its first argument. It does not contain the
/// program's name, so that killing the program by name spares the warden.
pub(super) const NAME: &str = "lane-warden";
const WARDEN_NAME: &CStr = c"lane-warden";
const SUPERVISOR_NAME: &CStr = c"lane-supervisor";

/// Argument for no limit.
const UNLIMITED: &str = "unlimited";

/// Argument for the limits as they are.
const INHERITED: &str = "inherited";

/// Pause between two passes of killing the processes of a dead supervisor.
const PAUSE: Duration = Duration::from_millis(2);

/// Children reaped in one pass.
const REAPS: usize = 128;

/// The state of the warden.
#[derive(Debug)]
struct Warden {
    control: OwnedFd,
    children: ChildSignals,
    null: OwnedFd,
    ledger: Option<Ledger>,
    surroundings: Surroundings,
    /// The runner's keys of living supervisors, by pid.
    supervisors: BTreeMap<u32, u64>,
    /// Dead supervisors whose processes may live.
    dead: Vec<DeadSupervisor>,
    /// Whether more children have ended than one pass reaps.
    has_unreaped: bool,
    is_runner_gone: bool,
}

/// A supervisor that died before its time.
#[derive(Debug, Clone, Copy)]
struct DeadSupervisor {
    key: u64,
    pid: u32,
}

/// Returns the arguments that a warden is started with.
pub(super) fn arguments(
    surroundings: Surroundings,
    open_files: Option<u64>,
    state: Option<&Path>,
) -> Vec<OsString> {
    let limit = match surroundings {
        Surroundings::Inherited => INHERITED.to_owned(),
        Surroundings::Tool => {
            open_files.map_or_else(|| UNLIMITED.to_owned(), |limit| limit.to_string())
        }
    };
    let state = state.map(|folder| folder.as_os_str().to_owned());
    std::iter::once(limit.into()).chain(state).collect()
}

/// Runs the warden's loop; returns once the runner has exited and no descendant
/// remains. The socket is its standard input; `arguments` are those of
/// [`arguments`].
pub(super) fn run(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let runner = rustix::process::getppid().map(number);
    super::signals::reset_and_block();
    let control = fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    inherited::close_descriptors(&control)?;
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let null = rustix::fs::open("/dev/null", flags, Mode::empty())?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    become_subreaper(WARDEN_NAME)?;
    let limit = arguments.next();
    let surroundings = if limit.as_deref() == Some(OsStr::new(INHERITED)) {
        Surroundings::Inherited
    } else {
        inherited::limit(limit.and_then(|limit| limit.to_str()?.parse().ok()));
        Surroundings::Tool
    };
    let mut warden = Warden {
        control,
        children: ChildSignals::listen()?,
        null,
        ledger: runner
            .and_then(ProcessIdentity::of_pid)
            .map(|it| Ledger::open(it, arguments.next())),
        surroundings,
        supervisors: BTreeMap::new(),
        dead: Vec::new(),
        has_unreaped: false,
        is_runner_gone: false,
    };
    while warden.turn() {}
    if let Some(ledger) = &warden.ledger {
        ledger.close();
    }
    Ok(())
}

/// Makes this process the leader of a session, out of reach of signals to the
/// terminal or to the runner's group, and the adopter of orphans below it.
fn become_subreaper(name: &CStr) -> io::Result<()> {
    rustix::process::setsid()?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    rustix::thread::set_name(name)?;
    Ok(())
}

impl Warden {
    /// Runs the loop once. Returns whether there is anything left to do.
    fn turn(&mut self) -> bool {
        self.wait();
        self.handle_commands();
        let is_empty = self.reap();
        self.kill_orphans();
        !(self.is_runner_gone && is_empty)
    }

    fn wait(&self) {
        let pause = match (self.has_unreaped, self.dead.is_empty()) {
            (true, _) => Some(Duration::ZERO),
            (false, false) => Some(PAUSE),
            (false, true) => None,
        };
        let pause = pause.map(|pause| Timespec {
            tv_sec: 0,
            tv_nsec: pause.subsec_nanos().into(),
        });
        let children = PollFd::new(&self.children, PollFlags::IN);
        let control = PollFd::new(&self.control, PollFlags::IN);
        let mut both = [children, control];
        let watched = if self.is_runner_gone { 1 } else { 2 };
        if let Some(watched) = both.get_mut(..watched) {
            let _interrupted = poll(watched, pause.as_ref());
        }
        self.children.clear();
    }

    fn handle_commands(&mut self) {
        while !self.is_runner_gone {
            match receive(self.control.as_fd()) {
                Ok(Packet::Message(message, descriptors)) => {
                    match (
                        WardenCommand::read(&message),
                        descriptors.into_iter().next(),
                    ) {
                        (Some(WardenCommand::Fork(key)), Some(socket)) => self.fork(key, socket),
                        (Some(WardenCommand::Abandon(key)), _) => self.abandon(key),
                        _ => self.is_runner_gone = true,
                    }
                }
                Err(Errno::AGAIN) => return,
                Ok(Packet::End) | Err(_) => self.is_runner_gone = true,
            }
        }
    }

    /// Forks a supervisor for the socket.
    fn fork(&mut self, key: u64, socket: OwnedFd) {
        match spawn::fork() {
            // Told on this socket and not on the supervisor's: commands that
            // already wait there would turn its end into a reset, and the
            // refusal would be lost.
            Err(errno) => self.tell(WardenEvent::Refused { key, errno }),
            Ok(Fork::Child) => self.become_supervisor(socket),
            Ok(Fork::Parent(supervisor)) => {
                let pid = number(supervisor);
                self.supervisors.insert(pid, key);
                self.tell(WardenEvent::Forked { key, pid });
            }
        }
    }

    /// Runs the supervisor in the child of a fork, and ends the process. A
    /// supervisor that could not begin to serve exits with the system's answer.
    fn become_supervisor(&mut self, socket: OwnedFd) -> ! {
        std::process::exit(match self.supervisor(socket) {
            Ok(supervisor) => {
                supervisor.serve();
                0
            }
            Err(error) => error.raw_os_error().unwrap_or(1),
        })
    }

    fn supervisor(&mut self, socket: OwnedFd) -> io::Result<Supervisor> {
        // The warden's own socket must close here: held open, it would hide
        // the warden's death from the runner.
        self.control = self.null.try_clone()?;
        become_subreaper(SUPERVISOR_NAME)?;
        let null = self.null.try_clone()?;
        let ledger = self.ledger.as_ref().and_then(Ledger::writer);
        Ok(Supervisor::new(
            socket,
            ChildSignals::listen()?,
            null,
            ledger,
            self.surroundings,
        ))
    }

    fn abandon(&mut self, key: u64) {
        let found = self.supervisors.iter().find(|(_, known)| **known == key);
        if let Some(pid) = found.and_then(|(pid, _)| Pid::from_raw(pid.cast_signed())) {
            let _gone = rustix::process::kill_process(pid, Signal::KILL);
        }
    }

    /// Reaps ended children. Returns whether no child is left.
    fn reap(&mut self) -> bool {
        self.has_unreaped = false;
        for _reap in 0..REAPS {
            match reap_any() {
                Reap::One(reaped) => {
                    if let Some(key) = self.supervisors.remove(&number(reaped.pid)) {
                        self.supervisor_exited(reaped, key);
                    }
                }
                Reap::None => return false,
                Reap::NoChildren => return true,
            }
        }
        self.has_unreaped = true;
        false
    }

    /// Handles the end of a supervisor: in order, or before its time.
    fn supervisor_exited(&mut self, supervisor: Reaped, key: u64) {
        match supervisor.exit {
            ProcessExit::Code(0) => self.tell(WardenEvent::Gone { key }),
            // It never served, and so never had a child.
            ProcessExit::Code(code) if Shortage::of(Errno::from_raw_os_error(code)).is_some() => {
                let errno = Errno::from_raw_os_error(code);
                self.tell(WardenEvent::Refused { key, errno });
            }
            ProcessExit::Code(_) | ProcessExit::Signal(_) => self.dead.push(DeadSupervisor {
                key,
                pid: number(supervisor.pid),
            }),
        }
    }

    /// Kills the processes of dead supervisors, and tells of each supervisor once
    /// none is left. Every child that is no supervisor came from a dead one.
    fn kill_orphans(&mut self) {
        if self.dead.is_empty() {
            return;
        }
        let spared = |pid| self.supervisors.contains_key(&number(pid));
        if !process_tree::kill_children(&spared) {
            for supervisor in std::mem::take(&mut self.dead) {
                if let Some(ledger) = &self.ledger {
                    ledger.forget(supervisor.pid);
                }
                let key = supervisor.key;
                self.tell(WardenEvent::Gone { key });
            }
        }
    }

    /// Sends an event. Of a runner that is gone, end of file tells.
    fn tell(&self, event: WardenEvent) {
        let _unheard = send_waiting(self.control.as_fd(), &event.message());
    }
}
