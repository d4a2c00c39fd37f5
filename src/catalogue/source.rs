//! The text of one file, and the line and column of its bytes.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Longest file that is read: 16 MiB.
pub const LONGEST_FILE: u64 = 16 << 20;

/// Line and column of a character, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

/// Reason a file could not be read as text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("there is no such file")]
    NotFound,
    #[error("permission denied")]
    PermissionDenied,
    #[error("cannot be read: {0}")]
    Io(io::Error),
    #[error("a folder stands where a file is expected")]
    Folder,
    #[error("not a regular file")]
    NotRegular,
    #[error("longer than {} MiB", LONGEST_FILE >> 20)]
    TooLong,
    #[error("not valid UTF-8")]
    NotUtf8 {
        /// The text with the invalid bytes replaced.
        shown: Box<Source>,
        /// Offset of the first invalid byte in `shown`.
        at: usize,
        byte: u8,
        is_utf16: bool,
    },
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            _ => Self::Io(error),
        }
    }
}

/// The text of one file together with the name it is reported under.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    name: String,
    text: String,
    line_starts: Vec<usize>,
}

impl Source {
    /// Takes a text that is in memory already. A byte order mark is dropped.
    pub(crate) fn new(name: impl Into<String>, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let after_feeds = text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(after_feeds).collect();
        Self {
            name: name.into(),
            text,
            line_starts,
        }
    }

    /// Reads a file. Refuses, without waiting, what is not a regular file,
    /// what is longer than [`LONGEST_FILE`] and what is not UTF-8.
    pub(crate) fn read(path: &Path) -> Result<Self, ReadError> {
        let name = path.display().to_string();
        match String::from_utf8(read_bytes(path)?) {
            Ok(text) => Ok(Self::new(name, &text)),
            Err(error) => Err(not_utf8(name, &error)),
        }
    }

    /// The name it is reported under.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The text without its byte order mark.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(crate) fn position(&self, offset: usize) -> LineColumn {
        let line = self.line_starts.partition_point(|start| *start <= offset) - 1;
        let before = self.text.get(self.line_starts[line]..offset);
        LineColumn {
            line: line + 1,
            column: before.map_or(0, |text| text.chars().count()) + 1,
        }
    }

    /// The byte at a line and a column, both from 1, the column in bytes.
    pub(crate) fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.line_starts.get(line.saturating_sub(1));
        let at = start.map_or(self.text.len(), |start| start + column.saturating_sub(1));
        self.text.floor_char_boundary(at.min(self.text.len()))
    }

    /// The text of a line, counted from 1, without its line end.
    pub(crate) fn line(&self, number: usize) -> Option<&str> {
        let start = *self.line_starts.get(number.checked_sub(1)?)?;
        let end = self.line_starts.get(number).copied();
        let line = self.text.get(start..end.unwrap_or(self.text.len()))?;
        Some(line.trim_end_matches(['\n', '\r']))
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    let kind = fs::metadata(path)?;
    if kind.is_dir() {
        return Err(ReadError::Folder);
    }
    if !kind.is_file() {
        return Err(ReadError::NotRegular);
    }
    if kind.len() > LONGEST_FILE {
        return Err(ReadError::TooLong);
    }
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(LONGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(ReadError::TooLong);
    }
    Ok(bytes)
}

fn not_utf8(name: String, error: &std::string::FromUtf8Error) -> ReadError {
    let bytes = error.as_bytes();
    let at = error.utf8_error().valid_up_to();
    let has_mark = bytes.starts_with("\u{feff}".as_bytes());
    ReadError::NotUtf8 {
        byte: bytes.get(at).copied().unwrap_or_default(),
        is_utf16: bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]),
        at: if has_mark { at - 3 } else { at },
        shown: Box::new(Source {
            name,
            ..Source::new("", &String::from_utf8_lossy(bytes))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_and_in_characters() {
        let source = Source::new("a", "\u{feff}é=1\r\nb");
        assert_eq!(source.position(0), LineColumn { line: 1, column: 1 });
        assert_eq!(source.position(2), LineColumn { line: 1, column: 2 });
        assert_eq!(source.position(6), LineColumn { line: 2, column: 1 });
        assert_eq!(source.line(1), Some("é=1"));
        assert_eq!(source.line(2), Some("b"));
        assert_eq!(source.line(3), None);
    }

    #[test]
    fn what_is_not_a_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = Source::read(folder.path()).expect_err("a folder");
        assert!(refused.to_string().contains("folder"), "{refused}");
        let long = folder.path().join("long");
        File::create(&long)
            .and_then(|file| file.set_len(1 << 30))
            .expect("a sparse file");
        let refused = Source::read(&long).expect_err("too long");
        assert!(refused.to_string().contains("16 MiB"), "{refused}");
    }
}
