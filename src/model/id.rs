//! Newtypes for every id and count that could be taken for another.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Number of a call within its run, counted from 1 in plan order; shown as `#7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(NonZeroU32);

impl CallId {
    /// The first call.
    pub const MIN: Self = Self(NonZeroU32::MIN);
    /// No run has more calls.
    pub const MAX: Self = Self(NonZeroU32::MAX);

    /// The call at `index` (from 0) in plan order.
    pub fn from_index(index: usize) -> Self {
        let number = u32::try_from(index)
            .unwrap_or(u32::MAX - 1)
            .saturating_add(1);
        Self(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN))
    }

    /// Position in plan order, from 0.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The number that is shown, from 1.
    pub fn number(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Number of a lane, from 0; shown from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LaneId(pub u32);

impl fmt::Display for LaneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 + 1)
    }
}

/// Which try at a call, from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct AttemptNo(pub u32);

/// Distinguishes one start from every other start of the run, so that a late
/// message of an earlier attempt is recognised and ignored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// Identity of one attempt within its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptId {
    /// The call.
    pub call: CallId,
    /// Which try.
    pub number: AttemptNo,
    /// Identity of the start.
    pub epoch: Epoch,
}

/// How many lanes may be busy: 1 to [`Cap::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Cap(u32);

impl Cap {
    /// The highest cap.
    pub const MAX: u32 = 1024;
    /// The lowest cap.
    pub const ONE: Self = Self(1);
    /// The cap where neither the command line nor the plan names one.
    pub const DEFAULT: Self = Self(4);

    /// The most lanes of the automatic cap, unless the user names another number.
    pub const AUTO_CEILING: Self = Self(64);

    /// A cap, or `None` for 0. A larger number than [`Cap::MAX`] is clamped to it.
    pub fn new(lanes: u32) -> Option<Self> {
        (lanes > 0).then(|| Self(lanes.min(Self::MAX)))
    }

    /// The number of lanes.
    pub fn get(self) -> u32 {
        self.0
    }

    /// One lane more, at most [`Cap::MAX`].
    #[must_use]
    pub fn raised(self) -> Self {
        Self((self.0 + 1).min(Self::MAX))
    }

    /// One lane less, at least 1.
    #[must_use]
    pub fn lowered(self) -> Self {
        Self((self.0 - 1).max(1))
    }
}

impl Default for Cap {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<u32> for Cap {
    type Error = &'static str;

    fn try_from(lanes: u32) -> Result<Self, Self::Error> {
        Self::new(lanes).ok_or("the cap must be at least 1")
    }
}

impl From<Cap> for u32 {
    fn from(cap: Cap) -> Self {
        cap.0
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Wraps a text; the reader of the file has checked its form.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(text.as_ref().into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

text_id! {
    /// The id a plan gives a call (`[A-Za-z0-9_-]+`), unique within the run.
    CallName
}
text_id! {
    /// The name of a tool, unique within the catalogue.
    ToolName
}
text_id! {
    /// The name of a server in its catalogue; its tools are called `NAME.TOOL`.
    ServerName
}
text_id! {
    /// Names one run; also the name of its folder.
    RunId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_numbers_count_from_one() {
        let id = CallId::from_index(0);
        assert_eq!((id.number(), id.index()), (1, 0));
        assert_eq!(id.to_string(), "#1");
    }

    #[test]
    fn caps_are_clamped_and_never_zero() {
        assert_eq!(Cap::new(0), None);
        assert_eq!(Cap::new(1_000_000_000).map(Cap::get), Some(Cap::MAX));
        assert_eq!(Cap::new(1).map(|cap| cap.lowered().get()), Some(1));
    }
}
