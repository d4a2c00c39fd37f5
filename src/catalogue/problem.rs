//! Problems of files: each with its position, all of them in one report.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use miette::{Diagnostic, LabeledSpan, Severity, SourceCode};

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::excerpt::Excerpt;
use super::source::{LineColumn, ReadError, Source};
use super::text::sanitize;

/// Most problems that one report keeps; further ones are counted.
pub const MOST_PROBLEMS: usize = 1000;

/// An error in a file, or a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    file: String,
    position: Option<LineColumn>,
    message: String,
    label: Option<String>,
    help: Option<String>,
    is_warning: bool,
    excerpt: Option<Excerpt>,
}

impl Problem {
    /// Makes an error about a file as a whole.
    pub(crate) fn of_file(file: &str, message: impl AsRef<str>) -> Self {
        Self {
            file: sanitize(file),
            position: None,
            message: sanitize(message.as_ref()),
            label: None,
            help: None,
            is_warning: false,
            excerpt: None,
        }
    }

    /// Makes an error at a span of a file.
    pub(crate) fn error(source: &Source, span: &Range<usize>, message: impl AsRef<str>) -> Self {
        Self {
            position: Some(source.position(span.start.min(source.text().len()))),
            excerpt: Some(Excerpt::around(source, span)),
            ..Self::of_file(source.name(), message)
        }
    }

    /// Makes the error of a file that could not be read.
    pub(crate) fn unreadable(path: &Path, error: &ReadError) -> Self {
        let ReadError::NotUtf8 {
            shown,
            at,
            byte,
            is_utf16,
        } = error
        else {
            return Self::of_file(&path.display().to_string(), error.to_string());
        };
        let replaced = *at..*at + char::REPLACEMENT_CHARACTER.len_utf8();
        let problem = Self::error(shown, &replaced, error.to_string())
            .with_label(format!("the byte 0x{byte:02x} cannot stand here"));
        if *is_utf16 {
            return problem.with_help("the file looks like UTF-16: save it as UTF-8");
        }
        problem
    }

    /// Turns the error into a warning.
    pub(crate) fn into_warning(mut self) -> Self {
        self.is_warning = true;
        self
    }

    /// Adds a label to the marked span.
    pub(crate) fn with_label(mut self, label: impl AsRef<str>) -> Self {
        self.label = Some(sanitize(label.as_ref()));
        self
    }

    /// Adds a hint how to fix it.
    pub(crate) fn with_help(mut self, help: impl AsRef<str>) -> Self {
        self.help = Some(sanitize(help.as_ref()));
        self
    }

    /// Name of the file, as it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Position in the file; `None` where the file as a whole is meant.
    pub fn position(&self) -> Option<LineColumn> {
        self.position
    }

    /// Description of the error.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Label of the marked span.
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// Hint how to fix it.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Problem {
    /// Writes the message. The report draws the position beside it, so the file
    /// is named only where there is no position.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(_) => f.write_str(&self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for Problem {}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Problem", 5)?;
        fields.serialize_field("file", &self.file)?;
        fields.serialize_field("line", &self.position.map(|position| position.line))?;
        fields.serialize_field("column", &self.position.map(|position| position.column))?;
        fields.serialize_field("message", &self.message)?;
        fields.serialize_field("help", &self.help)?;
        fields.end()
    }
}

impl Diagnostic for Problem {
    fn severity(&self) -> Option<Severity> {
        Some(severity(self.is_warning))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let excerpt = self.excerpt.as_ref()?;
        Some(excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.excerpt.as_ref()?.span;
        let label = LabeledSpan::new_primary_with_span(self.label.clone(), span);
        Some(Box::new(std::iter::once(label)))
    }
}

fn severity(is_warning: bool) -> Severity {
    if is_warning {
        Severity::Warning
    } else {
        Severity::Error
    }
}

/// All problems of all files of one command, in the order of files and positions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    left_out: usize,
}

impl Problems {
    /// These problems, and as many more that are only counted.
    pub(crate) fn new(list: Vec<Problem>, left_out: usize) -> Self {
        Self { list, left_out }
    }

    /// Adds one; beyond [`MOST_PROBLEMS`] it is only counted.
    pub(crate) fn push(&mut self, problem: Problem) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(problem);
        } else {
            self.left_out += 1;
        }
    }

    /// Adds those of another file.
    pub fn merge(&mut self, others: Self) {
        self.left_out += others.left_out;
        for problem in others.list {
            self.push(problem);
        }
    }

    /// Each problem.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// How many there are, the ones that were only counted included.
    pub fn len(&self) -> usize {
        self.list.len() + self.left_out
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether nothing worse than warnings is in it.
    fn are_warnings(&self) -> bool {
        self.list.iter().all(|problem| problem.is_warning)
    }

    /// `value` if there is no problem.
    pub(crate) fn unless_any<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self::new(vec![problem], 0)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.are_warnings() {
            "warning"
        } else {
            "problem"
        };
        match self.len() {
            1 => write!(f, "1 {what}")?,
            count => write!(f, "{count} {what}s")?,
        }
        match self.left_out {
            0 => Ok(()),
            count => write!(f, ", {count} of them not shown"),
        }
    }
}

impl std::error::Error for Problems {}

impl Serialize for Problems {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.list)
    }
}

impl Diagnostic for Problems {
    fn severity(&self) -> Option<Severity> {
        Some(severity(self.are_warnings()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(
            self.list.iter().map(|problem| problem as &dyn Diagnostic),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_invalid_byte_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.toml");
        std::fs::write(&path, b"\xef\xbb\xbfa = 1\nb = \"\xe9\"\n").expect("a file");
        let error = Source::read(&path).expect_err("invalid");
        let problem = Problem::unreadable(&path, &error);
        assert_eq!(problem.position(), Some(LineColumn { line: 2, column: 6 }));
        assert!(problem.label().expect("a label").contains("0xe9"));
    }
}
