//! A text field of one or more lines.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui_textarea::{CursorMove, DataCursor, TextArea};

/// Treatment of line breaks by a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// It has one line: pasted line breaks become blanks.
    One,
    /// It is drawn in one line, and keeps pasted line breaks in it.
    Joined,
    /// It is drawn in as many lines as it has.
    Many,
}

/// A text field.
#[derive(Debug, Clone)]
pub struct TextField {
    /// The editor.
    area: TextArea<'static>,
    lines: Lines,
}

impl TextField {
    /// An empty field of one line.
    pub fn single_line() -> Self {
        Self {
            area: TextArea::default(),
            lines: Lines::One,
        }
    }

    /// A field of one line with a text in it, and the cursor behind that.
    pub fn line_with(text: &str) -> Self {
        let mut field = Self::single_line();
        field.area.insert_str(text);
        field
    }

    /// A field that is drawn in one line and keeps line breaks, with a text in
    /// it and the cursor behind that.
    pub fn joined(text: &str) -> Self {
        Self {
            lines: Lines::Joined,
            ..Self::line_with(text)
        }
    }

    /// A field of several lines with a text in it.
    pub fn with_text(text: &str) -> Self {
        Self {
            area: TextArea::new(text.lines().map(str::to_owned).collect()),
            lines: Lines::Many,
        }
    }

    /// Returns its text.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Returns the editor as it is drawn: a line break in a field of one line
    /// is drawn as `mark`.
    pub fn shown(&self, mark: &str) -> TextArea<'static> {
        let lines = self.area.lines();
        if self.lines == Lines::Many || lines.len() < 2 {
            return self.area.clone();
        }
        let DataCursor(row, column) = self.area.cursor();
        let before = lines.iter().take(row);
        let before: usize = before
            .map(|it| it.chars().count() + mark.chars().count())
            .sum();
        let mut shown = TextArea::new(vec![lines.join(mark)]);
        let column = u16::try_from(before + column).unwrap_or(u16::MAX);
        shown.move_cursor(CursorMove::Jump(0, column));
        shown
    }

    /// Takes a key. A field that is drawn in one line takes no line feed.
    pub fn key(&mut self, key: KeyEvent) {
        if self.lines != Lines::Many && matches!(key.code, KeyCode::Enter) {
            return;
        }
        self.area.input(key);
    }

    /// Takes pasted text, literally.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = match self.lines {
            Lines::One => text.replace('\n', " "),
            Lines::Joined | Lines::Many => text,
        };
        self.area.insert_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_lines_stay_lines_where_a_value_is_typed() {
        let mut field = TextField::joined("");
        field.paste("one\r\ntwo\n");
        assert_eq!(field.text(), "one\ntwo\n");
        let shown = field.shown("⏎");
        assert_eq!(shown.lines(), ["one⏎two⏎"]);
        assert_eq!(shown.cursor(), DataCursor(0, 8));
        let mut prompt = TextField::single_line();
        prompt.paste("one\ntwo");
        assert_eq!(prompt.text(), "one two");
    }
}
