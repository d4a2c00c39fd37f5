//! The snapshot that the engine publishes: the state of a run at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::{
    Agents, AttemptRecord, AutoCap, Call, CallCounts, CallId, CallSample, CallState, Cap,
    CapChange, History, Inspection, Launch, LearnedNeed, LoadSample, MachineSample, OverlapHazard,
    Policy, ProxiedCall, RemoteStatus, RunId, ServerName, ServerRow, SharedVec, WaitReason,
    WaitSpan, Waited,
};

/// One consistent picture of a run. Rows that did not change since the last
/// one are shared with it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Grows with every change; equal revisions are equal pictures.
    pub revision: u64,
    /// The run's clock: time since its start, without suspended time. Rows
    /// count on the same clock.
    pub now: Duration,
    /// Names the run.
    pub run: RunId,
    /// The plan's name.
    pub plan: Arc<str>,
    /// Wall-clock time of the start, for display only.
    pub started_at: SystemTime,
    /// Whether calls are admitted.
    pub phase: RunPhase,
    /// Whether the run's clock and every call stand still.
    pub is_suspended: bool,
    /// How long they stood still so far, which no clock of the run counts.
    pub suspended_for: Duration,
    /// Cap, failure policy and order in force.
    pub policy: Policy,
    /// The highest cap that was in force; under the automatic cap the most
    /// lanes that were busy.
    pub highest_cap: Cap,
    /// State of the automatic cap; `None` while it is off.
    pub auto: Option<AutoCap>,
    /// The latest changes of the cap, oldest first.
    pub cap_changes: Arc<History<CapChange>>,
    /// CPU and memory that calls of each tool needed; in the last snapshot only.
    pub learned: Arc<Vec<LearnedNeed>>,
    /// How busy the run was, at the latest readings of the machine, oldest first.
    pub load_samples: Arc<History<LoadSample>>,
    /// How many calls are in each state.
    pub counts: CallCounts,
    /// Every call in plan order; the call with index `i` stands at `i`.
    pub calls: SharedVec<Arc<CallRow>>,
    /// The call in each lane. At least as long as the cap; longer while draining.
    pub lanes: Arc<Vec<Option<CallId>>>,
    /// Lanes in use over time up to now, summed up by what the scheduler says.
    pub lane_time: Duration,
    /// Calls that wait (queued and retrying), in the order they would start.
    pub queue: Arc<Vec<CallId>>,
    /// Calls that have ended, latest first.
    pub finished: Arc<Vec<CallId>>,
    /// Readings of the machine, oldest first.
    pub machine: Arc<History<MachineSample>>,
    /// Cores usable by this process.
    pub cores: u32,
    /// How many readings were missed so far.
    pub missed_samples: u64,
    /// Results that are uncertain because calls with side effects overlapped.
    pub hazards: Arc<Vec<OverlapHazard>>,
    /// The tool servers that are configured.
    pub servers: Arc<Vec<ServerRow>>,
    /// Readings of each server's process tree, oldest first; a tree serves all
    /// calls of its server. They change without their server's row.
    pub server_gauges: Arc<BTreeMap<ServerName, Arc<History<CallSample>>>>,
    /// Agents at work, their servers, and what is done with their calls.
    pub agents: Arc<Agents>,
    /// Index of the first call of the plan's latest round: 0, or where the plan
    /// was run again, that of its first new call.
    pub round: usize,
    /// Calls of which the plan expects that they fail, and those that are then
    /// skipped.
    pub planned: Arc<BTreeSet<CallId>>,
    /// The latest look at the processes of a call, where one was asked for.
    pub inspection: Option<Arc<Inspection>>,
    /// Latest message of the engine for the user (a refused command, a warning
    /// of the self-check), with a number that grows. Untrusted text.
    pub notice: Option<(u64, Arc<str>)>,
}

impl Snapshot {
    /// The row of a call.
    pub fn row(&self, id: CallId) -> Option<&Arc<CallRow>> {
        self.calls.get(id.index())
    }

    /// Returns the calls of the plan's latest round, and those that were added
    /// since; calls of agents are left out.
    pub fn round_rows(&self) -> impl Iterator<Item = &Arc<CallRow>> + Clone {
        let rows = self.calls.iter().skip(self.round);
        rows.filter(|row| row.proxied.is_none())
    }

    /// How many lanes may be busy now: the cap, or what the automatic one is
    /// estimated to have room for.
    pub fn cap(&self) -> Cap {
        self.auto.map_or(self.policy.cap, |auto| auto.lanes)
    }

    /// Time from the first start to now, or to the last end once all have ended.
    pub fn elapsed(&self) -> Duration {
        if self.counts.open() > 0 {
            return self.now;
        }
        let last = self.calls.iter().filter_map(|row| row.ended).max();
        last.unwrap_or_default()
    }
}

/// Whether calls are admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunPhase {
    /// Calls start as soon as they may.
    Open,
    /// The user paused: nothing starts, running calls go on.
    Paused,
    /// A failure under the `stop` policy closed admission.
    Stopped,
    /// The run is being ended: nothing starts any more.
    ShuttingDown,
}

/// One call as the screens show it. Texts that come from files or tools are
/// untrusted.
#[derive(Debug, Clone)]
pub struct CallRow {
    /// The call as it was requested.
    pub call: Arc<Call>,
    /// Arguments: resolved once it has started, as written before.
    pub args: Arc<Value>,
    /// Whether `args` are resolved.
    pub are_args_resolved: bool,
    /// Where it stands.
    pub state: CallState,
    /// Why it waits now.
    pub wait: Option<WaitReason>,
    /// How long it waited, by reason, so far.
    pub waited: Waited,
    /// When it waited for what, oldest first, up to the reason that binds now.
    pub waits: Vec<WaitSpan>,
    /// When it was queued.
    pub queued: Duration,
    /// When its first attempt started.
    pub started: Option<Duration>,
    /// When it ended.
    pub ended: Option<Duration>,
    /// Its attempts, oldest first; the last one may be under way.
    pub attempts: Vec<AttemptRecord>,
    /// Why it ended as it did. Untrusted text.
    pub reason: Option<Arc<str>>,
    /// Readings of its process tree, oldest first.
    pub samples: Arc<History<CallSample>>,
    /// Highest resident memory read, in bytes.
    pub peak_rss_bytes: Option<u64>,
    /// Amount of its output so far.
    pub output: OutputStat,
    /// When its output last grew.
    pub printed: Option<Duration>,
    /// How the process of its last attempt was started; of calls that ended long
    /// ago it is not kept.
    pub launch: Option<Arc<Launch>>,
    /// State on the server that carries it out, in its current or last attempt.
    pub remote: Option<RemoteStatus>,
    /// A call that changed something on the same server at the same time,
    /// because the user let them.
    pub overlapped: Option<CallId>,
    /// Where it stands between its agent and its server, for a call that an
    /// agent made.
    pub proxied: Option<Arc<ProxiedCall>>,
}

impl Deref for CallRow {
    type Target = Call;

    /// A row has everything that its call has.
    fn deref(&self) -> &Call {
        &self.call
    }
}

impl CallRow {
    /// Returns the row of a call that was queued at this time and has done
    /// nothing since.
    pub fn new(call: Arc<Call>, samples: Arc<History<CallSample>>, queued: Duration) -> Self {
        Self {
            args: Arc::clone(&call.args),
            call,
            are_args_resolved: false,
            state: CallState::Queued,
            wait: None,
            waited: Waited::default(),
            waits: Vec::new(),
            queued,
            started: None,
            ended: None,
            attempts: Vec::new(),
            reason: None,
            samples,
            peak_rss_bytes: None,
            output: OutputStat::default(),
            printed: None,
            launch: None,
            remote: None,
            overlapped: None,
            proxied: None,
        }
    }

    /// Returns the CPU time of all attempts in milliseconds: of ended ones as
    /// the system accounted for it, of the one under way as it was read last.
    pub fn cpu_ms(&self) -> Option<u64> {
        let ended = self.attempts.iter();
        let ended = ended.filter_map(|it| Some(it.ending.as_ref()?.cpu_ms?.value));
        let ended = ended.reduce(|one, other| one + other);
        let is_under_way = self.attempts.last().is_some_and(|it| it.ending.is_none());
        let read = self.samples.iter().rev().flatten().next();
        let read = read
            .filter(|_| is_under_way || ended.is_none())
            .map(|it| it.cpu_ms);
        ended
            .into_iter()
            .chain(read)
            .reduce(|one, other| one + other)
    }

    /// Returns the highest resident memory of any attempt, in bytes.
    pub fn memory_bytes(&self) -> Option<u64> {
        let ended = self.attempts.iter();
        let ended = ended.filter_map(|it| Some(it.ending.as_ref()?.peak_rss_bytes?.value));
        ended.chain(self.peak_rss_bytes).max()
    }

    /// Number of attempts that may be made in all.
    pub fn attempts_allowed(&self) -> u32 {
        self.call.retries + 1
    }

    /// Time that the tool had in the current or last attempt.
    pub fn elapsed(&self, now: Duration) -> Option<Duration> {
        let attempt = self.attempts.last()?;
        let end = attempt.ended.unwrap_or(now);
        let before = self.proxied.as_ref().map(|proxied| proxied.ran_before);
        Some(attempt.run_time(end) + before.unwrap_or_default())
    }

    /// Returns for how long its attempt under way has printed nothing; `None` of
    /// a call that does not run.
    pub fn silent_for(&self, now: Duration) -> Option<Duration> {
        let attempt = self.attempts.last().filter(|it| it.ended.is_none())?;
        let since = self.printed.unwrap_or_default().max(attempt.started);
        Some(now.saturating_sub(since))
    }

    /// Returns whether it ended without a success.
    pub fn is_unsuccessful(&self) -> bool {
        matches!(self.state, CallState::Ended(outcome) if !outcome.is_success())
    }

    /// Returns the line of its standard error that says most of a failure: the
    /// first that speaks of an error, else the first of all; of a traceback, which
    /// ends with its reason, the last. Untrusted text.
    pub fn error_line(&self) -> Option<&str> {
        let first = &*self.output.first_error;
        let line = if first.starts_with("Traceback (most recent call last)") {
            &*self.output.last_line
        } else {
            first
        };
        (!line.is_empty()).then_some(line)
    }

    /// Returns the time at which everything that the call waits for had ended,
    /// so that it could start.
    pub fn admissible_at(&self) -> Duration {
        self.queued + self.waited.under("after")
    }
}

/// Returns the time at which the first of these calls could start: the origin
/// of the wall time of a run. Zero without calls.
pub fn run_origin<'r>(rows: impl IntoIterator<Item = &'r CallRow>) -> Duration {
    let times = rows.into_iter().map(CallRow::admissible_at);
    times.min().unwrap_or_default()
}

/// Amount of output of a call so far, without the text itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutputStat {
    /// Grows with every piece of output.
    pub generation: u64,
    /// Bytes on standard output.
    pub stdout_bytes: u64,
    /// Bytes on standard error.
    pub stderr_bytes: u64,
    /// Line feeds on both.
    pub lines: u64,
    /// Images, sounds and files that it handed over beside its text.
    pub attachments: usize,
    /// Bytes that are no longer in memory nor on disk.
    pub dropped_bytes: u64,
    /// The line on standard error that says most: the first that speaks of an
    /// error, else the first that is not empty. Of its first 512 bytes.
    /// Untrusted text.
    pub first_error: Arc<str>,
    /// The last line that is not empty, at most 4 KiB. Untrusted text.
    pub last_line: Arc<str>,
}
