//! One call under its supervisor: from the started program to the proof that
//! nothing of its tree is left.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::process_tree;
use super::reap::{Reap, Reaped, next_dead, own_peak_rss_bytes, reap_any, reap_one};
use crate::exec::exit::ProcessExit;
use crate::exec::wire::CallReport;
use crate::model::Leftover;
use crate::probe::procfs::{self, ProcessStat, number};

/// Time that the rest of the tree has to end after the main process ended by
/// itself.
const LEAK_TIMEOUT: Duration = Duration::from_millis(200);

/// Time from the first SIGKILL until the remaining processes are given up.
const CONFIRM_WITHIN: Duration = Duration::from_secs(5);

/// Children reaped in one pass, so that a storm of them cannot hold us.
const REAPS: usize = 128;

/// Leftovers that are named; more are killed as well.
const NAMES: usize = 64;

/// Pauses between passes of killing; a dying child ends a pause early.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A call whose program was started.
#[derive(Debug)]
pub(super) struct SupervisedCall {
    main: Pid,
    /// Exit of the main process.
    exit: Option<ProcessExit>,
    /// The same, until the runner is told.
    untold_exit: Option<ProcessExit>,
    /// Whether a stop was ordered.
    is_stopping: bool,
    /// CPU time of every process that was reaped.
    cpu: Duration,
    /// Whether the main process ignored SIGCHLD, so that the CPU time of its
    /// children is unknown.
    is_cpu_partial: bool,
    /// Highest resident memory of any one process that was reaped, in bytes.
    peak_rss_bytes: u64,
    /// Our own peak in bytes: a lower figure of a child is our own memory, in
    /// which the main process began.
    floor_rss_bytes: u64,
    phase: CallPhase,
    /// Whether the last pass of reaping stopped at its bound: more children have
    /// ended, and no new signal will tell.
    has_unreaped: bool,
}

/// Phase of a call.
#[derive(Debug)]
enum CallPhase {
    /// The main process lives, or its tree was told to stop and has its grace.
    Living,
    /// The main process has ended by itself; the rest of its tree has until then.
    Settling(Instant),
    /// SIGKILL is sent until nothing is left.
    Clearing(Clearing),
}

/// The killing of a tree.
#[derive(Debug)]
struct Clearing {
    /// Time of the first SIGKILL.
    since: Instant,
    /// Time of the next pass.
    next: Instant,
    /// Pause after the next pass.
    pause: Duration,
    /// Whether the killed processes count as leaked.
    is_leak: bool,
    /// Leaked processes, by name, up to [`NAMES`].
    killed: Vec<Leftover>,
    /// Whether the runner was told that something is left.
    is_given_up: bool,
}

/// Progress of a call since the last look.
#[derive(Debug)]
pub(super) enum CallProgress {
    /// Nothing to report.
    Nothing,
    /// The main process has ended, its tree lives on.
    Exited(ProcessExit),
    /// The tree is empty.
    Finished(CallReport),
    /// A process could not be killed in time; killing goes on.
    GivenUp(CallReport),
}

impl SupervisedCall {
    pub(super) fn new(main: Pid) -> Self {
        Self {
            main,
            exit: None,
            untold_exit: None,
            is_stopping: false,
            cpu: Duration::ZERO,
            is_cpu_partial: false,
            peak_rss_bytes: 0,
            floor_rss_bytes: own_peak_rss_bytes(),
            phase: CallPhase::Living,
            has_unreaped: false,
        }
    }

    /// Sends SIGTERM to the whole tree, and SIGCONT, without which a stopped
    /// process would never see it.
    pub(super) fn terminate(&mut self) {
        self.is_stopping = true;
        process_tree::signal_all(&[Signal::TERM, Signal::CONT]);
    }

    /// Sends SIGKILL to the whole tree, now and until it is empty.
    pub(super) fn kill(&mut self) {
        self.is_stopping = true;
        self.clear(Instant::now(), false);
    }

    /// Returns the time of the next look, if nothing happens before.
    pub(super) fn next_look(&self) -> Option<Instant> {
        if self.has_unreaped {
            return Some(Instant::now());
        }
        match &self.phase {
            CallPhase::Living => None,
            CallPhase::Settling(until) => Some(*until),
            CallPhase::Clearing(clearing) => Some(clearing.next),
        }
    }

    /// Reaps ended processes, and does what is due.
    pub(super) fn look(&mut self) -> CallProgress {
        if self.reap() {
            return CallProgress::Finished(self.report(Vec::new()));
        }
        let now = Instant::now();
        match &self.phase {
            CallPhase::Living if self.exit.is_some() && !self.is_stopping => {
                self.phase = CallPhase::Settling(now + LEAK_TIMEOUT);
            }
            CallPhase::Settling(until) if now >= *until => {
                self.clear(now, true);
                if self.reap() {
                    return CallProgress::Finished(self.report(Vec::new()));
                }
            }
            CallPhase::Clearing(_) => {
                if let Some(rest) = self.pass(now) {
                    return CallProgress::GivenUp(self.report(rest));
                }
            }
            CallPhase::Living | CallPhase::Settling(_) => {}
        }
        let exit = self.untold_exit.take();
        exit.map_or(CallProgress::Nothing, CallProgress::Exited)
    }

    fn clear(&mut self, now: Instant, is_leak: bool) {
        if matches!(self.phase, CallPhase::Clearing(_)) {
            return;
        }
        process_tree::kill_children(&|_| false);
        self.phase = CallPhase::Clearing(Clearing {
            since: now,
            next: now + FIRST_PAUSE,
            pause: FIRST_PAUSE,
            is_leak,
            killed: Vec::new(),
            is_given_up: false,
        });
    }

    /// Kills once more. Returns the processes that are left, once, when their
    /// time is up.
    fn pass(&mut self, now: Instant) -> Option<Vec<Leftover>> {
        let CallPhase::Clearing(clearing) = &mut self.phase else {
            return None;
        };
        process_tree::kill_children(&|_| false);
        if now >= clearing.next {
            clearing.pause = (clearing.pause * 2).min(LONGEST_PAUSE);
        }
        clearing.next = now + clearing.pause;
        if clearing.is_given_up || now < clearing.since + CONFIRM_WITHIN {
            return None;
        }
        let rest = still_there();
        // A zombie only waits to be reaped.
        clearing.is_given_up = !rest.is_empty();
        clearing.is_given_up.then_some(rest)
    }

    /// Reaps ended children, up to [`REAPS`]. Returns whether no child is left.
    fn reap(&mut self) -> bool {
        self.has_unreaped = false;
        for _reap in 0..REAPS {
            match self.reap_next() {
                Reap::One(reaped) => self.account(reaped),
                Reap::None => return false,
                Reap::NoChildren => return true,
            }
        }
        self.has_unreaped = true;
        false
    }

    /// Reaps one child. A leaked one is named before: its name goes with it.
    fn reap_next(&mut self) -> Reap {
        let CallPhase::Clearing(clearing) = &mut self.phase else {
            return self.reap_living();
        };
        if !clearing.is_leak || clearing.killed.len() >= NAMES {
            return reap_any();
        }
        let dead = match next_dead() {
            Ok(Some(dead)) => dead,
            Ok(None) => return Reap::None,
            Err(_) => return Reap::NoChildren,
        };
        let pid = number(dead);
        if clearing.killed.iter().all(|leftover| leftover.pid != pid) {
            clearing.killed.push(Leftover {
                pid,
                name: procfs::name(pid),
                reason: None,
            });
        }
        reap_one(dead)
    }

    /// Reaps one child of a living tree. The main process is looked at before:
    /// its zombie still tells which signals it ignored.
    fn reap_living(&mut self) -> Reap {
        let dead = match next_dead() {
            Ok(Some(dead)) => dead,
            Ok(None) => return Reap::None,
            Err(_) => return Reap::NoChildren,
        };
        if dead == self.main {
            let stat = ProcessStat::read(number(dead));
            self.is_cpu_partial = stat.is_some_and(|stat| stat.ignores_children);
        }
        reap_one(dead)
    }

    fn account(&mut self, reaped: Reaped) {
        self.cpu += reaped.cpu;
        self.peak_rss_bytes = self.peak_rss_bytes.max(reaped.peak_rss_bytes);
        if reaped.pid == self.main && self.exit.is_none() {
            self.exit = Some(reaped.exit);
            self.untold_exit = Some(reaped.exit);
        } else if let CallPhase::Clearing(clearing) = &mut self.phase
            && reaped.exit != ProcessExit::Signal(Signal::KILL.as_raw())
        {
            // It ended by itself before it could be killed.
            let pid = number(reaped.pid);
            clearing.killed.retain(|leftover| leftover.pid != pid);
        }
    }

    fn report(&mut self, unconfirmed: Vec<Leftover>) -> CallReport {
        let leaked = match &mut self.phase {
            CallPhase::Clearing(clearing) => std::mem::take(&mut clearing.killed),
            CallPhase::Living | CallPhase::Settling(_) => Vec::new(),
        };
        let is_complete = unconfirmed.is_empty();
        CallReport {
            exit: self.exit,
            cpu_us: is_complete.then_some(self.cpu.as_micros() as u64),
            is_cpu_partial: self.is_cpu_partial,
            peak_rss_bytes: Some(self.peak_rss_bytes).filter(|peak| *peak > self.floor_rss_bytes),
            leaked,
            unconfirmed,
        }
    }
}

/// Lists the processes that outlived SIGKILL, each with its likely reason.
fn still_there() -> Vec<Leftover> {
    let own = process_tree::own_children();
    let is_ours_and_dead = |pid: &Pid| own.contains(pid) && process_tree::is_dead(*pid);
    process_tree::descendants()
        .into_iter()
        .filter(|pid| !is_ours_and_dead(pid))
        .take(NAMES)
        .map(|pid| Leftover {
            pid: number(pid),
            name: procfs::name(number(pid)),
            reason: Some(process_tree::why_alive(pid).to_owned()),
        })
        .collect()
}
