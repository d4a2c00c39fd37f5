//! The output of one attempt: two tapes and the order of their lines behind
//! one lock that is never held while a file is read or written.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::Stream;
use super::ledger::Ledger;
use super::order::Order;
use super::spill::SpillFile;
use super::tape::{Spilling, Tape};
use crate::model::{AttemptNo, CallId};

/// What the lock guards.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) tapes: [Tape; 2],
    pub(super) order: Order,
    pub(super) last_stream: Stream,
    pub(super) is_finished: bool,
}

/// One attempt's output.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) call: CallId,
    pub(super) number: AttemptNo,
    /// Disk bytes of all attempts of the call.
    pub(super) call_disk: Arc<AtomicU64>,
    ledger: Arc<Ledger>,
    written: Mutex<Written>,
    /// Attempts of the same call before this one.
    pub(super) earlier: Vec<Weak<Attempt>>,
    /// Per stream.
    pub(super) files: [SpillFile; 2],
    /// Whether the spiller has been told of a stream, and not yet looked.
    pub(super) is_due: [AtomicBool; 2],
    pub(super) caught_up: Notify,
}

impl Attempt {
    pub(super) fn new(
        call: CallId,
        number: AttemptNo,
        call_disk: Arc<AtomicU64>,
        earlier: Vec<Weak<Self>>,
        ledger: Arc<Ledger>,
        folder: Option<&PathBuf>,
    ) -> Self {
        let spilling = match folder {
            Some(_) => Spilling::Open,
            None => Spilling::Closed,
        };
        let file = |stream: Stream| {
            SpillFile::new(folder.map(|folder| {
                folder.join(format!("{}.{}.{}", call.number(), number.0, stream.word()))
            }))
        };
        Self {
            call,
            number,
            call_disk,
            earlier,
            written: Mutex::new(Written {
                tapes: Stream::BOTH.map(|_| Tape::new(&ledger.bounds, spilling)),
                order: Order::default(),
                last_stream: Stream::Stdout,
                is_finished: false,
            }),
            ledger,
            files: Stream::BOTH.map(file),
            is_due: [AtomicBool::new(false), AtomicBool::new(false)],
            caught_up: Notify::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a tape and keeps the ledger of memory right.
    pub(super) fn change<T>(&self, stream: Stream, change: impl FnOnce(&mut Tape) -> T) -> T {
        let mut written = self.lock();
        let tape = &mut written.tapes[stream.index()];
        let before = tape.memory();
        let answer = change(tape);
        let after = tape.memory();
        drop(written);
        self.ledger.adjust_memory(before, after);
        answer
    }

    /// Appends bytes. Returns which lines were completed, and whether blocks
    /// now wait for the disk.
    pub(super) fn push(&self, stream: Stream, bytes: &[u8], at: Duration) -> (Range<u64>, bool) {
        let limit = self.ledger.tail_blocks();
        let mut written = self.lock();
        let Written {
            tapes,
            order,
            last_stream,
            ..
        } = &mut *written;
        let tape = &mut tapes[stream.index()];
        let (memory, lines) = (tape.memory(), tape.newlines());
        tape.push(bytes);
        let completed = lines..tape.newlines();
        order.push(stream, completed.end - completed.start, at);
        *last_stream = stream;
        let excess = tape.tail_len().saturating_sub(limit);
        // A disk that is too slow costs output, never memory.
        if excess > HARD_BACKLOG_BYTES / self.ledger.bounds.block_bytes {
            tape.close_spill();
        }
        let is_spilling = tape.spilling() == Spilling::Open;
        if !is_spilling {
            tape.drop_excess(limit);
        }
        let after = tape.memory();
        drop(written);
        self.ledger.adjust_memory(memory, after);
        (completed, excess > 0 && is_spilling)
    }

    /// Whether more waits for the disk than a pump should add to.
    pub(super) fn is_behind(&self) -> bool {
        let limit = self.ledger.tail_blocks() + BACKLOG_BYTES / self.ledger.bounds.block_bytes;
        self.lock()
            .tapes
            .iter()
            .any(|tape| tape.spilling() == Spilling::Open && tape.tail_len() > limit)
    }

    /// Whether blocks are kept to be used again.
    pub(super) fn has_spare(&self) -> bool {
        self.lock().tapes.iter().any(Tape::has_spare)
    }

    /// Marks a stream as due for the spiller; false if it was due already.
    pub(super) fn note_due(&self, stream: Stream) -> bool {
        !self.is_due[stream.index()].swap(true, Ordering::AcqRel)
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        for tape in &self.lock().tapes {
            self.ledger.adjust_memory(tape.memory(), 0);
        }
    }
}

/// Bytes that may wait for the disk before a pump is asked to wait.
const BACKLOG_BYTES: usize = 4 * 1024 * 1024;
/// Bytes that may wait before output stops going to the disk.
const HARD_BACKLOG_BYTES: usize = 16 * 1024 * 1024;
