//! The cap or the rate of one step.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::units::number;
use crate::model::{Cap, plural};

/// The cap or the rate of one step of a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LoadLevel {
    /// Closed loop: so many callers, each of which sends its next call when its
    /// last has ended.
    Cap(Cap),
    /// Open loop: calls start on schedule, whatever the ones before do.
    Rate(CallRate),
}

impl LoadLevel {
    /// Returns it as a sentence names it: `8 lanes`, `20 calls/s`.
    pub fn words(self) -> String {
        match self {
            Self::Cap(cap) => plural(cap.get() as usize, "lane"),
            Self::Rate(rate) => format!("{} calls/s", number(rate.per_second())),
        }
    }

    /// Returns its number: lanes, or calls per second.
    pub fn value(self) -> f64 {
        match self {
            Self::Cap(cap) => f64::from(cap.get()),
            Self::Rate(rate) => rate.per_second(),
        }
    }

    /// Returns the most calls that may run at once.
    pub fn lanes(self) -> Cap {
        match self {
            Self::Cap(cap) => cap,
            Self::Rate(_) => Cap::new(Cap::MAX).unwrap_or_default(),
        }
    }
}

impl fmt::Display for LoadLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cap(cap) => f.pad(&cap.to_string()),
            Self::Rate(rate) => f.pad(&format!("{}/s", number(rate.per_second()))),
        }
    }
}

/// Calls per second that are offered.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct CallRate(f64);

/// Reason that a text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a rate such as \"20/s\", \"0.5/s\" or \"90/m\", up to 100000/s")]
pub struct RateParseError;

impl CallRate {
    /// The highest that is taken.
    pub const MOST: f64 = 100_000.0;

    /// Returns the rate of so many calls per second, unless that is none or too
    /// many.
    pub fn new(per_second: f64) -> Option<Self> {
        (per_second > 0.0 && per_second <= Self::MOST).then_some(Self(per_second))
    }

    /// Returns it in calls per second.
    pub fn per_second(self) -> f64 {
        self.0
    }

    /// Returns the mean time between two calls.
    pub fn interval(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0)
    }
}

impl FromStr for CallRate {
    type Err = RateParseError;

    /// Reads `20/s`, `20` (also per second), `90/m` or `100/h`.
    fn from_str(text: &str) -> Result<Self, RateParseError> {
        let (calls, per) = text.split_once('/').unwrap_or((text, "s"));
        let seconds = match per.trim() {
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            _ => return Err(RateParseError),
        };
        let calls: f64 = calls
            .trim()
            .parse()
            .map_err(|_not_a_number| RateParseError)?;
        Self::new(calls / seconds).ok_or(RateParseError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_written() {
        let read = |text: &str| text.parse::<CallRate>().map(CallRate::per_second);
        assert_eq!(read("20/s"), Ok(20.0));
        assert_eq!(read("20"), Ok(20.0));
        assert_eq!(read("90/m"), Ok(1.5));
        assert_eq!(read("0.5/s"), Ok(0.5));
        for wrong in ["", "0", "-1/s", "x/s", "1/d", "nan", "inf", "1000000/s"] {
            assert_eq!(read(wrong), Err(RateParseError), "{wrong}");
        }
        let rate = CallRate::new(1.5).map(LoadLevel::Rate).expect("a rate");
        assert_eq!(
            (rate.to_string().as_str(), rate.words().as_str()),
            ("1.5/s", "1.5 calls/s")
        );
        assert_eq!(number(20.0), "20");
    }
}
