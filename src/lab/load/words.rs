//! The findings of a load, in words.

use std::time::Duration;

use super::units::{milliseconds, number, three_digits};
use super::{Check, Found, LoadFindings, LoadLevel, StepFigures};
use crate::lab::CallResult;
use crate::model::plural;

/// A step that has this part of the most calls per second is as good as the best.
const AS_GOOD: f64 = 0.95;
/// Letters of arguments and outputs that are shown.
const LETTERS: usize = 60;

impl StepFigures {
    /// Returns the parts of the latency that limits of the catalogue made; `None`
    /// where they made none.
    pub fn waits_in_words(&self) -> Option<String> {
        let waits = [
            ("lock", self.waits.lock),
            ("rate", self.waits.rate),
            ("slot", self.waits.slot),
        ];
        let parts = waits
            .iter()
            .filter(|(_, time)| *time > Duration::from_micros(50));
        let parts: Vec<String> = parts
            .map(|(name, time)| format!("{name} {}", milliseconds(*time)))
            .collect();
        (!parts.is_empty()).then(|| format!("of which {}", parts.join(", ")))
    }

    /// Returns the reason that its figures are not those of its rate.
    pub fn not_offered(&self) -> Option<String> {
        let is_rate = matches!(self.level, LoadLevel::Rate(_));
        (is_rate && !self.is_offered()).then(|| {
            let part = self.late as f64 / self.calls.max(1) as f64 * 100.0;
            format!("not offered: {part:.0} % of the calls were started late")
        })
    }
}

impl Check {
    /// Returns what became of it in a sentence.
    pub fn words(&self) -> String {
        let metric = self.expression.metric;
        let value = self
            .value
            .map_or("unknown".to_owned(), |it| metric.value(it));
        let verdict = if self.is_kept { "kept" } else { "broken" };
        format!("{verdict}: {}, {metric} is {value}", self.expression)
    }
}

impl Found {
    /// Returns the result of a search in a sentence.
    pub fn words(&self, findings: &LoadFindings) -> String {
        let find = findings
            .request
            .find
            .map_or(String::new(), |it| it.to_string());
        match self {
            Self::Level {
                level,
                broken: Some(broken),
            } => format!(
                "{} is the most that keeps {find}: {} break it.",
                level.words(),
                broken.words()
            ),
            Self::Level {
                level,
                broken: None,
            } => format!("{} keep {find}; nothing higher was tried.", level.words()),
            Self::Nothing { lowest } => {
                format!("Nothing keeps {find}: not even {}.", lowest.words())
            }
            Self::Changed { level } => format!(
                "It cannot be said what keeps {find}: the service changed meanwhile; {} kept it twice and broke it at the end.",
                level.words()
            ),
        }
    }
}

impl LoadFindings {
    /// Returns the result in one sentence: the smallest level that is as good as
    /// the best, and what the next one changes. `None` before two steps.
    pub fn sentence(&self) -> Option<String> {
        if let Some(found) = &self.found {
            return Some(found.words(self));
        }
        let steps = self.levels();
        let most = steps.iter().map(|step| step.throughput());
        let most = most.fold(0.0, f64::max);
        let is_good = |step: &&StepFigures| {
            step.throughput() >= most * AS_GOOD && step.not_offered().is_none()
        };
        let place = steps.iter().position(is_good)?;
        let (step, next) = (steps[place], steps.get(place + 1));
        let rate = |step: &StepFigures| format!("{} calls/s", three_digits(step.throughput()));
        let told = match step.level {
            LoadLevel::Cap(_) => format!("{}: {}", step.level.words(), rate(step)),
            LoadLevel::Rate(_) => format!(
                "{} were offered, {} ended, p95 {}",
                step.level.words(),
                rate(step),
                milliseconds(step.latency.p95)
            ),
        };
        let Some(next) = next else {
            let is_alone = steps.len() == 1;
            let higher = if is_alone {
                ""
            } else {
                "; nothing higher was tried"
            };
            return (!is_alone).then(|| format!("{told}{higher}."));
        };
        let gain = (next.throughput() / step.throughput().max(f64::MIN_POSITIVE) - 1.0) * 100.0;
        let times = next.latency.p95.as_secs_f64() / step.latency.p95.as_secs_f64().max(1e-6);
        let change = match gain.round() {
            gain if gain > 0.0 => format!("{gain:.0} % more"),
            gain if gain < 0.0 => format!("{:.0} % fewer", -gain),
            _ => "no more".to_owned(),
        };
        Some(format!(
            "{told}; {} give {change} and {} times the p95.",
            next.level.words(),
            number((times * 10.0).round() / 10.0)
        ))
    }

    /// Returns each call whose outputs differ from those of one lane, in words.
    /// They hold untrusted text.
    pub fn hazards(&self) -> Vec<String> {
        let shown = |result: &CallResult| {
            let output = result.output.as_ref().map(ToString::to_string);
            let text: String = output.unwrap_or_default().chars().take(LETTERS).collect();
            text
        };
        let hazards = self.differences.iter().map(|it| {
            let args: String = it.args.to_string().chars().take(LETTERS).collect();
            let times = plural(it.seen as usize, "time");
            format!(
                "Parallel hazard: {} {args} gave {} {times}, first at {}; one lane gives {}.",
                it.tool,
                shown(&it.found),
                it.level.words(),
                shown(&it.expected)
            )
        });
        hazards.collect()
    }

    /// The last step at each level, the lowest level first.
    fn levels(&self) -> Vec<&StepFigures> {
        let mut steps: Vec<&StepFigures> = Vec::new();
        for step in &self.steps {
            steps.retain(|it| it.level != step.level);
            steps.push(step);
        }
        steps.sort_by(|one, other| one.level.value().total_cmp(&other.level.value()));
        steps
    }
}
