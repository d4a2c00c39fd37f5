//! The calls of a load: those of a plan in turn, each with its own arguments.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::catalogue::{self, Catalogue};
use crate::lab::load::LoadCalls;
use crate::model::{
    Call, CallId, CallName, CallOrigin, EdgeKind, LockSet, Plan, Tool, ToolAction, ToolName,
};
use crate::plan;

/// Name of the tool that does nothing.
const NO_OP: &str = "fanout:no-op";

/// Makes the arguments of a load's calls: of the `turn`th of a step from 0,
/// which has this number.
pub(crate) type MakeArguments = Arc<dyn Fn(u64, u64) -> Value + Send + Sync>;

/// A plan whose calls cannot be those of a load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoadPlanError {
    /// One needs the output of another.
    #[error(
        "call `{0}` needs the output of another call: calls of a load stand each for itself; give it arguments of its own"
    )]
    NeedsOutput(CallName),
    /// It has no call that is measured.
    #[error("the plan has no call but those with `reset` or `verify`")]
    Empty,
}

/// The calls of a load.
pub(crate) struct PlannedCalls {
    templates: Vec<Template>,
    catalogue: Arc<Catalogue>,
    arguments: Option<MakeArguments>,
    ignores_limits: bool,
}

/// Template of a call.
struct Template {
    call: Call,
    /// Start of its calls' names.
    base: String,
    /// Locks that are not those of its tool.
    locks: LockSet,
}

impl PlannedCalls {
    /// The calls of a plan in turn; with `arguments`, those instead of the
    /// plan's own.
    pub(crate) fn new(
        plan: &Plan,
        catalogue: &Catalogue,
        arguments: Option<MakeArguments>,
        ignores_limits: bool,
    ) -> Result<Self, LoadPlanError> {
        let mut catalogue = catalogue.clone();
        if ignores_limits {
            catalogue = catalogue.without_limits();
        }
        let run = Duration::ZERO;
        let no_op = Tool::new(ToolName::new(NO_OP), ToolAction::Wait { run });
        let catalogue = catalogue.with_tools([no_op]);
        let measured = plan.calls.iter().filter(|call| call.is_measured());
        let templates = measured.map(|call| Template::of(call, &catalogue));
        let templates: Vec<Template> = templates.collect::<Result<_, _>>()?;
        if templates.is_empty() {
            return Err(LoadPlanError::Empty);
        }
        Ok(Self {
            templates,
            catalogue: Arc::new(catalogue),
            arguments,
            ignores_limits,
        })
    }

    /// Returns the tools that the calls are made with.
    pub(crate) fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }
}

impl Template {
    fn of(call: &Arc<Call>, catalogue: &Catalogue) -> Result<Self, LoadPlanError> {
        let needs_output = || LoadPlanError::NeedsOutput(call.name.clone());
        if call.after.iter().any(|edge| edge.on == EdgeKind::Output) {
            return Err(needs_output());
        }
        let tool = catalogue.get(&call.tool);
        let locks = tool.map(|tool| plan::own_locks(call, tool));
        let mut template = Call::clone(call);
        // What is left are escaped signs: nothing refers to a call.
        template.args = plan::resolve(&call.args, &|_| Err(plan::MissingOutput::Unknown))
            .map(Arc::new)
            .map_err(|_reference| needs_output())?;
        template.are_args_final = true;
        template.after.clear();
        template.start_after = None;
        template.retries = 0;
        template.origin = CallOrigin::Load;
        let name = call.name.as_str();
        let base = name.strip_suffix("-1").unwrap_or(name).to_owned();
        Ok(Self {
            call: template,
            base,
            locks: locks.unwrap_or_default(),
        })
    }
}

impl LoadCalls for PlannedCalls {
    fn call(&self, turn: u64, number: u64, place: CallId) -> Arc<Call> {
        let count = self.templates.len() as u64;
        let template = &self.templates[(turn % count) as usize];
        let mut call = template.call.clone();
        call.id = place;
        call.name = CallName::new(format!("{}-{}", template.base, turn + 1));
        if let Some(arguments) = &self.arguments {
            call.args = Arc::new(arguments(turn, number));
        }
        call.locks = LockSet::default();
        if let Some(tool) = self
            .catalogue
            .get(&call.tool)
            .filter(|_| !self.ignores_limits)
        {
            call.locks = catalogue::locks(tool, &call.args);
            call.locks
                .write
                .extend(template.locks.write.iter().cloned());
            call.locks.read.extend(template.locks.read.iter().cloned());
        }
        Arc::new(call)
    }

    fn no_op(&self, place: CallId) -> Arc<Call> {
        let name = CallName::new("no-op");
        let mut call = Call::new(place, name, ToolName::new(NO_OP), json!({}));
        call.origin = CallOrigin::Load;
        Arc::new(call)
    }
}
