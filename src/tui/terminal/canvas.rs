//! A screen in memory that can be looked at while the loop draws on it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Size};

/// A screen in memory; a clone is the same screen.
#[derive(Debug, Clone)]
pub struct Canvas {
    backend: Rc<RefCell<TestBackend>>,
    frames: Rc<RefCell<usize>>,
}

impl Canvas {
    /// An empty screen of this many cells.
    pub fn new(width: u16, height: u16) -> Self {
        Self {
            backend: Rc::new(RefCell::new(TestBackend::new(width, height))),
            frames: Rc::default(),
        }
    }

    /// Returns a copy of its cells.
    pub fn buffer(&self) -> Buffer {
        self.backend.borrow().buffer().clone()
    }

    /// Frames drawn so far.
    pub fn frames(&self) -> usize {
        *self.frames.borrow()
    }

    /// Gives it another size, as a user resizes a window.
    pub fn resize(&self, width: u16, height: u16) {
        self.backend.borrow_mut().resize(width, height);
    }
}

impl Backend for Canvas {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        *self.frames.borrow_mut() += 1;
        self.backend.borrow_mut().draw(content)
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.backend.borrow_mut().hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.backend.borrow_mut().show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.backend.borrow_mut().get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.backend.borrow_mut().set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.backend.borrow_mut().clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Infallible> {
        self.backend.borrow_mut().clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, Infallible> {
        self.backend.borrow().size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.backend.borrow_mut().window_size()
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        self.backend.borrow_mut().flush()
    }
}
