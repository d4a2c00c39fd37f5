//! Things to choose from: a list that is narrowed by typing, and the mark that
//! goes up and down in it.

use crossterm::event::KeyEvent;

use crate::tui::text::field::TextField;

/// A list that is narrowed by typing.
#[derive(Debug)]
pub struct Shortlist<T> {
    /// The typed text.
    pub filter: TextField,
    /// Matching entries, the best first.
    pub found: Vec<T>,
    /// The index of the marked one.
    pub marked: usize,
}

impl<T> Shortlist<T> {
    /// A list before anything was typed.
    pub fn new(all: Vec<T>, marked: usize) -> Self {
        Self {
            filter: TextField::single_line(),
            found: all,
            marked,
        }
    }

    /// The marked one.
    pub fn chosen(&self) -> Option<&T> {
        self.found.get(self.marked)
    }

    /// Marks another one, around the ends.
    pub fn turn(&mut self, by: isize) {
        self.marked = turned(self.marked, self.found.len(), by);
    }

    /// Takes a typed key; `narrowed` returns what the typed letters leave.
    pub fn key(&mut self, key: KeyEvent, narrowed: impl FnOnce(&str) -> Vec<T>) {
        self.filter.key(key);
        self.narrow(narrowed);
    }

    /// Takes pasted text, in the same way.
    pub fn paste(&mut self, text: &str, narrowed: impl FnOnce(&str) -> Vec<T>) {
        self.filter.paste(text);
        self.narrow(narrowed);
    }

    /// Lists again what the typed letters leave; the mark stays where it is.
    pub fn renew(&mut self, narrowed: impl FnOnce(&str) -> Vec<T>) {
        let marked = self.marked;
        self.narrow(narrowed);
        self.marked = marked.min(self.found.len().saturating_sub(1));
    }

    fn narrow(&mut self, narrowed: impl FnOnce(&str) -> Vec<T>) {
        self.found = narrowed(&self.filter.text());
        self.marked = 0;
    }
}

/// The index after, or before, a marked one of so many, around the ends; 0 of
/// none.
pub fn turned(marked: usize, count: usize, by: isize) -> usize {
    let count = count.max(1);
    (marked + count).saturating_add_signed(by) % count
}

#[cfg(test)]
mod tests {
    use super::turned;

    #[test]
    fn it_goes_around_both_ends() {
        assert_eq!(turned(2, 3, 1), 0);
        assert_eq!(turned(0, 3, -1), 2);
        assert_eq!(turned(1, 3, 1), 2);
        assert_eq!(turned(0, 0, 1), 0);
    }
}
