//! Calls whose locks are named by outputs: asked for, not answered yet.
//!
//! Such a call is ready as soon as its locks are known, and its place may be
//! before others. So a step that asks, and those that bring answers, leave
//! admission to a later step until all answers are there.

use std::collections::BTreeSet;

use crate::model::CallId;

/// The open questions, and whether admission waits for their answers.
#[derive(Debug, Default)]
pub(super) struct LockQuestions {
    open: BTreeSet<CallId>,
    holds_admission: bool,
}

impl LockQuestions {
    /// Begins a step; `is_answer` says whether its input answers a question.
    pub(super) fn begin_step(&mut self, is_answer: bool) {
        self.holds_admission = is_answer;
    }

    /// Notes that a call's locks were asked for in this step.
    pub(super) fn ask(&mut self, id: CallId) {
        self.open.insert(id);
        self.holds_admission = true;
    }

    /// Notes that a call's locks are known, or that it has ended.
    pub(super) fn close(&mut self, id: CallId) {
        self.open.remove(&id);
    }

    /// Returns whether this step leaves admission to a later one.
    pub(super) fn holds_admission(&self) -> bool {
        self.holds_admission && !self.open.is_empty()
    }
}
