//! A call that is added during a run: checked like one of the plan.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::assemble::{apply_settings, merge_locks};
use super::graph::Edges;
use super::keys::{call_keys, read_setting};
use super::parsed::CallSettings;
use super::{Reference, ReferenceError, is_call_name, names, reference, references};
use crate::catalogue::document::{Item, KeyValue, Node};
use crate::catalogue::findings::Findings;
use crate::catalogue::keys::Shape;
use crate::catalogue::source::Source;
use crate::catalogue::{ArgumentProblem, Catalogue, Problem};
use crate::model::{Call, CallId, CallName, CallOrigin, Edge, EdgeKind, ServerName, ToolName};

/// A call that somebody asks for.
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
    /// Everything that concerns no other call.
    pub settings: CallSettings,
    /// Source of the arguments.
    pub origin: CallOrigin,
}

impl Draft {
    /// Makes a call of a tool without arguments, at the defaults.
    pub fn new(tool: ToolName) -> Self {
        Self {
            name: None,
            tool,
            args: json!({}),
            after: Vec::new(),
            settings: CallSettings::default(),
            origin: CallOrigin::User,
        }
    }
}

impl CallSettings {
    /// Reads the text that somebody typed for a key, by the rules of a plan.
    /// Lists stand between commas or blanks. `write_locks` and `read_locks`
    /// are the two parts of `locks`.
    pub fn set(&mut self, key: &str, text: &str) -> Result<(), Box<Problem>> {
        let source = Source::new(key, text);
        let mut findings = Findings::new(&source);
        let (name, node) = typed_node(key, text);
        let before = self.locks.clone();
        read_setting(name, &node, self, &mut findings);
        if name == LOCKS {
            merge_locks(&mut self.locks, before);
        }
        match findings.finish().0.iter().next() {
            Some(problem) => Err(Box::new(problem.clone())),
            None => Ok(()),
        }
    }
}

const LOCKS: &str = "locks";

/// The key and the value that a plan would have in place of a typed text.
fn typed_node<'k>(key: &'k str, text: &str) -> (&'k str, Node) {
    let node = |item| Node {
        span: 0..text.len(),
        item,
    };
    let part = key.strip_suffix("_locks");
    if let Some(part) = part {
        let names = text.split([',', ' ']).filter(|name| !name.is_empty());
        let names = names.map(|name| node(Item::Text(name.to_owned())));
        let part = KeyValue {
            key: part.to_owned(),
            key_span: 0..0,
            node: node(Item::List(names.collect())),
        };
        return (LOCKS, node(Item::Table(vec![part])));
    }
    let is_number = call_keys()
        .iter()
        .any(|it| it.name == key && matches!(it.shape, Shape::Whole(..) | Shape::Positive));
    let number = is_number.then(|| text.parse().ok()).flatten();
    let item = number.map_or_else(|| Item::Text(text.to_owned()), Item::Number);
    (key, node(item))
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
    /// The server of the tool cannot be used.
    #[error("server `{server}` cannot be used: {reason}")]
    UnusableServer {
        /// The server.
        server: ServerName,
        /// The reason.
        reason: String,
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
        origin: draft.origin,
        ..Call::new(id, name, draft.tool, draft.args)
    };
    apply_settings(&mut call, draft.settings, tool);
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
        if let Some((server, reason)) = catalogue.unusable_server_of(tool) {
            wrong.push(DraftError::UnusableServer {
                server: server.clone(),
                reason: reason.clone(),
            });
            return;
        }
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
            settings: CallSettings {
                priority: 3,
                retries: 1,
                ..CallSettings::default()
            },
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
        wanted.settings.locks.write = vec![LockKey::new("db")];
        let later = std::time::Duration::from_secs(7);
        (wanted.settings.start_after, wanted.settings.estimate) = (Some(later), Some(later));
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

    #[test]
    fn a_typed_text_is_read_as_a_plan_reads_it() {
        let mut settings = CallSettings::default();
        for (key, text) in [
            ("retries", "2"),
            ("cpus", "1.5"),
            ("memory", "256MiB"),
            ("timeout", "30s"),
            ("group", "5"),
            ("write_locks", "db, file:./a"),
            ("read_locks", "graph"),
        ] {
            settings.set(key, text).expect(key);
        }
        assert_eq!(settings.retries, 2);
        assert_eq!(settings.claims.cpus, Some(1.5));
        assert_eq!(settings.claims.memory_bytes, Some(256 << 20));
        assert_eq!(settings.group.as_deref(), Some("5"));
        let write = [LockKey::new("db"), LockKey::new("file:a")];
        assert_eq!(settings.locks.write, write);
        assert_eq!(settings.locks.read, [LockKey::new("graph")]);
        for (key, text) in [
            ("retries", "1001"),
            ("retries", "two"),
            ("cpus", "0"),
            ("memory", "0B"),
            ("timeout", "0s"),
            ("timeout", "5"),
            ("write_locks", "file:"),
            ("read_locks", "{{a.output}}"),
        ] {
            settings.set(key, text).expect_err(text);
        }
    }
}
