//! How the cap is controlled, and what is kept of its changes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Cap, Pace, Pressure, PressureSource, plural};

/// Whether the user or the automatic cap decides how many lanes may be busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CapControl {
    /// The user: exactly the cap.
    #[default]
    Pinned,
    /// The scheduler, by what tools need and how the machine is doing. The cap
    /// is the most it may allow.
    Auto,
}

/// A cap as a user asks for it: so many lanes, or the automatic cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapSetting {
    /// Number of lanes; of the automatic cap the most that it may allow.
    pub cap: Cap,
    /// Whether the cap is pinned or automatic.
    pub control: CapControl,
}

/// Reason that a text is no cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CapParseError {
    /// It is no number.
    #[error("a whole number from 1 to 1024 is needed")]
    NotANumber,
    /// It is zero.
    #[error("the cap must be at least 1")]
    Zero,
}

impl CapSetting {
    /// Returns the setting of exactly so many lanes.
    pub fn pinned(cap: Cap) -> Self {
        let control = CapControl::Pinned;
        Self { cap, control }
    }

    /// Returns the setting of the automatic cap with this ceiling.
    pub fn auto(cap: Cap) -> Self {
        let control = CapControl::Auto;
        Self { cap, control }
    }
}

impl FromStr for Cap {
    type Err = CapParseError;

    fn from_str(text: &str) -> Result<Self, CapParseError> {
        let lanes = text.parse::<u64>();
        let lanes = lanes.map_err(|_not_a_number| CapParseError::NotANumber)?;
        Self::new(u32::try_from(lanes).unwrap_or(u32::MAX)).ok_or(CapParseError::Zero)
    }
}

impl FromStr for CapSetting {
    type Err = CapParseError;

    /// Reads `8`, `auto` or `auto:16`.
    fn from_str(text: &str) -> Result<Self, CapParseError> {
        match text.split_once(':') {
            _ if text == "auto" => Ok(Self::auto(Cap::AUTO_CEILING)),
            Some(("auto", most)) => most.parse().map(Self::auto),
            _ => text.parse().map(Self::pinned),
        }
    }
}

/// State of the automatic cap at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AutoCap {
    /// Lanes that there is room for, if the calls that are open were all as
    /// they are on average: an estimate.
    pub lanes: Cap,
    /// The most lanes the user allows.
    pub ceiling: Cap,
    /// Part of the machine's cores that calls may fill, up to 1.25.
    pub trim: f64,
    /// Cores that are left to other programs, because calls wait for them.
    #[serde(default)]
    pub taken_cores: f64,
    /// Cores that the running calls are expected to keep busy.
    pub used_cores: f64,
    /// Cores that running calls may be expected to keep busy together.
    pub room_cores: f64,
    /// CPU pressure at the last look, 0 to 1: that of the calls themselves where
    /// their waits for a core are known. `None` before the first look, and where
    /// there is nothing to go by.
    pub pressure: Option<f64>,
    /// Where that figure comes from.
    pub source: PressureSource,
    /// Whether nothing more starts because memory is short.
    pub is_memory_short: bool,
}

/// Why the cap changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CapCause {
    /// The user set it.
    User,
    /// The user left it to the scheduler.
    SwitchedOn,
    /// Calls waited for a core.
    Pressure,
    /// Cores idled while a call waited for its share of them.
    Slack,
    /// Other programs kept calls waiting for a core.
    OthersCame,
    /// Other programs take less.
    OthersLeft,
    /// It became known what calls need.
    Learned,
    /// A service refused calls: it is asked too often.
    Throttled,
    /// A service did not answer in time.
    ServiceTimedOut,
    /// Calls queue at a service.
    ServiceSlow,
    /// A service answered all that it got.
    ServiceAnswered,
    /// Memory became short.
    MemoryShort,
    /// Memory is there again.
    MemoryBack,
}

impl CapCause {
    /// Its word in events.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::SwitchedOn => "switched-on",
            Self::Pressure => "pressure",
            Self::Slack => "slack",
            Self::OthersCame => "others-came",
            Self::OthersLeft => "others-left",
            Self::Learned => "learned",
            Self::Throttled => "throttled",
            Self::ServiceTimedOut => "service-timed-out",
            Self::ServiceSlow => "service-slow",
            Self::ServiceAnswered => "service-answered",
            Self::MemoryShort => "memory-short",
            Self::MemoryBack => "memory-back",
        }
    }
}

/// Share that a service on the far side has: a tool server, or the host of an
/// HTTP tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceShare {
    /// Its name. Untrusted text.
    pub name: Arc<str>,
    /// Calls of it that could run at once before.
    pub before: u32,
    /// Calls of it that may run at once now.
    pub share: u32,
    /// Calls of it that run.
    pub running: u32,
    /// Median run time of its latest calls, by that of the same tools at low
    /// load; `None` where too few have ended.
    pub slowdown: Option<f64>,
}

impl fmt::Display for ServiceShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.before == self.share {
            write!(f, "{} at most {} at once", self.name, self.share)
        } else {
            write!(f, "{} {} → {} at once", self.name, self.before, self.share)
        }
    }
}

/// One change of the cap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CapStep {
    /// The cap before; under the automatic cap its estimate of lanes.
    pub before: Cap,
    /// The cap now; likewise.
    pub cap: Cap,
    /// Why.
    pub cause: CapCause,
    /// State of the automatic cap from now on; `None` while it is off.
    pub auto: Option<AutoCap>,
    /// The service whose share changed; `None` for steps of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceShare>,
}

impl fmt::Display for CapStep {
    /// The step in words with its numbers, such as
    /// `auto cap ~3 → ~2: CPU pressure 42 %, room for 1.7 cores`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(auto) = self.auto else {
            return write!(f, "cap {} → {}: set by hand", self.before, self.cap);
        };
        if self.before == self.cap {
            write!(f, "auto cap ~{}: ", self.cap)?;
        } else {
            write!(f, "auto cap ~{} → ~{}: ", self.before, self.cap)?;
        }
        if let Some(service) = &self.service {
            return write!(f, "{service}: {}", self.service_reason(service));
        }
        match self.cause {
            CapCause::Throttled
            | CapCause::ServiceTimedOut
            | CapCause::ServiceSlow
            | CapCause::ServiceAnswered => {}
            CapCause::User => write!(f, "at most {}", lanes(auto.ceiling))?,
            CapCause::SwitchedOn => write!(f, "switched on, at most {}", lanes(auto.ceiling))?,
            CapCause::Pressure | CapCause::Slack => {
                let sign = match auto.source {
                    PressureSource::Measured => "",
                    PressureSource::Estimated => "~",
                };
                let percent = auto.pressure.unwrap_or_default() * 100.0;
                write!(f, "CPU pressure {sign}{percent:.0} %")?;
            }
            CapCause::OthersCame => write!(
                f,
                "other programs take {:.1} cores from calls",
                auto.taken_cores
            )?,
            CapCause::OthersLeft => write!(f, "other programs take less")?,
            CapCause::Learned => write!(f, "what calls need became known")?,
            CapCause::MemoryShort => write!(f, "memory is short, nothing more starts")?,
            CapCause::MemoryBack => write!(f, "memory is there again")?,
        }
        write!(f, ", room for {:.1} cores", auto.room_cores)
    }
}

impl CapStep {
    fn service_reason(&self, service: &ServiceShare) -> String {
        match self.cause {
            CapCause::Throttled => format!("it refused a call with {} running", service.running),
            CapCause::ServiceTimedOut => {
                format!("a call timed out with {} running", service.running)
            }
            CapCause::ServiceSlow => format!(
                "no more, its calls take {:.1} times as long as at low load",
                service.slowdown.unwrap_or_default()
            ),
            _ => "it answered them all".to_owned(),
        }
    }
}

fn lanes(cap: Cap) -> String {
    plural(cap.get() as usize, "lane")
}

/// A change of the cap with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct CapChange {
    /// When, on the run's clock.
    pub at: Duration,
    /// What.
    pub step: CapStep,
    /// How fast calls ended before it, as far as it is known.
    pub before: Pace,
    /// How fast they have ended since, in its first half minute.
    pub after: Pace,
}

/// How busy a run was when the machine was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadSample {
    /// When, on the run's clock.
    pub at: Duration,
    /// The cap; under the automatic cap its estimate of lanes.
    pub cap: Cap,
    /// Calls that held a lane.
    pub running: u32,
    /// Calls that waited.
    pub queued: u32,
    /// How much was waited for cores since the reading before; `None` where it
    /// is unknown.
    pub pressure: Option<Pressure>,
    /// How fast calls ended in the last seconds.
    pub pace: Pace,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_tells_its_numbers_and_marks_estimates() {
        let cap = |lanes| Cap::new(lanes).expect("a cap above 0");
        let mut step = CapStep {
            before: cap(3),
            cap: cap(2),
            cause: CapCause::Pressure,
            auto: Some(AutoCap {
                lanes: cap(2),
                ceiling: cap(64),
                trim: 0.85,
                taken_cores: 0.0,
                used_cores: 3.0,
                room_cores: 1.7,
                pressure: Some(0.42),
                source: PressureSource::Measured,
                is_memory_short: false,
            }),
            service: None,
        };
        let text = "auto cap ~3 → ~2: CPU pressure 42 %, room for 1.7 cores";
        assert_eq!(step.to_string(), text);
        if let Some(auto) = &mut step.auto {
            auto.source = PressureSource::Estimated;
        }
        assert!(step.to_string().contains("pressure ~42 %"), "{step}");
        step.service = Some(ServiceShare {
            name: "api.example.com".into(),
            before: 12,
            share: 8,
            running: 11,
            slowdown: None,
        });
        step.cause = CapCause::Throttled;
        let text = "api.example.com 12 → 8 at once: it refused a call with 11 running";
        assert!(step.to_string().ends_with(text), "{step}");
        step.auto = None;
        assert_eq!(step.to_string(), "cap 3 → 2: set by hand");
    }
}
