//! The bench that experiments run plans on: real runs, one after another,
//! each in a folder of its own, without anything kept between them.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::exit::{self, Exit};
use super::ground::{self, Ground};
use super::headless::{Signals, follow};
use super::options::{OrderChoice, parse_scale};
use super::session::{self, Session, SessionError};
use crate::catalogue::Catalogue;
use crate::engine::{self, Lifetime, Setup};
use crate::lab::{Bench, Halt, Progress, Step, Trial};
use crate::model::{CallId, Cap, Plan, Policy, ServerName, Snapshot};
use crate::probe;
use crate::sched::ToolLimits;

/// Runs plans for experiments. Every run has a ground of its own, its servers
/// included: nothing that one run leaves is there in the next.
pub(super) struct LiveBench {
    runtime: Runtime,
    catalogue: Arc<Catalogue>,
    servers: Vec<ServerName>,
    signals: Signals,
    conditions: Conditions,
    limits: Vec<ToolLimits>,
    display: Display,
    /// The signal that stopped it.
    pub(super) interrupted: Option<Exit>,
}

/// What is the same for every run.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Conditions {
    /// In which order ready calls of equal priority start
    #[arg(long, value_name = "ORDER", default_value = "critical-path")]
    order: OrderChoice,
    /// Seed of the order of the caps in each block
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Factor on waits that a plan records or asks for, such as 0.01
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = parse_scale)]
    time_scale: f64,
}

impl LiveBench {
    /// A bench for the plan of a session, which ends with that.
    pub(super) fn new(session: Session, conditions: Conditions) -> Result<Self, SessionError> {
        session.ground.close_servers();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(SessionError::Runtime)?;
        let signals = {
            let _inside = runtime.enter();
            Signals::listen()?
        };
        let catalogue = Arc::clone(&session.catalogue);
        let servers = ground::servers_of(&session.plan, &catalogue);
        drop(session);
        Ok(Self {
            runtime,
            servers,
            limits: catalogue.tools().filter_map(ToolLimits::of).collect(),
            catalogue,
            signals,
            conditions,
            display: Display::new(),
            interrupted: None,
        })
    }

    /// Leaves the line of the progress clean.
    pub(super) fn finish(&mut self) {
        self.display.clear();
    }

    fn conduct(&mut self, plan: &Plan, cap: Cap) -> Result<Trial, String> {
        let ground = Ground::prepare(&self.catalogue).map_err(|error| exit::chain(&error))?;
        let started = ground.runtime.block_on(ground.servers.start(&self.servers));
        let failed = started.into_iter().find_map(Result::err);
        let trial = match failed {
            Some(error) => Err(error.to_string()),
            None => self
                .conduct_on(&ground, plan, cap)
                .map_err(|error| exit::chain(&error)),
        };
        ground.close_servers();
        trial
    }

    fn conduct_on(
        &mut self,
        ground: &Ground,
        plan: &Plan,
        cap: Cap,
    ) -> Result<Trial, SessionError> {
        let conditions = self.conditions;
        let policy = Policy {
            cap,
            on_failure: plan.on_failure.unwrap_or_default(),
            order: conditions.order.into(),
            ..Policy::default()
        };
        let engine = {
            let _inside = ground.runtime.enter();
            engine::start(Setup {
                run: ground.folder.run.clone(),
                plan: plan.clone(),
                policy,
                seed: conditions.seed,
                time_scale: conditions.time_scale,
                lifetime: Lifetime::UntilEnded,
                catalogue: Arc::clone(&self.catalogue),
                cores: session::usable_cores(),
                spawner: ground.attempts(),
                store: ground.store.clone(),
                probe: probe::start(session::sample_period()).map_err(SessionError::Probe)?,
                surroundings: ground.surroundings.clone(),
                recorder: None,
                tape: None,
            })
        };
        let others = Others::begin();
        let followed = follow(engine, &mut self.signals, None);
        let (last, interruption) = self.runtime.block_on(followed)?;
        let foreign_cores = others.and_then(|others| others.cores(&last));
        self.interrupted = interruption;
        let output = |id: CallId| -> Option<Value> {
            let tool = last.row(id).and_then(|row| self.catalogue.get(&row.tool));
            let kind = tool.map(|tool| tool.output).unwrap_or_default();
            let (value, _) = engine::output_value(&ground.store, kind, id);
            value.map(Arc::unwrap_or_clone)
        };
        let mut trial = Trial::of(plan, &last, &self.limits, conditions.time_scale, &output);
        trial.foreign_cores = foreign_cores;
        Ok(trial)
    }
}

impl Bench for LiveBench {
    fn run(&mut self, plan: &Plan, cap: Cap) -> Result<Trial, Halt> {
        let trial = self.conduct(plan, cap);
        if self.interrupted.is_some() {
            return Err(Halt::Stopped);
        }
        trial.map_err(Halt::Impossible)
    }

    fn tell(&mut self, progress: &Progress) {
        self.display.show(progress);
    }
}

/// What others use of the machine while a run is on.
struct Others {
    begun: Instant,
    machine: Duration,
    own: Duration,
}

impl Others {
    fn begin() -> Option<Self> {
        Some(Self {
            machine: probe::machine_cpu_time()?,
            own: probe::own_cpu_time(),
            begun: Instant::now(),
        })
    }

    /// Cores in use on average by neither this process nor the calls.
    fn cores(&self, last: &Snapshot) -> Option<f64> {
        let machine = probe::machine_cpu_time()?.saturating_sub(self.machine);
        let own = probe::own_cpu_time().saturating_sub(self.own);
        let attempts = last.calls.iter().flat_map(|row| &row.attempts);
        let calls = attempts.filter_map(|attempt| attempt.ending.as_ref()?.cpu_ms);
        let calls = Duration::from_millis(calls.map(|spent| spent.value).sum());
        let others = machine.saturating_sub(own).saturating_sub(calls);
        let time = self.begun.elapsed().as_secs_f64();
        (time > 0.0).then(|| others.as_secs_f64() / time)
    }
}

/// One line of progress on standard error, on a terminal only.
struct Display {
    is_terminal: bool,
    is_shown: bool,
}

impl Display {
    fn new() -> Self {
        Self {
            is_terminal: io::stderr().is_terminal(),
            is_shown: false,
        }
    }

    fn show(&mut self, progress: &Progress) {
        if self.is_terminal {
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(io::stderr().lock(), "\r\x1b[K{}", line(progress));
            self.is_shown = true;
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// How far an experiment is, in one line.
fn line(progress: &Progress) -> String {
    let step = match progress.step {
        Step::WarmUp => "warm-up".to_owned(),
        Step::Block { number, of } => format!("block {number}/{of}"),
        Step::Confirming => "confirming".to_owned(),
        Step::Reducing => "looking for the smallest set of calls".to_owned(),
        Step::Trying => "trying a lock".to_owned(),
    };
    let (number, cap) = (progress.done + 1, progress.cap);
    match progress.left {
        Some(left) => format!(
            "{step}, run {number}/{} at cap {cap}, ~{:.0} s left; Ctrl-C tells what is known",
            progress.of,
            left.as_secs_f64()
        ),
        None => format!("{step}, run {number} at cap {cap}"),
    }
}
