//! Short messages to the user, which go away by themselves.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::output::Safe;
use crate::tui::text::Piece;

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToastLevel {
    /// For information: 4 s.
    Info,
    /// A warning: 8 s.
    Warn,
    /// Something went wrong: stays until it is dismissed.
    Error,
}

impl ToastLevel {
    fn stays(self) -> Option<Duration> {
        match self {
            Self::Info => Some(Duration::from_secs(4)),
            Self::Warn => Some(Duration::from_secs(8)),
            Self::Error => None,
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    /// How much it matters.
    pub level: ToastLevel,
    /// Its text.
    pub text: Piece<'static>,
    /// When it was said.
    pub said: Duration,
    /// When it goes away by itself.
    pub until: Option<Duration>,
}

/// Messages that are kept.
const KEPT: usize = 200;

/// Messages: the latest is on the screen, all are kept for reading again.
#[derive(Debug, Clone, Default)]
pub struct Toasts {
    log: VecDeque<Toast>,
    dismissed: usize,
    forgotten: usize,
    /// Number of the engine's notice that was shown last.
    notice: u64,
}

/// A notice of the engine with its number, which grows. Untrusted text.
type Notice = (u64, Arc<str>);

impl Toasts {
    /// No messages yet; this notice of the engine is not shown.
    pub fn after(notice: Option<&Notice>) -> Self {
        Self {
            notice: notice.map_or(0, |(number, _)| *number),
            ..Self::default()
        }
    }

    /// Shows a notice of the engine, unless it was shown before.
    pub fn notice(&mut self, now: Duration, notice: Option<&Notice>) {
        if let Some((number, text)) = notice
            && *number > self.notice
        {
            self.notice = *number;
            self.push(now, ToastLevel::Warn, Safe::new(text).into());
        }
    }

    /// Says something.
    pub fn push(&mut self, now: Duration, level: ToastLevel, text: Piece<'static>) {
        while self.log.len() >= KEPT {
            self.log.pop_front();
            self.forgotten = self.forgotten.saturating_add(1);
            self.dismissed = self.dismissed.saturating_sub(1);
        }
        self.log.push_back(Toast {
            level,
            text,
            said: now,
            until: level.stays().map(|stays| now + stays),
        });
    }

    /// The message on the screen: of those that are still up the one that
    /// matters most, the latest of them.
    pub fn showing(&self, now: Duration) -> Option<&Toast> {
        let up = self.log.iter().skip(self.dismissed);
        let up = up.filter(|toast| toast.until.is_none_or(|until| now < until));
        up.max_by_key(|toast| (toast.level, toast.said))
    }

    /// When the message on the screen goes away by itself.
    pub fn changes_at(&self, now: Duration) -> Option<Duration> {
        self.showing(now)?.until
    }

    /// Takes all messages off the screen; whether there was one that would
    /// have stayed.
    pub fn dismiss(&mut self, now: Duration) -> bool {
        let would_stay = self.showing(now).is_some_and(|toast| toast.until.is_none());
        self.dismissed = self.log.len();
        would_stay
    }

    /// How many messages were said before those that are kept.
    pub fn forgotten(&self) -> usize {
        self.forgotten
    }

    /// All messages that are kept, oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Toast> {
        self.log.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn errors_stay_and_the_rest_goes() {
        let mut toasts = Toasts::default();
        toasts.push(secs(0), ToastLevel::Error, "broken".into());
        toasts.push(secs(1), ToastLevel::Info, "copied".into());
        assert_eq!(
            toasts.showing(secs(2)).map(|it| it.level),
            Some(ToastLevel::Error)
        );
        assert!(toasts.dismiss(secs(2)));
        toasts.push(secs(3), ToastLevel::Info, "copied".into());
        assert_eq!(toasts.changes_at(secs(3)), Some(secs(7)));
        assert_eq!(toasts.showing(secs(7)), None);
    }

    #[test]
    fn the_log_is_bounded() {
        let mut toasts = Toasts::default();
        for _ in 0..KEPT * 2 {
            toasts.push(secs(0), ToastLevel::Info, "again".into());
        }
        assert_eq!((toasts.log().count(), toasts.forgotten()), (KEPT, KEPT));
    }
}
