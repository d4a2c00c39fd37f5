//! Says when to draw: the first change at once, then at most so many frames a
//! second, by absolute deadlines. Without a change nothing is drawn.

use std::time::Duration;

/// Frames a second by default.
pub const FRAMES_PER_SECOND: u32 = 30;

/// Says when to draw. Times count on the dashboard's own clock.
#[derive(Debug, Clone)]
pub struct FrameClock {
    gap: Duration,
    next: Duration,
    wanted: Option<Duration>,
}

impl FrameClock {
    /// Draws at most `frames_per_second`, and the first change at once.
    pub fn new(frames_per_second: u32) -> Self {
        Self {
            gap: Duration::from_secs(1) / frames_per_second.max(1),
            next: Duration::ZERO,
            wanted: None,
        }
    }

    /// Asks for a frame as soon as the rate allows.
    pub fn request(&mut self, now: Duration) {
        self.request_at(now);
    }

    /// Asks for a frame at `at`; an earlier request stays.
    pub fn request_at(&mut self, at: Duration) {
        self.wanted = Some(self.wanted.map_or(at, |wanted| wanted.min(at)));
    }

    /// When the next frame is due; `None` while nothing changed.
    pub fn deadline(&self) -> Option<Duration> {
        self.wanted.map(|wanted| wanted.max(self.next))
    }

    /// Whether a frame is due.
    pub fn is_due(&self, now: Duration) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// Notes that a frame was drawn.
    pub fn drawn(&mut self, now: Duration) {
        self.wanted = None;
        self.next = now + self.gap;
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::event_loop::frame_clock::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn draws_the_first_change_at_once_and_then_in_step() {
        let mut clock = FrameClock::new(30);
        assert_eq!(clock.deadline(), None);
        clock.request(ms(100));
        assert!(clock.is_due(ms(100)));
        clock.drawn(ms(100));
        assert!(!clock.is_due(ms(1_000)), "nothing changed");
        clock.request(ms(110));
        assert!(!clock.is_due(ms(120)));
        assert!(clock.is_due(ms(134)));
    }

    #[test]
    fn an_earlier_request_stays() {
        let mut clock = FrameClock::new(30);
        clock.request_at(ms(500));
        clock.request_at(ms(900));
        assert_eq!(clock.deadline(), Some(ms(500)));
    }
}
