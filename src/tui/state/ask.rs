//! A question with a few answers; the harmless one is marked first.

use super::{ExperimentKind, turned};

/// The question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Whether to wait for running calls or cancel them before leaving.
    Quit,
    /// Whether to cancel every call that has not ended.
    CancelAll,
    /// Whether to give up what was typed into a form.
    DropForm,
    /// Where to put a pasted JSON object.
    FillForm,
    /// Whether to cancel the marked calls.
    CancelMarked,
    /// Whether to kill the marked calls.
    KillMarked,
    /// Whether to close a server that works on calls.
    StopServer,
    /// Whether to restart one.
    RestartServer,
    /// Whether to use tools as they are described in this revision.
    UseChanged(u64),
    /// Where to put a copy that is too large for the clipboard.
    KeepCopy,
    /// Whether to run every call again, many times.
    Experiment(ExperimentKind),
    /// Whether to leave although an experiment is under way.
    LeaveExperiment,
}

impl Question {
    /// The answers; the first one changes nothing.
    pub fn answers(self) -> &'static [&'static str] {
        match self {
            Self::Quit => &["Keep running", "Drain and leave", "Cancel all and leave"],
            Self::CancelAll => &["Keep running", "Cancel all"],
            Self::DropForm => &["Go on typing", "Give it up"],
            Self::FillForm => &["Leave it", "Paste it as text", "Fill the form with it"],
            Self::CancelMarked => &["Keep running", "Cancel them"],
            Self::KillMarked => &["Keep running", "Kill them"],
            Self::Experiment(ExperimentKind::Compare) => &["Run nothing", "Compare"],
            Self::Experiment(ExperimentKind::Sweep) => &["Run nothing", "Sweep"],
            Self::Experiment(ExperimentKind::GoOn) => &["Run nothing", "Begin anew", "Go on"],
            Self::LeaveExperiment => &["Go on with it", "Stop it and leave"],
            Self::StopServer => &["Keep it running", "Close it"],
            Self::RestartServer => &["Keep it running", "Restart it"],
            Self::UseChanged(_) => &["Hold them back", "Use them as they are now"],
            Self::KeepCopy => &["Do not copy", "Write it to a file here"],
        }
    }
}

/// A question and the answer that is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The question.
    pub question: Question,
    /// The marked answer.
    pub marked: usize,
}

impl Ask {
    /// Asks, with the harmless answer marked.
    pub fn new(question: Question) -> Self {
        Self {
            question,
            marked: 0,
        }
    }

    /// Marks another answer, around the ends.
    pub fn turn(&mut self, by: isize) {
        self.marked = turned(self.marked, self.question.answers().len(), by);
    }
}
