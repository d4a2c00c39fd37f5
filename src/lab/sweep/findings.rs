//! The findings of a sweep so far, computed once for printing and drawing.

use super::request::{SweepRequest, SweepRun, USUAL_BLOCKS};
use super::verdict::MOST_BLOCKS;
use super::verdict::{CapFigures, Curve, Verdict};
use crate::lab::words::{drift_in_words, listed, seconds, seconds_range};
use crate::lab::{ExperimentError, Interval};
use crate::model::{Cap, plural};

/// Findings of a sweep so far.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepFindings {
    /// The request.
    pub request: SweepRequest,
    /// Every run so far.
    pub runs: Vec<SweepRun>,
    /// Blocks that count.
    pub blocks: usize,
    /// Figures of each cap, the lowest first; empty before the first whole
    /// block.
    pub caps: Vec<CapFigures>,
    /// Which cap is worth using.
    pub verdict: Verdict,
    /// The law that is drawn beside, and never chooses.
    pub curve: Option<Curve>,
    /// By how much runs got slower from the first block to the last.
    pub drift: Option<f64>,
    /// Caps that were left out, since those before were worse.
    pub left_out: Vec<Cap>,
    /// Caps that were run no more, since they could not be worth using.
    pub dropped: Vec<Cap>,
    /// Blocks that were set aside and run again.
    pub set_aside: Vec<usize>,
    /// Blocks that count although others used the machine meanwhile.
    pub disturbed: usize,
    /// Blocks that were broken off, because a call failed.
    pub broken_off: usize,
    /// Why it ended before its time.
    pub error: Option<ExperimentError>,
}

impl SweepFindings {
    /// Whether a cap is the one worth using, ties with it, or neither.
    pub fn mark(&self, cap: Cap) -> Option<Mark> {
        if self.verdict.cap == Some(cap) {
            return Some(Mark::WorthUsing);
        }
        self.verdict.ties.contains(&cap).then_some(Mark::Tie)
    }

    /// Which cap is worth using, in words.
    pub fn recommendation(&self) -> String {
        let blocks = self.blocks;
        let counted = plural(blocks, "block");
        let mut caps = self.caps.iter();
        let Some(own) = caps.find(|it| Some(it.cap) == self.verdict.cap) else {
            return self.inconclusive();
        };
        let ties = match &self.verdict.ties[..] {
            [] => String::new(),
            [one] => format!(" {one} may be as good."),
            ties => format!(" {} may be as good.", listed(ties)),
        };
        let mut higher = self.caps.iter().filter(|it| it.cap > own.cap);
        let slower = higher.find(|it| self.mark(it.cap).is_none() && it.wall.at > own.wall.at);
        let slower = slower.map(|it| {
            let part = (it.wall.at / own.wall.at - 1.0) * 100.0;
            format!(" {} is {part:.0} % slower.", it.cap)
        });
        format!(
            "cap {}: {} ({} {}), the smallest within 5 % of the best with a probability of {}.{ties}{} {counted}, this machine, this plan.",
            own.cap,
            seconds(own.wall.at),
            own.wall.name_in_text(),
            seconds_range(&own.wall),
            probability(own.right),
            slower.unwrap_or_default()
        )
    }

    fn inconclusive(&self) -> String {
        let counted = plural(self.blocks, "block");
        let may = self
            .caps
            .iter()
            .filter(|it| self.verdict.ties.contains(&it.cap));
        let may: Vec<String> = may
            .map(|it| format!("{} ({})", it.cap, probability(it.right)))
            .collect();
        let more = if self.blocks >= MOST_BLOCKS {
            "the times scatter too much"
        } else {
            "more blocks may tell"
        };
        format!(
            "Inconclusive after {counted}: {more}. The smallest cap within 5 % of the best may be {}.",
            may.join(", ")
        )
    }

    /// Returns a warning for each reason to doubt the figures.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if (1..USUAL_BLOCKS).contains(&self.blocks) {
            doubts.push(format!(
                "Few blocks: {USUAL_BLOCKS} or more tell a difference from chance."
            ));
        }
        if !self.left_out.is_empty() {
            doubts.push(format!(
                "Left out, since two caps before were more than 10 % worse: {}.",
                listed(&self.left_out)
            ));
        }
        if !self.dropped.is_empty() {
            doubts.push(format!(
                "Run no more, since they could not be it: {}.",
                listed(&self.dropped)
            ));
        }
        if let Some(drift) = self.drift {
            doubts.push(drift_in_words(drift));
        }
        if !self.set_aside.is_empty() {
            let (number, verb) = counted(self.set_aside.len());
            doubts.push(format!(
                "{number} {verb} set aside and run again: other programs used the machine."
            ));
        }
        if self.broken_off > 0 {
            let (number, verb) = counted(self.broken_off);
            doubts.push(format!(
                "{number} {verb} broken off and run again: a call failed."
            ));
        }
        if self.disturbed > 0 {
            doubts.push(format!(
                "In {} of the blocks other programs used the machine: the times are doubtful.",
                self.disturbed
            ));
        }
        doubts
    }
}

/// A probability that is never said to be certain.
fn probability(part: f64) -> String {
    match part * 100.0 {
        percent if percent >= 99.0 => "over 99 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

/// So many blocks, with their verb.
fn counted(blocks: usize) -> (String, &'static str) {
    let verb = if blocks == 1 { "was" } else { "were" };
    (plural(blocks, "block"), verb)
}

/// Verdict about one cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is the smallest that is as good as the best.
    WorthUsing,
    /// It may be as good.
    Tie,
}

impl Mark {
    /// Its words.
    pub fn words(self) -> &'static str {
        match self {
            Self::WorthUsing => "worth using",
            Self::Tie => "tie",
        }
    }
}

impl Curve {
    /// The law's parameters with their intervals, in words.
    pub fn law(&self) -> String {
        let number = |it: &Interval| format!("{:.4} ({:.4} to {:.4})", it.at, it.low, it.high);
        let peak = self.peak.as_ref().map_or("none".to_owned(), |it| {
            format!("{} ({} to {})", lanes(it.at), lanes(it.low), lanes(it.high))
        });
        format!(
            "Universal Scalability Law: contention α {}, coherency β {}, peak N* {peak}.",
            number(&self.alpha),
            number(&self.beta)
        )
    }

    /// A warning where the curve is not worth looking at.
    pub fn misfit(&self) -> Option<String> {
        (!self.fits()).then(|| {
            format!(
                "The curve does not fit: it is off by up to {:.0} %, the runs scatter by {:.1} %.",
                self.residual * 100.0,
                self.noise * 100.0
            )
        })
    }
}

/// A number of lanes, which may lie at no end.
pub fn lanes(at: f64) -> String {
    if at.is_finite() {
        format!("{at:.1}")
    } else {
        "never".to_owned()
    }
}
