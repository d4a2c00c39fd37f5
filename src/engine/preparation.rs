//! The work that the loop has done aside: starts are prepared, locks resolved,
//! outputs and drafts checked.

use std::sync::Arc;

use super::aside::{AdmitError, Completion, Weight};
use super::launcher::{Referents, StartError};
use super::outputs::Referent;
use super::run::EngineLoop;
use crate::model::{
    AttemptId, Call, CallName, CallOrigin, EdgeKind, Ending, Epoch, Outcome, OutputKind,
};
use crate::plan::{self, Draft};

impl EngineLoop {
    /// Prepares a start.
    pub(super) fn prepare_aside(&self, attempt: AttemptId, call: Arc<Call>) {
        let referents = self.referents(&call);
        let launcher = Arc::clone(&self.launcher);
        let weight = self.weight(&call);
        let completion = move |prepared| Completion::Prepared { attempt, prepared };
        self.aside.spawn(
            weight,
            move || {
                let prepared = launcher.prepare(attempt, &call, &referents);
                completion(prepared.map(Box::new))
            },
            move || completion(Err(StartError::Panicked)),
        );
    }

    /// Resolves the locks of a call.
    pub(super) fn resolve_locks_aside(&self, call: Arc<Call>) {
        let referents = self.referents(&call);
        let launcher = Arc::clone(&self.launcher);
        let id = call.id;
        let written = call.locks.clone();
        let completion = move |locks| Completion::LocksResolved { call: id, locks };
        self.aside.spawn(
            Weight::Heavy,
            move || completion(launcher.locks(&call, &referents)),
            move || completion(written),
        );
    }

    /// Checks the output of a success whose tool promised JSON.
    pub(super) fn check_output_aside(&self, call: &Call, epoch: Epoch, ending: Ending) {
        let (id, tool) = (call.id, call.tool.clone());
        let launcher = Arc::clone(&self.launcher);
        let completion = move |ending| Completion::OutputChecked {
            call: id,
            epoch,
            ending,
        };
        self.aside.spawn(
            Weight::Heavy,
            move || {
                let of = Referent {
                    call: id,
                    kind: OutputKind::Json,
                };
                let problem = match launcher.outputs.value_to_check(of) {
                    Ok(output) => {
                        let problems = launcher.catalogue.validate_output(&tool, &output);
                        let first = problems.into_iter().next();
                        first.map(|it| format!("output does not fit the tool's schema: {it}"))
                    }
                    Err(error) => Some(error.to_string()),
                };
                completion(match problem {
                    None => ending,
                    Some(problem) => failed(ending, problem),
                })
            },
            move || {
                completion(Ending::refused(
                    "an internal error ended it: reading its output panicked",
                ))
            },
        );
    }

    /// Checks a call that a user asked for.
    pub(super) fn admit_aside(&self, draft: Draft) {
        let names = self.names.clone();
        let catalogue = Arc::clone(&self.launcher.catalogue);
        self.aside.spawn(
            Weight::Light,
            move || {
                let admitted = plan::admit(draft, &names, &catalogue);
                Completion::Admitted(admitted.map(Box::new).map_err(AdmitError::Draft))
            },
            || Completion::Admitted(Err(AdmitError::Panicked)),
        );
    }

    fn weight(&self, call: &Call) -> Weight {
        if self.launcher.is_quick_to_resolve(call) {
            Weight::Light
        } else {
            Weight::Heavy
        }
    }

    /// The calls that a call may refer to.
    pub(super) fn referents(&self, call: &Call) -> Referents {
        let parents = call.after.iter().filter(|edge| edge.on == EdgeKind::Output);
        let referents = parents.filter_map(|edge| {
            let parent = &self.rows.get(edge.call)?.call;
            let referent = Referent {
                call: parent.id,
                kind: self.launcher.output_kind(parent),
            };
            Some((self.plan_name_of(parent), referent))
        });
        referents.collect()
    }

    /// The name by which the plan refers to a call: of one that runs again, that
    /// of the first.
    fn plan_name_of(&self, call: &Call) -> CallName {
        let mut first = call;
        while let CallOrigin::Again(earlier) = first.origin
            && let Some(row) = self.rows.get(earlier)
        {
            first = &row.call;
        }
        first.name.clone()
    }
}

/// The same ending as a failure.
pub(super) fn failed(ending: Ending, reason: String) -> Ending {
    Ending {
        outcome: Outcome::Failed,
        reason: Some(reason),
        ..ending
    }
}
