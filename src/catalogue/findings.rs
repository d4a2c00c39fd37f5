//! The problems found so far in one file.

use std::ops::Range;

use super::problem::{MOST_PROBLEMS, Problem, Problems};
use super::source::Source;

/// Collects the problems of one file, so that reading goes on after each.
#[derive(Debug)]
pub(crate) struct Findings<'s> {
    source: &'s Source,
    errors: Collected,
    warnings: Collected,
}

#[derive(Debug, Default)]
struct Collected {
    list: Vec<Problem>,
    count: usize,
}

impl<'s> Findings<'s> {
    /// Nothing found yet.
    pub(crate) fn new(source: &'s Source) -> Self {
        Self {
            source,
            errors: Collected::default(),
            warnings: Collected::default(),
        }
    }

    /// The file that is read.
    pub(crate) fn source(&self) -> &'s Source {
        self.source
    }

    /// A problem at a span of the file, to be completed and pushed.
    pub(crate) fn at(&self, span: &Range<usize>, message: impl AsRef<str>) -> Problem {
        if self.errors.is_full() {
            // It will only be counted: locating it would be wasted.
            return Problem::of_file(self.source.name(), message);
        }
        Problem::error(self.source, span, message)
    }

    /// Adds an error.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.errors.push(problem);
    }

    /// Adds an error that needs no more than a message.
    pub(crate) fn error(&mut self, span: &Range<usize>, message: impl AsRef<str>) {
        if self.errors.is_full() {
            self.errors.count += 1;
        } else {
            self.push(self.at(span, message));
        }
    }

    /// Adds a warning.
    pub(crate) fn warn(&mut self, span: &Range<usize>, message: impl AsRef<str>) {
        if self.warnings.is_full() {
            self.warnings.count += 1;
        } else {
            let problem = Problem::error(self.source, span, message);
            self.warnings.push(problem.into_warning());
        }
    }

    /// Whether further errors are only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.errors.is_full()
    }

    /// Number of errors so far: readers compare it before and after.
    pub(crate) fn error_count(&self) -> usize {
        self.errors.count
    }

    /// Returns the errors and the warnings, each in the order of their positions.
    pub(crate) fn finish(self) -> (Problems, Problems) {
        (self.errors.in_order(), self.warnings.in_order())
    }
}

impl Collected {
    /// Adds a problem; beyond [`MOST_PROBLEMS`] it is only counted.
    fn push(&mut self, problem: Problem) {
        self.count += 1;
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(problem);
        }
    }

    fn is_full(&self) -> bool {
        self.list.len() == MOST_PROBLEMS
    }

    fn in_order(mut self) -> Problems {
        self.list.sort_by_key(Problem::position);
        let left_out = self.count - self.list.len();
        Problems::new(self.list, left_out)
    }
}
