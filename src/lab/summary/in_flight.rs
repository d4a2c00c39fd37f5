//! Calls in flight at once: the proof that they overlapped.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::CallRow;

/// How many attempts were in flight at once, from the start of the first to the
/// end of the last.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct InFlight {
    /// On average over that time.
    pub mean: f64,
    /// At most.
    pub most: usize,
}

impl InFlight {
    /// Of the ended attempts of these calls.
    pub(super) fn of<'r>(rows: impl Iterator<Item = &'r CallRow>) -> Self {
        let attempts = rows.flat_map(|row| &row.attempts);
        let spans = attempts.filter_map(|it| {
            Some(Span {
                from: it.started,
                to: it.ended?,
            })
        });
        Self::of_spans(&spans.collect::<Vec<Span>>())
    }

    fn of_spans(spans: &[Span]) -> Self {
        let first = spans.iter().map(|it| it.from).min().unwrap_or_default();
        let last = spans.iter().map(|it| it.to).max().unwrap_or_default();
        let whole = last.saturating_sub(first).as_secs_f64();
        let sum: Duration = spans.iter().map(|it| it.to.saturating_sub(it.from)).sum();
        let mut starts: Vec<Duration> = spans.iter().map(|it| it.from).collect();
        let mut ends: Vec<Duration> = spans.iter().map(|it| it.to).collect();
        starts.sort_unstable();
        ends.sort_unstable();
        let mut most = 0;
        let mut ended = 0;
        for (started, at) in starts.iter().enumerate() {
            // One that ends when another starts was not beside it.
            while ends.get(ended).is_some_and(|end| end <= at) {
                ended += 1;
            }
            most = most.max((started + 1).saturating_sub(ended));
        }
        Self {
            mean: if whole > 0.0 {
                sum.as_secs_f64() / whole
            } else {
                0.0
            },
            most,
        }
    }

    pub(super) fn document(self) -> Value {
        let mean = (self.mean * 1000.0).round() / 1000.0;
        json!({ "mean": mean, "most": self.most })
    }
}

/// Time of one attempt.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Duration,
    to: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: u64, to: u64) -> Span {
        let seconds = Duration::from_secs;
        Span {
            from: seconds(from),
            to: seconds(to),
        }
    }

    #[test]
    fn attempts_one_after_another_do_not_overlap_and_others_do() {
        let turns = InFlight::of_spans(&[span(0, 1), span(1, 2), span(2, 4)]);
        assert_eq!((turns.most, turns.mean), (1, 1.0));
        let beside = InFlight::of_spans(&[span(0, 4), span(1, 3), span(2, 4)]);
        assert_eq!((beside.most, beside.mean), (3, 2.0));
        assert_eq!(InFlight::of_spans(&[]), InFlight::default());
    }
}
