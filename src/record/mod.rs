//! What is kept of a run and handed on: the lines of `--events` and `--plain`,
//! the report, and what is written down for the next session.
//!
//! It owns the names of the calls it has heard of and the files of the
//! notebook, nothing else: events and the final snapshot come to it, bytes go
//! out. It must not know who sends
//! them, how a call was run or how anything is drawn.

mod call_report;
mod events;
mod figures;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fixture_events;
mod names;
mod notebook;
mod plain;
mod report;
#[cfg(test)]
mod tests;

pub use events::EventLines;
pub use notebook::{
    Folder, LastArguments, Notebook, NotebookError, PastAttempt, PastRun, fingerprint,
};
pub use plain::{PlainLines, write_outputs};
pub use report::{Bounds, Report, wall};

use crate::model::CallId;
use serde_json::Value;

/// What a call printed, as reports and plain lines show it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CallOutput {
    /// Its output value: a JSON value or a text; `None` where it has none.
    pub value: Option<Value>,
    /// The tail of its standard error. Untrusted text.
    pub stderr: String,
    /// Whether the value lacks something that was printed.
    pub is_truncated: bool,
}

/// Where outputs come from, one call at a time, so that they never stand in
/// memory all together.
pub type Outputs<'a> = dyn Fn(CallId) -> CallOutput + 'a;
