//! Problems of the user's own files: themes, keys and options. Such a file
//! never stops a start.

/// A problem in a file. The rest of the file is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct Problem {
    /// The file as it is shown to the user.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Message.
    pub message: String,
}

impl Problem {
    /// A problem at the byte `at` of the text of `file`.
    pub fn at(file: &str, text: &str, at: usize, message: impl Into<String>) -> Self {
        let (line, column) = place(text, at);
        Self {
            file: file.to_owned(),
            line,
            column,
            message: message.into(),
        }
    }
}

/// Line and column of a byte of a text, both from 1.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    (line, before.get(start..).unwrap_or("").chars().count() + 1)
}

/// `; did you mean …?` with the known name that is most like `name`; empty if
/// none is like it.
pub fn hint<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let likeness = known
        .into_iter()
        .map(|it| (strsim::jaro_winkler(it, name), it));
    let best = likeness.max_by(|a, b| a.0.total_cmp(&b.0));
    let near = best.filter(|(likeness, _)| *likeness > 0.7);
    near.map_or_else(String::new, |(_, near)| format!("; did you mean `{near}`?"))
}
