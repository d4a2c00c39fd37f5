//! A call that is added while a run is on: checked like one of the plan.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::{Value, json};

use super::assemble::fill_from_tool;
use super::graph::Edges;
use super::parsed::Settings;
use super::{Reference, ReferenceError, is_call_name, names, reference, references};
use crate::catalogue::{ArgumentProblem, Catalogue};
use crate::model::{
    Call, CallId, CallName, CallOrigin, Claims, Edge, EdgeKind, LockSet, Timeouts, ToolName,
};

/// A call as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its id; generated where `None`.
    pub name: Option<CallName>,
    /// The tool.
    pub tool: ToolName,
    /// The arguments; may hold references to calls of the run.
    pub args: Value,
    /// Edges beyond those its references make.
    pub after: Vec<Edge>,
    /// Higher runs first.
    pub priority: i32,
    /// Limits on its time; `None` takes the tool's.
    pub timeouts: Option<Timeouts>,
    /// Extra attempts.
    pub retries: u32,
    /// The group it shares with.
    pub group: Option<String>,
    /// Not before this time of the run.
    pub start_after: Option<Duration>,
    /// Locks beside those of the tool.
    pub locks: LockSet,
    /// What it claims of the machine.
    pub claims: Claims,
    /// Expected run time; `None` takes the tool's.
    pub estimate: Option<Duration>,
    /// Who wrote the arguments.
    pub origin: CallOrigin,
}

impl Draft {
    /// A call of a tool with nothing but what every call has.
    pub fn new(tool: ToolName) -> Self {
        Self {
            name: None,
            tool,
            args: json!({}),
            after: Vec::new(),
            priority: 0,
            timeouts: None,
            retries: 0,
            group: None,
            start_after: None,
            locks: LockSet::default(),
            claims: Claims::default(),
            estimate: None,
            origin: CallOrigin::User,
        }
    }
}

/// Reason a draft is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The id has characters that no id may have.
    #[error("{:?} cannot be the id of a call", .0.as_str())]
    InvalidName(CallName),
    /// Another call has the id.
    #[error("there is a call `{0}` already")]
    NameTaken(CallName),
    /// The catalogue has no such tool.
    #[error("there is no tool `{name}`{}", did_you_mean(.near.as_ref()))]
    UnknownTool {
        /// The name that was given.
        name: ToolName,
        /// The tool that was probably meant.
        near: Option<ToolName>,
    },
    /// A text in the arguments is not a reference and looks like one.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// An argument violates the tool's schema.
    #[error("{0}")]
    Argument(ArgumentProblem),
    /// A reference names a call that does not exist.
    #[error("`{0}`: there is no such call")]
    UnknownCall(Reference),
    /// An edge names a call that does not exist.
    #[error("there is no call {0}")]
    UnknownParent(CallId),
}

fn did_you_mean(near: Option<&ToolName>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// Checks a draft against the calls there are, and makes it the next one.
/// Returns everything that is wrong with it.
pub fn admit(
    draft: Draft,
    calls: &BTreeMap<CallName, CallId>,
    catalogue: &Catalogue,
) -> Result<Call, Vec<DraftError>> {
    let mut wrong = Vec::new();
    let name = draft.name.unwrap_or_else(|| {
        let is_taken = |name: &CallName| calls.contains_key(name);
        names::generate(Some(&draft.tool), &mut HashMap::new(), is_taken)
    });
    check_name(&name, calls, &mut wrong);
    check_arguments(&draft.tool, &draft.args, catalogue, &mut wrong);
    let mut after = Edges::default();
    for reference in references(&draft.args) {
        match calls.get(&reference.call) {
            Some(call) => {
                after.add(*call, EdgeKind::Output);
            }
            None => wrong.push(DraftError::UnknownCall(reference)),
        }
    }
    for edge in draft.after {
        if edge.call.index() < calls.len() {
            after.add(edge.call, edge.on);
        } else {
            wrong.push(DraftError::UnknownParent(edge.call));
        }
    }
    let Some(tool) = catalogue.get(&draft.tool).filter(|_| wrong.is_empty()) else {
        return Err(wrong);
    };
    let id = CallId::from_index(calls.len());
    let mut call = Call {
        after: after.into_list(),
        priority: draft.priority,
        start_after: draft.start_after,
        retries: draft.retries,
        claims: draft.claims,
        estimate: draft.estimate,
        origin: draft.origin,
        ..Call::new(id, name, draft.tool, draft.args)
    };
    let settings = Settings {
        group: draft.group,
        locks: draft.locks,
        ..Settings::default()
    };
    fill_from_tool(&mut call, settings, tool);
    call.timeouts = draft.timeouts.unwrap_or(call.timeouts);
    Ok(call)
}

fn check_name(name: &CallName, calls: &BTreeMap<CallName, CallId>, wrong: &mut Vec<DraftError>) {
    if !is_call_name(name.as_str()) {
        wrong.push(DraftError::InvalidName(name.clone()));
    }
    if calls.contains_key(name) {
        wrong.push(DraftError::NameTaken(name.clone()));
    }
}

fn check_arguments(
    tool: &ToolName,
    args: &Value,
    catalogue: &Catalogue,
    wrong: &mut Vec<DraftError>,
) {
    if catalogue.get(tool).is_none() {
        wrong.push(DraftError::UnknownTool {
            name: tool.clone(),
            near: catalogue.suggest(tool.as_str()).cloned(),
        });
        return;
    }
    let count = wrong.len();
    reference::malformed(args, &mut |error| wrong.push(error.into()));
    if wrong.len() > count {
        return;
    }
    let problems = super::arguments::problems(tool, args, catalogue);
    wrong.extend(problems.into_iter().map(DraftError::Argument));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::LockKey;

    fn catalogue() -> Catalogue {
        let path = std::path::PathBuf::from("tests/plans/tools.toml");
        Catalogue::load(&[path]).expect("sound")
    }

    fn calls() -> BTreeMap<CallName, CallId> {
        let names = ["one", "count-1"].map(CallName::new);
        let numbers = (0..).map(CallId::from_index);
        names.into_iter().zip(numbers).collect()
    }

    fn draft(tool: &str, args: Value) -> Draft {
        Draft {
            args,
            priority: 3,
            retries: 1,
            ..Draft::new(ToolName::new(tool))
        }
    }

    #[test]
    fn a_sound_draft_becomes_the_next_call() {
        let mut wanted = draft("count", json!({"path": "a/b", "limit": "{{one.output.n}}"}));
        let on = EdgeKind::Done;
        wanted.after = [0, 1]
            .map(|at| Edge {
                call: CallId::from_index(at),
                on,
            })
            .to_vec();
        wanted.locks.write = vec![LockKey::new("db")];
        let later = std::time::Duration::from_secs(7);
        (wanted.start_after, wanted.estimate) = (Some(later), Some(later));
        let call = admit(wanted, &calls(), &catalogue()).expect("sound");
        assert_eq!(call.id, CallId::from_index(2));
        assert_eq!(call.name, CallName::new("count-2"));
        assert_eq!(call.timeouts.run, Some(std::time::Duration::from_secs(10)));
        assert_eq!(call.locks.read, [LockKey::new("file:a/b")]);
        assert_eq!(call.locks.write, [LockKey::new("db")]);
        assert_eq!(
            (call.start_after, call.estimate),
            (Some(later), Some(later))
        );
        let tool = catalogue();
        let tool = tool.get(&call.tool).expect("a tool");
        let own = crate::plan::own_locks(&call, tool);
        assert_eq!(own.write, [LockKey::new("db")], "what it has of its own");
        assert!(own.read.is_empty(), "the tool gives it that one");
        let edges: Vec<_> = call
            .after
            .iter()
            .map(|edge| (edge.call.index(), edge.on))
            .collect();
        assert_eq!(edges, [(0, EdgeKind::Output), (1, EdgeKind::Done)]);
    }

    #[test]
    fn everything_wrong_with_a_draft_is_told() {
        let described = |wanted: Draft| -> Vec<String> {
            let errors = admit(wanted, &calls(), &catalogue()).expect_err("wrong");
            errors.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            described(draft("cuont", json!({}))),
            ["there is no tool `cuont`; did you mean `count`?"]
        );
        let mut wanted = draft("count", json!({"path": "{{two.output}}", "limit": 0}));
        wanted.name = Some(CallName::new("one"));
        let call = CallId::from_index(2);
        wanted.after.push(Edge {
            call,
            on: EdgeKind::Ok,
        });
        assert_eq!(
            described(wanted),
            [
                "there is a call `one` already",
                "`limit`: 0 is less than the minimum of 1",
                "`{{two.output}}`: there is no such call",
                "there is no call #3",
            ]
        );
        assert_eq!(
            described(draft("count", json!({"path": "{{one}}"}))),
            ["`{{one}}` is not a reference"]
        );
        assert_eq!(
            described(draft("count", json!([1]))),
            ["the arguments must be an object"]
        );
        let mut wanted = draft("anything", json!({}));
        wanted.name = Some(CallName::new("a b"));
        assert_eq!(described(wanted), ["\"a b\" cannot be the id of a call"]);
    }
}
