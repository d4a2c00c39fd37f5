//! Why a call waits, and for how long it waited for what.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Asked, CallId, LockKey, ToolName};

/// The reason that a call waits for now. Times count from the run's start.
#[derive(Debug, Clone, PartialEq)]
pub enum WaitReason {
    /// A parent has not ended.
    After {
        /// The parent.
        call: CallId,
    },
    /// Not before this time of the run.
    StartAfter {
        /// When it may start.
        at: Duration,
    },
    /// Every lane is busy.
    Slot {
        /// Lanes in use.
        busy: u32,
        /// Lanes there may be.
        cap: u32,
    },
    /// As many calls of its tool run as may.
    ToolCap {
        /// The tool.
        tool: ToolName,
        /// Calls of it that run.
        busy: u32,
        /// Calls of it that may run.
        max: u32,
    },
    /// As many calls of its service run as may under the automatic cap.
    Service {
        /// The service: a tool server, or the host of an HTTP tool.
        service: Arc<str>,
        /// Calls of it that run.
        busy: u32,
        /// Calls of it that may run.
        share: u32,
    },
    /// A lock is held.
    Lock {
        /// The lock it asks for.
        key: LockKey,
        /// Call that holds it, or a lock that overlaps it.
        holder: CallId,
    },
    /// The starts per time are used up.
    Rate {
        /// The tool whose rate it is.
        tool: ToolName,
        /// Its limit as written, such as `3/s`.
        limit: Arc<str>,
        /// When the next start is due.
        at: Duration,
    },
    /// Another attempt is due later.
    Retry {
        /// When.
        at: Duration,
    },
    /// Claimed memory does not fit, in bytes.
    Memory {
        /// Claimed by running calls.
        used_bytes: u64,
        /// Memory that may be claimed in all, in bytes.
        total_bytes: u64,
    },
    /// Claimed cores do not fit.
    Cpu {
        /// Claimed by running calls.
        used_cores: f64,
        /// Cores that may be claimed in all.
        total_cores: f64,
    },
    /// Needs of its tool are being measured at the calls that run, before
    /// more of them start under the automatic cap.
    Measuring,
    /// Free resources are reserved for a call that waited first.
    Reserved {
        /// The call it is kept for.
        call: CallId,
    },
    /// It is held between its agent and its server.
    Held {
        /// The one who holds it: `you`, `rule NAME`.
        by: Arc<str>,
    },
    /// It waits at the proxy of an agent, which decides about it.
    AtProxy {
        /// For what, in the proxy's words. Untrusted text.
        why: Arc<str>,
    },
    /// Its server asked something and waits for the answer.
    Asks {
        /// For what.
        what: Asked,
    },
    /// The user paused the run.
    Paused,
    /// A failure under the `stop` policy closed admission, or the run is being
    /// ended.
    Stopped,
}

impl WaitReason {
    /// Heading of the time in which a server waits for an answer. A call that
    /// runs waits under no other.
    pub const ANSWER: &'static str = "answer";

    /// Under which heading of the report its time counts.
    pub fn heading(&self) -> &'static str {
        match self {
            Self::After { .. } | Self::StartAfter { .. } => "after",
            Self::Slot { .. }
            | Self::ToolCap { .. }
            | Self::Service { .. }
            | Self::Measuring
            | Self::Reserved { .. } => "slot",
            Self::Lock { .. } => "lock",
            Self::Rate { .. } => "rate",
            Self::Retry { .. } => "retry",
            Self::Memory { .. } => "memory",
            Self::Cpu { .. } => "cpu",
            Self::AtProxy { why } => heading_at_proxy(why),
            Self::Asks { .. } => Self::ANSWER,
            Self::Held { .. } | Self::Paused | Self::Stopped => "paused",
        }
    }
}

/// The heading of a reason that a proxy tells in words.
fn heading_at_proxy(why: &str) -> &'static str {
    match why.split(' ').next() {
        Some("lock") => "lock",
        Some("rate") => "rate",
        Some("slot" | "its") => "slot",
        _ => "paused",
    }
}

/// A stretch of time in which one reason bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitSpan {
    /// Its heading, as [`WaitReason::heading`] gives it.
    pub heading: &'static str,
    /// From when.
    pub from: Duration,
    /// Until when.
    pub to: Duration,
}

impl WaitSpan {
    /// How many of a call's spans are kept; the oldest are forgotten first.
    pub const KEPT: usize = 32;
}

/// Headings of the report's `waited`, in its order.
const HEADINGS: [&str; 9] = [
    "after", "slot", "lock", "rate", "retry", "memory", "cpu", "paused", "answer",
];

/// How long a call waited, by the heading of the reason that bound. Most calls
/// wait under one heading or none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waited(Vec<(&'static str, Duration)>);

impl Waited {
    /// Adds time spent waiting under a heading.
    pub fn add(&mut self, heading: &'static str, time: Duration) {
        if let Some((_, sum)) = self.0.iter_mut().find(|(it, _)| *it == heading) {
            *sum += time;
        } else {
            self.0.reserve_exact(1);
            self.0.push((heading, time));
        }
    }

    /// Time under one heading.
    pub fn under(&self, heading: &str) -> Duration {
        let found = self.0.iter().find(|(it, _)| *it == heading);
        found.map_or(Duration::ZERO, |(_, time)| *time)
    }

    /// Time under all headings.
    pub fn total(&self) -> Duration {
        self.0.iter().map(|(_, time)| *time).sum()
    }

    /// Each heading with its time, in the order of the report.
    pub fn by_heading(&self) -> [(&'static str, Duration); 9] {
        HEADINGS.map(|heading| (heading, self.under(heading)))
    }
}

impl fmt::Display for WaitReason {
    /// Without call names and times left, which depend on who asks and when:
    /// the view adds those.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After { call } => write!(f, "after {call}"),
            Self::StartAfter { .. } => write!(f, "start time"),
            Self::Slot { busy, cap } => write!(f, "slot {busy}/{cap}"),
            Self::ToolCap { tool, busy, max } => write!(f, "tool {tool} {busy}/{max}"),
            Self::Service {
                service,
                busy,
                share,
            } => write!(f, "{service} {busy}/{share}"),
            Self::Lock { key, holder } => write!(f, "lock {key} held by {holder}"),
            Self::Rate { limit, .. } => write!(f, "rate {limit}"),
            Self::Retry { .. } => write!(f, "retry"),
            Self::Memory { .. } => write!(f, "memory"),
            Self::Cpu {
                used_cores,
                total_cores,
            } => write!(f, "cpu {used_cores:.1}/{total_cores:.1}"),
            Self::Measuring => write!(f, "its tool is being measured"),
            Self::Reserved { call } => write!(f, "reserved for {call}"),
            Self::Held { by } => write!(f, "held by {by}"),
            Self::AtProxy { why } => write!(f, "at its proxy: {why}"),
            Self::Asks { what } => write!(f, "{what}"),
            Self::Paused => write!(f, "paused"),
            Self::Stopped => write!(f, "stopped"),
        }
    }
}
