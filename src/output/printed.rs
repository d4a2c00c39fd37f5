//! Output of a call as its result.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::attempt::Attempt;
use super::lines::Lines;
use super::output_view::OutputView;
use super::progress::last_state;
use super::reader::OutputReader;
use super::shared::CallAttempts;
use super::store::Store;
use super::stream_view::StreamView;
use super::{Safe, Stream};
use crate::model::{AttemptNo, CallId, OutputStat};

/// Bytes that a call printed, whole or with a gap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Printed {
    /// The bytes. Where some are missing: head, a line that counts them, tail.
    pub bytes: Vec<u8>,
    /// Whether bytes are missing.
    pub is_truncated: bool,
    /// Bytes printed in all.
    pub total: u64,
    /// Bytes printed that are not among `bytes`.
    pub missing: u64,
}

/// Bytes of the end of a stream that a report carries.
const TAIL: u64 = 64 * 1024;

fn joined(head: &[u8], skipped: u64, tail: &[u8]) -> Vec<u8> {
    let marker = format!("\n… {skipped} bytes left out …\n");
    [head, marker.as_bytes(), tail].concat()
}

impl Store {
    /// Standard output of the last attempt: whole up to the bound for results,
    /// else head and tail.
    pub fn result(&self, call: CallId) -> Printed {
        self.with_view(call, None, Stream::Stdout, |store, view| {
            let bounds = &store.shared.budget.bounds;
            let is_whole = view.gap.is_none() && view.total <= bounds.result_bytes;
            let (head, tail) = (bounds.head_bytes as u64, bounds.tail_bytes as u64);
            print(
                view,
                if is_whole {
                    (view.total, 0)
                } else {
                    (head, tail)
                },
            )
        })
    }

    /// Standard output of the last attempt as a text result: head and tail as
    /// they are kept in memory, where it is longer than both.
    pub fn text_result(&self, call: CallId) -> Printed {
        self.with_view(call, None, Stream::Stdout, |store, view| {
            let bounds = &store.shared.budget.bounds;
            print(view, (bounds.head_bytes as u64, bounds.tail_bytes as u64))
        })
    }

    /// The last 64 KiB of standard error of the last attempt.
    pub fn stderr_tail(&self, call: CallId) -> Printed {
        self.with_view(call, None, Stream::Stderr, |_, view| tail(view, TAIL))
    }

    /// The last 64 KiB of a stream of an attempt; nothing of an attempt that is
    /// no longer kept.
    pub fn attempt_tail(&self, call: CallId, attempt: AttemptNo, stream: Stream) -> Printed {
        self.with_view(call, Some(attempt), stream, |_, view| tail(view, TAIL))
    }

    /// Number of bytes on standard output of the last attempt, if all of them
    /// stand in memory.
    pub fn stdout_in_memory(&self, call: CallId) -> Option<u64> {
        let Some(attempt) = self.shared.output(call).and_then(|it| it.attempt(None)) else {
            return Some(0);
        };
        let view = attempt.view(Stream::Stdout);
        let is_whole = view.gap.is_none() && !view.needs_file();
        is_whole.then_some(view.total)
    }

    fn with_view(
        &self,
        call: CallId,
        attempt: Option<AttemptNo>,
        stream: Stream,
        print: impl FnOnce(&Self, &StreamView) -> Printed,
    ) -> Printed {
        let attempt = self
            .shared
            .output(call)
            .and_then(|output| output.attempt(attempt));
        let Some(attempt) = attempt else {
            return Printed::default();
        };
        let picture = OutputView::take(&attempt, 0);
        print(self, picture.view(stream))
    }

    /// How much a call printed so far: its last attempt's counts.
    pub fn stat(&self, call: CallId) -> OutputStat {
        let Some(output) = self.shared.output(call) else {
            return OutputStat::default();
        };
        let generation = output.generation.load(Ordering::Acquire);
        let Some(attempt) = output.attempt(None) else {
            return OutputStat::default();
        };
        // One lock at a time: a guard within the expression below would live to its
        // end, and wait there for the attempt's.
        let attachments = self.shared.attachments().of(call).len();
        let last_line = last_line(&output, &attempt, generation);
        let mut written = attempt.lock();
        let error_bytes = written.first_error.len();
        if written.error_line.0 != error_bytes {
            written.error_line = (error_bytes, telling_line(&written.first_error));
        }
        let [stdout, stderr] = &written.buffers;
        OutputStat {
            generation,
            stdout_bytes: stdout.total(),
            stderr_bytes: stderr.total(),
            lines: stdout.newlines() + stderr.newlines(),
            attachments,
            dropped_bytes: stdout.dropped_bytes() + stderr.dropped_bytes(),
            first_error: Arc::clone(&written.error_line.1),
            last_line,
        }
    }
}

impl OutputReader {
    /// As [`Store::result`].
    pub fn result(&self, call: CallId) -> Printed {
        self.store.result(call)
    }

    /// As [`Store::stderr_tail`].
    pub fn stderr_tail(&self, call: CallId) -> Printed {
        self.store.stderr_tail(call)
    }
}

fn tail(view: &StreamView, bytes: u64) -> Printed {
    let after_gap = view.gap.as_ref().map_or(0, |gap| gap.end);
    let from = view.total.saturating_sub(bytes).max(after_gap);
    Printed {
        bytes: Lines::new(view).copy(from..view.total),
        is_truncated: from > 0,
        total: view.total,
        missing: from,
    }
}

fn print(view: &StreamView, (head, tail): (u64, u64)) -> Printed {
    let mut lines = Lines::new(view);
    let (gap_start, gap_end) = match &view.gap {
        Some(gap) => (gap.start, gap.end),
        None => (view.total, 0),
    };
    let head_end = head.min(gap_start);
    let tail_start = view.total.saturating_sub(tail).max(gap_end).max(head_end);
    let head = lines.copy(0..head_end);
    let tail = lines.copy(tail_start..view.total);
    let skipped = view.total - head.len() as u64 - tail.len() as u64;
    Printed {
        bytes: if skipped == 0 {
            [head, tail].concat()
        } else {
            joined(&head, skipped, &tail)
        },
        is_truncated: skipped > 0,
        total: view.total,
        missing: skipped,
    }
}

/// Returns the line of these bytes that says most, without blanks around it: the
/// first that speaks of an error, else the first.
fn telling_line(bytes: &[u8]) -> Arc<str> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let is_telling = |line: &&[u8]| {
        let line = line.to_ascii_lowercase();
        let has = |word: &&str| line.windows(word.len()).any(|at| at == word.as_bytes());
        TELLING.iter().any(has)
    };
    let line = lines.clone().find(is_telling).or_else(|| lines.next());
    let line = last_state(line.unwrap_or_default());
    Arc::from(Safe::from_bytes(line).as_str().trim())
}

/// Words of a line that says why a program failed; a line with one goes before
/// the first.
const TELLING: [&str; 9] = [
    "error",
    "exception",
    "traceback",
    "fatal",
    "panicked",
    "denied",
    "not found",
    "no such",
    "cannot",
];

/// The last line with text in it, of the stream that printed last. Kept until
/// something is printed again.
fn last_line(output: &CallAttempts, attempt: &Arc<Attempt>, generation: u64) -> Arc<str> {
    const LOOK_BACK: usize = 8 * 1024;
    let mut kept = output
        .last_line
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if kept.0 == generation {
        return Arc::clone(&kept.1);
    }
    let written = attempt.lock();
    let buffer = &written.buffers[written.last_stream.index()];
    let bytes = buffer.last_bytes(LOOK_BACK);
    drop(written);
    let mut lines = bytes.rsplit(|byte| *byte == b'\n').map(last_state);
    let text = lines.find_map(|line| {
        let text = Safe::from_bytes(line);
        let is_blank = text.as_str().trim().is_empty();
        (!is_blank).then(|| Arc::from(text.as_str()))
    });
    if let Some(text) = text {
        *kept = (generation, text);
    } else {
        kept.0 = generation;
    }
    Arc::clone(&kept.1)
}
