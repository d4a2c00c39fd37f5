//! The two sides of an experiment that others implement: the runner of its
//! plan, and its observer.

use super::load::{LoadFindings, LoadObserver, LoadRequest};
use super::progress::{ExperimentError, ExperimentProgress};
use super::sweep::SweepRun;
use super::{Experiment, Trial};
use crate::model::{Cap, Plan, Snapshot};

/// Runs plans, one after another. The implementor knows how calls are run; an
/// experiment knows only the result.
pub trait PlanRunner {
    /// Runs a plan once, from nothing, at a cap. The observer gets the run's
    /// snapshots and warnings.
    ///
    /// # Errors
    ///
    /// The run was stopped, or could not be done.
    fn run(
        &mut self,
        plan: &Plan,
        cap: Cap,
        observer: &mut dyn Observer,
    ) -> Result<Trial, ExperimentError>;

    /// Does a load of a plan's calls to its end. By default there is none.
    fn load(
        &mut self,
        _plan: &Plan,
        request: LoadRequest,
        _observer: &mut dyn LoadObserver,
    ) -> LoadFindings {
        let reason = "no load can be run here".to_owned();
        LoadFindings {
            error: Some(ExperimentError::RunFailed { reason }),
            ..LoadFindings::none(request)
        }
    }
}

/// Follows an experiment. Each method does nothing by default.
pub trait Observer {
    /// The next run is about to start.
    fn run_starting(&mut self, _progress: &ExperimentProgress) {}

    /// The run under way has published a snapshot.
    fn run_changed(&mut self, _run: &Snapshot) {}

    /// A run of a sweep has ended and counts.
    fn run_counted(&mut self, _run: &SweepRun) {}

    /// The experiment has another state or other findings.
    fn updated(&mut self, _experiment: &Experiment) {}

    /// Something happened that is no reason to stop. Untrusted text.
    fn warned(&mut self, _text: &str) {}
}
