//! The pointer: its last press, and whether the terminal reports it.

use std::time::Duration;

use ratatui::layout::Position;

/// Two presses of one cell within this time are a double press.
const DOUBLE: Duration = Duration::from_millis(400);

/// The pointer.
#[derive(Debug, Clone)]
pub struct Pointer {
    last: Option<(Position, Duration)>,
    is_reported: bool,
}

impl Default for Pointer {
    fn default() -> Self {
        Self {
            last: None,
            is_reported: true,
        }
    }
}

impl Pointer {
    /// Notes a press of the left button. Returns true if it is the second one of
    /// a double press.
    pub fn press(&mut self, at: Position, now: Duration) -> bool {
        let last = self.last.replace((at, now));
        let is_double = last.is_some_and(|(place, when)| place == at && now < when + DOUBLE);
        if is_double {
            self.last = None;
        }
        is_double
    }

    /// Whether the terminal reports the mouse.
    pub fn is_reported(&self) -> bool {
        self.is_reported
    }

    /// Notes whether the terminal reports the mouse.
    pub fn set_reported(&mut self, is_reported: bool) {
        self.is_reported = is_reported;
    }
}
