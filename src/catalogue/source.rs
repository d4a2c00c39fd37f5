//! The text of one file, and where in it a byte stands.

use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use super::excerpt::Excerpt;
use super::problem::{LineColumn, Problem};

/// Longest file that is read: 16 MiB.
pub const LONGEST_FILE: u64 = 16 << 20;

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
    pub(crate) fn read(path: &Path) -> Result<Self, Box<Problem>> {
        let name = path.display().to_string();
        let bytes = read_bytes(path).map_err(|reason| Box::new(Problem::of_file(&name, reason)))?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, &text)),
            Err(error) => Err(Box::new(not_utf8(name, &error))),
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

    /// What stands around a span, for a report.
    pub(crate) fn excerpt(&self, span: &Range<usize>) -> Excerpt {
        let start = span.start.min(self.text.len());
        let position = self.position(start);
        let line_start = self.line_starts[position.line - 1];
        let line_end = line_start + self.line(position.line).map_or(0, str::len);
        let end = span.end.clamp(start, line_end.max(start));
        Excerpt::new(self, position, start - line_start..end - line_start)
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let kind = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if kind.is_dir() {
        return Err("a folder stands where a file is expected".to_owned());
    }
    if !kind.is_file() {
        return Err("not a regular file".to_owned());
    }
    if kind.len() > LONGEST_FILE {
        return Err(too_long());
    }
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(too_long());
    }
    Ok(bytes)
}

fn unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

fn too_long() -> String {
    format!("longer than {} MiB", LONGEST_FILE >> 20)
}

fn not_utf8(name: String, error: &std::string::FromUtf8Error) -> Problem {
    let bytes = error.as_bytes();
    let at = error.utf8_error().valid_up_to();
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let byte = bytes.get(at).copied().unwrap_or_default();
    let source = Source {
        name,
        ..Source::new("", &String::from_utf8_lossy(bytes))
    };
    let has_mark = bytes.starts_with("\u{feff}".as_bytes());
    let at = if has_mark { at - 3 } else { at };
    let replaced = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
    let mut problem = Problem::error(&source, &replaced, "not valid UTF-8")
        .with_label(format!("the byte 0x{byte:02x} cannot stand here"));
    if is_utf16 {
        problem = problem.with_help("the file looks like UTF-16: save it as UTF-8");
    }
    problem
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
    fn the_first_invalid_byte_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.toml");
        fs::write(&path, b"\xef\xbb\xbfa = 1\nb = \"\xe9\"\n").expect("a file");
        let problem = Source::read(&path).expect_err("invalid");
        assert_eq!(problem.position(), Some(LineColumn { line: 2, column: 6 }));
        assert!(problem.label().expect("a label").contains("0xe9"));
    }

    #[test]
    fn what_is_not_a_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = Source::read(folder.path()).expect_err("a folder");
        assert!(refused.message().contains("folder"), "{refused}");
        let long = folder.path().join("long");
        File::create(&long)
            .and_then(|file| file.set_len(1 << 30))
            .expect("a sparse file");
        let refused = Source::read(&long).expect_err("too long");
        assert!(refused.message().contains("16 MiB"), "{refused}");
    }
}
