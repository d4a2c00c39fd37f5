//! Output on its way out of the dashboard: to the clipboard, into a file, into
//! an editor or a pager.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::model::CallId;
use crate::output::{
    Copied, CopyForm, CopyRequest, Filter, LineForm, OutputPart, OutputReader, Pattern, Position,
    Row, Streams,
};

/// Files that are tried before a name is given up.
const MOST_FILES: usize = 99;

/// Every line there is.
const WHOLE: Range<u64> = 0..u64::MAX;

/// Rows of several calls' output that are read at a time.
const ROWS: usize = 1024;

/// Content to copy or open.
#[derive(Debug, Clone, PartialEq)]
pub enum CopySource {
    /// Lines of the output of a call.
    Lines {
        /// The call.
        call: CallId,
        /// Which of its lines.
        lines: Range<u64>,
        /// Their streams.
        streams: Streams,
        /// In which form.
        form: CopyForm,
    },
    /// The lines of one call's output that match.
    Matches {
        /// The call.
        call: CallId,
        /// Its streams.
        streams: Streams,
        /// Pattern that the lines match.
        pattern: Pattern,
        /// In which form.
        form: CopyForm,
        /// Which of them.
        rows: Range<u64>,
    },
    /// The output of several calls or attempts, each under its title.
    Combined {
        /// The parts and their titles.
        parts: Vec<(OutputPart, String)>,
        /// Their streams.
        streams: Streams,
        /// In which form, if it is whole.
        form: CopyForm,
        /// Which rows, those of the titles counted.
        rows: Range<u64>,
    },
    /// The latest output of all calls as it came, each line behind its call.
    Live {
        /// Names of the calls.
        names: BTreeMap<CallId, String>,
        /// Which rows.
        rows: Range<u64>,
    },
    /// The JSON document that a call printed, laid out.
    Document(CallId),
    /// A text.
    Text(String),
    /// A JSON document.
    Json(String),
}

impl CopySource {
    /// The whole output of a call.
    pub fn of_call(call: CallId, streams: Streams, form: CopyForm) -> Self {
        Self::Lines {
            call,
            lines: WHOLE,
            streams,
            form,
        }
    }

    /// The same in another form, where it is output.
    #[must_use]
    pub fn in_form(mut self, wanted: CopyForm) -> Self {
        match &mut self {
            Self::Lines { form, .. } | Self::Matches { form, .. } | Self::Combined { form, .. } => {
                *form = wanted;
            }
            Self::Live { .. } | Self::Document(_) | Self::Text(_) | Self::Json(_) => {}
        }
        self
    }

    /// Writes it, at most `limit` raw bytes of output.
    pub(in crate::tui) fn write(
        &self,
        reader: &OutputReader,
        limit: u64,
        out: &mut dyn Write,
    ) -> io::Result<Copied> {
        match self {
            Self::Lines {
                call,
                lines,
                streams,
                form,
            } => reader.copy(*call, &request(lines, *streams, *form, limit), out),
            Self::Matches {
                call,
                streams,
                pattern,
                form,
                rows,
            } => {
                let mut filter = Filter::new(*call, None, *streams, pattern.clone());
                reader.copy_matches(&mut filter, &request(rows, *streams, *form, limit), out)
            }
            Self::Combined {
                parts,
                streams,
                form,
                rows,
            } if *rows == WHOLE => {
                let request = request(rows, *streams, *form, limit);
                write_all(parts, &request, reader, out)
            }
            Self::Combined {
                parts,
                streams,
                rows,
                ..
            } => write_some(parts, *streams, rows, reader, limit, out),
            Self::Live { names, rows } => {
                let read = |from| reader.interleaved(from, ROWS).rows;
                write_rows(rows, read, limit, out, |row| match row {
                    Row::Title { .. } => String::new(),
                    Row::Line { call, line, .. } => {
                        format!("{}: {}", named(names, *call), line.text.as_str())
                    }
                })
            }
            Self::Document(call) => {
                let printed = reader.result(*call);
                let value: Value = serde_json::from_slice(&printed.bytes)
                    .map_err(|error| io::Error::other(format!("no JSON document: {error}")))?;
                write_text(&format!("{value:#}"), limit, out)
            }
            Self::Text(text) | Self::Json(text) => write_text(text, limit, out),
        }
    }

    /// Writes it into a file of its own in a folder, which only the user can
    /// read.
    pub(in crate::tui) fn keep(
        &self,
        reader: &OutputReader,
        folder: &Path,
    ) -> io::Result<(PathBuf, Copied)> {
        let (path, mut file) = new_file(folder, self.extension())?;
        let copied = self.write(reader, u64::MAX, &mut file)?;
        file.flush()?;
        Ok((path, copied))
    }

    fn extension(&self) -> &'static str {
        match self {
            Self::Json(_) | Self::Document(_) => "json",
            _ => "txt",
        }
    }
}

fn request(lines: &Range<u64>, streams: Streams, form: CopyForm, limit_bytes: u64) -> CopyRequest {
    CopyRequest {
        attempt: None,
        streams,
        lines: lines.clone(),
        form,
        limit_bytes,
    }
}

fn write_text(text: &str, limit: u64, out: &mut dyn Write) -> io::Result<Copied> {
    let bytes = text.len() as u64;
    if bytes <= limit {
        out.write_all(text.as_bytes())?;
    }
    Ok(Copied {
        lines: text.lines().count() as u64,
        bytes,
        dropped_lines: 0,
        is_cut: bytes > limit,
    })
}

/// Writes the output of several parts as one request asks for it, each under its
/// title.
fn write_all(
    parts: &[(OutputPart, String)],
    request: &CopyRequest,
    reader: &OutputReader,
    out: &mut dyn Write,
) -> io::Result<Copied> {
    let mut all = Copied::default();
    for (part, title) in parts {
        writeln!(out, "== {title}")?;
        let request = CopyRequest {
            attempt: part.attempt,
            limit_bytes: request.limit_bytes - all.bytes,
            ..request.clone()
        };
        all.add(reader.copy(part.call, &request, out)?);
    }
    Ok(all)
}

/// Writes some rows of the output of several parts.
fn write_some(
    parts: &[(OutputPart, String)],
    streams: Streams,
    rows: &Range<u64>,
    reader: &OutputReader,
    limit: u64,
    out: &mut dyn Write,
) -> io::Result<Copied> {
    let places: Vec<OutputPart> = parts.iter().map(|(part, _)| *part).collect();
    let titles: BTreeMap<OutputPart, &String> = parts.iter().map(|(at, it)| (*at, it)).collect();
    let title = |part: &OutputPart| titles.get(part).map_or("", |it| it.as_str());
    let form = LineForm::Shown;
    let read = |from| reader.combined(&places, streams, form, from, ROWS).rows;
    write_rows(rows, read, limit, out, |row| match row {
        Row::Title { part, .. } => format!("== {}", title(part)),
        Row::Line { line, .. } => line.text.as_str().to_owned(),
    })
}

fn named(names: &BTreeMap<CallId, String>, call: CallId) -> &str {
    names.get(&call).map_or("", String::as_str)
}

/// Writes some of the rows that can be read from a place on, a line each.
fn write_rows(
    wanted: &Range<u64>,
    read: impl Fn(Position) -> Vec<Row>,
    limit: u64,
    out: &mut dyn Write,
    text: impl Fn(&Row) -> String,
) -> io::Result<Copied> {
    let mut copied = Copied::default();
    let mut next = wanted.start;
    while next < wanted.end {
        let rows = read(Position::Line(next));
        let Some(last) = rows.last() else {
            break;
        };
        next = last.number() + 1;
        for row in rows.iter().filter(|row| wanted.contains(&row.number())) {
            let text = text(row);
            let bytes = text.len() as u64 + 1;
            if bytes > limit - copied.bytes {
                copied.is_cut = true;
                return Ok(copied);
            }
            writeln!(out, "{text}")?;
            copied.bytes += bytes;
            copied.lines += 1;
        }
    }
    Ok(copied)
}

/// A file that was not there before.
fn new_file(folder: &Path, extension: &str) -> io::Result<(PathBuf, io::BufWriter<File>)> {
    for number in 1..=MOST_FILES {
        let path = folder.join(format!("fanout-output-{number}.{extension}"));
        let mut options = OpenOptions::new();
        match options.write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return Ok((path, io::BufWriter::new(file))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
