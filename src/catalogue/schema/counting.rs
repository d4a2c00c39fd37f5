//! Prepares a schema for evaluation: a step is counted in every subschema, and
//! schemas whose evaluation could not be bounded are refused.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::bounds::{BACKTRACKING, PatternLimit, STEP, needs_backtracking};
use super::size::Size;

/// Most subschemas of one schema.
const MOST_SUBSCHEMAS: usize = 20_000;

/// Most patterns of one schema: each is compiled, and takes memory.
const MOST_PATTERNS: usize = 2_000;

/// Most schemas that may apply to one value, one through another.
const LONGEST_CHAIN: usize = 256;

/// Reason the evaluation of a schema could not be bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooLarge {
    #[error("it has more than {MOST_SUBSCHEMAS} parts")]
    Subschemas,
    #[error("it has more than {MOST_PATTERNS} patterns")]
    Patterns,
    #[error("it refers to itself through more than {LONGEST_CHAIN} parts")]
    Chain,
}

/// Keywords whose value is a schema.
const ONE: [&str; 14] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "extends",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "disallow",
];

/// Keywords whose value is an array of schemas.
const SEVERAL: [&str; 5] = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];

/// Keywords whose value is a table of schemas.
const NAMED: [&str; 6] = [
    "$defs",
    "definitions",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

/// Keywords whose schemas apply to the same value.
const IN_PLACE: [&str; 9] = [
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependencies",
];

/// Schema that is prepared for evaluation.
#[derive(Debug, PartialEq)]
pub(super) struct Counted {
    /// The schema with a step counted in every subschema, and patterns that need
    /// backtracking under a keyword of their own.
    pub(super) schema: Value,
    /// Its size.
    pub(super) size: Size,
    /// Limit of each of its patterns.
    pub(super) limit: PatternLimit,
}

/// Prepares a schema for evaluation.
pub(super) fn counted(schema: &Value) -> Result<Counted, TooLarge> {
    let patterns = patterns_in(schema);
    if patterns > MOST_PATTERNS {
        return Err(TooLarge::Patterns);
    }
    let limit = PatternLimit::of(patterns);
    let mut counted = schema.clone();
    let mut walk = Walk {
        limit,
        subschemas: 0,
        widest: 0,
        references: Vec::new(),
    };
    walk.subschema(&mut counted);
    if walk.subschemas > MOST_SUBSCHEMAS {
        return Err(TooLarge::Subschemas);
    }
    // Parts that only references reach.
    for pointer in walk.references.clone() {
        if let Some(target) = counted.pointer_mut(&pointer) {
            walk.subschema(target);
        }
    }
    let chain = Chains::longest(schema).ok_or(TooLarge::Chain)?;
    let size = Size {
        deepest: chain,
        widest: walk.widest,
    };
    Ok(Counted {
        schema: counted,
        size,
        limit,
    })
}

/// Returns how many regular expressions a schema may hold.
fn patterns_in(schema: &Value) -> usize {
    match schema {
        Value::Array(items) => items.iter().map(patterns_in).sum(),
        Value::Object(keywords) => keywords
            .iter()
            .map(|(key, value)| {
                let own = match value {
                    Value::String(_) if key == "pattern" => 1,
                    Value::Object(patterns) if key == "patternProperties" => patterns.len(),
                    _ => 0,
                };
                own + patterns_in(value)
            })
            .sum(),
        _ => 0,
    }
}

struct Walk {
    limit: PatternLimit,
    subschemas: usize,
    widest: usize,
    /// Pointers of references within the schema.
    references: Vec<String>,
}

impl Walk {
    fn subschema(&mut self, schema: &mut Value) {
        let Value::Object(keywords) = schema else {
            return;
        };
        if keywords.contains_key(STEP) || self.subschemas > MOST_SUBSCHEMAS {
            return;
        }
        self.subschemas += 1;
        let weight = weight(keywords);
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        self.widest = self.widest.max(patterns.map_or(0, Map::len));
        if let Some(pointer) = keywords.get("$ref").and_then(Value::as_str) {
            self.references.extend(pointer_of(pointer));
        }
        for key in ONE {
            if let Some(inner) = keywords.get_mut(key) {
                self.subschema(inner);
            }
        }
        for key in SEVERAL {
            if let Some(Value::Array(inner)) = keywords.get_mut(key) {
                for it in inner {
                    self.subschema(it);
                }
            }
        }
        for key in NAMED {
            if let Some(Value::Object(inner)) = keywords.get_mut(key) {
                inner.values_mut().for_each(|it| self.subschema(it));
            }
        }
        let limit = self.limit;
        let is_slow = |pattern| needs_backtracking(pattern, limit);
        if keywords.get("pattern").is_some_and(is_slow)
            && let Some(pattern) = keywords.shift_remove("pattern")
        {
            keywords.insert(BACKTRACKING.to_owned(), pattern);
        }
        keywords.insert(STEP.to_owned(), json!(weight));
    }
}

/// Comparisons that a subschema makes of a value, about: the values in its
/// keywords, without those of its own subschemas.
fn weight(keywords: &Map<String, Value>) -> usize {
    let values = keywords.iter().map(|(key, value)| match value {
        Value::Array(items) if key == "enum" => items.iter().map(count).sum(),
        Value::Array(items) => items.len(),
        Value::Object(_) if key == "const" => count(value),
        Value::Object(entries) if !["$defs", "definitions"].contains(&key.as_str()) => {
            entries.len()
        }
        _ => 1,
    });
    values.sum::<usize>() + 1
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(count).sum::<usize>() + 1,
        Value::Object(entries) => entries.values().map(count).sum::<usize>() + 1,
        _ => 1,
    }
}

/// The JSON pointer of a reference within the same document.
fn pointer_of(reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8();
    let pointer = decoded.ok()?.into_owned();
    (pointer.is_empty() || pointer.starts_with('/')).then_some(pointer)
}

/// Most parts of a simple schema.
const MOST_SIMPLE_PARTS: usize = 1000;

/// Keywords whose time depends on more than the sizes of schema and value:
/// regular expressions, references, combinations, pairwise comparison.
const COSTLY: [&str; 18] = [
    "pattern",
    "patternProperties",
    "format",
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "dependentSchemas",
    "dependencies",
    "propertyNames",
    "contains",
    "uniqueItems",
    "unevaluatedProperties",
    "unevaluatedItems",
];

/// Whether checking a few kilobytes against a schema takes microseconds, whatever
/// they are.
pub(super) fn is_simple(schema: &Value) -> bool {
    fn walk(value: &Value, room: &mut usize) -> bool {
        let Some(left) = room.checked_sub(1) else {
            return false;
        };
        *room = left;
        match value {
            Value::Object(table) => table
                .iter()
                .all(|(key, value)| !COSTLY.contains(&key.as_str()) && walk(value, room)),
            Value::Array(items) => items.iter().all(|item| walk(item, room)),
            _ => true,
        }
    }
    walk(schema, &mut { MOST_SIMPLE_PARTS })
}

/// Chains of schemas that apply to one value.
struct Chains<'s> {
    root: &'s Value,
    /// Subschemas by their identifiers and anchors.
    named: HashMap<&'s str, &'s Value>,
    /// Longest chain from each subschema; `None` while it is computed.
    known: HashMap<*const Value, Option<usize>>,
    has_cycle: bool,
    /// References whose target is not known here.
    unresolved: usize,
}

impl<'s> Chains<'s> {
    /// Returns an upper bound of the longest chain; `None` where it is too long.
    fn longest(root: &'s Value) -> Option<usize> {
        let mut chains = Self {
            root,
            named: HashMap::new(),
            known: HashMap::new(),
            has_cycle: false,
            unresolved: 0,
        };
        let all = every_part(root);
        for schema in &all {
            for key in ["$id", "id", "$anchor", "$dynamicAnchor"] {
                if let Some(name) = schema.get(key).and_then(Value::as_str) {
                    chains.named.insert(name, schema);
                }
            }
        }
        let mut longest = 1;
        for schema in all {
            longest = longest.max(chains.from(schema, 0)?);
        }
        // The evaluator applies no schema twice to one value, so that a cycle is
        // at most as long as there are schemas.
        if chains.has_cycle {
            longest = chains.known.len();
        }
        // A target that is not known begins any chain again.
        longest = longest.saturating_mul(chains.unresolved + 1);
        (longest <= LONGEST_CHAIN).then_some(longest)
    }

    fn from(&mut self, schema: &'s Value, above: usize) -> Option<usize> {
        if above > LONGEST_CHAIN {
            return None;
        }
        let Value::Object(keywords) = schema else {
            return Some(1);
        };
        let place = std::ptr::from_ref(schema);
        if let Some(known) = self.known.get(&place) {
            self.has_cycle |= known.is_none();
            return Some(known.unwrap_or(0));
        }
        let next = self.next(keywords);
        if next.is_empty() {
            return Some(1);
        }
        self.known.insert(place, None);
        let mut longest = 0;
        for inner in next {
            longest = longest.max(self.from(inner, above + 1)?);
        }
        self.known.insert(place, Some(longest + 1));
        Some(longest + 1)
    }

    /// The schemas that apply to the same value as this one.
    fn next(&mut self, keywords: &'s Map<String, Value>) -> Vec<&'s Value> {
        let mut next = Vec::new();
        for key in IN_PLACE {
            match keywords.get(key) {
                Some(Value::Array(schemas)) => next.extend(schemas),
                Some(Value::Object(schemas)) if key.starts_with("depend") => {
                    next.extend(schemas.values());
                }
                Some(schema @ Value::Object(_)) => next.push(schema),
                _ => {}
            }
        }
        for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(reference) = keywords.get(key).and_then(Value::as_str) {
                match self.target(reference) {
                    Some(target) => next.push(target),
                    None => self.unresolved += 1,
                }
            }
        }
        next
    }

    fn target(&self, reference: &str) -> Option<&'s Value> {
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let document = match document {
            "" => self.root,
            name => self.named.get(name)?,
        };
        match pointer_of(&format!("#{fragment}")) {
            Some(pointer) => document.pointer(&pointer),
            None => self
                .named
                .get(fragment)
                .or(self.named.get(reference))
                .copied(),
        }
    }
}

/// Every value within a schema, itself included.
fn every_part(root: &Value) -> Vec<&Value> {
    let mut all = vec![root];
    let mut at = 0;
    while let Some(value) = all.get(at).copied() {
        match value {
            Value::Array(items) => all.extend(items),
            Value::Object(entries) => all.extend(entries.values()),
            _ => {}
        }
        at += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subschema_counts_and_nothing_else_changes() {
        let schema = json!({
            "properties": {"a": {"enum": [1, {"properties": 2}]}, "properties": {"type": "string"}},
            "default": {"properties": {"x": {}}},
            "items": [{"not": {}}],
            "other": {"place": {"type": "integer"}},
            "allOf": [{"$ref": "#/other/place"}],
        });
        let Counted {
            schema: counted,
            size,
            ..
        } = counted(&schema).expect("bounded");
        let count = counted.to_string().matches(STEP).count();
        assert_eq!(count, 7, "{counted:#}");
        assert_eq!(counted["default"], schema["default"]);
        assert_eq!(
            counted["properties"]["a"]["enum"],
            schema["properties"]["a"]["enum"]
        );
        assert_eq!(size.deepest, 3);
    }

    #[test]
    fn a_chain_is_as_long_as_its_references() {
        let chain = |length: usize| {
            let mut defs = Map::new();
            for at in 0..length {
                let next = json!({"$ref": format!("#/$defs/d{}", at + 1)});
                defs.insert(format!("d{at}"), next);
            }
            defs.insert(format!("d{length}"), json!({"type": "object"}));
            json!({"$ref": "#/$defs/d0", "$defs": defs})
        };
        let size = counted(&chain(100)).expect("bounded").size;
        assert_eq!(size.deepest, 102);
        assert_eq!(counted(&chain(1000)).err(), Some(TooLarge::Chain));
        let cycle = json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]});
        counted(&cycle).expect("a cycle ends where it meets itself");
    }

    #[test]
    fn a_chain_through_anchors_is_followed_and_other_documents_are_counted() {
        let anchored = json!({"$ref": "#a", "$defs": {
            "a": {"$anchor": "a", "allOf": [{"$ref": "#b"}]},
            "b": {"$anchor": "b", "type": "object"},
        }});
        assert_eq!(counted(&anchored).expect("bounded").size.deepest, 4);
        let elsewhere = vec![json!({"$ref": "https://example.org/x"}); 300];
        let elsewhere = json!({ "allOf": elsewhere });
        assert_eq!(counted(&elsewhere).err(), Some(TooLarge::Chain));
    }
}
