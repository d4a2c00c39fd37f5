//! The bytes of one stream of one attempt: a head and a tail of blocks in
//! memory, and the count of newlines before each block.
//!
//! Owns no file and no lock. The spiller decides which blocks are written
//! to disk and when, and reports when they are there.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Bounds;

/// A piece of a stream. All but the last one are full.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Position of its first byte in the stream.
    pub(super) start: u64,
    /// Newlines in the stream before it.
    pub(super) newlines_before: u64,
    pub(super) bytes: Vec<u8>,
}

impl Block {
    pub(super) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

/// The first byte that was dropped, and how many newlines stand before it.
/// Everything from there to the tail is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) start: u64,
    pub(super) newlines_before: u64,
}

/// Where the last bytes stand in the file when a gap lies before them.
#[derive(Debug, Clone)]
pub(super) struct KeptTail {
    /// Position of the first of them in the file.
    pub(super) at: u64,
    /// Start and newlines before it, of each of their blocks.
    pub(super) index: Vec<(u64, u64)>,
}

impl KeptTail {
    pub(super) fn start(&self) -> u64 {
        self.index.first().map_or(0, |(start, _)| *start)
    }
}

/// Whether blocks that leave memory go to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spilling {
    /// They do, or will once memory is full.
    Open,
    /// The call's share of the disk is used up but for the last bytes: a little
    /// more stays in memory, until the stream ends or turns out to be longer.
    Held,
    /// They do not: there is no folder, a bound was reached, or a write failed.
    Closed,
}

#[derive(Debug)]
pub(super) struct StreamBuffer {
    block_bytes: usize,
    head_blocks: usize,
    /// Most streams never fill a block, and a run may have a million of them.
    full: Option<Box<FullBlocks>>,
    open: Block,
    newlines: u64,
    /// Bytes from 0 that are on disk.
    kept_to: u64,
    spilling: Spilling,
    is_mid_line: bool,
}

/// Blocks that were filled, and what became of those that left memory.
#[derive(Debug, Default)]
struct FullBlocks {
    head: Vec<Arc<Block>>,
    tail: VecDeque<Arc<Block>>,
    /// Newlines before block `i`, for all blocks before the gap.
    index: Vec<u64>,
    gap: Option<Gap>,
    kept_tail: Option<KeptTail>,
    spare: Vec<Vec<u8>>,
}

/// Those of a stream without any.
static NO_FULL_BLOCKS: FullBlocks = FullBlocks {
    head: Vec::new(),
    tail: VecDeque::new(),
    index: Vec::new(),
    gap: None,
    kept_tail: None,
    spare: Vec::new(),
};

impl StreamBuffer {
    pub(super) fn new(bounds: &Bounds, spilling: Spilling) -> Self {
        Self {
            block_bytes: bounds.block_bytes,
            head_blocks: bounds.head_blocks(),
            full: None,
            open: Block::default(),
            newlines: 0,
            kept_to: 0,
            spilling,
            is_mid_line: false,
        }
    }

    fn full(&self) -> &FullBlocks {
        self.full.as_deref().unwrap_or(&NO_FULL_BLOCKS)
    }

    fn full_mut(&mut self) -> &mut FullBlocks {
        self.full.get_or_insert_default()
    }

    /// Bytes written so far.
    pub(super) fn total(&self) -> u64 {
        self.open.end()
    }

    pub(super) fn newlines(&self) -> u64 {
        self.newlines
    }

    /// Appends bytes. Never drops anything: see [`StreamBuffer::drop_excess`].
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        self.is_mid_line = bytes.last().map_or(self.is_mid_line, |last| *last != b'\n');
        while !bytes.is_empty() {
            let room = self.block_bytes - self.open.bytes.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.open.bytes.extend_from_slice(now);
            self.newlines += memchr::memchr_iter(b'\n', now).count() as u64;
            if self.open.bytes.len() == self.block_bytes {
                self.seal();
            }
            bytes = later;
        }
    }

    fn seal(&mut self) {
        let block_bytes = self.block_bytes;
        let spare = self.full_mut().spare.pop();
        let fresh = Block {
            start: self.open.end(),
            newlines_before: self.newlines,
            bytes: spare.unwrap_or_else(|| Vec::with_capacity(block_bytes)),
        };
        let sealed = Arc::new(std::mem::replace(&mut self.open, fresh));
        let head_blocks = self.head_blocks;
        let full = self.full_mut();
        if full.gap.is_none() {
            full.index.push(sealed.newlines_before);
        }
        if full.gap.is_none() && full.tail.is_empty() && full.head.len() < head_blocks {
            full.head.push(sealed);
        } else {
            full.tail.push_back(sealed);
        }
    }

    /// Full blocks in the tail.
    pub(super) fn tail_len(&self) -> usize {
        self.full().tail.len()
    }

    /// Forgets the oldest blocks of the tail beyond `limit`: while it spills
    /// only those that are on disk, later all of them.
    pub(super) fn drop_excess(&mut self, limit: usize) {
        while self.tail_len() > limit {
            let Some(block) = self.full().tail.front() else {
                break;
            };
            if block.end() > self.kept_to {
                if self.spilling != Spilling::Closed {
                    break;
                }
                let (start, newlines_before) = (block.start, block.newlines_before);
                self.note_gap(start, newlines_before);
            }
            if let Some(block) = self.full_mut().tail.pop_front() {
                self.recycle(block);
            }
        }
    }

    fn note_gap(&mut self, start: u64, newlines_before: u64) {
        if self.gap().is_some() {
            return;
        }
        let blocks = start / self.block_bytes as u64;
        let full = self.full_mut();
        full.gap = Some(Gap {
            start,
            newlines_before,
        });
        full.index.truncate(blocks as usize);
        self.spilling = Spilling::Closed;
    }

    fn recycle(&mut self, block: Arc<Block>) {
        const SPARE: usize = 16;
        if self.full().spare.len() < SPARE
            && let Some(mut block) = Arc::into_inner(block)
            && block.bytes.capacity() >= self.block_bytes
        {
            block.bytes.clear();
            self.full_mut().spare.push(block.bytes);
        }
    }

    /// Whether blocks are kept for reuse.
    pub(super) fn has_spare(&self) -> bool {
        !self.full().spare.is_empty()
    }

    /// Frees the blocks that were kept for reuse.
    pub(super) fn drop_spare(&mut self) {
        if let Some(full) = &mut self.full {
            full.spare = Vec::new();
        }
    }

    pub(super) fn spilling(&self) -> Spilling {
        self.spilling
    }

    /// Nothing more goes to disk before the stream has ended.
    pub(super) fn hold_spill(&mut self) {
        self.spilling = Spilling::Held;
    }

    /// Nothing more goes to disk.
    pub(super) fn close_spill(&mut self) {
        self.spilling = Spilling::Closed;
    }

    /// Up to `limit` full blocks that stand first in line for the disk, as far
    /// as they have to leave memory when only `tail` blocks may stay there.
    pub(super) fn due(&self, tail: usize, limit: usize) -> Vec<Arc<Block>> {
        let excess = self.tail_len().saturating_sub(tail);
        let last = excess.checked_sub(1);
        let Some(last) = last.and_then(|i| self.full().tail.get(i)) else {
            return Vec::new();
        };
        self.unkept()
            .take_while(|block| block.start <= last.start)
            .take(limit)
            .collect()
    }

    /// Full blocks in memory, oldest first.
    fn sealed(&self) -> impl DoubleEndedIterator<Item = &Arc<Block>> {
        let full = self.full();
        full.head.iter().chain(&full.tail)
    }

    /// Full blocks that are not on disk, oldest first.
    fn unkept(&self) -> impl Iterator<Item = Arc<Block>> {
        self.sealed()
            .filter(|block| block.start >= self.kept_to)
            .map(Arc::clone)
    }

    /// Everything that is not on disk yet, up to `limit` blocks, the unfinished
    /// last one included when it is reached.
    pub(super) fn rest(&self, limit: usize) -> Vec<Arc<Block>> {
        let mut blocks: Vec<_> = self.unkept().take(limit).collect();
        if blocks.len() < limit && self.open.end() > self.kept_to && !self.open.bytes.is_empty() {
            blocks.push(Arc::new(self.open_copy()));
        }
        blocks
    }

    /// Blocks in memory after the gap.
    pub(super) fn after_gap(&self) -> Vec<Arc<Block>> {
        let mut blocks: Vec<_> = self.full().tail.iter().map(Arc::clone).collect();
        if !self.open.bytes.is_empty() {
            blocks.push(Arc::new(self.open_copy()));
        }
        blocks
    }

    fn open_copy(&self) -> Block {
        Block {
            start: self.open.start,
            newlines_before: self.open.newlines_before,
            bytes: self.open.bytes.clone(),
        }
    }

    /// Bytes before `end` are on disk, at their own positions.
    pub(super) fn kept(&mut self, end: u64) {
        self.kept_to = self.kept_to.max(end);
    }

    pub(super) fn kept_to(&self) -> u64 {
        self.kept_to
    }

    pub(super) fn kept_tail(&self) -> Option<&KeptTail> {
        self.full().kept_tail.as_ref()
    }

    pub(super) fn gap(&self) -> Option<Gap> {
        self.full().gap
    }

    /// The tail after a gap is on disk.
    pub(super) fn keep_tail(&mut self, tail: KeptTail) {
        self.full_mut().kept_tail = Some(tail);
    }

    /// The blocks in memory, oldest first; the last one is a copy.
    pub(super) fn blocks(&self) -> Vec<Arc<Block>> {
        let mut blocks: Vec<_> = self.sealed().map(Arc::clone).collect();
        if !self.open.bytes.is_empty() {
            blocks.push(Arc::new(self.open_copy()));
        }
        blocks
    }

    pub(super) fn index(&self) -> &[u64] {
        &self.full().index
    }

    /// Bytes of memory its blocks take.
    pub(super) fn memory(&self) -> usize {
        let full = self.full();
        (full.head.len() + full.tail.len() + full.spare.len()) * self.block_bytes
            + self.open.bytes.capacity()
    }

    /// First byte of the tail; everything from there on is in memory.
    pub(super) fn tail_start(&self) -> u64 {
        let first = self.full().tail.front();
        first.map_or(self.open.start, |block| block.start)
    }

    /// Bytes that are neither in memory nor on disk.
    pub(super) fn dropped_bytes(&self) -> u64 {
        self.gap()
            .map_or(0, |gap| self.gap_end().saturating_sub(gap.start))
    }

    /// First byte after the gap.
    pub(super) fn gap_end(&self) -> u64 {
        self.kept_tail()
            .map_or_else(|| self.tail_start(), KeptTail::start)
    }

    /// Lines, the unfinished last one included.
    pub(super) fn lines(&self) -> u64 {
        self.newlines + u64::from(self.is_mid_line)
    }

    /// Whether the last byte was not a newline.
    pub(super) fn is_mid_line(&self) -> bool {
        self.is_mid_line
    }

    /// Frees the memory of a stream that has ended. Where the disk does not
    /// hold all of it, `last` (its last bytes) stays and the rest is dropped.
    pub(super) fn give_up(&mut self, mut last: Vec<u8>) {
        let total = self.total();
        let is_whole = self.gap().is_none() && self.kept_to == total;
        if is_whole || self.kept_tail().is_some() {
            last.clear();
            if is_whole && !self.open.bytes.is_empty() {
                let newlines = self.open.newlines_before;
                self.full_mut().index.push(newlines);
            }
        } else {
            let block = self.kept_to / self.block_bytes as u64;
            let gone = Gap {
                start: block * self.block_bytes as u64,
                newlines_before: self.newlines_before_block(block as usize),
            };
            if gone.start < total - last.len() as u64 {
                self.full_mut().gap = None;
                self.note_gap(gone.start, gone.newlines_before);
            }
            // What stays in memory is one piece, and stands on disk nowhere.
            self.full_mut().index.truncate(block as usize);
        }
        last.shrink_to_fit();
        let inside = memchr::memchr_iter(b'\n', &last).count() as u64;
        if let Some(full) = &mut self.full {
            full.head = Vec::new();
            full.tail = VecDeque::new();
            full.spare = Vec::new();
        }
        self.spilling = Spilling::Closed;
        self.open = Block {
            start: total - last.len() as u64,
            newlines_before: self.newlines - inside,
            bytes: last,
        };
    }

    /// Notes that the file was removed.
    pub(super) fn forget_disk(&mut self) {
        self.kept_to = 0;
        if let Some(full) = &mut self.full {
            full.kept_tail = None;
        }
    }

    fn newlines_before_block(&self, block: usize) -> u64 {
        match (self.index().get(block), self.gap()) {
            (Some(newlines), _) => *newlines,
            (None, Some(gap)) => gap.newlines_before,
            (None, None) => self.open.newlines_before,
        }
    }

    /// The last `limit` bytes, as far as they stand in memory without a hole.
    pub(super) fn last_bytes(&self, limit: usize) -> Vec<u8> {
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut missing = limit;
        let mut start = self.total();
        let sealed = self.sealed().rev().map(AsRef::as_ref);
        for block in std::iter::once(&self.open).chain(sealed) {
            if block.end() != start || missing == 0 {
                break;
            }
            let piece = &block.bytes[block.bytes.len().saturating_sub(missing)..];
            missing -= piece.len();
            start = block.start;
            pieces.push(piece);
        }
        pieces.reverse();
        pieces.concat()
    }
}
