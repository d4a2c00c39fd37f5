//! JSON into the tree: strict, without comments or trailing commas.

use std::collections::HashSet;
use std::ops::Range;
use std::str::FromStr as _;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Number;

use super::{Entry, Findings, Item, Node};

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

/// Reads a JSON file; `None` where its syntax is broken.
pub(super) fn parse(findings: &mut Findings<'_>) -> Option<Node> {
    let text = findings.source().text();
    match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(parsed) => {
            let root = parsed.value.map(|value| node(&value, findings));
            if root.is_none() {
                findings.error(&(text.len()..text.len()), "the file is empty");
            }
            root
        }
        Err(error) => {
            let message = error.kind().to_string();
            findings.error(&span(error.range()), lowered(&message));
            None
        }
    }
}

fn span(range: jsonc_parser::common::Range) -> Range<usize> {
    range.start..range.end
}

fn lowered(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn node(value: &Value<'_>, findings: &mut Findings<'_>) -> Node {
    let span = span(value.range());
    let item = match value {
        Value::StringLit(text) => Item::Text(text.value.to_string()),
        Value::NumberLit(number) => {
            if let Ok(number) = Number::from_str(number.value) {
                Item::Number(number)
            } else {
                findings.error(&span, "not a JSON number, or out of range");
                Item::Null
            }
        }
        Value::BooleanLit(boolean) => Item::Bool(boolean.value),
        Value::NullKeyword(_) => Item::Null,
        Value::Array(array) => {
            let items = array.elements.iter();
            Item::List(items.map(|item| node(item, findings)).collect())
        }
        Value::Object(object) => table_item(object, findings),
    };
    Node { span, item }
}

fn table_item(object: &Object<'_>, findings: &mut Findings<'_>) -> Item {
    let mut entries = Vec::with_capacity(object.properties.len());
    let mut seen = HashSet::new();
    for property in &object.properties {
        let key_span = span(property.name.range());
        let key = property.name.as_str().to_owned();
        let node = node(&property.value, findings);
        if !seen.insert(key.clone()) {
            findings.error(&key_span, format!("the key `{key}` stands here twice"));
            continue;
        }
        entries.push(Entry {
            key,
            key_span,
            node,
        });
    }
    Item::Table(entries)
}
