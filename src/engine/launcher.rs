//! From a start that the scheduler ordered to a running attempt: arguments are
//! resolved and checked again, the work is built from them, the attempt begins.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::outputs::{Outputs, Referent};
use crate::catalogue::command::{self, ExpandError};
use crate::catalogue::http::{self, RequestError};
use crate::catalogue::{ArgumentProblem, Catalogue, Surroundings};
use crate::exec::{AttemptContext, AttemptEvent, Spawner, StopTokens, wait_attempt};
use crate::model::{
    AttemptId, Call, CallName, EdgeKind, Launch, LockKey, LockSet, McpRequest, OutputKind,
    ProcessSpec, Tool, ToolAction, ToolName, Work,
};
use crate::plan::{self, MissingOutput, ResolveError};

/// Bytes of arguments and outputs that are looked at on the loop; more is done
/// aside.
const QUICK_BYTES: u64 = 32 * 1024;

/// Starts attempts; holds everything that is the same for all of a run.
#[derive(Clone)]
pub(super) struct Launcher {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) spawner: Arc<dyn Spawner>,
    pub(super) outputs: Arc<Outputs>,
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

/// Reason a call was refused before any process started; shown to the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum StartError {
    #[error("unknown tool {0}")]
    UnknownTool(ToolName),
    #[error(transparent)]
    Reference(#[from] ResolveError),
    #[error("invalid arguments: {0}")]
    Arguments(ArgumentProblem),
    #[error(transparent)]
    Command(#[from] ExpandError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("an internal error ended it: preparing its start panicked")]
    Panicked,
}

/// The calls that a call refers to, by name.
pub(super) type Referents = BTreeMap<CallName, Referent>;

/// A start that is ready to be launched.
pub(super) struct Prepared {
    pub(super) args: Arc<Value>,
    work: PreparedWork,
}

enum PreparedWork {
    /// No process: waits this long.
    Wait(Duration),
    Work(Work),
}

impl Prepared {
    /// The command line, where a program is started.
    pub(super) fn argv(&self) -> Option<Arc<[String]>> {
        match &self.work {
            PreparedWork::Work(Work::Process(spec)) => Some(spec.argv.as_slice().into()),
            PreparedWork::Work(_) | PreparedWork::Wait(_) => None,
        }
    }

    /// Surroundings of the program, where one is started.
    pub(super) fn launch(&self) -> Option<Launch> {
        match &self.work {
            PreparedWork::Work(Work::Process(spec)) => Some(Launch {
                cwd: spec.cwd.clone(),
                env: spec.env.clone(),
                stdin: spec.stdin.clone(),
                pid: None,
            }),
            PreparedWork::Work(_) | PreparedWork::Wait(_) => None,
        }
    }
}

impl Launcher {
    /// Whether a start of this call is prepared within microseconds, without a
    /// look at the disk.
    pub(super) fn is_quick(&self, call: &Call) -> bool {
        self.is_quick_to_resolve(call) && self.catalogue.is_quick_to_validate(&call.tool)
    }

    /// Whether arguments as they are written are checked within microseconds.
    pub(super) fn is_quick_to_check(&self, tool: &ToolName, args: &Value) -> bool {
        fits(args, &mut { QUICK_BYTES })
            && self.catalogue.is_quick_to_validate(tool)
            && !self.locks_files(tool)
    }

    /// Whether calls of a tool lock files, which the file system identifies.
    pub(super) fn locks_files(&self, tool: &ToolName) -> bool {
        let tool = self.catalogue.get(tool);
        tool.is_some_and(|tool| {
            let mut names = tool.write_locks.iter().chain(&tool.read_locks);
            names.any(|name| name.starts_with(LockKey::FILE))
        })
    }

    /// The same as [`Launcher::is_quick`], without the check of arguments.
    pub(super) fn is_quick_to_resolve(&self, call: &Call) -> bool {
        let mut room = QUICK_BYTES;
        let parents = call.after.iter().filter(|edge| edge.on == EdgeKind::Output);
        let are_short = parents.into_iter().all(|edge| {
            let bytes = self.outputs.bytes_in_memory(edge.call);
            let left = bytes.and_then(|bytes| room.checked_sub(bytes));
            left.map(|left| room = left).is_some()
        });
        are_short && fits(&call.args, &mut room)
    }

    /// Prepares the start of an attempt.
    pub(super) fn prepare(
        &self,
        attempt: AttemptId,
        call: &Call,
        referents: &Referents,
    ) -> Result<Prepared, StartError> {
        let args = self.resolve(call, referents)?;
        let problems = self.catalogue.validate(&call.tool, &args);
        if let Some(first) = problems.into_iter().next() {
            return Err(StartError::Arguments(first));
        }
        let work = self.work(attempt, call, &args)?;
        Ok(Prepared { args, work })
    }

    /// The arguments of a call with every reference filled in.
    fn resolve(&self, call: &Call, referents: &Referents) -> Result<Arc<Value>, ResolveError> {
        if call.are_args_final || !is_template(&call.args) {
            return Ok(Arc::clone(&call.args));
        }
        let resolved = plan::resolve(&call.args, &|name| {
            let referent = referents.get(name).ok_or(MissingOutput::Unknown)?;
            let value = self.outputs.value(*referent);
            value.map_err(|error| MissingOutput::Unreadable(error.to_string()))
        });
        resolved.map(Arc::new)
    }

    /// The locks of a call whose parents have ended.
    pub(super) fn locks(&self, call: &Call, referents: &Referents) -> LockSet {
        let mut locks = call.locks.clone();
        // The start will be refused for the same reason, and needs no lock for that.
        let Ok(args) = self.resolve(call, referents) else {
            return locks;
        };
        if let Some(tool) = self.catalogue.get(&call.tool) {
            let tool_locks = crate::catalogue::locks(tool, &args);
            locks.write.extend(tool_locks.write);
            locks.read.extend(tool_locks.read);
        }
        locks
    }

    /// Returns the service that does the work of a call.
    pub(super) fn service(&self, call: &Call) -> Option<Arc<str>> {
        match self.catalogue.get(&call.tool) {
            Some(tool) => tool.service(),
            None => self.catalogue.assumed_tool(&call.tool)?.service(),
        }
    }

    /// How a call's output is read.
    pub(super) fn output_kind(&self, call: &Call) -> OutputKind {
        let tool = self.catalogue.get(&call.tool);
        tool.map(|tool| tool.output).unwrap_or_default()
    }

    fn work(
        &self,
        attempt: AttemptId,
        call: &Call,
        args: &Arc<Value>,
    ) -> Result<PreparedWork, StartError> {
        let Some(tool) = self.catalogue.get(&call.tool) else {
            return Err(StartError::UnknownTool(call.tool.clone()));
        };
        let work = match &tool.action {
            ToolAction::Wait { run } => return Ok(PreparedWork::Wait(self.scaled(*run))),
            ToolAction::Command { .. } => Work::Process(self.process(attempt, call, tool, args)?),
            ToolAction::Http { request } => {
                let variables = &self.surroundings.inherited_env;
                let mut request = http::request(request, args, variables, attempt)?;
                request.is_repeatable = tool.is_repeatable();
                Work::Http(request)
            }
            ToolAction::Mcp {
                server,
                tool: on_server,
                operation,
                ..
            } => Work::Mcp(McpRequest {
                call: attempt.call,
                attempt: attempt.number,
                epoch: attempt.epoch,
                server: server.clone(),
                operation: *operation,
                tool: on_server.clone(),
                args: Arc::clone(args),
                is_repeatable: tool.is_repeatable(),
            }),
        };
        Ok(PreparedWork::Work(work))
    }

    fn process(
        &self,
        attempt: AttemptId,
        call: &Call,
        tool: &Tool,
        args: &Value,
    ) -> Result<ProcessSpec, ExpandError> {
        let run = &self.surroundings;
        let surroundings = Surroundings {
            started_in: &run.started_in,
            own_program: &run.own_program,
            inherited_env: &run.inherited_env,
            run_dir: &run.run_dir,
            call: &call.name,
            attempt: attempt.number,
        };
        let expanded = command::expand(tool, args, &surroundings)?;
        Ok(ProcessSpec {
            call: attempt.call,
            attempt: attempt.number,
            epoch: attempt.epoch,
            argv: expanded.argv,
            env: expanded.env,
            cwd: expanded.cwd,
            stdin: expanded.stdin,
        })
    }

    /// Begins an attempt. Its start and its end come back as events.
    pub(super) fn launch(&self, attempt: AttemptId, prepared: Prepared, stop: StopTokens) {
        let events = self.events.clone();
        match prepared.work {
            PreparedWork::Wait(time) => {
                let pause = self.pause.subscribe();
                wait_attempt(attempt.call, attempt.epoch, time, pause, stop, events);
            }
            PreparedWork::Work(work) => {
                let sink = self.outputs.store().sink(attempt.call, attempt.number);
                self.spawner
                    .start(work, AttemptContext { stop, sink, events });
            }
        }
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

/// Whether a text in a value holds a reference or an escaped one.
fn is_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(is_template),
        Value::Object(table) => table.values().any(is_template),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a value takes no more than the bytes that are left. Looks at no more
/// of it than that.
fn fits(value: &Value, room: &mut u64) -> bool {
    let bytes = match value {
        Value::String(text) => text.len() as u64,
        _ => 8,
    };
    let Some(left) = room.checked_sub(bytes) else {
        return false;
    };
    *room = left;
    match value {
        Value::Array(items) => items.iter().all(|item| fits(item, room)),
        Value::Object(table) => table.values().all(|item| fits(item, room)),
        _ => true,
    }
}
