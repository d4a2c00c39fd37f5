//! The rows that every call has, whatever its tool: its name, what it waits
//! for, its priority, its limits, its locks and claims.

use super::field::{FieldKind, FormField};
use crate::catalogue::keys::{Key, Shape};
use crate::catalogue::manifest_keys::lock_keys;
use crate::plan::keys::call_keys;

/// Keys of a plan's calls that have no row: the form has the tool and its
/// arguments elsewhere, and the others concern whole plans.
const WITHOUT_ROW: [&str; 7] = [
    "tool", "args", "reset", "verify", "ignore", "order", "expect",
];

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
        titles: Vec::new(),
        is_nullable: false,
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
