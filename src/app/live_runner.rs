//! The runner of experiments: real runs, one after another, each in an
//! environment of its own, so that nothing one run leaves is there in the next.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Runtime;

use super::diagnostics::chain;
use super::environment::RunEnvironment;
use super::error::SessionError;
use super::load_calls::{MakeArguments, PlannedCalls};
use super::runtime;
use super::session::{Session, usable_cores};
use super::signals::{Interruption, StopRequests, follow};
use super::suspension::ExperimentRun;
use crate::catalogue::Catalogue;
use crate::engine::{self, Lifetime, Setup};
use crate::lab::load::{LoadFindings, LoadObserver, LoadRequest};
use crate::lab::{ExperimentError, Observer, PlanRunner, Trial};
use crate::model::{CallId, Cap, Order, Plan, Policy};
use crate::probe;
use crate::sched::ToolLimits;

/// Runs plans for experiments. `R` is where requests to stop them come from.
pub(crate) struct LiveRunner<R> {
    pub(super) runtime: Runtime,
    catalogue: Arc<Catalogue>,
    conditions: Conditions,
    /// Arguments of the next load's calls, instead of the plan's.
    arguments: Option<MakeArguments>,
    limits: Vec<ToolLimits>,
    pub(super) requests: R,
    pub(super) under_way: ExperimentRun,
    pub(super) interruption: Option<Interruption>,
}

/// Settings that all runs of an experiment share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditions {
    /// Order in which ready calls of equal priority start.
    pub(crate) order: Order,
    /// Seed of the order of the caps in each block.
    pub(crate) seed: u64,
    /// Factor on waits that a plan records or asks for.
    pub(crate) time_scale: f64,
    /// Time between two samples of the machine and the calls.
    pub(crate) sample_period: Duration,
}

impl<R: StopRequests> LiveRunner<R> {
    /// Makes a runner for the plan of a session, which ends with that.
    pub(crate) fn of_session(
        session: Session,
        conditions: Conditions,
        listen: impl FnOnce() -> Result<R, SessionError>,
    ) -> Result<Self, SessionError> {
        session.environment.close_servers();
        let catalogue = Arc::clone(&session.catalogue);
        drop(session);
        Self::new(catalogue, conditions, listen)
    }

    /// Makes a runner; `listen` is called inside of its runtime.
    pub(crate) fn new(
        catalogue: Arc<Catalogue>,
        conditions: Conditions,
        listen: impl FnOnce() -> Result<R, SessionError>,
    ) -> Result<Self, SessionError> {
        let runtime = runtime::start_current_thread().map_err(SessionError::Runtime)?;
        let requests = {
            let _inside = runtime.enter();
            listen()?
        };
        Ok(Self {
            runtime,
            limits: catalogue.tools().filter_map(ToolLimits::of).collect(),
            catalogue,
            conditions,
            arguments: None,
            requests,
            under_way: ExperimentRun::default(),
            interruption: None,
        })
    }

    /// Sets the arguments of the next load's calls; `None` are the plan's.
    pub(super) fn set_arguments(&mut self, arguments: Option<MakeArguments>) {
        self.arguments = arguments;
    }

    /// Settings of every run.
    pub(crate) fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// Tools of every run.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The run under way, for whoever suspends the program.
    pub(super) fn under_way(&self) -> ExperimentRun {
        self.under_way.clone()
    }

    /// Where requests to stop come from.
    pub(super) fn requests(&mut self) -> &mut R {
        &mut self.requests
    }

    /// Takes who interrupted the last run, if anybody did.
    pub(crate) fn take_interruption(&mut self) -> Option<Interruption> {
        self.interruption.take()
    }

    /// Runs a plan with everything that belongs to it. Returns `None` if the
    /// run was suspended: caches have cooled and other programs have moved on,
    /// so its figures are of no use.
    fn run_once(
        &mut self,
        plan: &Plan,
        cap: Cap,
        observer: &mut dyn Observer,
    ) -> Result<Option<Trial>, SessionError> {
        let others = ForeignLoad::begin();
        let warn = &mut |text: &str| observer.warned(text);
        let environment = RunEnvironment::with_servers_of(plan, &self.catalogue, warn)?;
        let trial = self.run_in(&environment, plan, cap, observer);
        environment.close_servers_warning(&mut |text| observer.warned(text));
        drop(environment);
        // By now all that belonged to the run has ended, its servers too.
        let foreign_cores = others.and_then(|others| others.cores());
        let trial = trial?.map(|trial| Trial {
            foreign_cores,
            ..trial
        });
        Ok(trial)
    }

    /// Returns the setup of a run that ends with its calls.
    pub(super) fn setup(
        &self,
        environment: &RunEnvironment,
        plan: &Plan,
        cap: Cap,
    ) -> Result<Setup, SessionError> {
        let conditions = self.conditions;
        let policy = Policy {
            cap,
            on_failure: plan.on_failure.unwrap_or_default(),
            order: conditions.order,
            ..Policy::default()
        };
        Ok(Setup {
            run: environment.folder.run.clone(),
            plan: plan.clone(),
            policy,
            seed: conditions.seed,
            time_scale: conditions.time_scale,
            lifetime: Lifetime::UntilEnded,
            catalogue: Arc::clone(&self.catalogue),
            cores: usable_cores(),
            spawner: environment.attempts(),
            store: environment.store.clone(),
            probe: probe::start(conditions.sample_period).map_err(SessionError::Probe)?,
            learned: Vec::new(),
            surroundings: environment.surroundings.clone(),
            agents: None,
            load: None,
            recorder: None,
            tape: None,
        })
    }

    fn run_in(
        &mut self,
        environment: &RunEnvironment,
        plan: &Plan,
        cap: Cap,
        observer: &mut dyn Observer,
    ) -> Result<Option<Trial>, SessionError> {
        let conditions = self.conditions;
        let setup = self.setup(environment, plan, cap)?;
        let start = || {
            let _inside = environment.runtime.enter();
            engine::start(setup)
        };
        let (requests, under_way) = (&mut self.requests, &self.under_way);
        let end = self.runtime.block_on(async {
            let engine = under_way.start(start).await;
            let end = follow(engine, requests, observer).await;
            under_way.end().await;
            end
        })?;
        self.interruption = end.interruption;
        let last = end.last;
        if !last.suspended_for.is_zero() {
            return Ok(None);
        }
        let output = |id: CallId| -> Option<Value> {
            let tool = last.row(id).and_then(|row| self.catalogue.get(&row.tool));
            let kind = tool.map(|tool| tool.output).unwrap_or_default();
            Some(environment.store.output_value(id, kind).value)
        };
        let trial = Trial::of(plan, &last, &self.limits, conditions.time_scale, &output);
        Ok(Some(trial))
    }
}

impl<R: StopRequests + Send> PlanRunner for LiveRunner<R> {
    fn run(
        &mut self,
        plan: &Plan,
        cap: Cap,
        observer: &mut dyn Observer,
    ) -> Result<Trial, ExperimentError> {
        loop {
            let trial = self.run_once(plan, cap, observer);
            if self.interruption.is_some() {
                return Err(ExperimentError::Stopped);
            }
            match trial {
                Ok(Some(trial)) => return Ok(trial),
                Ok(None) => {
                    observer.warned("a run that was suspended does not count; it is done again");
                }
                Err(error) => {
                    return Err(ExperimentError::RunFailed {
                        reason: chain(&error),
                    });
                }
            }
        }
    }

    fn load(
        &mut self,
        plan: &Plan,
        request: LoadRequest,
        observer: &mut dyn LoadObserver,
    ) -> LoadFindings {
        let failed = |reason: String| LoadFindings {
            error: Some(ExperimentError::RunFailed { reason }),
            ..LoadFindings::none(request.clone())
        };
        let arguments = self.arguments.clone();
        let ignores = request.ignores_limits;
        match PlannedCalls::new(plan, &self.catalogue, arguments, ignores) {
            Err(error) => failed(error.to_string()),
            Ok(calls) => {
                let done = self.conduct_load(plan, &calls, request.clone(), observer);
                done.unwrap_or_else(|error| failed(chain(&error)))
            }
        }
    }
}

/// CPU time at the start of a run, to tell later what other programs used.
struct ForeignLoad {
    begun: Instant,
    machine: Duration,
    own: Duration,
}

impl ForeignLoad {
    fn begin() -> Option<Self> {
        Some(Self {
            machine: probe::machine_cpu_time()?,
            own: probe::own_cpu_time()?,
            begun: Instant::now(),
        })
    }

    /// Returns the cores that neither this process nor its descendants, all of
    /// which have ended, used on average.
    fn cores(&self) -> Option<f64> {
        let machine = probe::machine_cpu_time()?.saturating_sub(self.machine);
        let own = probe::own_cpu_time()?.saturating_sub(self.own);
        let others = machine.saturating_sub(own);
        let time = self.begun.elapsed().as_secs_f64();
        (time > 0.0).then(|| others.as_secs_f64() / time)
    }
}
