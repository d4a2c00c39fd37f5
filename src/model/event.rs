//! Events of a run, in order: the source of `--events` and of the plain lines.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AttemptNo, CallCounts, CallId, CallName, CallSample, CapStep, LaneId, MachineSample, Outcome,
    Policy, RunId, StopCause, StopStep, ToolName, WaitReason,
};

/// One event of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEvent {
    /// When, on the run's clock: time since its start.
    pub t: Duration,
    /// The event itself.
    pub what: EventKind,
}

/// Kind of an event, with its details. Every call is first named by [`EventKind::CallQueued`]; later
/// events give its number only. Texts of tools and files are untrusted.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// The run began; the first event.
    RunStarted {
        /// Names the run.
        run: RunId,
        /// The plan's name.
        plan: Arc<str>,
        /// Calls of the plan.
        calls: usize,
        /// How it is conducted.
        policy: Policy,
    },
    /// A call was put into the run.
    CallQueued {
        /// The call.
        call: CallId,
        /// Its id in the plan.
        name: CallName,
        /// Its tool.
        tool: ToolName,
        /// Its arguments as written.
        args: Arc<Value>,
    },
    /// The one reason that a call waits for changed.
    CallWaiting {
        /// The call.
        call: CallId,
        /// The reason that binds now.
        reason: WaitReason,
        /// The attempt that just ended, where the call waits for another.
        ended: Option<AttemptSummary>,
    },
    /// An attempt at a call started.
    CallStarted {
        /// The call.
        call: CallId,
        /// Which try.
        attempt: AttemptNo,
        /// Its lane.
        lane: LaneId,
        /// Its arguments, resolved.
        args: Arc<Value>,
        /// Program and arguments as run; `None` where there is no process.
        argv: Option<Arc<[String]>>,
        /// Process id of its main process; `None` where there is no process.
        pid: Option<u32>,
    },
    /// A call printed something.
    Output {
        /// The call.
        call: CallId,
        /// Which try.
        attempt: AttemptNo,
        /// Where it printed.
        stream: Stream,
        /// Text printed since the last such event of this stream: the latest
        /// [`RunEvent::OUTPUT_LIMIT`] bytes at most.
        text: Arc<str>,
        /// Bytes printed before `text` and after the last event that are not in it.
        left_out_bytes: u64,
    },
    /// A call's process tree was read.
    CallSampled {
        /// The call.
        call: CallId,
        /// The reading.
        sample: CallSample,
    },
    /// The machine was read.
    MachineSampled {
        /// The reading.
        sample: MachineSample,
    },
    /// The cap was turned, or the automatic one took a step.
    CapChanged {
        /// The step.
        step: CapStep,
    },
    /// A step of the stop ladder was ordered.
    CallStopping {
        /// The call.
        call: CallId,
        /// Origin of the stop.
        cause: StopCause,
        /// The step.
        step: StopStep,
    },
    /// A call ended; the last event of each call.
    CallEnded {
        /// The call.
        call: CallId,
        /// How.
        outcome: Outcome,
        /// Why, in words.
        reason: Option<Arc<str>>,
        /// Its last attempt; `None` if it never started.
        attempt: Option<AttemptSummary>,
        /// From its first start to its end; `None` if it never started.
        took: Option<Duration>,
    },
    /// Every call has ended; the last event.
    RunEnded {
        /// How many calls ended in which way.
        counts: CallCounts,
        /// From the first admissible call to the last end.
        wall: Duration,
    },
}

/// Where a call prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Both streams.
    pub const BOTH: [Self; 2] = [Self::Stdout, Self::Stderr];

    /// Its place in an array of both.
    pub fn index(self) -> usize {
        match self {
            Self::Stdout => 0,
            Self::Stderr => 1,
        }
    }

    /// Its name, also the extension of its spill file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// How one attempt ended, in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptSummary {
    /// Which try.
    pub attempt: AttemptNo,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in words. Untrusted text.
    pub reason: Option<Arc<str>>,
    /// Exit code of its main process.
    pub exit_code: Option<i32>,
    /// Signal that ended its main process.
    pub signal: Option<i32>,
}

impl RunEvent {
    /// Most bytes of text in one [`EventKind::Output`].
    pub const OUTPUT_LIMIT: usize = 8 * 1024;

    /// Something that happened at `t`.
    pub fn new(t: Duration, what: EventKind) -> Self {
        Self { t, what }
    }
}
