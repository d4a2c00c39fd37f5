//! Conditions on what a step measured: `p95<200ms`, `errors<1%`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use jiff::fmt::friendly::SpanParser;

use super::units::{milliseconds, number};

/// A condition on one figure of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expression {
    /// The figure.
    pub metric: Metric,
    /// Whether the figure must be above the limit, and not below it.
    pub is_above: bool,
    /// The limit, in the figure's own unit: seconds, a share of 1, calls per
    /// second, bytes.
    pub limit: f64,
}

/// A figure of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// A percentile of the latency, in percent; seconds.
    Percentile(f64),
    /// The mean latency, in seconds.
    Mean,
    /// The longest latency, in seconds.
    Max,
    /// The share of calls that did not succeed.
    Errors,
    /// Calls per second that ended.
    Rate,
    /// The most memory that the tool or its server had, in bytes.
    Memory,
}

/// Reason that a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// It compares nothing.
    #[error(
        "{0:?} has neither `<` nor `>`: a condition is written like `p95<200ms` or `rate>50/s`"
    )]
    NoComparison(String),
    /// There is no such figure.
    #[error(
        "{0:?} is no figure: there are p50 (any percentile, also p99.9), mean, max, errors, rate and memory"
    )]
    UnknownMetric(String),
    /// The limit has another form.
    #[error("{limit:?} is no limit of {metric}: write {example}")]
    Limit {
        /// The text.
        limit: String,
        /// The figure.
        metric: String,
        /// A limit that is one.
        example: &'static str,
    },
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        let at = text.find(['<', '>']);
        let (Some(metric), Some(rest)) = (
            at.and_then(|at| text.get(..at)),
            at.and_then(|at| text.get(at..)),
        ) else {
            return Err(ExpressionError::NoComparison(text.to_owned()));
        };
        let is_above = rest.starts_with('>');
        let limit = rest.trim_start_matches(['<', '>']).trim_start_matches('=');
        let metric: Metric = metric.trim().parse()?;
        let read = metric.limit(limit.trim());
        let read = read.filter(|limit| limit.is_finite() && *limit >= 0.0);
        let limit = read.ok_or_else(|| ExpressionError::Limit {
            limit: limit.trim().to_owned(),
            metric: metric.to_string(),
            example: metric.example(),
        })?;
        Ok(Self {
            metric,
            is_above,
            limit,
        })
    }
}

impl FromStr for Metric {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        let unknown = || ExpressionError::UnknownMetric(text.to_owned());
        Ok(match text {
            "mean" => Self::Mean,
            "max" => Self::Max,
            "errors" => Self::Errors,
            "rate" => Self::Rate,
            "memory" => Self::Memory,
            _ => {
                let percent = text.strip_prefix('p').and_then(|it| it.parse::<f64>().ok());
                let percent = percent.filter(|it| *it > 0.0 && *it <= 100.0);
                Self::Percentile(percent.ok_or_else(unknown)?)
            }
        })
    }
}

impl Metric {
    fn limit(self, text: &str) -> Option<f64> {
        match self {
            Self::Percentile(_) | Self::Mean | Self::Max => {
                let time = SpanParser::new().parse_unsigned_duration(text).ok()?;
                Some(time.as_secs_f64())
            }
            Self::Errors => match text.strip_suffix('%') {
                Some(percent) => Some(percent.trim().parse::<f64>().ok()? / 100.0),
                None => text.parse().ok().filter(|share| *share <= 1.0),
            },
            Self::Rate => text.strip_suffix("/s").unwrap_or(text).trim().parse().ok(),
            Self::Memory => {
                let size: ByteSize = text.parse().ok()?;
                Some(size.as_u64() as f64)
            }
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Percentile(_) | Self::Mean | Self::Max => "a time such as 200ms or 1.5s",
            Self::Errors => "a share such as 1%",
            Self::Rate => "calls per second such as 50/s",
            Self::Memory => "a size such as 1GiB",
        }
    }

    /// Writes a value of this figure for a person.
    pub fn value(self, value: f64) -> String {
        match self {
            Self::Percentile(_) | Self::Mean | Self::Max => {
                milliseconds(Duration::try_from_secs_f64(value).unwrap_or(Duration::MAX))
            }
            Self::Errors => format!("{} %", number(value * 100.0)),
            Self::Rate => format!("{}/s", number(value)),
            Self::Memory => ByteSize(value as u64).display().iec().to_string(),
        }
    }

    /// Returns whether a figure is of the latency, which says nothing where
    /// calls fail.
    pub fn is_latency(self) -> bool {
        matches!(self, Self::Percentile(_) | Self::Mean | Self::Max)
    }
}

impl Expression {
    /// Returns whether a value keeps it; a value that is not known does not.
    pub fn is_kept_by(&self, value: Option<f64>) -> bool {
        value.is_some_and(|value| {
            if self.is_above {
                value > self.limit
            } else {
                value < self.limit
            }
        })
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(percent) => write!(f, "p{}", number(*percent)),
            Self::Mean => f.write_str("mean"),
            Self::Max => f.write_str("max"),
            Self::Errors => f.write_str("errors"),
            Self::Rate => f.write_str("rate"),
            Self::Memory => f.write_str("memory"),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_above { '>' } else { '<' };
        write!(f, "{}{sign}{}", self.metric, self.metric.value(self.limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read() {
        let read = |text: &str| {
            text.parse::<Expression>()
                .map(|it| (it.to_string(), it.limit))
        };
        assert_eq!(read("p95<200ms"), Ok(("p95<200 ms".to_owned(), 0.2)));
        assert_eq!(read("p99.9 < 1s"), Ok(("p99.9<1.00 s".to_owned(), 1.0)));
        assert_eq!(read("errors<1%"), Ok(("errors<1 %".to_owned(), 0.01)));
        assert_eq!(read("rate>50/s"), Ok(("rate>50/s".to_owned(), 50.0)));
        let bytes = 1_073_741_824.0;
        assert_eq!(
            read("memory<1GiB"),
            Ok(("memory<1.0 GiB".to_owned(), bytes))
        );
    }

    #[test]
    fn what_is_none_says_how_one_is_written() {
        let error = |text: &str| text.parse::<Expression>().expect_err("none").to_string();
        assert!(error("p95").contains("neither `<` nor `>`"));
        assert!(error("p950<1s").starts_with("\"p950\" is no figure: there are p50"));
        assert!(error("p95<200").ends_with("write a time such as 200ms or 1.5s"));
        assert!(error("errors<200%x").ends_with("write a share such as 1%"));
        assert!(error("memory<x").ends_with("write a size such as 1GiB"));
        assert!(error("rate>-1/s").ends_with("write calls per second such as 50/s"));
    }

    #[test]
    fn a_value_that_is_not_known_keeps_nothing() {
        let least: Expression = "rate>50/s".parse().expect("a condition");
        assert!(least.is_kept_by(Some(51.0)) && !least.is_kept_by(Some(50.0)));
        assert!(!least.is_kept_by(None));
    }
}
