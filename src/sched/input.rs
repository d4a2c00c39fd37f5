//! Inputs of the scheduler: everything that happened, in the past tense.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{
    ArgsFingerprint, Call, CallId, Claims, Edge, Ending, Epoch, LockSet, Outcome, Policy,
    PressureSource, StopCause, Timeouts, ToolName,
};

/// Something that happened outside. Inputs that come late, twice or with an
/// epoch that is over are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Calls were added to the run. Their ids go on where the last ones ended,
    /// or leave places empty; edges may point at any call of the run, also
    /// within the batch. A call may take a place that is empty, without edges.
    CallsQueued(Vec<CallSpec>),
    /// Something else decides about these calls from now on: they give back
    /// what they hold, and nothing is said of their end. Of calls that have
    /// ended, nothing is known any more. Calls with edges are passed over.
    CallsWithdrawn(Vec<CallId>),
    /// The locks of a call whose arguments hold references became known: the
    /// answer to [`super::Effect::ResolveLocks`].
    LocksResolved {
        /// The call.
        id: CallId,
        /// All its locks; replaces those of its spec.
        locks: LockSet,
    },
    /// A stop was asked for. A call that is stopping already is killed.
    CancelRequested {
        /// The calls; those that have ended are passed over.
        ids: Vec<CallId>,
        /// Origin of the request.
        cause: StopCause,
        /// By the ladder or at once.
        force: Force,
    },
    /// Cap, failure policy or order were set.
    PolicyChanged(Policy),
    /// Admission was closed by the user.
    Paused,
    /// Admission was opened again, also after a failure closed it.
    Resumed,
    /// The process of an attempt runs.
    AttemptStarted {
        /// The call.
        id: CallId,
        /// Identity of the start.
        epoch: Epoch,
    },
    /// An attempt is over and what is known of its tree is final; also for a
    /// start that came to nothing.
    AttemptEnded {
        /// The call.
        id: CallId,
        /// Identity of the start.
        epoch: Epoch,
        /// How.
        end: AttemptResult,
    },
    /// An attempt printed something; restarts its idle timeout.
    OutputSeen {
        /// The call.
        id: CallId,
        /// Identity of the start.
        epoch: Epoch,
    },
    /// The server of an attempt waits for an answer from outside: none of its
    /// time limits goes on meanwhile.
    QuestionAsked {
        /// The call.
        id: CallId,
        /// Identity of the start.
        epoch: Epoch,
    },
    /// The server of an attempt waits for no answer any more.
    QuestionAnswered {
        /// The call.
        id: CallId,
        /// Identity of the start.
        epoch: Epoch,
    },
    /// A waiting call was moved before another (`None`: to the end).
    CallMoved {
        /// The call that moves.
        id: CallId,
        /// The waiting call it goes before.
        before: Option<CallId>,
    },
    /// A waiting call's priority was set.
    PriorityChanged {
        /// The call.
        id: CallId,
        /// Its new priority.
        priority: i32,
    },
    /// A waiting call is to start before all others.
    RunNextRequested {
        /// The call.
        id: CallId,
    },
    /// The machine was read.
    MachineRead(MachineReading),
    /// Nothing happened but the passing of time.
    Ticked,
    /// Everything is to be stopped by the ladder; a second time, killed.
    ShutdownRequested,
    /// Nothing more is to start; running calls finish.
    DrainRequested,
}

/// How strongly a stop is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Force {
    /// Softly first, hard after the grace.
    Ladder,
    /// Hard at once.
    Kill,
}

/// The part of a [`Call`] that the scheduler needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallSpec {
    /// Its number. A call that is there already is passed over.
    pub id: CallId,
    /// Its tool, for the tool's limits.
    pub tool: ToolName,
    /// The service on the far side that does its work, where that is not this
    /// machine: a tool server, or the host of an HTTP tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Arc<str>>,
    /// Its arguments, where calls with the same are expected to need the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<ArgsFingerprint>,
    /// Edges to the calls it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Edge>,
    /// Higher starts first.
    #[serde(default)]
    pub priority: i32,
    /// Calls of one group share fairly with other groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Arc<str>>,
    /// Not before this time of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_after: Option<Duration>,
    /// The limits on its time.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// Extra attempts after a failure or timeout.
    #[serde(default)]
    pub retries: u32,
    /// Its locks, as far as they are known.
    #[serde(default)]
    pub locks: LockSet,
    /// Whether its locks are known only once its parents have ended.
    #[serde(default)]
    pub is_lock_pending: bool,
    /// Cores and memory that it claims.
    #[serde(default)]
    pub claims: Claims,
    /// Expected run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Duration>,
}

impl CallSpec {
    /// A call of a tool with nothing special about it.
    pub fn new(id: CallId, tool: ToolName) -> Self {
        Self {
            id,
            tool,
            service: None,
            args: None,
            after: Vec::new(),
            priority: 0,
            group: None,
            start_after: None,
            timeouts: Timeouts::default(),
            retries: 0,
            locks: LockSet::default(),
            is_lock_pending: false,
            claims: Claims::default(),
            estimate: None,
        }
    }

    /// The spec of a call whose locks are all known.
    pub fn of(call: &Call) -> Self {
        Self {
            args: Some(ArgsFingerprint::of(&call.args)),
            after: call.after.clone(),
            priority: call.priority,
            group: call.group.as_deref().map(Arc::from),
            start_after: call.start_after,
            timeouts: call.timeouts,
            retries: call.retries,
            locks: call.locks.clone(),
            claims: call.claims,
            estimate: call.estimate,
            ..Self::new(call.id, call.tool.clone())
        }
    }
}

/// How the machine was doing since the reading before, as far as the automatic
/// cap goes by it. What is not known is `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MachineReading {
    /// Share of the time in which something waited for a core, 0 to 1.
    pub pressure: Option<f64>,
    /// Where that figure comes from.
    pub pressure_source: PressureSource,
    /// Share of the usable cores that were busy, 0 to 1.
    pub busy: Option<f64>,
    /// Memory that is free or can be freed, in bytes.
    pub memory_available_bytes: Option<u64>,
    /// Memory there is, in bytes.
    pub memory_total_bytes: Option<u64>,
    /// Share of the time in which nothing could go on for want of memory.
    pub memory_stalled: Option<f64>,
    /// Memory that running calls have, in bytes.
    pub calls_rss_bytes: u64,
    /// The calls that run here, as far as they could be read.
    pub calls: Vec<CallReading>,
}

/// Use of cores and memory by the process tree of a running attempt so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallReading {
    /// The call.
    pub id: CallId,
    /// Identity of the start.
    pub epoch: Epoch,
    /// CPU time.
    pub cpu: Duration,
    /// Sum of the times in which its threads could run and waited for a core;
    /// `None` where that was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<Duration>,
    /// Memory that it has now, in bytes.
    pub rss_bytes: u64,
}

/// Resources that an attempt used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceUsage {
    /// CPU time of its process tree.
    pub cpu: Duration,
    /// Sum of the times in which its threads could run and waited for a core;
    /// `None` where that was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<Duration>,
    /// The most memory it had, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_rss_bytes: Option<u64>,
}

/// How an attempt ended, as far as it matters for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptResult {
    /// On its own account; a stop that was ordered overrides it.
    pub outcome: Outcome,
    /// Whether another attempt can be worth it.
    pub is_retryable: bool,
    /// The service asked not to be called again within this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
    /// The service refused it because it is asked too often.
    #[serde(default)]
    pub is_throttled: bool,
    /// Resources that it used, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<ResourceUsage>,
}

impl AttemptResult {
    /// An end with nothing but its outcome.
    pub fn plain(outcome: Outcome) -> Self {
        Self {
            outcome,
            is_retryable: true,
            retry_after: None,
            is_throttled: false,
            used: None,
        }
    }
}

impl From<&Ending> for AttemptResult {
    fn from(ending: &Ending) -> Self {
        Self {
            outcome: ending.outcome,
            is_retryable: ending.is_retryable,
            retry_after: ending.retry_after,
            is_throttled: ending.is_throttled,
            used: None,
        }
    }
}
