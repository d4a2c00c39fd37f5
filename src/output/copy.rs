//! Output on its way out: to the clipboard, a file, an editor, a pager.

use std::io::{self, Write};
use std::ops::Range;

use super::filter::Filter;
use super::lines::Lines;
use super::output_view::{OutputView, Walk};
use super::reader::OutputReader;
use super::{Colours, Position, SafeWriter, Streams};
use crate::model::{AttemptNo, CallId};

/// Request for a copy of some lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyRequest {
    /// Attempt; `None` is the last one.
    pub attempt: Option<AttemptNo>,
    /// Streams of the attempt.
    pub streams: Streams,
    /// Lines, by number.
    pub lines: Range<u64>,
    /// Form of the copy.
    pub form: CopyForm,
    /// Most raw bytes that are copied.
    pub limit_bytes: u64,
}

/// Form in which output is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyForm {
    /// The bytes as they were printed.
    Raw,
    /// Sanitised text without colours.
    Text,
    /// Sanitised text with its colours, as escape sequences written anew.
    Coloured,
}

/// Extent of a finished copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Number of lines.
    pub lines: u64,
    /// Number of raw bytes.
    pub bytes: u64,
    /// Number of requested lines that were dropped; a line in the copy says so.
    pub dropped_lines: u64,
    /// Whether the limit ended the copy.
    pub is_cut: bool,
}

/// Bytes copied at a time.
const PIECE: u64 = 64 * 1024;

/// Matching lines that are looked up at a time.
const MATCHES: usize = 1024;

impl OutputReader {
    /// Copies lines; dropped ones are counted in their place.
    pub fn copy(
        &self,
        call: CallId,
        request: &CopyRequest,
        out: &mut dyn Write,
    ) -> io::Result<Copied> {
        let Some(picture) = self.find_view(call, request.attempt) else {
            return Ok(Copied::default());
        };
        in_form(request.form, out, |out| {
            copy(&picture, request, &mut LineEnd::Whole, out)
        })
    }

    /// Copies the lines that match, all there are now: a filter that has not
    /// looked at everything does so first. The request's lines are counted
    /// over those that match; its streams are the filter's.
    pub fn copy_matches(
        &self,
        filter: &mut Filter,
        request: &CopyRequest,
        out: &mut dyn Write,
    ) -> io::Result<Copied> {
        while self.extend(filter, u64::MAX) {}
        let Some(picture) = self.find_view(filter.call(), request.attempt) else {
            return Ok(Copied::default());
        };
        in_form(request.form, out, |out| {
            let mut all = Copied::default();
            let mut last = LineEnd::Whole;
            let mut first = request.lines.start;
            let end = request.lines.end.min(filter.total());
            while first < end && !all.is_cut {
                let most = MATCHES.min((end - first) as usize);
                let matches = self.matches(filter, Position::Line(first), most);
                first += matches.lines.len().max(1) as u64;
                for line in matches.lines {
                    let one = CopyRequest {
                        streams: filter.streams(),
                        lines: line.number..line.number + 1,
                        limit_bytes: request.limit_bytes - all.bytes,
                        ..request.clone()
                    };
                    all.add(copy(&picture, &one, &mut last, out)?);
                    if all.is_cut {
                        break;
                    }
                }
            }
            Ok(all)
        })
    }
}

impl Copied {
    /// Adds what was copied after it.
    pub fn add(&mut self, more: Self) {
        self.lines += more.lines;
        self.bytes += more.bytes;
        self.dropped_lines += more.dropped_lines;
        self.is_cut |= more.is_cut;
    }
}

/// Writes through the filter that a form needs.
fn in_form(
    form: CopyForm,
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<Copied>,
) -> io::Result<Copied> {
    let colours = match form {
        CopyForm::Raw => return write(out),
        CopyForm::Text => Colours::Left,
        CopyForm::Coloured => Colours::Kept,
    };
    let mut safe = SafeWriter::new(out, colours);
    let copied = write(&mut safe)?;
    safe.finish()?;
    Ok(copied)
}

/// End of the line that was copied last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    /// It has a newline, or nothing was copied.
    Whole,
    /// It has none: another line needs one before it.
    Open,
}

fn copy(
    picture: &OutputView,
    request: &CopyRequest,
    last: &mut LineEnd,
    out: &mut dyn Write,
) -> io::Result<Copied> {
    let mut walk = Walk::new(picture, request.streams);
    let mut copied = Copied::default();
    let end = request.lines.end.min(picture.total(request.streams));
    let mut number = request.lines.start;
    while number < end && !copied.is_cut {
        let Some(place) = picture.locate(request.streams, number) else {
            break;
        };
        let gone = walk.gone_from(&place).min(end - number);
        if gone > 0 {
            writeln!(out, "… {gone} lines dropped …")?;
            copied.dropped_lines += gone;
            number += gone;
            continue;
        }
        let run = walk.kept_from(&place).min(end - number);
        let lines = &mut walk.lines[place.stream.index()];
        let bytes = lines.span(place.line, run);
        let is_ended = bytes.end < picture.view(place.stream).total
            || !picture.view(place.stream).is_mid_line();
        if *last == LineEnd::Open {
            writeln!(out)?;
        }
        copy_bytes(lines, bytes, request.limit_bytes, &mut copied, out)?;
        *last = if is_ended {
            LineEnd::Whole
        } else {
            LineEnd::Open
        };
        number += run;
        copied.lines += run;
    }
    Ok(copied)
}

/// Copies bytes of a stream, up to the limit.
fn copy_bytes(
    lines: &mut Lines<'_>,
    range: Range<u64>,
    limit: u64,
    copied: &mut Copied,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut position = range.start;
    while position < range.end {
        if let Some(gap) = lines.gap().filter(|gap| gap.contains(&position)) {
            writeln!(out, "\n… {} bytes dropped …", gap.end - position)?;
            position = gap.end;
            continue;
        }
        let room = limit - copied.bytes;
        if room == 0 {
            copied.is_cut = true;
            break;
        }
        let until = lines.gap().map_or(range.end, |gap| {
            if position < gap.start {
                gap.start.min(range.end)
            } else {
                range.end
            }
        });
        let end = until.min(position + PIECE.min(room));
        let bytes = lines.copy(position..end);
        out.write_all(&bytes)?;
        copied.bytes += bytes.len() as u64;
        let unread = end - position - bytes.len() as u64;
        if unread > 0 {
            // The spill file was removed or cannot be read.
            writeln!(out, "\n… {unread} bytes cannot be read …")?;
        }
        position = end;
    }
    Ok(())
}
