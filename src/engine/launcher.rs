//! From a start that the scheduler ordered to a running attempt: arguments are
//! resolved and checked again, the command line is built, the attempt begins.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::outputs;
use crate::catalogue::{Catalogue, Surroundings, command, http};
use crate::exec::{AttemptEvent, Spawner, StopTokens, wait_attempt};
use crate::model::{
    AttemptNo, Call, CallId, CallName, EdgeKind, Epoch, LockSet, McpRequest, OutputKind,
    ProcessSpec, Tool, ToolAction,
};
use crate::output::Store;
use crate::plan;

/// What every attempt of a run is started with.
#[derive(Clone)]
pub(super) struct Launcher {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) spawner: Arc<dyn Spawner>,
    pub(super) store: Store,
    pub(super) surroundings: RunSurroundings,
    pub(super) time_scale: f64,
    pub(super) events: mpsc::Sender<AttemptEvent>,
    /// Whether attempts that only wait stand still.
    pub(super) pause: watch::Sender<bool>,
}

/// The part of a tool's surroundings that is the same for the whole run.
#[derive(Debug, Clone)]
pub struct RunSurroundings {
    /// The folder fanout was started in.
    pub started_in: PathBuf,
    /// Our own executable, which the sample tools run.
    pub own_program: PathBuf,
    /// The environment fanout was started with.
    pub inherited_env: BTreeMap<String, String>,
    /// The fresh folder of this run.
    pub run_dir: PathBuf,
}

/// Why a start comes to nothing, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused(pub(super) String);

/// One start that the scheduler ordered.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttemptId {
    pub(super) call: CallId,
    pub(super) attempt: AttemptNo,
    pub(super) epoch: Epoch,
}

/// The calls a call may refer to, by name.
pub(super) type CallNames = BTreeMap<CallName, Referent>;

/// A call that others may refer to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Referent {
    pub(super) call: CallId,
    pub(super) output: OutputKind,
}

impl Launcher {
    /// The arguments of a call with every reference filled in, checked against
    /// the tool's schema.
    pub(super) fn resolve(&self, call: &Call, names: &CallNames) -> Result<Arc<Value>, Refused> {
        let output = |name: &CallName| {
            let parent = names.get(name)?;
            outputs::value(&self.store, parent.output, parent.call)
        };
        let args =
            plan::resolve(&call.args, &output).map_err(|error| Refused(error.to_string()))?;
        let problems = self.catalogue.validate(&call.tool, &args);
        if let Some(first) = problems.first() {
            return Err(Refused(format!("invalid arguments: {first}")));
        }
        Ok(Arc::new(args))
    }

    /// The locks of a call whose arguments are resolved.
    pub(super) fn locks(&self, call: &Call, args: &Value) -> LockSet {
        let mut locks = call.locks.clone();
        if let Some(tool) = self.catalogue.get(&call.tool) {
            let tool_locks = crate::catalogue::locks(tool, args);
            locks.write.extend(tool_locks.write);
            locks.read.extend(tool_locks.read);
        }
        locks
    }

    /// Begins an attempt. Its start and its end are told through the events.
    pub(super) fn start(
        &self,
        attempt_id: AttemptId,
        call: &Call,
        args: &Arc<Value>,
        stop: StopTokens,
    ) -> Result<(), Refused> {
        let Some(tool) = self.catalogue.get(&call.tool) else {
            return Err(Refused(format!("unknown tool {}", call.tool)));
        };
        match &tool.action {
            ToolAction::Wait { run } => {
                let time = run.mul_f64(self.time_scale);
                let pause = self.pause.subscribe();
                let events = self.events.clone();
                wait_attempt(attempt_id.call, attempt_id.epoch, time, pause, stop, events);
            }
            ToolAction::Command { .. } => {
                let launch = self.launch(attempt_id, call, tool, args)?;
                let sink = self.store.sink(attempt_id.call, attempt_id.attempt);
                self.spawner.start(launch, stop, sink, self.events.clone());
            }
            ToolAction::Http { request } => {
                let variables = &self.surroundings.inherited_env;
                let start = (attempt_id.call, attempt_id.epoch);
                let request = http::request(request, args, variables, start);
                let mut request = request.map_err(|error| Refused(error.to_string()))?;
                request.is_repeatable = tool.is_repeatable();
                let sink = self.store.sink(attempt_id.call, attempt_id.attempt);
                let events = self.events.clone();
                self.spawner.fetch(request, stop, sink, events);
            }
            ToolAction::Mcp {
                server,
                tool: on_server,
                ..
            } => {
                let question = McpRequest {
                    call: attempt_id.call,
                    epoch: attempt_id.epoch,
                    server: server.clone(),
                    tool: on_server.clone(),
                    args: Arc::clone(args),
                    is_repeatable: tool.is_repeatable(),
                };
                let sink = self.store.sink(attempt_id.call, attempt_id.attempt);
                self.spawner.ask(question, stop, sink, self.events.clone());
            }
        }
        Ok(())
    }

    fn launch(
        &self,
        attempt_id: AttemptId,
        call: &Call,
        tool: &Tool,
        args: &Value,
    ) -> Result<ProcessSpec, Refused> {
        let run = &self.surroundings;
        let surroundings = Surroundings {
            started_in: &run.started_in,
            own_program: &run.own_program,
            inherited_env: &run.inherited_env,
            run_dir: &run.run_dir,
            call: &call.name,
            attempt: attempt_id.attempt,
        };
        let expanded = command::expand(tool, args, &surroundings)
            .map_err(|error| Refused(error.to_string()))?;
        Ok(ProcessSpec {
            call: attempt_id.call,
            attempt: attempt_id.attempt,
            epoch: attempt_id.epoch,
            argv: expanded.argv,
            env: expanded.env,
            cwd: expanded.cwd,
            stdin: expanded.stdin,
            grace: call.timeouts.grace,
        })
    }

    /// Whether some of a call's locks are named by arguments that hold
    /// references, and so are known only once these are resolved.
    pub(super) fn has_pending_locks(&self, call: &Call) -> bool {
        let has_references = call.after.iter().any(|edge| edge.on == EdgeKind::Output);
        has_references
            && self
                .catalogue
                .get(&call.tool)
                .is_some_and(|tool| !(tool.write_locks.is_empty() && tool.read_locks.is_empty()))
    }

    /// A time that a plan asks for, scaled.
    pub(super) fn scaled(&self, time: Duration) -> Duration {
        time.mul_f64(self.time_scale)
    }
}
