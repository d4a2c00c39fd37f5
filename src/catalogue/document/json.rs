//! Parses JSON into the tree: strict, without comments or trailing commas.

use std::collections::HashSet;
use std::ops::Range;
use std::str::FromStr as _;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::de::IgnoredAny;
use serde_json::Number;

use super::node::{DEEPEST, Item, KeyValue, Node};
use crate::catalogue::findings::Findings;

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// JSON as many editors write it.
const COMMENTED: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    ..STRICT
};

/// Reads a JSON file that may hold comments and trailing commas.
pub(super) fn parse_with_comments(findings: &mut Findings<'_>) -> Option<Node> {
    parse_by(&COMMENTED, findings)
}

/// Reads a JSON file; `None` where its syntax is broken.
pub(super) fn parse(findings: &mut Findings<'_>) -> Option<Node> {
    parse_by(&STRICT, findings)
}

fn parse_by(options: &ParseOptions, findings: &mut Findings<'_>) -> Option<Node> {
    let text = findings.source().text();
    let must_be_strict = !options.allow_comments;
    match parse_to_ast(text, &CollectOptions::default(), options) {
        Ok(parsed) => {
            let Some(root) = parsed.value else {
                findings.error(&(text.len()..text.len()), "the file is empty");
                return None;
            };
            (!must_be_strict || is_strict(findings)).then(|| node(root, DEEPEST, findings))
        }
        Err(error) => {
            let message = error.kind().to_string();
            findings.error(&span(error.range()), lowered(&message));
            None
        }
    }
}

/// Finds errors that the lax parser accepts: control characters in strings, and
/// whitespace that JSON does not have.
fn is_strict(findings: &mut Findings<'_>) -> bool {
    let source = findings.source();
    let Err(error) = serde_json::from_str::<IgnoredAny>(source.text()) else {
        return true;
    };
    let at = source.offset(error.line(), error.column());
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    findings.error(&(at..at + 1), message);
    false
}

fn span(range: jsonc_parser::common::Range) -> Range<usize> {
    range.start..range.end
}

fn lowered(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// Takes the parser's tree apart, so that a long file is in memory once.
fn node(value: Value<'_>, room: usize, findings: &mut Findings<'_>) -> Node {
    let span = span(value.range());
    if room == 0 {
        findings.error(&span, format!("nested deeper than {DEEPEST} levels"));
        let item = Item::Unusable;
        return Node { span, item };
    }
    let item = match value {
        Value::StringLit(text) => Item::Text(text.value.into_owned()),
        Value::NumberLit(number) => {
            let exact = Number::from_str(number.value).ok();
            if let Some(exact) = exact.filter(|exact| exact.as_f64().is_some()) {
                Item::Number(exact)
            } else {
                findings.error(&span, "not a JSON number, or out of range");
                Item::Unusable
            }
        }
        Value::BooleanLit(boolean) => Item::Bool(boolean.value),
        Value::NullKeyword(_) => Item::Null,
        Value::Array(array) => {
            let items = array.elements.into_iter();
            Item::List(items.map(|item| node(item, room - 1, findings)).collect())
        }
        Value::Object(object) => table_item(object, room - 1, findings),
    };
    Node { span, item }
}

fn table_item(object: Object<'_>, room: usize, findings: &mut Findings<'_>) -> Item {
    let mut entries = Vec::with_capacity(object.properties.len());
    let mut seen = HashSet::new();
    for property in object.properties {
        let key_span = span(property.name.range());
        let key = property.name.into_string();
        let node = node(property.value, room, findings);
        if !seen.insert(key.clone()) {
            findings.error(&key_span, format!("the key `{key}` stands here twice"));
            continue;
        }
        entries.push(KeyValue {
            key,
            key_span,
            node,
        });
    }
    Item::Table(entries)
}
