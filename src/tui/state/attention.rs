//! Presence of a user, by keys and the focus of the terminal.

use std::time::Duration;

/// Time without a key after which the user counts as absent.
pub const IDLE_AFTER: Duration = Duration::from_secs(30);

/// Presence of a user in front of the screen, by keys and the terminal's focus
/// reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attention {
    last_input: Duration,
    is_focused: bool,
}

impl Default for Attention {
    fn default() -> Self {
        Self {
            last_input: Duration::ZERO,
            is_focused: true,
        }
    }
}

impl Attention {
    /// Notes a key or the mouse.
    pub fn touch(&mut self, now: Duration) {
        self.last_input = now;
        self.is_focused = true;
    }

    /// Notes that the terminal's window gained or lost the focus.
    pub fn focus(&mut self, is_focused: bool, now: Duration) {
        self.is_focused = is_focused;
        if is_focused {
            self.last_input = now;
        }
    }

    /// Whether the terminal's window has the focus, as far as is known.
    pub fn is_focused(&self) -> bool {
        self.is_focused
    }

    /// Whether the user counts as present.
    pub fn is_there(&self, now: Duration) -> bool {
        self.is_focused && now < self.ends_at()
    }

    /// When attention ends if nothing more is pressed.
    pub fn ends_at(&self) -> Duration {
        self.last_input + IDLE_AFTER
    }
}
