//! A backend that writes a frame in one piece, inside a synchronised update,
//! and writes nothing at all for a frame that changed nothing.

use std::io::{self, Write};

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Writes frames to a terminal.
#[derive(Debug)]
pub struct TerminalBackend<W: Write> {
    /// The bytes of the frame that is being drawn.
    frame: Vec<u8>,
    out: W,
    cursor: Option<Position>,
    is_cursor_shown: bool,
}

impl<W: Write> TerminalBackend<W> {
    /// Writes to `out`, whose cursor is hidden.
    pub fn new(out: W) -> Self {
        Self {
            frame: Vec::new(),
            out,
            cursor: None,
            is_cursor_shown: false,
        }
    }

    /// Where the bytes go.
    pub fn out(&self) -> &W {
        &self.out
    }

    fn crossterm(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.frame)
    }
}

impl<W: Write> Backend for TerminalBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        // Drawing moves the cursor.
        self.cursor = None;
        self.crossterm().draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.is_cursor_shown, false) {
            self.crossterm().hide_cursor()?;
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.is_cursor_shown, true) {
            self.crossterm().show_cursor()?;
        }
        Ok(())
    }

    /// The terminal is never asked: a late answer would be taken for keys.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.cursor != Some(position) {
            self.cursor = Some(position);
            self.crossterm().set_cursor_position(position)?;
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.crossterm().clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = crossterm::terminal::size()?;
        Ok(Size { width, height })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.crossterm().window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(self.frame.len() + 32);
        queue!(bytes, BeginSynchronizedUpdate)?;
        bytes.append(&mut self.frame);
        queue!(bytes, EndSynchronizedUpdate)?;
        self.out.write_all(&bytes)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_update_and_an_unchanged_one_is_nothing() {
        let mut screen = TerminalBackend::new(Vec::new());
        let cell = Cell::new("x");
        screen.draw([(0, 0, &cell)].into_iter()).expect("drawn");
        screen.hide_cursor().expect("hidden");
        screen.flush().expect("flushed");
        let first = String::from_utf8_lossy(screen.out()).into_owned();
        assert!(first.starts_with("\u{1b}[?2026h"), "{first:?}");
        assert!(first.ends_with("\u{1b}[?2026l"), "{first:?}");
        screen.draw(std::iter::empty()).expect("drawn");
        screen.hide_cursor().expect("hidden");
        screen.flush().expect("flushed");
        assert_eq!(screen.out().len(), first.len());
    }
}
