//! The constraint that binds a lower bound, in the words of the contract.

use std::fmt;

use crate::model::{LockKey, ToolName};

/// The constraint a bound comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum BindingConstraint {
    /// The longest chain of dependent calls.
    CriticalPath,
    /// All work over the cap.
    Slots,
    /// CPU time or claimed cores over the cores there are.
    Cores,
    /// Calls that hold this lock one after another.
    Lock(LockKey),
    /// Calls of this tool over how many of them may run at once.
    Tool(ToolName),
    /// Starts of this tool over its rate.
    Rate(ToolName),
    /// The longest chain with the delays before further attempts.
    Backoff,
}

impl BindingConstraint {
    /// Returns it in the words of the screen, where a slot is called a lane.
    pub fn in_words(&self) -> String {
        match self {
            Self::Slots => "lanes".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for BindingConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CriticalPath => f.pad("critical-path"),
            Self::Slots => f.pad("slots"),
            Self::Cores => f.pad("cores"),
            Self::Lock(key) => write!(f, "lock:{key}"),
            Self::Tool(tool) => write!(f, "tool:{tool}"),
            Self::Rate(tool) => write!(f, "rate:{tool}"),
            Self::Backoff => f.pad("backoff"),
        }
    }
}
