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
pub(crate) mod fixture;
#[cfg(test)]
mod fixture_events;
mod history;
mod names;
mod plain;
mod report;
#[cfg(test)]
mod tests;

pub use argv::masked as masked_argv;
pub use events::EventLines;
pub use history::{
    HistoryError, HistoryStore, LastArguments, PastAttempt, PastRun, fingerprint, is_fingerprinted,
};
pub use plain::{PlainLines, write_outputs};
pub use report::{Bounds, Report, ReportState, wall};

use std::borrow::Cow;

use serde_json::Value;

use crate::model::{AttemptNo, CallId, CallRow, OutputKind};
use crate::output::{OutputEncoding, Printed, Store, Stream};

/// Output of a call as reports and plain lines show it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportedOutput {
    /// Its output value: a JSON value or a text; `None` where it has none.
    pub value: Option<Value>,
    /// End of its standard error.
    pub stderr: TextTail,
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

impl ReportedOutput {
    /// Reads the output of a call, whose tool prints this kind of output.
    pub fn of(store: &Store, row: &CallRow, kind: OutputKind) -> Self {
        let Some((_, earlier)) = row.attempts.split_last() else {
            // A call that never began has no output, not an empty one.
            return Self::default();
        };
        let tail = |attempt, stream| store.attempt_tail(row.id, attempt, stream).into();
        let earlier = earlier.iter().map(|attempt| AttemptOutput {
            attempt: attempt.attempt,
            stdout: tail(attempt.attempt, Stream::Stdout),
            stderr: tail(attempt.attempt, Stream::Stderr),
        });
        let earlier = earlier.collect();
        let output = store.output_value(row.id, kind);
        // Nothing at all is no document either.
        let is_there = kind != OutputKind::Json || output.value != "";
        Self {
            encoding: is_there.then_some(output.encoding),
            value: is_there.then_some(output.value),
            is_truncated: output.is_truncated,
            is_lossy: output.is_lossy,
            stderr: store.stderr_tail(row.id).into(),
            earlier,
        }
    }
}

/// Ends of the output of an attempt that was not the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptOutput {
    /// The attempt.
    pub attempt: AttemptNo,
    /// End of its standard output.
    pub stdout: TextTail,
    /// End of its standard error.
    pub stderr: TextTail,
}

/// End of a stream as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextTail {
    /// The text. Untrusted.
    pub text: String,
    /// Whether something was printed before it.
    pub is_truncated: bool,
    /// Whether bytes that are no text were replaced.
    pub is_lossy: bool,
}

impl From<Printed> for TextTail {
    fn from(printed: Printed) -> Self {
        let is_truncated = printed.is_truncated;
        let mut bytes = printed.bytes.as_slice();
        // A cut may fall into a character: the rest of it belongs to what was
        // left out.
        while is_truncated && bytes.first().is_some_and(|byte| byte & 0xc0 == 0x80) {
            bytes = bytes.get(1..).unwrap_or_default();
        }
        let text = String::from_utf8_lossy(bytes);
        let is_lossy = matches!(text, Cow::Owned(_));
        Self {
            text: text.into_owned(),
            is_truncated,
            is_lossy,
        }
    }
}

/// Source of outputs, one call at a time, so that memory never holds all of
/// them.
pub type Outputs<'a> = dyn Fn(CallId) -> ReportedOutput + 'a;
