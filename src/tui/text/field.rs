//! A text field of one or more lines.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui_textarea::TextArea;

/// A text field.
#[derive(Debug, Clone)]
pub struct TextField {
    /// The editor.
    pub area: TextArea<'static>,
    is_single_line: bool,
}

impl TextField {
    /// An empty field of one line.
    pub fn single_line() -> Self {
        Self {
            area: TextArea::default(),
            is_single_line: true,
        }
    }

    /// A field of one line with a text in it, and the cursor behind that.
    pub fn line_with(text: &str) -> Self {
        let mut field = Self::single_line();
        field.area.insert_str(text);
        field
    }

    /// A field of several lines with a text in it.
    pub fn with_text(text: &str) -> Self {
        Self {
            area: TextArea::new(text.lines().map(str::to_owned).collect()),
            is_single_line: false,
        }
    }

    /// Returns its text.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Takes a key. A field of one line takes no line feed.
    pub fn key(&mut self, key: KeyEvent) {
        if self.is_single_line && matches!(key.code, KeyCode::Enter) {
            return;
        }
        self.area.input(key);
    }

    /// Takes pasted text, literally.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = if self.is_single_line {
            text.replace('\n', " ")
        } else {
            text
        };
        self.area.insert_str(text);
    }
}
