//! Consistent view of a stream, taken under a short lock and read without
//! any.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::stream_buffer::{Block, StreamBuffer};

/// A stretch of the stream before which the newlines have been counted.
#[derive(Debug, Clone)]
struct Stretch {
    start: u64,
    newlines_before: u64,
    place: Storage,
}

#[derive(Debug, Clone)]
enum Storage {
    Memory(Arc<Block>),
    /// In the file, at this position.
    Disk(u64),
    Dropped,
}

/// Readable parts of one stream at the moment the view was taken.
#[derive(Debug)]
pub(super) struct StreamView {
    stretches: Vec<Stretch>,
    file: Option<Arc<File>>,
    /// Bytes in all.
    pub(super) total: u64,
    /// Newlines in all.
    pub(super) newlines: u64,
    /// Bytes that are gone.
    pub(super) gap: Option<Range<u64>>,
    is_mid_line: bool,
}

impl StreamView {
    /// Takes a view of a buffer while its lock is held.
    pub(super) fn take(buffer: &StreamBuffer, block_bytes: usize) -> Self {
        let mut view = Self {
            stretches: Vec::with_capacity(buffer.index().len() + 32),
            file: None,
            total: buffer.total(),
            newlines: buffer.newlines(),
            gap: buffer.gap().map(|gap| gap.start..buffer.gap_end()),
            is_mid_line: buffer.is_mid_line(),
        };
        for (start, newlines_before) in (0..).step_by(block_bytes).zip(buffer.index()) {
            view.add(start, *newlines_before, Storage::Disk(start));
        }
        if let Some(gap) = buffer.gap() {
            view.add(gap.start, gap.newlines_before, Storage::Dropped);
        }
        if let Some(tail) = buffer.kept_tail() {
            for (start, newlines_before) in &tail.index {
                let at = tail.at + (start - tail.start());
                view.add(*start, *newlines_before, Storage::Disk(at));
            }
        }
        for block in buffer.blocks() {
            let (start, newlines_before) = (block.start, block.newlines_before);
            view.add(start, newlines_before, Storage::Memory(block));
        }
        view
    }

    /// Adds a stretch; memory goes before disk.
    fn add(&mut self, start: u64, newlines_before: u64, place: Storage) {
        let stretch = Stretch {
            start,
            newlines_before,
            place,
        };
        match self.stretches.binary_search_by_key(&start, |one| one.start) {
            Ok(i) => self.stretches[i] = stretch,
            Err(i) => self.stretches.insert(i, stretch),
        }
    }

    /// Sets the spill file; without it, bytes that are only on disk are missing.
    pub(super) fn set_file(&mut self, file: Option<Arc<File>>) {
        self.file = file;
    }

    /// Whether some bytes are only in the file.
    pub(super) fn needs_file(&self) -> bool {
        let mut places = self.stretches.iter().map(|stretch| &stretch.place);
        places.any(|place| matches!(place, Storage::Disk(_)))
    }

    /// Whether the last byte is not a newline.
    pub(super) fn is_mid_line(&self) -> bool {
        self.is_mid_line
    }

    /// Lines, the unfinished last one included.
    pub(super) fn lines(&self) -> u64 {
        self.newlines + u64::from(self.is_mid_line)
    }

    /// Stretches it is made of.
    pub(super) fn len(&self) -> usize {
        self.stretches.len()
    }

    /// The stretch that holds a position.
    pub(super) fn find(&self, position: u64) -> Option<usize> {
        let after = self.stretches.partition_point(|one| one.start <= position);
        after.checked_sub(1).filter(|_| position < self.total)
    }

    /// The stretch that holds the newline with this number, from 1.
    pub(super) fn find_newline(&self, number: u64) -> Option<usize> {
        if number == 0 || number > self.newlines {
            return None;
        }
        let after = self
            .stretches
            .partition_point(|one| one.newlines_before < number);
        after.checked_sub(1)
    }

    /// Positions of a stretch.
    pub(super) fn range(&self, i: usize) -> Range<u64> {
        let start = self.stretches[i].start;
        let next = self
            .stretches
            .get(i + 1)
            .map_or(self.total, |one| one.start);
        start..next.max(start)
    }

    /// Newlines before a stretch; one past the last asks for all of them.
    pub(super) fn newlines_before(&self, i: usize) -> u64 {
        self.stretches
            .get(i)
            .map_or(self.newlines, |one| one.newlines_before)
    }

    /// The bytes of a stretch that stands in memory.
    pub(super) fn memory(&self, i: usize) -> Option<&[u8]> {
        match &self.stretches[i].place {
            Storage::Memory(block) => Some(&block.bytes),
            Storage::Disk(_) | Storage::Dropped => None,
        }
    }

    /// Reads a stretch that stands on disk. False where it is gone.
    pub(super) fn read_disk(&self, i: usize, bytes: &mut Vec<u8>) -> bool {
        let (Storage::Disk(at), Some(file)) = (&self.stretches[i].place, &self.file) else {
            return false;
        };
        let range = self.range(i);
        bytes.resize((range.end - range.start) as usize, 0);
        file.read_exact_at(bytes, *at).is_ok()
    }
}
