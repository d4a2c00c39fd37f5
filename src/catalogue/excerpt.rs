//! The few lines of a file that a report shows around a problem.
//!
//! It is cut when the problem is found, so that a report on a very large file,
//! or a very long line, stays small and is drawn quickly.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::source::Source;
use super::text::{sanitize, sanitize_in_place};

/// Characters shown before the marked place, where the line is long.
const BEFORE: usize = 60;

/// Characters shown of one line.
const WIDEST: usize = 120;

/// A line with its neighbours, cut to what a terminal can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    name: String,
    text: String,
    first_line: usize,
    column: usize,
    pub(crate) span: SourceSpan,
}

impl Excerpt {
    /// Cuts the excerpt around the first line of a span.
    pub(crate) fn around(source: &Source, span: &Range<usize>) -> Self {
        let start = span.start.min(source.text().len());
        let position = source.position(start);
        let line_start = source.offset(position.line, 1);
        let line = source.line(position.line).unwrap_or_default();
        // The end of a line, which the excerpt does not have, may be marked.
        let line_end = line_start + line.len();
        let start = start.min(line_end);
        let end = span.end.clamp(start, line_end);
        let marked = start - line_start..end - line_start;
        let (shown, marked) = window(line, &marked);
        let mut text = String::new();
        let mut first_line = position.line;
        if let Some(before) = position.line.checked_sub(1).and_then(|at| source.line(at)) {
            first_line -= 1;
            text.push_str(&window(before, &(0..0)).0);
            text.push('\n');
        }
        let start = text.len() + marked.start;
        text.push_str(&shown);
        if let Some(after) = source.line(position.line + 1) {
            text.push('\n');
            text.push_str(&window(after, &(0..0)).0);
        }
        Self {
            name: sanitize(source.name()),
            text: sanitize_in_place(&text),
            first_line: first_line - 1,
            column: position.column - 1,
            span: (start, marked.len()).into(),
        }
    }
}

/// Returns the part of a line that is shown, and the range of `marked` in it.
fn window(line: &str, marked: &Range<usize>) -> (String, Range<usize>) {
    if line.chars().nth(WIDEST).is_none() {
        return (line.to_owned(), marked.clone());
    }
    let before = line.get(..marked.start).unwrap_or_default();
    let start = before.char_indices().rev().nth(BEFORE - 1);
    let start = start.map_or(0, |(at, _)| at);
    let rest = line.get(start..).unwrap_or_default();
    let length = rest.char_indices().nth(WIDEST).map(|(at, _)| at);
    let part = rest.get(..length.unwrap_or(rest.len()));
    let left = if start > 0 { "…" } else { "" };
    let right = if length.is_some() { "…" } else { "" };
    let shown = format!("{left}{}{right}", part.unwrap_or_default());
    let shifted = |at: usize| (at + left.len() - start).min(shown.len() - right.len());
    let marked = shifted(marked.start)..shifted(marked.end);
    (shown, marked)
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text: &str = &self.text;
        let part = text.read_span(span, context_lines_before, context_lines_after)?;
        let column = if context_lines_before == 0 {
            self.column
        } else {
            part.column()
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            part.data(),
            *part.span(),
            part.line() + self.first_line,
            column,
            part.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let line = format!("{}é!{}", "ä".repeat(500), "b".repeat(500));
        let (shown, marked) = window(&line, &(1000..1003));
        assert_eq!(shown.get(marked), Some("é!"));
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert_eq!(shown.chars().count(), WIDEST + 2);
    }

    #[test]
    fn a_mark_behind_the_end_of_a_line_stands_at_its_end() {
        for text in ["a\r", "a\r\n", "one\na\r"] {
            let source = Source::new("f", text);
            let excerpt = Excerpt::around(&source, &(text.len()..text.len()));
            excerpt.read_span(&excerpt.span, 1, 1).expect(text);
            let at_cr = text.find('\r').expect("one");
            let excerpt = Excerpt::around(&source, &(at_cr..at_cr + 1));
            excerpt.read_span(&excerpt.span, 0, 0).expect(text);
        }
    }

    #[test]
    fn the_neighbouring_lines_stand_in_it() {
        let source = Source::new("f", "one\ntwo\nthree\nfour");
        let excerpt = Excerpt::around(&source, &(4..7));
        assert_eq!(excerpt.text, "one\ntwo\nthree");
        assert_eq!((excerpt.first_line, excerpt.column), (0, 0));
        assert_eq!(excerpt.span, (4, 3).into());
    }
}
