//! State of the chart: the meaning of its rows, the time it shows, and its
//! cursor.

use std::sync::Arc;
use std::time::Duration;

use super::{EarlierRun, Timeline};

/// Rows of the chart: lanes or calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowMode {
    /// A row for each lane.
    #[default]
    Lanes,
    /// A row for each call.
    Calls,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeWindow {
    /// Its beginning.
    pub from: Duration,
    /// Its end, later than its beginning.
    pub to: Duration,
}

impl TimeWindow {
    /// Its length.
    pub fn length(self) -> Duration {
        self.to.saturating_sub(self.from)
    }

    /// The column a time falls in, of `columns`; what lies outside is put at
    /// the edge.
    pub fn column(self, time: Duration, columns: u16) -> u16 {
        let inside = time.clamp(self.from, self.to).saturating_sub(self.from);
        let share = inside.as_secs_f64() / self.length().as_secs_f64().max(f64::MIN_POSITIVE);
        ((share * f64::from(columns)) as u16).min(columns.saturating_sub(1))
    }

    /// The time at the beginning of a column.
    pub fn time(self, column: u16, columns: u16) -> Duration {
        let share = f64::from(column) / f64::from(columns.max(1));
        self.from + self.length().mul_f64(share)
    }
}

/// State of the chart.
#[derive(Debug, Clone, Default)]
pub struct TimelineView {
    /// Rows of the chart.
    pub rows: RowMode,
    /// The time it shows; `None` is the whole run, as it grows.
    pub window: Option<TimeWindow>,
    /// Where the cursor is.
    pub cursor: Option<Duration>,
    /// The lane that is selected, while there is a row for each.
    pub lane: usize,
    /// Bars derived from the run.
    pub model: Timeline,
    /// The runs before of the same plan that were kept, the latest first.
    pub before: Arc<[EarlierRun]>,
    /// Which of them is shown; none where it is past the last.
    pub chosen: usize,
}

/// The shortest stretch that is shown.
const SHORTEST: Duration = Duration::from_millis(50);

impl TimelineView {
    /// The run before that is shown.
    pub fn earlier_run(&self) -> Option<&EarlierRun> {
        self.before.get(self.chosen)
    }

    /// Shows the run before the one that is shown; after the last none, and
    /// then the latest again.
    pub fn turn_back(&mut self) {
        self.chosen = (self.chosen + 1) % (self.before.len() + 1);
    }

    /// The whole run up to now, and the run before while that is shown.
    pub fn whole(&self, now: Duration) -> TimeWindow {
        let before = self
            .earlier_run()
            .map_or(Duration::ZERO, |earlier_run| earlier_run.last_end);
        TimeWindow {
            from: Duration::ZERO,
            to: now.max(self.model.last_end).max(before).max(SHORTEST),
        }
    }

    /// The time it shows.
    pub fn shown(&self, now: Duration) -> TimeWindow {
        self.window.unwrap_or_else(|| self.whole(now))
    }

    /// Shows half or twice as much time around the cursor.
    pub fn zoom(&mut self, factor: f64, now: Duration) {
        let shown = self.shown(now);
        let whole = self.whole(now);
        let length = shown.length().mul_f64(factor).max(SHORTEST);
        if length >= whole.length() {
            self.window = None;
            return;
        }
        let middle = self.cursor.unwrap_or(shown.from + shown.length() / 2);
        let share = middle.saturating_sub(shown.from).as_secs_f64() / shown.length().as_secs_f64();
        let before = length.mul_f64(share.clamp(0.0, 1.0));
        self.place(middle.saturating_sub(before), length, whole);
    }

    /// Moves the cursor by some columns of a chart of `columns`; what is shown
    /// moves along where the cursor would leave it.
    pub fn move_cursor(&mut self, by: i64, columns: u16, now: Duration) {
        let shown = self.shown(now);
        let step = shown.length() / u32::from(columns.max(1));
        let far = step * u32::try_from(by.unsigned_abs()).unwrap_or(u32::MAX);
        let cursor = self.cursor.unwrap_or(shown.to);
        let whole = self.whole(now);
        let next = if by < 0 {
            cursor.saturating_sub(far)
        } else {
            (cursor + far).min(whole.to)
        };
        self.cursor = Some(next);
        if self.window.is_none() {
            return;
        }
        if next < shown.from {
            self.place(next, shown.length(), whole);
        } else if next > shown.to {
            self.place(next.saturating_sub(shown.length()), shown.length(), whole);
        }
    }

    fn place(&mut self, from: Duration, length: Duration, whole: TimeWindow) {
        let latest = whole.to.saturating_sub(length);
        let from = from.min(latest);
        self.window = Some(TimeWindow {
            from,
            to: from + length,
        });
    }
}
