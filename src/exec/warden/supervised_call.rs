//! One call under its supervisor: from the started program to the proof that
//! nothing of its tree is left.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::process_tree;
use super::reap::{Reap, Reaped, next_dead, own_peak_rss_bytes, reap_any, reap_one};
use crate::exec::exit::ProcessExit;
use crate::exec::table::number;
use crate::exec::wire::Done;
use crate::model::Leftover;

/// What is left when the main process has ended by itself has this long to
/// end too.
const LEAK_DEADLINE: Duration = Duration::from_millis(200);

/// What is not gone this long after the first SIGKILL is given up.
const CONFIRM_DEADLINE: Duration = Duration::from_secs(5);

/// Children waited for in one pass, so that a storm of them cannot hold us.
const REAPS: usize = 128;

/// Leftovers that are named; more are killed all the same.
const NAMES: usize = 64;

/// Pauses between passes of killing; a child that dies ends one early.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A call whose program was started.
#[derive(Debug)]
pub(super) struct SupervisedCall {
    main: Pid,
    exit: Option<ProcessExit>,
    is_exit_told: bool,
    is_told_to_stop: bool,
    cpu: Duration,
    peak_rss_bytes: u64,
    /// Our own peak: what the account says below that is our own memory, in
    /// which the main process began.
    floor_rss_bytes: u64,
    phase: CallPhase,
    /// The last pass of waiting stopped at its bound: more have ended, and no
    /// new signal will tell of them.
    has_unreaped: bool,
}

#[derive(Debug)]
enum CallPhase {
    /// The main process lives, or its tree was told to stop and has its grace.
    Living,
    /// The main process has ended by itself; the rest has until then.
    Settling(Instant),
    /// SIGKILL until nothing is left.
    Clearing(Clearing),
}

#[derive(Debug)]
struct Clearing {
    since: Instant,
    next: Instant,
    pause: Duration,
    /// Whether what is killed counts as leaked.
    is_leak: bool,
    killed: Vec<Leftover>,
    is_given_up: bool,
}

/// What a look at a call brought about.
#[derive(Debug)]
pub(super) enum CallProgress {
    /// Nothing to tell.
    Nothing,
    /// The main process has ended, its tree lives on.
    Exited(ProcessExit),
    /// The tree is empty.
    Done(Done),
    /// Something could not be killed in time; killing goes on.
    GivenUp(Done),
}

impl SupervisedCall {
    pub(super) fn new(main: Pid) -> Self {
        Self {
            main,
            exit: None,
            is_exit_told: false,
            is_told_to_stop: false,
            cpu: Duration::ZERO,
            peak_rss_bytes: 0,
            floor_rss_bytes: own_peak_rss_bytes(),
            phase: CallPhase::Living,
            has_unreaped: false,
        }
    }

    /// SIGTERM to the whole tree, and SIGCONT, without which what stands still
    /// would never see it.
    pub(super) fn terminate(&mut self) {
        self.is_told_to_stop = true;
        process_tree::signal_all(&[Signal::TERM, Signal::CONT]);
    }

    /// SIGKILL to the whole tree, now and until it is empty.
    pub(super) fn kill(&mut self) {
        self.is_told_to_stop = true;
        self.clear(Instant::now(), false);
    }

    /// When to look again, if nothing happens before.
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

    /// Takes account of what has ended, and goes on with what is due.
    pub(super) fn look(&mut self) -> CallProgress {
        if self.reap() {
            return CallProgress::Done(self.done(Vec::new()));
        }
        let now = Instant::now();
        match &self.phase {
            CallPhase::Living if self.exit.is_some() && !self.is_told_to_stop => {
                self.phase = CallPhase::Settling(now + LEAK_DEADLINE);
            }
            CallPhase::Settling(until) if now >= *until => {
                self.clear(now, true);
                if self.reap() {
                    return CallProgress::Done(self.done(Vec::new()));
                }
            }
            CallPhase::Clearing(_) => {
                if let Some(rest) = self.pass(now) {
                    return CallProgress::GivenUp(self.done(rest));
                }
            }
            CallPhase::Living | CallPhase::Settling(_) => {}
        }
        match self.exit {
            Some(exit) if !self.is_exit_told => {
                self.is_exit_told = true;
                CallProgress::Exited(exit)
            }
            _ => CallProgress::Nothing,
        }
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

    /// One more pass of killing. Returns what is left, once, when its time is
    /// up.
    fn pass(&mut self, now: Instant) -> Option<Vec<Leftover>> {
        let CallPhase::Clearing(clearing) = &mut self.phase else {
            return None;
        };
        process_tree::kill_children(&|_| false);
        if now >= clearing.next {
            clearing.pause = (clearing.pause * 2).min(LONGEST_PAUSE);
        }
        clearing.next = now + clearing.pause;
        if clearing.is_given_up || now < clearing.since + CONFIRM_DEADLINE {
            return None;
        }
        let rest = still_there();
        // What is dead already only waits for its turn to be waited for.
        clearing.is_given_up = !rest.is_empty();
        clearing.is_given_up.then_some(rest)
    }

    /// Waits for what has ended, within bounds. Returns whether nothing is
    /// left.
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

    /// While leftovers are being killed, each dead one is named before it is
    /// waited for: its name goes with it.
    fn reap_next(&mut self) -> Reap {
        let CallPhase::Clearing(clearing) = &mut self.phase else {
            return reap_any();
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
                name: process_tree::name_of(dead),
                reason: None,
            });
        }
        reap_one(dead)
    }

    fn account(&mut self, reaped: Reaped) {
        self.cpu += reaped.cpu;
        self.peak_rss_bytes = self.peak_rss_bytes.max(reaped.peak_rss_bytes);
        if reaped.pid == self.main && self.exit.is_none() {
            self.exit = Some(reaped.exit);
        } else if let CallPhase::Clearing(clearing) = &mut self.phase
            && reaped.exit != ProcessExit::Signal(Signal::KILL.as_raw())
        {
            // It ended by itself before it could be killed.
            let pid = number(reaped.pid);
            clearing.killed.retain(|leftover| leftover.pid != pid);
        }
    }

    fn done(&mut self, unconfirmed: Vec<Leftover>) -> Done {
        let leaked = match &mut self.phase {
            CallPhase::Clearing(clearing) => std::mem::take(&mut clearing.killed),
            CallPhase::Living | CallPhase::Settling(_) => Vec::new(),
        };
        let is_complete = unconfirmed.is_empty();
        Done {
            exit: self.exit,
            cpu_us: is_complete.then_some(self.cpu.as_micros() as u64),
            peak_rss_bytes: Some(self.peak_rss_bytes).filter(|peak| *peak > self.floor_rss_bytes),
            leaked,
            unconfirmed,
        }
    }
}

/// What outlived SIGKILL, with what is known of the cause.
fn still_there() -> Vec<Leftover> {
    let own = process_tree::own_children();
    let is_ours_and_dead = |pid: &Pid| own.contains(pid) && process_tree::is_dead(*pid);
    process_tree::descendants()
        .into_iter()
        .filter(|pid| !is_ours_and_dead(pid))
        .take(NAMES)
        .map(|pid| Leftover {
            pid: number(pid),
            name: process_tree::name_of(pid),
            reason: Some(process_tree::why_alive(pid).to_owned()),
        })
        .collect()
}
