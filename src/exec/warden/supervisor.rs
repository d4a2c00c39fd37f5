//! The supervisor of a lane: starts one program at a time, and lets the next
//! one in only when nothing of the last is left.
//!
//! A process of one thread, child subreaper, leader of its own session. It
//! owns the tree under it, and one socket. End of file on that socket means
//! that the runner is gone, for whatever reason: it kills the tree and ends.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;

use super::process_tree;
use super::signals::ChildSignals;
use super::spawn::{ChildStack, ChildStdio};
use super::supervised_call::{CallProgress, SupervisedCall};
use crate::exec::ledger::LedgerWriter;
use crate::exec::table::{self, number};
use crate::exec::wire::{
    Packet, StartCommand, StartStage, SupervisorCommand, SupervisorEvent, receive, send_waiting,
};

/// Walks made to stop a tree that still grows meanwhile.
const HALTING_WALKS: usize = 8;

/// The variable whose value is another one for each run.
const TOKEN: &str = "FANOUT_RUN_DIR=";

/// From a start to the first time its tree is written down, and the longest
/// time between two.
const FIRST_RECORD_AFTER: Duration = Duration::from_millis(250);
const LONGEST_RECORD_PAUSE: Duration = Duration::from_secs(2);

/// The state of one supervisor.
#[derive(Debug)]
pub(super) struct Supervisor {
    control: OwnedFd,
    children: ChildSignals,
    null: OwnedFd,
    stack: ChildStack,
    ledger: Option<LedgerWriter>,
    call: Option<SupervisedCall>,
    /// When the tree is to be written down again, and how long after that.
    next_record: Instant,
    pause: Duration,
    is_runner_gone: bool,
}

impl Supervisor {
    pub(super) fn new(
        control: OwnedFd,
        children: ChildSignals,
        null: OwnedFd,
        ledger: Option<LedgerWriter>,
    ) -> Self {
        Self {
            control,
            children,
            null,
            stack: ChildStack::new(),
            ledger,
            call: None,
            next_record: Instant::now(),
            pause: FIRST_RECORD_AFTER,
            is_runner_gone: false,
        }
    }

    /// Serves until the runner is gone and the tree is empty.
    pub(super) fn serve(mut self) {
        while !(self.is_runner_gone && self.call.is_none()) {
            self.wait();
            self.obey();
            self.look();
            self.record_tree();
        }
        if let Some(ledger) = self.ledger {
            ledger.remove();
        }
    }

    /// Waits for an order, the end of a child, or the next look that is due.
    fn wait(&self) {
        let call = self.call.as_ref();
        let look = call.and_then(SupervisedCall::next_look);
        let record = call.and(self.ledger.as_ref()).map(|_| self.next_record);
        let due = [look, record].into_iter().flatten().min();
        let left = due.map(|due| due.saturating_duration_since(Instant::now()));
        let timeout = left.map(timespec);
        let children = PollFd::new(&self.children, PollFlags::IN);
        let control = PollFd::new(&self.control, PollFlags::IN);
        let mut both = [children, control];
        let watched = if self.is_runner_gone { 1 } else { 2 };
        if let Some(watched) = both.get_mut(..watched) {
            let _interrupted = poll(watched, timeout.as_ref());
        }
        self.children.clear();
    }

    /// Follows every order that has come.
    fn obey(&mut self) {
        while !self.is_runner_gone {
            match receive(self.control.as_fd()) {
                Ok(Packet::Message(message, descriptors)) => {
                    match SupervisorCommand::read(&message) {
                        Some(order) => self.follow(&order, descriptors),
                        None => self.leave(),
                    }
                }
                Err(Errno::AGAIN) => return,
                Ok(Packet::End) | Err(_) => self.leave(),
            }
        }
    }

    /// The runner is gone, or speaks no sense: nothing may stay.
    fn leave(&mut self) {
        self.is_runner_gone = true;
        if let Some(call) = &mut self.call {
            call.kill();
        }
    }

    fn follow(&mut self, order: &SupervisorCommand<'_>, descriptors: Vec<OwnedFd>) {
        match (order, &mut self.call) {
            (SupervisorCommand::Start(start), None) => self.start(start, descriptors),
            (SupervisorCommand::Start(_), Some(_)) => self.leave(),
            (SupervisorCommand::Terminate, Some(call)) => call.terminate(),
            (SupervisorCommand::Kill, Some(call)) => call.kill(),
            (SupervisorCommand::Suspend, Some(_)) => halt(),
            (SupervisorCommand::Continue, Some(_)) => process_tree::signal_all(&[Signal::CONT]),
            // It ended while the order was on its way.
            (_, None) => {}
        }
    }

    fn start(&mut self, order: &StartCommand<'_>, descriptors: Vec<OwnedFd>) {
        let since = table::now();
        let started = streams(descriptors)
            .ok_or((StartStage::Setup, Errno::BADF))
            .and_then(|streams| self.stack.start(order, &streams, self.null.as_fd()));
        match started {
            Ok(main) => {
                self.call = Some(SupervisedCall::new(main));
                let pid = number(main);
                self.tell(&SupervisorEvent::Started { pid });
                if let Some(ledger) = &mut self.ledger {
                    ledger.begin(pid, since, token(order));
                    self.pause = FIRST_RECORD_AFTER;
                    self.next_record = Instant::now() + FIRST_RECORD_AFTER;
                }
            }
            Err((stage, errno)) => {
                let errno = errno.raw_os_error();
                self.tell(&SupervisorEvent::Refused { stage, errno });
            }
        }
    }

    fn look(&mut self) {
        let Some(call) = &mut self.call else { return };
        match call.look() {
            CallProgress::Nothing => {}
            CallProgress::Exited(exit) => self.tell(&SupervisorEvent::Exited(exit)),
            CallProgress::Done(done) => {
                self.call = None;
                self.tell(&SupervisorEvent::Done(done));
            }
            CallProgress::GivenUp(done) => self.tell(&SupervisorEvent::Done(done)),
        }
    }

    /// Writes the tree down, at longer and longer intervals: young trees change
    /// most.
    fn record_tree(&mut self) {
        let now = Instant::now();
        if let (Some(_), Some(ledger)) = (&self.call, &mut self.ledger)
            && now >= self.next_record
        {
            ledger.record_tree(process_tree::descendants().into_iter().map(number));
            self.pause = (self.pause * 2).min(LONGEST_RECORD_PAUSE);
            self.next_record = now + self.pause;
        }
    }

    /// A runner that is gone is heard of as end of file.
    fn tell(&self, news: &SupervisorEvent) {
        let _unheard = send_waiting(self.control.as_fd(), &news.message());
    }
}

/// The variable that marks the run's processes.
fn token(order: &StartCommand<'_>) -> Option<String> {
    let variables = order
        .env
        .iter()
        .filter_map(|variable| variable.to_str().ok());
    let mut marks = variables.filter(|variable| variable.starts_with(TOKEN));
    marks.next().map(str::to_owned)
}

fn streams(descriptors: Vec<OwnedFd>) -> Option<ChildStdio> {
    let mut descriptors = descriptors.into_iter();
    Some(ChildStdio {
        stdout: descriptors.next()?,
        stderr: descriptors.next()?,
        stdin: descriptors.next(),
    })
}

/// SIGSTOP until a walk finds nothing that moves: what stands still forks no
/// more, so each walk has less to find.
fn halt() {
    for _walk in 0..HALTING_WALKS {
        let moving: Vec<_> = process_tree::descendants()
            .into_iter()
            .filter(|pid| !process_tree::is_halted(*pid))
            .collect();
        if moving.is_empty() {
            return;
        }
        for pid in moving {
            let _gone = rustix::process::kill_process(pid, Signal::STOP);
        }
    }
}

/// At least a millisecond's worth of a wait, never less than what is left.
fn timespec(left: Duration) -> Timespec {
    Timespec {
        tv_sec: left.as_secs().cast_signed(),
        tv_nsec: left.subsec_nanos().into(),
    }
}
