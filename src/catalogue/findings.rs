//! The problems found so far in one file.

use std::ops::Range;

use super::problem::{Problem, Problems};
use super::source::Source;

/// Collects the problems of one file, so that reading goes on after each.
#[derive(Debug)]
pub(crate) struct Findings<'s> {
    source: &'s Source,
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl<'s> Findings<'s> {
    /// Nothing found yet.
    pub(crate) fn new(source: &'s Source) -> Self {
        Self {
            source,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The file that is read.
    pub(crate) fn source(&self) -> &'s Source {
        self.source
    }

    /// A problem at a span of the file, to be completed and pushed.
    pub(crate) fn at(&self, span: &Range<usize>, message: impl AsRef<str>) -> Problem {
        Problem::error(self.source, span, message)
    }

    /// Adds an error.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.errors.push(problem);
    }

    /// Adds an error that needs no more than a message.
    pub(crate) fn error(&mut self, span: &Range<usize>, message: impl AsRef<str>) {
        self.push(self.at(span, message));
    }

    /// Adds a warning.
    pub(crate) fn warn(&mut self, problem: Problem) {
        self.warnings.push(problem.into_warning());
    }

    /// How many errors there are: reading compares before and after.
    pub(crate) fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// The errors and the warnings, each in the order of their places.
    pub(crate) fn finish(mut self) -> (Problems, Problems) {
        let in_order = |list: &mut Vec<Problem>| {
            list.sort_by_key(Problem::place);
            let mut problems = Problems::default();
            for problem in list.drain(..) {
                problems.push(problem);
            }
            problems
        };
        (in_order(&mut self.errors), in_order(&mut self.warnings))
    }
}
