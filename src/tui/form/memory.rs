//! Selects the arguments that may be kept for later sessions.

use serde_json::{Map, Value};

use crate::model::{Tool, is_secret_name, looks_secret};
use crate::plan;
use crate::tui::text::schema;

/// Schemas inside of schemas that are looked into for one value.
const DEEPEST: usize = 8;

/// Schemas that are looked into for one value in all.
const MOST: usize = 256;

/// The arguments without what is not written down: secrets, by what the schema
/// says (`writeOnly`, `format: password`), by their name or by their look, and
/// what another call's output fills.
pub fn memorable(tool: &Tool, args: &Value) -> Value {
    let root = tool.input_schema.as_ref().unwrap_or(&Value::Null);
    let kept = kept(root, &[root], args);
    kept.unwrap_or_else(|| Value::Object(Map::new()))
}

fn kept(root: &Value, schemas: &[&Value], value: &Value) -> Option<Value> {
    let mut all = Vec::new();
    for schema in schemas {
        gather(root, schema, DEEPEST, &mut all);
    }
    let is_hidden = |it: &&Value| {
        it.get("writeOnly") == Some(&Value::Bool(true)) || schema::text(it, "format") == "password"
    };
    if all.iter().any(is_hidden) {
        return None;
    }
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(key, _)| !is_secret_name(key));
            let kept = fields.filter_map(|(key, field)| {
                let named = all.iter();
                let named = named.filter_map(|it| it.get("properties")?.get(key));
                let below: Vec<&Value> = named.collect();
                let rest = || all.iter().filter_map(|it| it.get("additionalProperties"));
                let below = if below.is_empty() {
                    rest().collect()
                } else {
                    below
                };
                Some((key.clone(), kept(root, &below, field)?))
            });
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) => {
            let below: Vec<&Value> = all.iter().filter_map(|it| it.get("items")).collect();
            let items = items.iter().map(|item| kept(root, &below, item));
            items.collect::<Option<Vec<_>>>().map(Value::Array)
        }
        Value::String(text) if looks_secret(text) => None,
        other => plan::references(other).is_empty().then(|| other.clone()),
    }
}

/// A schema and those that it is put together of.
fn gather<'s>(root: &'s Value, at: &'s Value, deepest: usize, all: &mut Vec<&'s Value>) {
    all.push(at);
    let Some(deepest) = deepest.checked_sub(1).filter(|_| all.len() < MOST) else {
        return;
    };
    let target = at.get("$ref").and_then(Value::as_str);
    let target = target.and_then(|it| root.pointer(it.strip_prefix('#')?));
    let parts = ["allOf", "anyOf", "oneOf"].into_iter();
    let parts = parts.filter_map(|key| at.get(key)?.as_array()).flatten();
    for part in target.into_iter().chain(parts).take(MOST) {
        gather(root, part, deepest, all);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::model::ToolName;

    #[test]
    fn secrets_and_references_are_not_written_down() {
        let catalogue = Catalogue::sample().expect("sound");
        let tool = catalogue.get(&ToolName::new("echo"));
        let mut tool = tool.expect("there is one").clone();
        tool.input_schema = Some(json!({
            "properties": {
                "pin": {"type": "string", "writeOnly": true},
                "pass": {"$ref": "#/$defs/hidden"},
                "either": {"anyOf": [{"type": "integer"}, {"format": "password"}]},
                "login": {"type": "object", "properties": {
                    "user": {"type": "string"}, "code": {"format": "password"},
                }},
                "codes": {"items": {"$ref": "#/$defs/hidden"}},
                "path": {"type": "string"},
            },
            "$defs": {"hidden": {"type": "string", "format": "password"}},
        }));
        let args = json!({
            "pin": "1", "pass": "2", "either": "3", "login": {"user": "u", "code": "4"},
            "codes": ["5"], "path": "src", "api_key": "6", "text": "{{a.output}}", "n": 7,
            "header": "Bearer abcdefgh12",
        });
        let kept = json!({"login": {"user": "u"}, "path": "src", "n": 7});
        assert_eq!(memorable(&tool, &args), kept);
    }
}
