//! The way out: how often Ctrl-C was pressed, and what the dashboard waits for
//! before it is left.

use std::time::Duration;

/// Presses of Ctrl-C within this time belong together.
const TOGETHER: Duration = Duration::from_secs(2);

/// Way of leaving the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// Once no call of an agent is held any more, and the running calls have
    /// finished.
    Released,
    /// Once the running calls have finished.
    Drained,
    /// Once every call has been cancelled.
    Cancelled,
    /// The same, because Ctrl-C was pressed twice.
    Interrupted,
}

/// The way out of the dashboard.
#[derive(Debug, Clone, Default)]
pub struct Exit {
    presses: usize,
    pressed: Duration,
    leaving: Option<Leaving>,
}

impl Exit {
    /// Notes a press of Ctrl-C. Returns the number of presses that belong
    /// together, at most 3.
    pub fn interrupt(&mut self, now: Duration) -> usize {
        if now > self.pressed + TOGETHER {
            self.presses = 0;
        }
        self.pressed = now;
        self.presses = (self.presses + 1).min(3);
        self.presses
    }

    /// Notes that the dashboard is left once the engine has ended.
    pub fn leave_after(&mut self, leaving: Leaving) {
        self.leaving = Some(leaving);
    }

    /// Notes that the dashboard is not left, whatever was asked before.
    pub fn stay(&mut self) {
        self.leaving = None;
    }

    /// The way that the dashboard is being left, if it is.
    pub fn leaving(&self) -> Option<Leaving> {
        self.leaving
    }
}
