//! Output on its way out of the dashboard: to the clipboard, into a file, into
//! an editor or a pager.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::model::CallId;
use crate::output::{
    Copied, CopyForm, CopyRequest, Filter, Pattern, Position, Reader, Row, Streams,
};

/// Files that are tried before a name is given up.
const MOST_FILES: usize = 99;

/// Rows of interleaved output that are read at a time.
const ROWS: usize = 1024;

/// What goes out.
#[derive(Debug, Clone, PartialEq)]
pub enum Extract {
    /// Lines of the output of calls, one piece after the other.
    Lines {
        /// The calls and which of their lines.
        pieces: Vec<(CallId, Range<u64>)>,
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
        /// What they match.
        pattern: Pattern,
        /// In which form.
        form: CopyForm,
    },
    /// The output of several calls, each under its title.
    Combined {
        /// The calls and their titles.
        calls: Vec<(CallId, String)>,
        /// Their streams.
        streams: Streams,
        /// In which form.
        form: CopyForm,
    },
    /// The latest output of all calls as it came, each line behind its call.
    Live(BTreeMap<CallId, String>),
    /// A text.
    Text(String),
    /// A JSON document.
    Json(String),
}

impl Extract {
    /// The whole output of a call.
    pub fn of_call(call: CallId, streams: Streams, form: CopyForm) -> Self {
        Self::Lines {
            pieces: vec![(call, 0..u64::MAX)],
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
            Self::Live(_) | Self::Text(_) | Self::Json(_) => {}
        }
        self
    }

    /// Writes it, at most `limit` raw bytes of output.
    pub(super) fn write(
        &self,
        reader: &Reader,
        limit: u64,
        out: &mut dyn Write,
    ) -> io::Result<Copied> {
        match self {
            Self::Lines {
                pieces,
                streams,
                form,
            } => {
                let mut all = Copied::default();
                for (call, lines) in pieces {
                    let mut request = request(*streams, *form, limit - all.bytes);
                    request.lines = lines.clone();
                    all.add(reader.copy(*call, &request, out)?);
                }
                Ok(all)
            }
            Self::Matches {
                call,
                streams,
                pattern,
                form,
            } => {
                let mut filter = Filter::new(*call, None, *streams, pattern.clone());
                reader.copy_matches(&mut filter, &request(*streams, *form, limit), out)
            }
            Self::Combined {
                calls,
                streams,
                form,
            } => {
                let mut all = Copied::default();
                for (call, title) in calls {
                    writeln!(out, "== {title}")?;
                    let request = request(*streams, *form, limit - all.bytes);
                    all.add(reader.copy(*call, &request, out)?);
                }
                Ok(all)
            }
            Self::Live(names) => write_live(names, reader, limit, out),
            Self::Text(text) | Self::Json(text) => {
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
        }
    }

    /// Writes it into a file of its own in a folder, which only the user can
    /// read.
    pub(super) fn keep(&self, reader: &Reader, folder: &Path) -> io::Result<(PathBuf, Copied)> {
        let (path, mut file) = new_file(folder, self.extension())?;
        let copied = self.write(reader, u64::MAX, &mut file)?;
        file.flush()?;
        Ok((path, copied))
    }

    fn extension(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            _ => "txt",
        }
    }
}

fn request(streams: Streams, form: CopyForm, limit_bytes: u64) -> CopyRequest {
    CopyRequest {
        attempt: None,
        streams,
        lines: 0..u64::MAX,
        form,
        limit_bytes,
    }
}

fn write_live(
    names: &BTreeMap<CallId, String>,
    reader: &Reader,
    limit: u64,
    out: &mut dyn Write,
) -> io::Result<Copied> {
    let mut copied = Copied::default();
    let mut next = 0;
    loop {
        let rows = reader.interleaved(Position::Line(next), ROWS).rows;
        let Some(last) = rows.last() else {
            return Ok(copied);
        };
        next = last.number() + 1;
        for row in &rows {
            let Row::Line { call, line, .. } = row else {
                continue;
            };
            let name = names.get(call).map_or("", String::as_str);
            let text = format!("{name}: {}\n", line.text.as_str());
            if text.len() as u64 > limit - copied.bytes {
                copied.is_cut = true;
                return Ok(copied);
            }
            out.write_all(text.as_bytes())?;
            copied.bytes += text.len() as u64;
            copied.lines += 1;
        }
    }
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
