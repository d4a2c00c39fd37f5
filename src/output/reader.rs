//! The reading end of the store, for screens and for printing.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::attachments::Attachment;
use super::attempt::Attempt;
use super::lines::{Lines, RawLine};
use super::output_view::{LinePlace, OutputView, Walk};
use super::progress::{is_rewritten, last_state};
use super::shared::CallAttempts;
use super::store::Store;
use super::window::{LineForm, LineKind, OutputLine, Position, Window, WindowRequest};
use super::{Safe, Stream};
use crate::model::{AttemptNo, CallId};

/// Reads output without ever making a writer wait for longer than it takes to
/// copy one block. Cheap to make; keeps the view of one attempt.
#[derive(Debug)]
pub struct OutputReader {
    pub(super) store: Store,
    kept: Mutex<Option<(CallId, AttemptNo, Arc<OutputView>)>>,
}

impl Clone for OutputReader {
    fn clone(&self) -> Self {
        self.store.reader()
    }
}

impl Store {
    /// A reader of its own for each screen.
    pub fn reader(&self) -> OutputReader {
        OutputReader {
            store: self.clone(),
            kept: Mutex::new(None),
        }
    }
}

impl OutputReader {
    /// Returns the store that it reads.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Grows with every piece of output of a call; 0 before the first one.
    pub fn generation(&self, call: CallId) -> u64 {
        let output = self.store.shared.output(call);
        output.map_or(0, |output| output.generation.load(Ordering::Acquire))
    }

    /// Returns what a call handed over beside its text.
    pub fn attachments(&self, call: CallId) -> Vec<Attachment> {
        self.store.attachments(call)
    }

    /// Lines of a call's output. The work depends on the size of the window
    /// alone, not on that of the output.
    pub fn window(&self, call: CallId, request: &WindowRequest) -> Window {
        let Some(output) = self.store.shared.output(call) else {
            return Window::default();
        };
        let Some(attempt) = output.attempt(request.attempt) else {
            return Window::default();
        };
        let picture = self.picture(&output, &attempt);
        let mut window = fill(&picture, request);
        window.attempt = attempt.number;
        window.attempts = output.numbers();
        window
    }

    /// The view of a call's attempt, where there is one.
    pub(super) fn find_view(
        &self,
        call: CallId,
        attempt: Option<AttemptNo>,
    ) -> Option<Arc<OutputView>> {
        let output = self.store.shared.output(call)?;
        let attempt = output.attempt(attempt)?;
        Some(self.picture(&output, &attempt))
    }

    /// The view of an attempt, taken anew where something was printed.
    pub(super) fn picture(&self, output: &CallAttempts, attempt: &Arc<Attempt>) -> Arc<OutputView> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Read before the view is taken: output that comes in between is
        // then in the view, and the next window takes another one.
        let generation = output.generation.load(Ordering::Acquire);
        if let Some((call, number, picture)) = &*kept
            && (*call, *number, picture.generation) == (attempt.call, attempt.number, generation)
        {
            return Arc::clone(picture);
        }
        let picture = Arc::new(OutputView::take(attempt, generation));
        *kept = Some((attempt.call, attempt.number, Arc::clone(&picture)));
        picture
    }
}

fn fill(picture: &OutputView, request: &WindowRequest) -> Window {
    let streams = request.streams;
    let mut walk = Walk::new(picture, streams);
    let total = picture.total(streams);
    let asked = match request.from {
        Position::Line(number) => number,
        Position::Tail => total.saturating_sub(request.count as u64),
    };
    let first = walk.start_of_gap(asked);
    let mut window = Window {
        generation: picture.generation,
        first,
        total_lines: total,
        dropped_bytes: picture.dropped_bytes(streams),
        dropped_lines: walk.dropped_lines(),
        ..Window::default()
    };
    let mut number = first;
    while window.lines.len() < request.count {
        let Some(place) = picture.locate(streams, number) else {
            break;
        };
        let gone = walk.gone_from(&place);
        if gone > 0 {
            add_gap(&mut window.lines, number, &place, gone);
            number += gone;
        } else {
            let lines = &mut walk.lines[place.stream.index()];
            let of = (place.stream, place.line);
            let row = line(lines, picture, number, of, request.form);
            window.lines.push(row);
            number += 1;
        }
    }
    window
}

fn add_gap(lines: &mut Vec<OutputLine>, number: u64, place: &LinePlace, gone: u64) {
    if let Some(OutputLine {
        kind: LineKind::Dropped { lines: count },
        text,
        ..
    }) = lines.last_mut()
    {
        *count += gone;
        *text = gap_text(*count);
        return;
    }
    lines.push(OutputLine {
        number,
        stream: place.stream,
        text: gap_text(gone),
        at: None,
        kind: LineKind::Dropped { lines: gone },
    });
}

fn gap_text(lines: u64) -> Safe {
    Safe::marker(&format!("… {lines} lines dropped …"))
}

/// One line as a row.
pub(super) fn line(
    lines: &mut Lines<'_>,
    picture: &OutputView,
    number: u64,
    (stream, line): (Stream, u64),
    form: LineForm,
) -> OutputLine {
    let raw = lines.read(line);
    let kind = match &raw {
        Some(raw) if !raw.is_cut => LineKind::Whole,
        _ => LineKind::Cut,
    };
    let text = raw.map(|raw| match form {
        LineForm::Shown => raw.show(),
        LineForm::Raw => Safe::of_bytes(&raw.head, &raw.tail, raw.skipped),
    });
    OutputLine {
        number,
        stream,
        text: text.unwrap_or_else(|| Safe::marker("… dropped …")),
        at: picture.at(stream, line),
        kind,
    }
}

impl RawLine {
    /// The line as a screen shows it.
    pub(super) fn show(&self) -> Safe {
        let is_whole = self.tail.is_empty() && self.skipped == 0;
        let end = if is_whole { &self.head } else { &self.tail };
        let state = last_state(end);
        // What a carriage return overwrote is gone, also where it was too long
        // to be read.
        if is_whole || is_rewritten(end) {
            return Safe::from_bytes(state);
        }
        Safe::of_line(&self.head, &self.tail, self.skipped)
    }
}
