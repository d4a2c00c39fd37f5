//! Reads outputs for the pane, a bounded piece at a time: the rows around the
//! screen, the next match of a search, the count of all matches, a document.
//!
//! It owns the matches that are known so far. The requests stand in the
//! state, and what was read goes back there as [`ReadResult`].

mod server_log;

pub use server_log::ServerLogReader;

use crate::output::{
    Direction, Filter, LineForm, OutputPart, OutputReader, Pattern, Position, Row, SearchProgress,
    SearchRequest, WindowRequest,
};

use crate::tui::state::output::tree::Tree;
use crate::tui::state::output::{Page, ReadResult, begin};
use crate::tui::state::{MatchCount, MatchCountKey, MatchSearch, OutputSource, PageRequest, State};

/// Reads outputs for the pane.
#[derive(Debug, Default)]
pub struct PaneReader {
    /// The matches of one call that are known so far.
    matches: Option<(MatchCountKey, Filter)>,
}

/// Bytes of output that are searched in one step: a few milliseconds.
const STEP_BYTES: u64 = 2 << 20;
/// Rows of interleaved output that are searched in one step.
const STEP_ROWS: u64 = 2_000;

impl PaneReader {
    /// Reads one piece of each thing that is wanted. Nothing where all has
    /// been read: then it need not be asked again before the state changes.
    pub fn serve(&mut self, reader: &OutputReader, state: &State) -> Vec<ReadResult> {
        let mut news = Vec::new();
        if let Some(wanted) = state.wanted_output() {
            search(reader, state, &mut news);
            self.match_count(reader, state, &mut news);
            if state.output.read != Some(wanted) && !state.is_tree_shown() {
                let page = self.page(reader, state, &wanted);
                news.push(ReadResult::Page(wanted, page));
            }
        }
        if let Some(of) = state.wanted_tree().filter(|of| !state.output.tree.has(*of)) {
            news.push(ReadResult::Tree(of, Tree::read(&reader.result(of.0))));
        }
        news
    }

    /// The rows around the screen.
    fn page(&self, reader: &OutputReader, state: &State, wanted: &PageRequest) -> Page {
        let height = wanted.height;
        let from = begin(wanted.from, height);
        // A screen above, the screen itself and one below.
        let count = height * 3 + 1;
        match wanted.source {
            OutputSource::Call {
                call,
                streams,
                form,
            } => {
                let request = WindowRequest {
                    attempt: None,
                    streams,
                    from,
                    count,
                    form,
                };
                Page::of_window(call, reader.window(call, &request))
            }
            OutputSource::Matches(of) => match &self.matches {
                Some((known, filter)) if *known == of => {
                    Page::of_matches(of.call, reader.matches(filter, from, count))
                }
                _ => Page::default(),
            },
            OutputSource::Attempts {
                call,
                streams,
                form,
            } => {
                let parts = state.attempts_of(call);
                let rows = reader.combined(&parts, streams, form, from, count);
                Page::of_rows(rows, parts.len() as u64)
            }
            OutputSource::Combined(streams) => {
                let parts = all(state);
                let rows = reader.combined(&parts, streams, LineForm::Shown, from, count);
                Page::of_rows(rows, parts.len() as u64)
            }
            OutputSource::Live => Page::of_rows(reader.interleaved(from, count), 0),
        }
    }

    /// Counts on.
    fn match_count(&mut self, reader: &OutputReader, state: &State, news: &mut Vec<ReadResult>) {
        let Some(of) = state.wanted_match_count() else {
            return;
        };
        let Some(pattern) = state.output.find.pattern() else {
            return;
        };
        let generation = state.selected().map_or(0, |row| row.output.generation);
        let is_known = self.matches.as_ref().is_some_and(|(known, _)| *known == of);
        if !is_known {
            let filter = Filter::new(of.call, None, of.streams, pattern.clone());
            self.matches = Some((of, filter));
        }
        let Some((_, filter)) = &mut self.matches else {
            return;
        };
        let is_whole = !reader.extend(filter, STEP_BYTES);
        let at = state.output.find.at;
        let match_count = MatchCount {
            total: filter.total(),
            before: at.map_or(0, |at| reader.rank(filter, at)),
            at,
            is_whole,
            is_full: filter.is_full(),
            generation,
        };
        news.push(ReadResult::Counted(of, match_count));
    }
}

/// Searches on for the next match.
fn search(reader: &OutputReader, state: &State, news: &mut Vec<ReadResult>) {
    let (find, streams) = (&state.output.find, state.output.streams);
    let (Some(search), Some(pattern)) = (find.search, find.pattern()) else {
        return;
    };
    let request = SearchRequest {
        attempt: None,
        streams,
        from: search.from,
        direction: search.direction,
        budget_bytes: STEP_BYTES,
    };
    let found = match state.shown_source() {
        Some(OutputSource::Call { call, .. }) => reader.search(call, &request, pattern),
        Some(OutputSource::Attempts { call, .. }) => {
            reader.search_combined(&state.attempts_of(call), &request, pattern)
        }
        Some(OutputSource::Combined(_)) => reader.search_combined(&all(state), &request, pattern),
        Some(OutputSource::Live) => search_live(reader, &search, pattern),
        Some(OutputSource::Matches(_)) | None => SearchProgress::Nothing,
    };
    news.push(ReadResult::Found(search, found));
}

/// The outputs of all calls in the order of the plan.
fn all(state: &State) -> Vec<OutputPart> {
    let rows = state.run.calls.iter();
    rows.map(|row| OutputPart::last_of(row.id)).collect()
}

/// Looks through some rows of interleaved output for a match.
fn search_live(reader: &OutputReader, search: &MatchSearch, pattern: &Pattern) -> SearchProgress {
    let end = reader.interleaved(Position::Tail, 0).total;
    let Some(last) = end.checked_sub(1) else {
        return SearchProgress::Nothing;
    };
    let from = search.from.min(last);
    let begin = match search.direction {
        Direction::Forward if search.from > last => return SearchProgress::Nothing,
        Direction::Forward => from,
        Direction::Backward => (from + 1).saturating_sub(STEP_ROWS),
    };
    let rows = reader.interleaved(Position::Line(begin), STEP_ROWS as usize);
    let is_hit = |row: &&Row| match row {
        Row::Title { .. } => false,
        Row::Line { line, .. } => !pattern.find_in(&line.text).is_empty(),
    };
    let (hit, next) = match search.direction {
        Direction::Forward => {
            let after = rows.rows.last().map_or(end, |row| row.number() + 1);
            let next = (after < end).then_some(after);
            (rows.rows.iter().find(is_hit), next)
        }
        Direction::Backward => {
            let mut before = rows.rows.iter().filter(|row| row.number() <= from);
            let next = begin
                .checked_sub(1)
                .filter(|before| *before >= rows.earliest);
            (before.rfind(is_hit), next)
        }
    };
    match (hit, next) {
        (Some(row), _) => SearchProgress::At(row.number()),
        (None, Some(from)) => SearchProgress::NotYet { from },
        (None, None) => SearchProgress::Nothing,
    }
}
