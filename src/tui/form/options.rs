//! The rows that every call has, whatever its tool: its name, what it waits
//! for, its priority, its limits, its locks and claims.

use super::field::{FieldKind, FormField};
use super::{Form, FormMode};
use crate::catalogue::keys::{Key, Shape};
use crate::catalogue::manifest_keys::lock_keys;
use crate::model::{CallName, Edge, EdgeKind, Snapshot, Tool};
use crate::output::Safe;
use crate::plan::Draft;
use crate::plan::keys::call_keys;

/// Keys of a plan's calls that have no row: the form has the tool and its
/// arguments elsewhere, and the others concern whole plans.
const WITHOUT_ROW: [&str; 5] = ["tool", "args", "verify", "ignore", "expect"];

pub(super) fn fields() -> impl Iterator<Item = FormField> {
    let keys = call_keys().into_iter();
    let keys = keys.filter(|key| !WITHOUT_ROW.contains(&key.name));
    keys.flat_map(|key| match key.name {
        "locks" => lock_keys()
            .iter()
            .map(|part| row(part, &format!("{}_locks", part.name)))
            .collect(),
        name => vec![row(&key, name)],
    })
}

fn row(key: &Key, name: &str) -> FormField {
    let kind = match key.shape {
        Shape::Whole(..) => FieldKind::Integer,
        _ => FieldKind::Text,
    };
    FormField {
        path: vec![name.to_owned()],
        input: kind.input(),
        hint: hint(key.shape).to_owned(),
        description: description(key),
        is_required: false,
        is_option: true,
        default: None,
        problem: None,
        kind,
    }
}

/// Type of a row, in a word.
fn hint(shape: Shape) -> &'static str {
    match shape {
        Shape::Whole(..) => "number",
        Shape::Positive => "cores",
        Shape::Duration => "time",
        Shape::Size => "size",
        Shape::List(_) => "names",
        _ => "name",
    }
}

fn description(key: &Key) -> String {
    let such_as = match key.shape {
        Shape::List(Shape::Either(_)) => ", as a, b; b:done needs any end".to_owned(),
        Shape::List(_) => ", as db, file:out.txt; the tool's come on top".to_owned(),
        Shape::Duration | Shape::Size | Shape::Positive => {
            format!(", such as {}", key.example.trim_matches('"'))
        }
        _ => String::new(),
    };
    let default = match key.default {
        "" => String::new(),
        default => format!("; {default} where empty"),
    };
    format!("{}{such_as}{default}", key.doc.replace('`', ""))
}

impl Form {
    /// A call of the tool as far as it is typed beside the arguments; problems
    /// stand at their rows.
    pub fn options(&mut self, tool: &Tool, run: &Snapshot) -> Option<Draft> {
        let mut draft = Draft::new(tool.name.clone());
        let mut is_right = true;
        for field in self.fields.iter_mut().filter(|field| field.is_option) {
            let text = field.text();
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            let problem = match field.name() {
                "id" => {
                    draft.name = Some(CallName::new(text));
                    None
                }
                "after" => match edges(text, run) {
                    Ok(after) => {
                        draft.after = after;
                        None
                    }
                    Err(problem) => Some(problem),
                },
                name => {
                    let problem = draft.settings.set(name, text).err();
                    problem.map(|problem| problem.message().to_owned())
                }
            };
            is_right &= problem.is_none();
            field.problem = problem.map(|problem| Safe::new(&problem));
        }
        is_right.then_some(draft)
    }

    /// The rows that are shown.
    pub fn shown(&self) -> impl Iterator<Item = (usize, &FormField)> {
        let is_raw = self.mode == FormMode::Raw;
        let all = self.fields.iter().enumerate();
        all.filter(move |(_, field)| field.is_option || !is_raw)
    }
}

/// The words between commas or blanks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|word| !word.is_empty())
}

/// Names of calls into edges.
fn edges(text: &str, run: &Snapshot) -> Result<Vec<Edge>, String> {
    words(text)
        .map(|word| {
            let (name, on) = match word.rsplit_once(':') {
                Some((name, "done")) => (name, EdgeKind::Done),
                Some((name, "ok")) => (name, EdgeKind::Ok),
                _ => (word, EdgeKind::Ok),
            };
            let is_meant =
                |number: &str| number.strip_prefix('#') == Some(name.trim_start_matches('#'));
            let found = run.calls.iter().find(|row| {
                row.name.as_str() == name || name.starts_with('#') && is_meant(&row.id.to_string())
            });
            match found {
                Some(row) => Ok(Edge { call: row.id, on }),
                None => Err(format!("there is no call `{name}`")),
            }
        })
        .collect()
}
