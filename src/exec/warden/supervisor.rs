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

use super::birth::{ChildStack, Streams};
use super::call::{Call, Step};
use super::signals::ChildSignals;
use super::tree;
use crate::exec::ledger::Book;
use crate::exec::table::{self, number};
use crate::exec::wire::{News, Order, Packet, Stage, StartOrder, receive, send_waiting};

/// Walks made to stop a tree that still grows meanwhile.
const HALTING_WALKS: usize = 8;

/// The variable whose value is another one for each run.
const TOKEN: &str = "FANOUT_RUN_DIR=";

/// From a start to the first time its tree is written down, and the longest
/// time between two.
const FIRST_NOTE: Duration = Duration::from_millis(250);
const LONGEST_NOTE: Duration = Duration::from_secs(2);

/// The state of one supervisor.
#[derive(Debug)]
pub(super) struct Supervisor {
    control: OwnedFd,
    children: ChildSignals,
    null: OwnedFd,
    stack: ChildStack,
    book: Option<Book>,
    call: Option<Call>,
    /// When the tree is to be written down again, and how long after that.
    next_note: Instant,
    pause: Duration,
    is_runner_gone: bool,
}

impl Supervisor {
    pub(super) fn new(
        control: OwnedFd,
        children: ChildSignals,
        null: OwnedFd,
        book: Option<Book>,
    ) -> Self {
        Self {
            control,
            children,
            null,
            stack: ChildStack::new(),
            book,
            call: None,
            next_note: Instant::now(),
            pause: FIRST_NOTE,
            is_runner_gone: false,
        }
    }

    /// Serves until the runner is gone and the tree is empty.
    pub(super) fn serve(mut self) {
        while !(self.is_runner_gone && self.call.is_none()) {
            self.wait();
            self.obey();
            self.look();
            self.note();
        }
        if let Some(book) = self.book {
            book.remove();
        }
    }

    /// Waits for an order, the end of a child, or the next look that is due.
    fn wait(&self) {
        let call = self.call.as_ref();
        let look = call.and_then(Call::next_look);
        let note = call.and(self.book.as_ref()).map(|_| self.next_note);
        let due = [look, note].into_iter().flatten().min();
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
                Ok(Packet::Message(message, descriptors)) => match Order::read(&message) {
                    Some(order) => self.follow(&order, descriptors),
                    None => self.leave(),
                },
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

    fn follow(&mut self, order: &Order<'_>, descriptors: Vec<OwnedFd>) {
        match (order, &mut self.call) {
            (Order::Start(start), None) => self.start(start, descriptors),
            (Order::Start(_), Some(_)) => self.leave(),
            (Order::Terminate, Some(call)) => call.terminate(),
            (Order::Kill, Some(call)) => call.kill(),
            (Order::Suspend, Some(_)) => halt(),
            (Order::Continue, Some(_)) => tree::signal_all(&[Signal::CONT]),
            // It ended while the order was on its way.
            (_, None) => {}
        }
    }

    fn start(&mut self, order: &StartOrder<'_>, descriptors: Vec<OwnedFd>) {
        let since = table::now();
        let started = streams(descriptors)
            .ok_or((Stage::Setup, Errno::BADF))
            .and_then(|streams| self.stack.start(order, &streams, self.null.as_fd()));
        match started {
            Ok(main) => {
                self.call = Some(Call::new(main));
                let pid = number(main);
                self.tell(&News::Started { pid });
                if let Some(book) = &mut self.book {
                    book.begin(pid, since, token(order));
                    self.pause = FIRST_NOTE;
                    self.next_note = Instant::now() + FIRST_NOTE;
                }
            }
            Err((stage, errno)) => {
                let errno = errno.raw_os_error();
                self.tell(&News::Refused { stage, errno });
            }
        }
    }

    fn look(&mut self) {
        let Some(call) = &mut self.call else { return };
        match call.look() {
            Step::Nothing => {}
            Step::Exited(exit) => self.tell(&News::Exited(exit)),
            Step::Done(done) => {
                self.call = None;
                self.tell(&News::Done(done));
            }
            Step::GivenUp(done) => self.tell(&News::Done(done)),
        }
    }

    /// Writes the tree down, at longer and longer intervals: young trees change
    /// most.
    fn note(&mut self) {
        let now = Instant::now();
        if let (Some(_), Some(book)) = (&self.call, &mut self.book)
            && now >= self.next_note
        {
            book.note(tree::descendants().into_iter().map(number));
            self.pause = (self.pause * 2).min(LONGEST_NOTE);
            self.next_note = now + self.pause;
        }
    }

    /// A runner that is gone is heard of as end of file.
    fn tell(&self, news: &News) {
        let _unheard = send_waiting(self.control.as_fd(), &news.message());
    }
}

/// The variable that marks the run's processes.
fn token(order: &StartOrder<'_>) -> Option<String> {
    let variables = order
        .env
        .iter()
        .filter_map(|variable| variable.to_str().ok());
    let mut marks = variables.filter(|variable| variable.starts_with(TOKEN));
    marks.next().map(str::to_owned)
}

fn streams(descriptors: Vec<OwnedFd>) -> Option<Streams> {
    let mut descriptors = descriptors.into_iter();
    Some(Streams {
        stdout: descriptors.next()?,
        stderr: descriptors.next()?,
        stdin: descriptors.next(),
    })
}

/// SIGSTOP until a walk finds nothing that moves: what stands still forks no
/// more, so each walk has less to find.
fn halt() {
    for _walk in 0..HALTING_WALKS {
        let moving: Vec<_> = tree::descendants()
            .into_iter()
            .filter(|pid| !tree::is_halted(*pid))
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
