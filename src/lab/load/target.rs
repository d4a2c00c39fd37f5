//! The sides of a load that others implement: where its calls run, what they
//! are, and who follows it.

use std::sync::Arc;
use std::time::Duration;

use super::{LoadFindings, LoadLevel, MeasuredCall, StepFigures, ToolUsage};
use crate::lab::{CallResult, ExperimentError};
use crate::model::{Call, CallId, CallRow, Cap, LoadNews};

/// Runs the calls of a load. The implementor knows how; a load knows only their
/// news.
pub trait LoadTarget {
    /// Returns the time on the clock on which news count.
    fn now(&self) -> Duration;

    /// Sets how many calls may run at once.
    ///
    /// # Errors
    ///
    /// The run has ended.
    fn set_cap(&mut self, cap: Cap) -> Result<(), ExperimentError>;

    /// Queues calls, each in a place that is free.
    ///
    /// # Errors
    ///
    /// The run has ended.
    fn queue(&mut self, calls: Vec<Arc<Call>>) -> Result<(), ExperimentError>;

    /// Waits for what happens next, until a time at most.
    fn next(&mut self, until: Option<Duration>) -> LoadEvent;

    /// Stops every call that runs or waits, by the stop ladder.
    ///
    /// # Errors
    ///
    /// The run has ended.
    fn stop_calls(&mut self) -> Result<(), ExperimentError>;

    /// Returns what the servers of the tools have used so far.
    fn usage(&self) -> ToolUsage;

    /// Returns the result of a call that has ended, until its place is taken.
    fn result(&self, row: &CallRow) -> CallResult;
}

/// Something that happens while a load waits.
#[derive(Debug)]
pub enum LoadEvent {
    /// News of a call.
    News(LoadNews),
    /// The time has come.
    Due,
    /// Its user wants another cap from now on.
    CapAsked(Cap),
    /// Its user wants it to end.
    StopAsked,
    /// The run has ended: no news come any more.
    Gone,
}

/// The calls of a load.
pub trait LoadCalls {
    /// Makes a call: the `turn`th of its step from 0, warm-up included. `number`
    /// is that of calls that count, from 1; 0 in a warm-up.
    fn call(&self, turn: u64, number: u64, place: CallId) -> Arc<Call>;

    /// Makes a call that does nothing, by which fanout measures itself.
    fn no_op(&self, place: CallId) -> Arc<Call>;
}

/// Follows a load. Each method does nothing by default.
pub trait LoadObserver {
    /// The next step is about to begin.
    fn step_starting(&mut self, _level: LoadLevel) {}

    /// A call that counts has ended.
    fn call_ended(&mut self, _level: LoadLevel, _call: &MeasuredCall) {}

    /// The step under way has other figures; at most four times a second.
    fn step_changed(&mut self, _step: &StepFigures) {}

    /// A step has ended.
    fn step_ended(&mut self, _step: &StepFigures) {}

    /// The load has other findings.
    fn updated(&mut self, _findings: &LoadFindings) {}

    /// Something happened that is no reason to stop. Untrusted text.
    fn warned(&mut self, _text: &str) {}
}
