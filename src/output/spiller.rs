//! The one thread that writes output to disk, so that no pump, engine or
//! screen ever waits for the disk.
//!
//! It also takes memory back from ended attempts, oldest first, when all
//! output together is over its bound.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use super::Stream;
use super::attempt::Attempt;
use super::storage_budget::StorageBudget;
use super::stream_buffer::{Block, KeptTail, Spilling, StreamBuffer};

/// Request to the thread.
#[derive(Debug)]
enum Request {
    /// A stream has blocks that must leave memory.
    Drain(Arc<Attempt>, Stream),
    /// An attempt has ended.
    Finish(Arc<Attempt>),
}

/// A handle on the thread, which ends when the handle is dropped and nothing is
/// left to do.
///
/// Sending a request never waits. The queue needs no bound of its own: an
/// attempt that the store holds stands in it at most once per stream and once for
/// its end, and of those that the store forgot no more than [`UNHANDLED`] do.
#[derive(Debug)]
pub(super) struct Spiller {
    requests: Arc<Requests>,
}

/// Queue of requests.
#[derive(Debug, Default)]
struct Requests {
    waiting: Mutex<(VecDeque<Request>, Handle)>,
    news: Condvar,
}

/// Whether a sender of requests is left.
#[derive(Debug, Default, PartialEq, Eq)]
enum Handle {
    #[default]
    Held,
    Dropped,
}

impl Requests {
    fn lock(&self) -> MutexGuard<'_, (VecDeque<Request>, Handle)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request; `None` when no more can come.
    fn next(&self) -> Option<Request> {
        let mut waiting = self.lock();
        loop {
            if let Some(request) = waiting.0.pop_front() {
                return Some(request);
            }
            if waiting.1 == Handle::Dropped {
                return None;
            }
            waiting = self
                .news
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Spiller {
    fn drop(&mut self) {
        self.requests.lock().1 = Handle::Dropped;
        self.requests.news.notify_all();
    }
}

/// Blocks written between two looks at the state of a stream.
const BATCH: usize = 16;
/// Ends of attempts that may wait until there is other work.
const UNHANDLED: usize = 256;
/// Last bytes of an ended stream that stay in memory where the disk may not
/// be used.
const LAST_BYTES: usize = 4096;

impl Spiller {
    /// Starts the thread.
    pub(super) fn start(budget: Arc<StorageBudget>) -> io::Result<Self> {
        let requests = Arc::new(Requests::default());
        let received = Arc::clone(&requests);
        std::thread::Builder::new()
            .name("fanout-spill".into())
            .spawn(move || run(&received, &budget))?;
        Ok(Self { requests })
    }

    /// Requests a write of the blocks that must leave memory.
    pub(super) fn drain(&self, attempt: &Arc<Attempt>, stream: Stream) {
        if attempt.note_due(stream) {
            self.send(Request::Drain(Arc::clone(attempt), stream));
        }
    }

    /// Reports the end of an attempt. Where it needs no work at once, the
    /// thread is not woken and handles it with the next request.
    pub(super) fn finish(&self, attempt: &Arc<Attempt>) {
        let mut waiting = self.requests.lock();
        waiting.0.push_back(Request::Finish(Arc::clone(attempt)));
        let are_many = waiting.0.len() >= UNHANDLED;
        drop(waiting);
        let is_spilled = attempt.files.iter().any(|file| file.len() > 0);
        if are_many || is_spilled || attempt.has_spare() || attempt.budget().is_memory_short() {
            self.requests.news.notify_one();
        }
    }

    fn send(&self, request: Request) {
        self.requests.lock().0.push_back(request);
        self.requests.news.notify_one();
    }
}

fn run(requests: &Requests, budget: &StorageBudget) {
    let mut ended: VecDeque<Weak<Attempt>> = VecDeque::new();
    let mut most_ended = UNHANDLED;
    while let Some(request) = requests.next() {
        match request {
            Request::Drain(attempt, stream) => {
                attempt.is_due[stream.index()].store(false, Ordering::Release);
                write_due(&attempt, stream);
            }
            Request::Finish(attempt) => {
                for stream in Stream::BOTH {
                    if attempt.files[stream.index()].len() > 0 {
                        write_rest(&attempt, stream);
                    }
                    attempt.files[stream.index()].close();
                    attempt.change(stream, StreamBuffer::drop_spare);
                }
                ended.push_back(Arc::downgrade(&attempt));
                // What the store forgot is of no use here either.
                if ended.len() > most_ended {
                    ended.retain(|attempt| attempt.strong_count() > 0);
                    most_ended = UNHANDLED.max(2 * ended.len());
                }
            }
        }
        while budget.is_memory_short() {
            let Some(oldest) = ended.pop_front() else {
                break;
            };
            if let Some(oldest) = oldest.upgrade() {
                take_memory(&oldest);
            }
        }
    }
}

/// Writes the blocks that are over the memory bound.
fn write_due(attempt: &Attempt, stream: Stream) {
    loop {
        let limit = attempt.budget().tail_blocks();
        let blocks = attempt.change(stream, |buffer| match buffer.spilling() {
            Spilling::Open => buffer.due(limit, BATCH),
            Spilling::Held | Spilling::Closed => Vec::new(),
        });
        if blocks.is_empty() {
            break;
        }
        let written = write(attempt, stream, &blocks, Share::Most);
        // The buffer then holds them alone and can use them again.
        drop(blocks);
        attempt.change(stream, |buffer| {
            match written {
                WriteResult::All => {}
                WriteResult::NoRoom => buffer.hold_spill(),
                WriteResult::Failed => buffer.close_spill(),
            }
            buffer.drop_excess(limit);
        });
        attempt.caught_up.notify_waiters();
    }
}

/// Writes everything that is only in memory, for a stream that has ended.
fn write_rest(attempt: &Attempt, stream: Stream) {
    loop {
        let blocks = attempt.change(stream, |buffer| match buffer.spilling() {
            Spilling::Open | Spilling::Held => buffer.rest(BATCH),
            Spilling::Closed => Vec::new(),
        });
        if blocks.is_empty() {
            break;
        }
        if write(attempt, stream, &blocks, Share::All) != WriteResult::All {
            let limit = attempt.budget().tail_blocks();
            attempt.change(stream, |buffer| {
                buffer.close_spill();
                buffer.drop_excess(limit);
            });
        }
    }
    write_tail(attempt, stream);
}

/// Writes the tail behind the bytes that were kept before a gap.
fn write_tail(attempt: &Attempt, stream: Stream) {
    let file = &attempt.files[stream.index()];
    let blocks = attempt.change(stream, |buffer| match (buffer.gap(), buffer.kept_tail()) {
        (Some(gap), None) if gap.start == buffer.kept_to() => buffer.after_gap(),
        _ => Vec::new(),
    });
    let at = file.len();
    let bytes: u64 = blocks.iter().map(|block| block.bytes.len() as u64).sum();
    if blocks.is_empty() || at == 0 || !attempt.budget().take_disk(&attempt.call_disk, bytes, 0) {
        return;
    }
    let pieces: Vec<IoSlice<'_>> = blocks
        .iter()
        .map(|block| IoSlice::new(&block.bytes))
        .collect();
    if let Err(error) = file.append(&pieces) {
        attempt.budget().give_disk(&attempt.call_disk, bytes);
        attempt.budget().note_problem(error.to_string());
        return;
    }
    let index = blocks
        .iter()
        .map(|block| (block.start, block.newlines_before))
        .collect();
    attempt.change(stream, |buffer| buffer.keep_tail(KeptTail { at, index }));
}

/// Part of its call's disk share that a write may use.
#[derive(Clone, Copy)]
enum Share {
    /// All but what the tails will need at the end.
    Most,
    /// All of it.
    All,
}

/// Outcome of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WriteResult {
    /// Every block is in the file.
    All,
    /// A bound left no room for some of them.
    NoRoom,
    /// The disk refused.
    Failed,
}

/// Writes blocks at the end of the file.
fn write(attempt: &Attempt, stream: Stream, blocks: &[Arc<Block>], share: Share) -> WriteResult {
    let budget = attempt.budget();
    let left_free = match share {
        Share::Most => budget.reserved_disk(),
        Share::All => 0,
    };
    let bytes = blocks.iter().map(|block| block.bytes.len() as u64).sum();
    let takes = || budget.take_disk(&attempt.call_disk, bytes, left_free);
    let has_room = takes() || shed_earlier(attempt) && takes();
    if !has_room {
        // As many as there is room for, one by one.
        if blocks.len() > 1 {
            let single = blocks.iter().map(std::slice::from_ref);
            let mut written = single.map(|block| write(attempt, stream, block, share));
            return written
                .find(|it| *it != WriteResult::All)
                .unwrap_or(WriteResult::All);
        }
        return WriteResult::NoRoom;
    }
    let pieces: Vec<IoSlice<'_>> = blocks
        .iter()
        .map(|block| IoSlice::new(&block.bytes))
        .collect();
    if let Err(error) = attempt.files[stream.index()].append(&pieces) {
        budget.give_disk(&attempt.call_disk, bytes);
        budget.note_problem(error.to_string());
        return WriteResult::Failed;
    }
    let end = blocks.last().map_or(0, |block| block.end());
    attempt.change(stream, |buffer| buffer.kept(end));
    WriteResult::All
}

/// Frees the memory of an ended attempt; its bytes go to the disk where the
/// bounds allow it.
fn take_memory(attempt: &Attempt) {
    for stream in Stream::BOTH {
        write_rest(attempt, stream);
        attempt.files[stream.index()].close();
        attempt.change(stream, |buffer| {
            let last = buffer.last_bytes(LAST_BYTES);
            buffer.give_up(last);
        });
    }
}

/// Removes the files of earlier attempts of the call, so that the latest one
/// has room; their last bytes stay in memory. False where there are none.
fn shed_earlier(attempt: &Attempt) -> bool {
    let mut is_freed = false;
    for earlier in attempt.earlier.iter().filter_map(Weak::upgrade) {
        for stream in Stream::BOTH {
            let file = &earlier.files[stream.index()];
            let last = last_bytes(&earlier, stream);
            earlier.change(stream, |buffer| {
                buffer.forget_disk();
                buffer.give_up(last);
            });
            let bytes = file.remove();
            earlier.budget().give_disk(&earlier.call_disk, bytes);
            is_freed |= bytes > 0;
        }
    }
    is_freed
}

fn last_bytes(attempt: &Attempt, stream: Stream) -> Vec<u8> {
    let last = attempt.change(stream, |buffer| buffer.last_bytes(LAST_BYTES));
    let file = &attempt.files[stream.index()];
    if !last.is_empty() {
        return last;
    }
    let len = file.len();
    let mut bytes = vec![0; LAST_BYTES.min(len as usize)];
    let from = len - bytes.len() as u64;
    match file.reading() {
        Some(file) if file.read_exact_at(&mut bytes, from).is_ok() => bytes,
        _ => last,
    }
}
