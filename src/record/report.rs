//! The report of a run, version 1: one JSON object.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::{Value, json};

use super::Outputs;
use super::call_report::{call_report, run_time};
use super::events::outcome_counts;
use super::figures::ms_or_null;
use crate::model::{CallId, CallRow, Snapshot};

/// Lower bounds of the wall time of a run, as computed by the caller.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bounds {
    /// The longest chain of dependent calls.
    pub critical_path: Option<Duration>,
    /// No schedule takes less.
    pub lower_bound: Option<Duration>,
    /// Resource that binds the lower bound: `critical-path`, `slots`, `cores`,
    /// `lock:NAME`, `tool:NAME`, `rate:NAME` or `backoff`.
    pub binding: Option<String>,
    /// The sum of the run, once it is over.
    pub summary: Option<Value>,
}

/// State of a run in its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportState {
    /// The run is under way, or was killed and left this report.
    Running,
    /// The run went to its end.
    Ended,
    /// A signal or the user broke the run off.
    Interrupted,
}

/// Report of a run. Outputs are read one call at a time while it is written.
pub struct Report<'a> {
    /// State of the run.
    pub state: ReportState,
    /// The last snapshot.
    pub last: &'a Snapshot,
    /// Lower bounds of its wall time.
    pub bounds: Bounds,
    /// Outputs of the calls.
    pub outputs: &'a Outputs<'a>,
}

impl Report<'_> {
    /// Version of the form.
    pub const VERSION: u32 = 1;

    /// Writes the report, indented, with a final newline; flushing is left to
    /// the caller.
    ///
    /// # Errors
    ///
    /// An error of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }

    /// Time from the first admissible call to the last end; `None` where nothing
    /// was admissible or something has not ended.
    pub fn wall(&self) -> Option<Duration> {
        wall(self.last.calls.iter().map(Arc::as_ref))
    }

    /// The run times of all attempts together; inflated by contention.
    fn sum_run(&self) -> Option<Duration> {
        let attempts = self.last.calls.iter().flat_map(|row| &row.attempts);
        attempts.map(run_time).sum()
    }

    /// Lower bound over wall time.
    fn efficiency(&self) -> Option<f64> {
        let wall = self.wall()?.as_secs_f64();
        let bound = self.bounds.lower_bound?.as_secs_f64();
        (wall > 0.0).then_some(bound / wall)
    }

    fn hazards(&self) -> Vec<Value> {
        let hazards = self.last.hazards.iter();
        let name = |id: &CallId| self.last.row(*id).map(|row| &row.name);
        hazards
            .map(|hazard| {
                json!({
                    "kind": "overlapping-writes",
                    "server": hazard.server,
                    "overlaps": hazard.overlaps,
                    "calls": hazard.calls.iter().filter_map(name).collect::<Vec<_>>(),
                    "further": hazard.further,
                    "text": hazard.to_string(),
                })
            })
            .collect()
    }

    fn machine(&self) -> Value {
        let latest = self.last.machine.latest();
        json!({
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
            "cores": self.last.cores,
            "memory_total_bytes": latest.map(|sample| sample.memory_total_bytes),
            "missed_samples": self.last.missed_samples,
        })
    }
}

/// Time from the first admissible of these calls to the last end; `None` where
/// nothing was admissible or something has not ended.
pub fn wall<'r>(rows: impl Iterator<Item = &'r CallRow> + Clone) -> Option<Duration> {
    let first = rows.clone().map(CallRow::admissible_at).min()?;
    let mut last = Duration::ZERO;
    for row in rows {
        last = last.max(row.ended?);
    }
    Some(last.saturating_sub(first))
}

impl Serialize for Report<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let last = self.last;
        let started_at = jiff::Timestamp::try_from(last.started_at).ok();
        let mut report = serializer.serialize_map(None)?;
        report.serialize_entry("version", &Self::VERSION)?;
        report.serialize_entry("state", &self.state)?;
        report.serialize_entry("run_id", &last.run)?;
        report.serialize_entry("plan", &last.plan)?;
        report.serialize_entry("started_at", &started_at)?;
        report.serialize_entry("wall_ms", &ms_or_null(self.wall()))?;
        report.serialize_entry("cap", &last.highest_cap)?;
        report.serialize_entry("policy", &last.policy)?;
        report.serialize_entry("outcome_counts", &outcome_counts(&last.counts))?;
        report.serialize_entry("sum_run_ms", &ms_or_null(self.sum_run()))?;
        report.serialize_entry("critical_path_ms", &ms_or_null(self.bounds.critical_path))?;
        report.serialize_entry("lower_bound_ms", &ms_or_null(self.bounds.lower_bound))?;
        report.serialize_entry("binding", &self.bounds.binding)?;
        report.serialize_entry("efficiency", &self.efficiency())?;
        report.serialize_entry("summary", &self.bounds.summary)?;
        report.serialize_entry("hazards", &self.hazards())?;
        report.serialize_entry("machine", &self.machine())?;
        report.serialize_entry("calls", &Calls(self))?;
        report.end()
    }
}

/// The calls of a report in plan order, built one after another.
struct Calls<'a>(&'a Report<'a>);

impl Serialize for Calls<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = &self.0.last.calls;
        let mut calls = serializer.serialize_seq(Some(rows.len()))?;
        for row in rows.iter() {
            calls.serialize_element(&call_report(row, &(self.0.outputs)(row.id)))?;
        }
        calls.end()
    }
}
