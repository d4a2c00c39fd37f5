//! A run of text that may be shown.

use std::borrow::Cow;

use super::{Safe, fit};

/// A run of text that may be shown. Only literals, figures and [`Safe`] text
/// become one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece<'a>(Cow<'a, str>);

impl Piece<'_> {
    /// A text this module formatted from numbers and literals.
    pub(super) fn formatted(text: String) -> Piece<'static> {
        Piece(Cow::Owned(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many cells it takes.
    pub fn width(&self) -> usize {
        fit::width(&self.0)
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This text in at most so many cells, cut in its middle, where `ellipsis`
    /// stands then.
    #[must_use]
    pub fn cut(self, cells: usize, ellipsis: &'static str) -> Piece<'static> {
        let text = fit::fit(&self.0, cells, fit::Cut::Middle, ellipsis).into_owned();
        Piece(Cow::Owned(text))
    }

    /// This text and then another.
    #[must_use]
    pub fn then<'b>(self, next: impl Into<Piece<'b>>) -> Piece<'static> {
        let next = next.into();
        if next.is_empty() {
            return Piece(Cow::Owned(self.0.into_owned()));
        }
        Piece(Cow::Owned(self.0.into_owned() + &next.0))
    }
}

impl From<&'static str> for Piece<'static> {
    fn from(text: &'static str) -> Self {
        Piece(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a Safe> for Piece<'a> {
    fn from(text: &'a Safe) -> Self {
        Piece(Cow::Borrowed(text.as_str()))
    }
}

impl From<Safe> for Piece<'static> {
    fn from(text: Safe) -> Self {
        Piece(Cow::Owned(text.as_str().to_owned()))
    }
}
