//! The output of one attempt: two buffers and the order of their lines behind
//! one lock that is never held while a file is read or written.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::Stream;
use super::arrival_log::ArrivalLog;
use super::spill::{SpillFile, SpillPlace};
use super::storage_budget::StorageBudget;
use super::stream_buffer::{Spilling, StreamBuffer};
use super::stream_view::StreamView;
use crate::model::{AttemptNo, CallId};

/// State behind the lock of an attempt.
#[derive(Debug)]
pub(super) struct AttemptStreams {
    pub(super) buffers: [StreamBuffer; 2],
    pub(super) order: ArrivalLog,
    pub(super) last_stream: Stream,
    /// First bytes of standard error that are not blank.
    pub(super) first_error: Vec<u8>,
    /// The line of those that says most, and of how many bytes.
    pub(super) error_line: (usize, Arc<str>),
    pub(super) is_finished: bool,
}

/// One attempt's output.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) call: CallId,
    pub(super) number: AttemptNo,
    /// Disk bytes of all attempts of the call.
    pub(super) call_disk: Arc<AtomicU64>,
    budget: Arc<StorageBudget>,
    written: Mutex<AttemptStreams>,
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
        budget: Arc<StorageBudget>,
        folder: Option<&Arc<Path>>,
    ) -> Self {
        let spilling = match folder {
            Some(_) => Spilling::Open,
            None => Spilling::Closed,
        };
        let file = |stream| {
            SpillFile::new(folder.map(|folder| SpillPlace {
                folder: Arc::clone(folder),
                call,
                attempt: number,
                stream,
            }))
        };
        Self {
            call,
            number,
            call_disk,
            earlier,
            written: Mutex::new(AttemptStreams {
                buffers: Stream::BOTH.map(|_| StreamBuffer::new(&budget.bounds, spilling)),
                order: ArrivalLog::default(),
                last_stream: Stream::Stdout,
                first_error: Vec::new(),
                error_line: (0, Arc::from("")),
                is_finished: false,
            }),
            budget,
            files: Stream::BOTH.map(file),
            is_due: [AtomicBool::new(false), AtomicBool::new(false)],
            caught_up: Notify::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, AttemptStreams> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A view of one stream as it is now, without its file.
    pub(super) fn view(&self, stream: Stream) -> StreamView {
        let block_bytes = self.budget.bounds.block_bytes;
        StreamView::take(&self.lock().buffers[stream.index()], block_bytes)
    }

    /// Changes a buffer and adjusts the memory in use.
    pub(super) fn change<T>(
        &self,
        stream: Stream,
        change: impl FnOnce(&mut StreamBuffer) -> T,
    ) -> T {
        let mut written = self.lock();
        let buffer = &mut written.buffers[stream.index()];
        let before = buffer.memory();
        let answer = change(buffer);
        let after = buffer.memory();
        drop(written);
        self.budget.adjust_memory(before, after);
        answer
    }

    /// Appends bytes. Returns which lines were completed, and whether blocks
    /// now wait for the disk.
    pub(super) fn push(&self, stream: Stream, bytes: &[u8], at: Duration) -> (Range<u64>, bool) {
        let limit = self.budget.tail_blocks();
        let mut written = self.lock();
        let AttemptStreams {
            buffers,
            order,
            last_stream,
            first_error,
            ..
        } = &mut *written;
        if stream == Stream::Stderr && first_error.len() < FIRST_ERROR_BYTES {
            keep_first(first_error, bytes);
        }
        let buffer = &mut buffers[stream.index()];
        let (memory, lines) = (buffer.memory(), buffer.newlines());
        buffer.push(bytes);
        let completed = lines..buffer.newlines();
        order.push(stream, completed.end - completed.start, at);
        *last_stream = stream;
        let excess = buffer.tail_len().saturating_sub(limit);
        // A disk that is too slow costs output, never memory.
        if excess > HARD_BACKLOG_BYTES / self.budget.bounds.block_bytes {
            buffer.close_spill();
        }
        if buffer.spilling() == Spilling::Held && excess > self.budget.held_blocks() {
            buffer.close_spill();
        }
        if buffer.spilling() == Spilling::Closed {
            buffer.drop_excess(limit);
        }
        let is_spilling = buffer.spilling() == Spilling::Open;
        let after = buffer.memory();
        drop(written);
        self.budget.adjust_memory(memory, after);
        (completed, excess > 0 && is_spilling)
    }

    /// Whether so many bytes wait for the disk that a pump should pause.
    pub(super) fn is_behind(&self) -> bool {
        let limit = self.budget.tail_blocks() + BACKLOG_BYTES / self.budget.bounds.block_bytes;
        self.lock()
            .buffers
            .iter()
            .any(|buffer| buffer.spilling() == Spilling::Open && buffer.tail_len() > limit)
    }

    /// Whether nothing was printed so far.
    pub(super) fn is_silent(&self) -> bool {
        let written = self.lock();
        written.buffers.iter().all(|buffer| buffer.total() == 0)
    }

    /// Whether a buffer keeps blocks for reuse.
    pub(super) fn has_spare(&self) -> bool {
        self.lock().buffers.iter().any(StreamBuffer::has_spare)
    }

    /// Marks a stream as due for the spiller; false if it was due already.
    pub(super) fn note_due(&self, stream: Stream) -> bool {
        !self.is_due[stream.index()].swap(true, Ordering::AcqRel)
    }

    pub(super) fn budget(&self) -> &StorageBudget {
        &self.budget
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        for buffer in &self.lock().buffers {
            self.budget.adjust_memory(buffer.memory(), 0);
        }
    }
}

/// Bytes that may wait for the disk before a pump is asked to wait.
const BACKLOG_BYTES: usize = 4 * 1024 * 1024;
/// Bytes that may wait before output stops going to the disk.
const HARD_BACKLOG_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of the start of standard error that are kept for its first line.
const FIRST_ERROR_BYTES: usize = 512;

/// Adds bytes up to the bound, without the blanks before everything else.
fn keep_first(kept: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = if kept.is_empty() {
        bytes.trim_ascii_start()
    } else {
        bytes
    };
    let room = FIRST_ERROR_BYTES - kept.len();
    kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}
