//! Output on its way out of the dashboard: to the clipboard or into a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::model::CallId;
use crate::output::{Copied, CopyForm, CopyRequest, Reader, Streams};

/// Bytes that terminals take for the clipboard; some drop what is longer.
pub(super) const CLIPBOARD_BYTES: u64 = 64 * 1024;

/// Files that are tried before a name is given up.
const MOST_FILES: usize = 99;

/// What is copied.
#[derive(Debug, Clone, PartialEq)]
pub enum Extract {
    /// The output of one call.
    Call {
        /// The call.
        call: CallId,
        /// Its streams.
        streams: Streams,
        /// In which form.
        form: CopyForm,
    },
    /// The output of several calls, each under its title.
    Combined {
        /// The calls and their titles.
        calls: Vec<(CallId, String)>,
        /// Their streams.
        streams: Streams,
    },
    /// A text.
    Text(String),
}

impl Extract {
    /// Writes it, at most `limit` raw bytes of output.
    pub(super) fn write(
        &self,
        reader: &Reader,
        limit: u64,
        out: &mut dyn Write,
    ) -> io::Result<Copied> {
        match self {
            Self::Call {
                call,
                streams,
                form,
            } => reader.copy(*call, &request(*streams, *form, limit), out),
            Self::Combined { calls, streams } => {
                let mut all = Copied::default();
                for (call, title) in calls {
                    writeln!(out, "== {title}")?;
                    let request = request(*streams, CopyForm::Text, limit - all.bytes);
                    let copied = reader.copy(*call, &request, out)?;
                    all.lines += copied.lines;
                    all.bytes += copied.bytes;
                    all.dropped_lines += copied.dropped_lines;
                    all.is_cut |= copied.is_cut;
                }
                Ok(all)
            }
            Self::Text(text) => {
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

    /// Writes it into a file of its own in the current folder, which only the
    /// user can read.
    pub(super) fn keep(&self, reader: &Reader) -> io::Result<(PathBuf, Copied)> {
        let (path, mut file) = new_file()?;
        let copied = self.write(reader, u64::MAX, &mut file)?;
        file.flush()?;
        Ok((path, copied))
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

/// A file that was not there before.
fn new_file() -> io::Result<(PathBuf, io::BufWriter<File>)> {
    let folder = std::env::current_dir()?;
    for number in 1..=MOST_FILES {
        let path = folder.join(format!("fanout-output-{number}.txt"));
        let mut options = OpenOptions::new();
        match options.write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return Ok((path, io::BufWriter::new(file))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
