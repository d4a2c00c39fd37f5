//! Whether somebody looks at the screen.

use std::time::Duration;

/// After this long without a key nobody is taken to look.
pub const IDLE_AFTER: Duration = Duration::from_secs(30);

/// Whether somebody looks at the screen, as far as keys and the terminal's
/// focus reports tell.
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

    /// Whether somebody is taken to look.
    pub fn is_there(&self, now: Duration) -> bool {
        self.is_focused && now < self.ends_at()
    }

    /// When attention ends if nothing more is pressed.
    pub fn ends_at(&self) -> Duration {
        self.last_input + IDLE_AFTER
    }
}
