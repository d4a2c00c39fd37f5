//! How calls and attempts ended.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AttemptNo, LaneId, Measured};

/// How a call ended. A failing tool is an outcome, never an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It did what it was asked.
    Succeeded,
    /// It could not start, exited with a code other than 0, died by a signal,
    /// or its output was not of the promised form.
    Failed,
    /// A run, queue or idle timeout ended it.
    TimedOut,
    /// A user ended it, and its tree is known to be gone.
    Cancelled,
    /// It never started, because a call it needs did not succeed.
    Skipped,
    /// It succeeded, but leftovers of its tree had to be killed.
    Leaked,
    /// Something of its tree could not be confirmed dead.
    Unconfirmed,
    /// Its supervisor died: nothing is known of how it ended.
    Lost,
    /// A user or a rule answered the agent; its server has not done it, or not
    /// like this.
    Answered,
    /// The agent cancelled it.
    AgentCancelled,
    /// The agent left before it was answered.
    AgentLeft,
    /// The agent waited for it as long as it waits.
    GivenUp,
    /// The server behind the proxy died before it answered.
    ServerDied,
}

impl Outcome {
    /// Every outcome, in the order of the report.
    pub const ALL: [Self; 13] = [
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Cancelled,
        Self::Skipped,
        Self::Leaked,
        Self::Unconfirmed,
        Self::Lost,
        Self::Answered,
        Self::AgentCancelled,
        Self::AgentLeft,
        Self::GivenUp,
        Self::ServerDied,
    ];

    /// The outcomes that are counted apart; see [`Outcome::counted_as`].
    pub const COUNTED: [Self; 8] = [
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Cancelled,
        Self::Skipped,
        Self::Leaked,
        Self::Unconfirmed,
        Self::Lost,
    ];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Leaked => "leaked",
            Self::Unconfirmed => "unconfirmed",
            Self::Lost => "lost",
            Self::Answered => "answered",
            Self::AgentCancelled => "agent-cancelled",
            Self::AgentLeft => "agent-left",
            Self::GivenUp => "given-up",
            Self::ServerDied => "server-died",
        }
    }

    /// Whether `ok` edges are satisfied: a leaked success counts, and an answer
    /// by hand.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Succeeded | Self::Leaked | Self::Answered)
    }

    /// Whether something went wrong by itself: nobody cancelled the call, and it
    /// was not left out because of another one.
    pub fn is_failure(self) -> bool {
        matches!(
            self.counted_as(),
            Self::Failed | Self::TimedOut | Self::Unconfirmed | Self::Lost
        )
    }

    /// The outcome under which it counts where calls of agents are not told
    /// apart from others.
    #[must_use]
    pub fn counted_as(self) -> Self {
        match self {
            Self::Answered => Self::Succeeded,
            Self::AgentCancelled | Self::AgentLeft | Self::GivenUp => Self::Cancelled,
            Self::ServerDied => Self::Failed,
            other => other,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The end of one attempt, as the one who ran it tells it. The scheduler turns
/// it into the call's outcome, or into a retry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// How the attempt ended on its own account. A stop that the scheduler
    /// ordered overrides `Failed` (and a success that came too late).
    pub outcome: Outcome,
    /// In words, for a person: `exit code 3`, `killed by SIGSEGV`,
    /// `program not found: wc`. Untrusted text.
    pub reason: Option<String>,
    /// Exit code of the main process.
    pub exit_code: Option<i32>,
    /// Signal that ended the main process.
    pub signal: Option<i32>,
    /// Leftovers that had to be killed after the main process ended.
    pub leaked: Vec<Leftover>,
    /// Processes that could not be confirmed dead.
    pub unconfirmed: Vec<Leftover>,
    /// CPU time of the tree in milliseconds.
    pub cpu_ms: Option<Measured>,
    /// Highest resident memory of any one process of the tree, in bytes: the
    /// system keeps no account of a tree's sum. `None` where it is too little
    /// for the account to tell (below some 3 MB).
    pub peak_rss_bytes: Option<Measured>,
    /// Last that was known of the other side, where the call was stopped
    /// before its answer: `it has sent nothing since the request`. Untrusted
    /// text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<String>,
    /// A service asked not to be called again within this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
    /// Whether a service refused it because it is asked too often.
    #[serde(default)]
    pub is_throttled: bool,
    /// Whether another attempt can be worth it. False for what a repetition
    /// cannot mend: a missing program, arguments that fail the schema.
    pub is_retryable: bool,
}

impl Ending {
    /// An ending with nothing but its outcome.
    pub fn plain(outcome: Outcome) -> Self {
        Self {
            outcome,
            reason: None,
            exit_code: None,
            signal: None,
            leaked: Vec::new(),
            unconfirmed: Vec::new(),
            cpu_ms: None,
            peak_rss_bytes: None,
            heard: None,
            retry_after: None,
            is_throttled: false,
            is_retryable: true,
        }
    }

    /// A failure that no process and no repetition stands behind.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            is_retryable: false,
            ..Self::plain(Outcome::Failed)
        }
    }
}

/// A process that was still there after the main process of its call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// Process id.
    pub pid: u32,
    /// Its name, as the operating system gives it. Untrusted text.
    pub name: String,
    /// Why it could not be confirmed dead, where that is so.
    pub reason: Option<String>,
}

/// One attempt, as rows and reports show it. Times count from the run's start.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRecord {
    /// Which try.
    pub attempt: AttemptNo,
    /// The lane it ran in.
    pub lane: LaneId,
    /// When it took its lane.
    pub lane_taken: Duration,
    /// When it was launched: its arguments were resolved. The same as
    /// `lane_taken` where it never was.
    pub started: Duration,
    /// Time of it in which its server waited for answers.
    pub asked: AskedTime,
    /// When a stop was first ordered.
    pub stop_ordered: Option<Duration>,
    /// When it ended.
    pub ended: Option<Duration>,
    /// Program and arguments as run, where a program was started. Untrusted text.
    pub argv: Option<Arc<[String]>>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Its outcome; differs from the ending's where a stop was ordered.
    pub outcome: Option<Outcome>,
}

impl AttemptRecord {
    /// Returns the time that its tool had until `end`: without the time in
    /// which the server waited for answers.
    pub fn run_time(&self, end: Duration) -> Duration {
        let waited = self.asked.until(end);
        end.saturating_sub(self.started).saturating_sub(waited)
    }
}

/// Time in which a server waited for answers to what it asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AskedTime {
    /// Sum of the waits that are over.
    past: Duration,
    /// Start of the one that is not over.
    since: Option<Duration>,
}

impl AskedTime {
    /// Notes that it waits from `now` on.
    pub fn begin(&mut self, now: Duration) {
        self.since.get_or_insert(now);
    }

    /// Notes that it waits no more.
    pub fn end(&mut self, now: Duration) {
        self.past = self.until(now);
        self.since = None;
    }

    /// Returns the sum of its waits until `end`.
    pub fn until(&self, end: Duration) -> Duration {
        let open = self.since.map(|since| end.saturating_sub(since));
        self.past + open.unwrap_or_default()
    }
}
