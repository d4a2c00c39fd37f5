//! The source of each argument of a call.

use serde_json::Value;

use crate::model::{CallId, CallOrigin, CallRow, Snapshot, Tool};
use crate::plan::{self, Reference};
use crate::tui::text::schema;

/// An argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument<'r> {
    /// Its name. Untrusted text.
    pub name: &'r str,
    /// Its value: as it was used, or as it was written before the start.
    pub value: &'r Value,
    /// Where the value came from.
    pub source: ArgumentSource,
}

/// Where the value of an argument came from.
#[derive(Debug, Clone, PartialEq)]
pub enum ArgumentSource {
    /// The plan says it.
    Plan,
    /// The user typed it.
    Typed,
    /// An agent asked for it.
    Agent,
    /// Another call of the run was given the same.
    Call(CallId),
    /// The form put it there, as the schema has it by default.
    Default,
    /// The schema has it by default; it was left out, and the tool was not
    /// given it.
    Unsent,
    /// It is made of outputs of other calls.
    Outputs(Vec<Reference>),
}

/// The arguments of a call that an agent made, as it asked for them unless the
/// user changed them.
pub fn of_agent(row: &CallRow, is_edited: bool) -> Vec<Argument<'_>> {
    let given = row.args.as_object().into_iter().flatten();
    let given = given.map(|(name, value)| Argument {
        name,
        value,
        source: if is_edited {
            ArgumentSource::Typed
        } else {
            ArgumentSource::Agent
        },
    });
    given.collect()
}

/// The arguments of a call, then what its tool's schema has for those that it
/// leaves out.
pub fn arguments<'r>(
    row: &'r CallRow,
    tool: Option<&'r Tool>,
    run: &Snapshot,
) -> Vec<Argument<'r>> {
    let schema = tool.and_then(|tool| tool.input_schema.as_ref());
    let default = |name: &str| schema?.get("properties")?.get(name)?.get("default");
    let given = row.args.as_object().into_iter().flatten();
    let mut all: Vec<Argument<'r>> = given
        .map(|(name, value)| Argument {
            name,
            value,
            source: source(row, name, value, default(name), run),
        })
        .collect();
    let left_out = schema.into_iter().flat_map(schema::fields);
    let left_out = left_out.filter(|(name, _)| row.args.get(name.as_str()).is_none());
    all.extend(left_out.filter_map(|(name, field)| {
        Some(Argument {
            name,
            value: field.get("default")?,
            source: ArgumentSource::Unsent,
        })
    }));
    all
}

fn source(
    row: &CallRow,
    name: &str,
    value: &Value,
    default: Option<&Value>,
    run: &Snapshot,
) -> ArgumentSource {
    let written = row.call.args.get(name);
    let references = written.map(plan::references).unwrap_or_default();
    if !references.is_empty() {
        return ArgumentSource::Outputs(references);
    }
    let was_given = |call: &CallId| {
        run.row(*call)
            .and_then(|original| original.args.get(name))
            .is_some_and(|it| it == value)
    };
    match row.call.origin {
        CallOrigin::Plan | CallOrigin::Load => ArgumentSource::Plan,
        CallOrigin::Agent => ArgumentSource::Agent,
        CallOrigin::Again(call) => ArgumentSource::Call(call),
        CallOrigin::Changed(call) if was_given(&call) => ArgumentSource::Call(call),
        CallOrigin::User | CallOrigin::Changed(_) if default == Some(value) => {
            ArgumentSource::Default
        }
        CallOrigin::User | CallOrigin::Changed(_) => ArgumentSource::Typed,
    }
}
