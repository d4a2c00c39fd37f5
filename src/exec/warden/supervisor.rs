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
use crate::exec::containment::Surroundings;
use crate::exec::ledger::LedgerWriter;
use crate::exec::refusal::{StartFailure, StartStage};
use crate::exec::wire::{
    Packet, StartCommand, SupervisorCommand, SupervisorEvent, receive, send_waiting,
};
use crate::probe::procfs::{self, number};

/// Most passes of SIGSTOP over a tree that still grows.
const HALTING_PASSES: usize = 8;

/// Prefix of the variable that has another value in each run.
const TOKEN: &str = "FANOUT_RUN_DIR=";

/// Time from a start to the first record of its tree, and the longest time
/// between two records.
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
    /// Time of the next record of the tree, and the pause before it.
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
        surroundings: Surroundings,
    ) -> Self {
        Self {
            control,
            children,
            null,
            stack: ChildStack::new(surroundings),
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
            self.handle_commands();
            self.look();
            self.record_tree();
        }
        if let Some(ledger) = self.ledger {
            ledger.remove();
        }
    }

    /// Waits for a command, the end of a child, or the next time that is due.
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

    /// Handles every command that has come.
    fn handle_commands(&mut self) {
        while !self.is_runner_gone {
            match receive(self.control.as_fd()) {
                Ok(Packet::Message(message, descriptors)) => {
                    match SupervisorCommand::read(&message) {
                        Some(command) => self.handle(&command, descriptors),
                        None => self.runner_gone(),
                    }
                }
                Err(Errno::AGAIN) => return,
                Ok(Packet::End) | Err(_) => self.runner_gone(),
            }
        }
    }

    /// Kills everything: the runner is gone, or a message was malformed.
    fn runner_gone(&mut self) {
        self.is_runner_gone = true;
        if let Some(call) = &mut self.call {
            call.kill();
        }
    }

    fn handle(&mut self, command: &SupervisorCommand<'_>, descriptors: Vec<OwnedFd>) {
        match (command, &mut self.call) {
            (SupervisorCommand::Start(start), None) => self.start(start, descriptors),
            (SupervisorCommand::Start(_), Some(_)) => self.runner_gone(),
            (SupervisorCommand::Terminate, Some(call)) => call.terminate(),
            (SupervisorCommand::Kill, Some(call)) => call.kill(),
            (SupervisorCommand::Suspend, Some(_)) => halt(),
            (SupervisorCommand::Continue, Some(_)) => process_tree::signal_all(&[Signal::CONT]),
            // It ended while the command was on its way.
            (_, None) => {}
        }
    }

    fn start(&mut self, command: &StartCommand<'_>, descriptors: Vec<OwnedFd>) {
        let since = procfs::now_ticks();
        let started = streams(descriptors)
            .ok_or(StartFailure {
                stage: StartStage::Setup,
                errno: Errno::BADF,
            })
            .and_then(|streams| self.stack.start(command, &streams, self.null.as_fd()));
        match started {
            Ok(main) => {
                self.call = Some(SupervisedCall::new(main));
                let pid = number(main);
                self.tell(&SupervisorEvent::Started { pid });
                if let Some(ledger) = &mut self.ledger {
                    ledger.begin(pid, since, token(command));
                    self.pause = FIRST_RECORD_AFTER;
                    self.next_record = Instant::now() + FIRST_RECORD_AFTER;
                }
            }
            Err(failure) => self.tell(&SupervisorEvent::Refused(failure)),
        }
    }

    fn look(&mut self) {
        let Some(call) = &mut self.call else { return };
        match call.look() {
            CallProgress::Nothing => {}
            CallProgress::Exited(exit) => self.tell(&SupervisorEvent::Exited(exit)),
            CallProgress::Finished(report) => {
                self.call = None;
                self.tell(&SupervisorEvent::Finished(report));
            }
            CallProgress::GivenUp(report) => self.tell(&SupervisorEvent::Finished(report)),
        }
    }

    /// Records the tree in the ledger, at growing intervals: young trees change
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

    /// Sends an event. Of a runner that is gone, end of file tells.
    fn tell(&self, event: &SupervisorEvent) {
        let _unheard = send_waiting(self.control.as_fd(), &event.message());
    }
}

/// Returns the variable that marks the run's processes, with its value.
fn token(command: &StartCommand<'_>) -> Option<String> {
    let variables = command
        .surroundings
        .iter()
        .flat_map(|surroundings| &surroundings.env)
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

/// Sends SIGSTOP until a pass finds no running process: a stopped one forks no
/// more, so each pass has less to find.
fn halt() {
    for _pass in 0..HALTING_PASSES {
        let running: Vec<_> = process_tree::descendants()
            .into_iter()
            .filter(|pid| !process_tree::is_halted(*pid))
            .collect();
        if running.is_empty() {
            return;
        }
        for pid in running {
            let _gone = rustix::process::kill_process(pid, Signal::STOP);
        }
    }
}

/// Converts a time to wait.
fn timespec(left: Duration) -> Timespec {
    Timespec {
        tv_sec: left.as_secs().cast_signed(),
        tv_nsec: left.subsec_nanos().into(),
    }
}
