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
    /// A long gap in it, which is drawn as a short one.
    pub fold: Option<Gap>,
}

/// A stretch in which nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its beginning.
    pub from: Duration,
    /// Its end.
    pub to: Duration,
}

impl Gap {
    /// Its length.
    pub fn length(self) -> Duration {
        self.to.saturating_sub(self.from)
    }
}

/// A gap is folded from this length on, if it is a third of all.
const LONG: Duration = Duration::from_secs(5);

/// A gap is drawn as this part of the rest.
const FOLDED: u32 = 24;

impl TimeWindow {
    /// Its length.
    pub fn length(self) -> Duration {
        self.to.saturating_sub(self.from)
    }

    /// The column a time falls in, of `columns`; what lies outside is put at
    /// the edge.
    pub fn column(self, time: Duration, columns: u16) -> u16 {
        let inside = self.place(time.clamp(self.from, self.to)).as_secs_f64();
        let share = inside / self.drawn().as_secs_f64().max(f64::MIN_POSITIVE);
        ((share * f64::from(columns)) as u16).min(columns.saturating_sub(1))
    }

    /// The time at the beginning of a column.
    pub fn time(self, column: u16, columns: u16) -> Duration {
        let share = f64::from(column) / f64::from(columns.max(1));
        let place = self.drawn().mul_f64(share);
        let Some((fold, short)) = self.fold.map(|fold| (fold, self.folded(fold))) else {
            return self.from + place;
        };
        let before = fold.from.saturating_sub(self.from);
        match place.checked_sub(before) {
            None => self.from + place,
            Some(inside) => match inside.checked_sub(short) {
                None => {
                    let part = inside.as_secs_f64() / short.as_secs_f64().max(f64::MIN_POSITIVE);
                    fold.from + fold.length().mul_f64(part)
                }
                Some(behind) => fold.to + behind,
            },
        }
    }

    /// The columns in which a long gap is drawn as a short one.
    pub fn fold_columns(self, columns: u16) -> Option<(u16, u16)> {
        let fold = self.fold?;
        let from = self.column(fold.from, columns);
        Some((from, self.column(fold.to, columns).max(from + 1)))
    }

    /// The length in which a gap is drawn.
    fn folded(self, fold: Gap) -> Duration {
        self.length().saturating_sub(fold.length()) / FOLDED
    }

    /// The same with a gap that is long enough and lies in it drawn as a short
    /// one.
    fn folding(self, gap: Option<Gap>) -> Self {
        let is_long = |gap: &Gap| {
            let is_inside = self.from <= gap.from && gap.to <= self.to;
            is_inside && gap.length() >= LONG && gap.length() * 3 >= self.length()
        };
        Self {
            fold: gap.filter(is_long),
            ..self
        }
    }

    /// The length as it is drawn.
    pub fn drawn(self) -> Duration {
        self.place(self.to)
    }

    /// Where a time inside of it is drawn, from its beginning on.
    fn place(self, time: Duration) -> Duration {
        let inside = time.saturating_sub(self.from);
        let Some(fold) = self.fold.filter(|fold| time > fold.from) else {
            return inside;
        };
        let short = self.folded(fold);
        let before = fold.from.saturating_sub(self.from);
        if time >= fold.to {
            return before + short + time.saturating_sub(fold.to);
        }
        let part = time.saturating_sub(fold.from).as_secs_f64() / fold.length().as_secs_f64();
        before + short.mul_f64(part)
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
            fold: None,
        }
        .folding(self.model.gap)
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
        let window = TimeWindow {
            from,
            to: from + length,
            fold: None,
        };
        self.window = Some(window.folding(self.model.gap));
    }
}
