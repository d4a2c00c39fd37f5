//! Records of a run: the lines of `--events` and `--plain`, the report, and
//! the history that the next session reads.
//!
//! It owns the names of the calls of the run and the files of the history,
//! nothing else: events and the final snapshot come in, bytes go out. It must
//! not know who sends them, how a call was run or how anything is drawn.

mod argv;
mod call_report;
mod events;
mod figures;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fixture_events;
mod history;
mod names;
mod plain;
mod report;
#[cfg(test)]
mod tests;

pub use events::EventLines;
pub use history::{
    HistoryError, HistoryStore, LastArguments, PastAttempt, PastRun, fingerprint, is_fingerprinted,
};
pub use plain::{PlainLines, write_outputs};
pub use report::{Bounds, Report, ReportState, wall};

use crate::model::{AttemptNo, CallId};
use crate::output::OutputEncoding;
use serde_json::Value;

/// Output of a call as reports and plain lines show it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportedOutput {
    /// Its output value: a JSON value or a text; `None` where it has none.
    pub value: Option<Value>,
    /// The tail of its standard error. Untrusted text.
    pub stderr: String,
    /// Whether the tail is not all of its standard error.
    pub is_stderr_truncated: bool,
    /// Whether the value lacks something that was printed.
    pub is_truncated: bool,
    /// Form of the value; `None` where there is none.
    pub encoding: Option<OutputEncoding>,
    /// Whether characters of the value stand for others, which no text can
    /// hold.
    pub is_lossy: bool,
    /// Outputs of the attempts before the last one, as far as they are kept.
    pub earlier: Vec<AttemptOutput>,
}

/// Ends of the output of an attempt that was not the last one. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptOutput {
    /// The attempt.
    pub attempt: AttemptNo,
    /// End of its standard output.
    pub stdout: String,
    /// End of its standard error.
    pub stderr: String,
}

/// Source of outputs, one call at a time, so that memory never holds all of
/// them.
pub type Outputs<'a> = dyn Fn(CallId) -> ReportedOutput + 'a;
