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

/// Treatment of a key that stands twice in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeated {
    /// It is an error.
    Refused,
    /// It stands twice in the tree as well.
    Kept,
}

/// Reads a JSON file that may hold comments and trailing commas.
pub(super) fn parse_with_comments(findings: &mut Findings<'_>) -> Option<Node> {
    parse_by(&COMMENTED, Repeated::Refused, findings)
}

/// Reads such a file as it stands, with keys that stand in it twice.
pub(super) fn parse_as_written(findings: &mut Findings<'_>) -> Option<Node> {
    parse_by(&COMMENTED, Repeated::Kept, findings)
}

/// Reads a JSON file; `None` where its syntax is broken.
pub(super) fn parse(findings: &mut Findings<'_>) -> Option<Node> {
    parse_by(&STRICT, Repeated::Refused, findings)
}

fn parse_by(
    options: &ParseOptions,
    repeated: Repeated,
    findings: &mut Findings<'_>,
) -> Option<Node> {
    let text = findings.source().text();
    let must_be_strict = !options.allow_comments;
    match parse_to_ast(text, &CollectOptions::default(), options) {
        Ok(parsed) => {
            let Some(root) = parsed.value else {
                findings.error(&(text.len()..text.len()), "the file is empty");
                return None;
            };
            let mut reader = TreeReader { repeated, findings };
            (!must_be_strict || is_strict(reader.findings)).then(|| reader.node(root, DEEPEST))
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
struct TreeReader<'r, 'f> {
    repeated: Repeated,
    findings: &'r mut Findings<'f>,
}

impl TreeReader<'_, '_> {
    fn node(&mut self, value: Value<'_>, room: usize) -> Node {
        let span = span(value.range());
        if room == 0 {
            let message = format!("nested deeper than {DEEPEST} levels");
            self.findings.error(&span, message);
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
                    let message = "not a JSON number, or out of range";
                    self.findings.error(&span, message);
                    Item::Unusable
                }
            }
            Value::BooleanLit(boolean) => Item::Bool(boolean.value),
            Value::NullKeyword(_) => Item::Null,
            Value::Array(array) => {
                let items = array.elements.into_iter();
                Item::List(items.map(|item| self.node(item, room - 1)).collect())
            }
            Value::Object(object) => self.table(object, room - 1),
        };
        Node { span, item }
    }

    fn table(&mut self, object: Object<'_>, room: usize) -> Item {
        let mut entries = Vec::with_capacity(object.properties.len());
        let mut seen = HashSet::new();
        for property in object.properties {
            let key_span = span(property.name.range());
            let key = property.name.into_string();
            let node = self.node(property.value, room);
            if !seen.insert(key.clone()) && self.repeated == Repeated::Refused {
                let message = format!("the key `{key}` stands here twice");
                self.findings.error(&key_span, message);
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
}
