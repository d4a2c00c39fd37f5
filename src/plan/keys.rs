//! The keys of plan files, each with its reader. The JSON Schema, README's
//! table and the options of the form come from these tables.

use serde_json::Value;

use super::parsed::{CallSettings, ParsedCall, ParsedPlan, Spanned};
use super::values::{bytes, call_id, cap, collect_references, cores, edge, ignored_part, locks};
use crate::catalogue::document::Node;
use crate::catalogue::fields::{
    boolean, choice, duration, list, some_time, text, whole, wrong_kind,
};
use crate::catalogue::findings::Findings;
use crate::catalogue::keys::{Key, Row, Shape, file_schema, keys, rows};
use crate::catalogue::manifest_keys::lock_keys;
use crate::model::{FailurePolicy, IgnoredPart, ToolName};

/// Most extra attempts.
const MOST_RETRIES: i64 = 1000;

const ID: Shape = Shape::Matching("^[A-Za-z0-9_-]+$");

const IGNORED: Shape = Shape::List(&Shape::Either(&[
    Shape::Matching("^(/|$)"),
    Shape::Table(ignored_keys),
]));

const FAILURE_POLICIES: [(&str, FailurePolicy); 3] = [
    ("skip", FailurePolicy::Skip),
    ("continue", FailurePolicy::Continue),
    ("stop", FailurePolicy::Stop),
];

/// Keys at the top of a plan, but for [`CALLS`].
pub(super) const PLAN: &[Row<ParsedPlan>] = &rows! {
    "name" Shape::Text, "\"trip research\"" .or("the name of the file");
        "Name of the plan on the screen and in reports"
        => |plan, node, findings| plan.name = text(node, findings).map(str::to_owned);
    "cap" Shape::Whole(1, i64::MAX), "8" .or("4");
        "Most lanes that may be busy; the command line wins"
        => |plan, node, findings| plan.cap = cap(node, findings);
    "on_failure" Shape::Words(&["skip", "continue", "stop"]), "\"stop\"" .or("`skip`");
        "Effect of a failure: `skip` skips the calls that depend on it, `continue` runs those \
         that do not need its output, `stop` starts nothing more"
        => |plan, node, findings| plan.on_failure = choice(node, &FAILURE_POLICIES, findings);
    "ignore" IGNORED, "[\"/took_ms\"]";
        "Parts of every call's output that may differ from run to run, as for a call"
        => |plan, node, findings| plan.ignore = ignored(node, findings);
};

/// The key of the calls.
pub(super) const CALLS: Key = Key::new(
    "call",
    Shape::NonEmpty(&Shape::Table(call_keys)),
    "[{ tool = \"echo\" }]",
    "The calls, at least one",
)
.required();

/// Keys of a call.
pub(super) const CALL: &[Row<ParsedCall>] = &rows! {
    "id" ID, "\"count\"" .or("made from the tool's name");
        "Name of the call: letters, digits, `_` and `-`"
        => |call, node, findings| call.name = call_id(node, findings);
    "tool" Shape::Text, "\"word-count\"" .required();
        "Tool to run, by its name in the catalogue"
        => read_tool;
    "args" Shape::Map(&Shape::Any), "{ path = \"README.md\" }";
        "Arguments. `{{id.output}}`, then `.key` or `.0`, is the output of another call; a value \
         that is one whole reference keeps its JSON type; `{{{{` is a literal `{{`"
        => read_args;
    "after" Shape::List(&Shape::Either(&[ID, Shape::Table(edge_keys)])), "[\"a\", { call = \"b\", on = \"done\" }]";
        "Calls that must have succeeded; with `on = \"done\"`, that must have ended"
        => |call, node, findings| call.after = list(node, findings, edge).unwrap_or_default();
    "priority" Shape::Whole(i32::MIN as i64, i32::MAX as i64), "5" .or("0");
        "Higher starts first"
        => |call, node, findings| {
            let range = i64::from(i32::MIN)..=i64::from(i32::MAX);
            let number = whole(node, range, findings);
            call.settings.priority = number.and_then(|it| it.try_into().ok()).unwrap_or(0);
        };
    "retries" Shape::Whole(0, MOST_RETRIES), "2" .or("0");
        "Further attempts after a failure or a timeout; a call that waits for one holds no lane \
         and no lock"
        => |call, node, findings| {
            let number = whole(node, 0..=MOST_RETRIES, findings);
            call.settings.retries = number.and_then(|it| it.try_into().ok()).unwrap_or(0);
        };
    "timeout" Shape::Duration, "\"30s\"" .or("the tool's");
        "Longest run time of one attempt"
        => |call, node, findings| call.settings.timeout = some_time(node, findings);
    "queue_timeout" Shape::Duration, "\"5m\"" .or("the tool's");
        "Longest time from being ready to the first start"
        => |call, node, findings| call.settings.queue_timeout = some_time(node, findings);
    "idle_timeout" Shape::Duration, "\"10s\"" .or("the tool's");
        "Longest time without output"
        => |call, node, findings| call.settings.idle_timeout = some_time(node, findings);
    "grace" Shape::Duration, "\"2s\"" .or("the tool's, else 5s");
        "Time between SIGTERM and SIGKILL"
        => |call, node, findings| call.settings.grace = duration(node, findings);
    "start_after" Shape::Duration, "\"2m\"" .or("at once");
        "Earliest start, as a time of the run"
        => |call, node, findings| call.settings.start_after = duration(node, findings);
    "locks" Shape::Table(lock_keys), "{ write = [\"file:out.txt\"], read = [\"db\"] }";
        "Locks held while it runs, beside those of its tool; a `file:` lock covers everything \
         under its path, which is relative to the tool's working directory and whose links are \
         followed"
        => |call, node, findings| {
            call.settings.locks = locks(node, findings).unwrap_or_default();
        };
    "cpus" Shape::Positive, "1.5";
        "Cores that it needs: calls that need more than the machine has do not start together"
        => |call, node, findings| call.settings.claims.cpus = cores(node, findings);
    "memory" Shape::Size, "\"256MiB\"";
        "Memory that it needs, in the same way"
        => |call, node, findings| call.settings.claims.memory_bytes = bytes(node, findings);
    "estimate" Shape::Duration, "\"1.5s\"" .or("the tool's");
        "Expected run time, for ranks, forecasts and the time left"
        => |call, node, findings| call.settings.estimate = duration(node, findings);
    "group" Shape::Text, "\"turn 3\"";
        "Calls of one group share lanes fairly with other groups"
        => |call, node, findings| {
            call.settings.group = text(node, findings).map(str::to_owned);
        };
    "reset" Shape::Flag, "true";
        "Sets the state back, so it runs before all others, in every run of `compare` and `sweep` \
         too; they do not count its time"
        => |call, node, findings| {
            call.settings.is_reset = boolean(node, findings).unwrap_or_default();
        };
    "verify" Shape::Flag, "true";
        "Reads the final state back, so it runs after all others; `compare` and `sweep` do not \
         count its time"
        => |call, node, findings| {
            call.settings.is_verify = boolean(node, findings).unwrap_or_default();
        };
    "ignore" IGNORED, "[\"/took_ms\", { regex = \"in [0-9]+ steps\" }]";
        "Parts of its output that may differ from run to run, for `compare`: JSON pointers, \
         `\"\"` is the whole output, and regular expressions for texts; times are never compared"
        => |call, node, findings| call.settings.comparison.ignore = ignored(node, findings);
    "order" Shape::Words(&["any"]), "\"any\"";
        "The lines of its output may come in any order, for `compare`"
        => |call, node, findings| {
            let order = choice(node, &[("any", ())], findings);
            call.settings.comparison.is_any_order = order.is_some();
        };
    "expect" Shape::Words(&["failed"]), "\"failed\"";
        "Planned to fail: that, and the skipping of what depends on it, is no failure of the run"
        => |call, node, findings| {
            call.is_expected_to_fail = choice(node, &[("failed", ())], findings).is_some();
        };
};

/// The descriptions of the keys at the top of a plan.
pub(crate) fn plan_keys() -> Vec<Key> {
    PLAN.iter().map(|row| row.key).chain([CALLS]).collect()
}

/// The descriptions of the keys of a call.
pub(crate) fn call_keys() -> Vec<Key> {
    CALL.iter().map(|row| row.key).collect()
}

/// The keys of an element of `after`.
fn edge_keys() -> Vec<Key> {
    keys! {
        "call" ID, "\"b\"" .required();
            "Name of the other call";
        "on" Shape::Words(&["ok", "done"]), "\"done\"" .or("`ok`");
            "State it must have reached: success, or any end";
    }
}

/// The keys of a table in `ignore`.
fn ignored_keys() -> Vec<Key> {
    keys! {
        "regex" Shape::Text, "\"in [0-9]+ steps\"" .required();
            "Regular expression whose matches are left out";
    }
}

/// The JSON Schema of a plan.
pub(crate) fn schema() -> Value {
    file_schema("fanout plan", &plan_keys())
}

/// Reads one key of a call that nothing else in a plan depends on, as if a plan
/// had it.
pub(super) fn read_setting(
    name: &str,
    node: &Node,
    settings: &mut CallSettings,
    findings: &mut Findings<'_>,
) {
    let Some(row) = CALL.iter().find(|row| row.key.name == name) else {
        return;
    };
    let mut call = ParsedCall {
        settings: std::mem::take(settings),
        ..ParsedCall::default()
    };
    (row.read)(&mut call, node, findings);
    *settings = call.settings;
}

fn read_tool(call: &mut ParsedCall, node: &Node, findings: &mut Findings<'_>) {
    call.tool = text(node, findings).map(|name| Spanned {
        value: ToolName::new(name),
        span: node.span.clone(),
    });
}

fn read_args(call: &mut ParsedCall, node: &Node, findings: &mut Findings<'_>) {
    if node.as_table().is_some() {
        call.args = Some(node.clone());
    } else {
        wrong_kind(node, "a table of arguments", findings);
    }
    collect_references(node, findings, &mut call.references);
}

fn ignored(node: &Node, findings: &mut Findings<'_>) -> Vec<IgnoredPart> {
    list(node, findings, ignored_part).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::keys::{assert_in_readme, assert_schema_takes};
    use crate::catalogue::{Catalogue, Problem};
    use crate::plan::from_text;

    /// The tables of a plan: the text before a key, and its keys.
    fn tables() -> [(&'static str, Vec<Key>); 2] {
        [
            (
                "call = [{ tool = 'echo', args = { text = 'x' } }]\n",
                plan_keys(),
            ),
            ("[[call]]\ntool = 'word-count'\n", call_keys()),
        ]
    }

    /// Whether the reader finds nothing wrong at the last line of a text.
    fn is_taken(text: &str) -> bool {
        let catalogue = Catalogue::sample().expect("sound");
        let last = text.trim_end().lines().count();
        let Err(problems) = from_text("keys.toml", text, &catalogue) else {
            return true;
        };
        let mut lines = problems.iter().filter_map(Problem::position);
        !lines.any(|at| at.line == last)
    }

    #[test]
    fn every_example_is_taken_by_its_reader_and_fits_the_schema() {
        for (before, keys) in tables() {
            for key in keys {
                let value: toml::Table =
                    toml::from_str(&format!("x = {}", key.example)).expect(key.name);
                let value = serde_json::to_value(&value["x"]).expect("JSON");
                let validator = jsonschema::validator_for(&key.shape.schema()).expect("a schema");
                assert!(validator.is_valid(&value), "{}", key.name);
                // Other calls and tools are looked for when all was read.
                if ["call", "after", "tool"].contains(&key.name) {
                    continue;
                }
                let text = format!("{before}{} = {}\n", key.name, key.example);
                assert!(is_taken(&text), "{text}");
            }
        }
    }

    #[test]
    fn values_that_a_reader_takes_fit_the_schema() {
        for (before, mut keys) in tables() {
            keys.retain(|key| !["call", "tool"].contains(&key.name));
            assert_schema_takes(before, &keys, is_taken);
        }
    }

    #[test]
    fn the_keys_of_a_call_stand_in_readme() {
        assert_in_readme("key of a call", &call_keys());
    }
}
