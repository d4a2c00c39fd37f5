//! Programs of the user's that the dashboard hands something to: an editor, a
//! pager, one for the clipboard.

use std::ffi::OsStr;
use std::process::Command;

/// Where a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// In the user's editor.
    Editor,
    /// In the user's pager.
    Pager,
}

/// A program and the arguments that it is always given. It is started without
/// a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    name: String,
    args: Vec<String>,
}

/// A text names no program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoProgram {
    /// There is no word in it.
    #[error("names no program")]
    Empty,
    /// A quotation in it does not end.
    #[error("has a quotation without an end")]
    Unquoted(#[from] shell_words::ParseError),
}

impl Program {
    /// A program without arguments.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            args: Vec::new(),
        }
    }

    /// The program of these words.
    pub fn of_words(words: Vec<String>) -> Result<Self, NoProgram> {
        let mut words = words.into_iter();
        let name = words.next().filter(|name| !name.is_empty());
        Ok(Self {
            name: name.ok_or(NoProgram::Empty)?,
            args: words.collect(),
        })
    }

    /// The program of a line such as `code --wait`, whose words may be quoted
    /// as for a shell. Nothing else in it is expanded.
    pub fn of_line(line: &str) -> Result<Self, NoProgram> {
        Self::of_words(shell_words::split(line)?)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is started, with more arguments.
    pub fn command(&self, more: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(&self.name);
        command.args(&self.args).args(more);
        command
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::export::program::*;

    #[test]
    fn a_line_is_split_as_a_shell_would() {
        let program = Program::of_line("'/opt/my editor/bin' --wait -n\\ 1").expect("a program");
        assert_eq!(program.name(), "/opt/my editor/bin");
        assert_eq!(program.args, ["--wait", "-n 1"]);
        assert_eq!(Program::of_line("  "), Err(NoProgram::Empty));
        assert!(matches!(
            Program::of_line("vi 'x"),
            Err(NoProgram::Unquoted(_))
        ));
    }
}
