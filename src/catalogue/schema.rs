//! JSON Schemas: compiled once; their violations are described in our own words.

use std::fmt;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::document::Node;
use super::findings::Findings;
use super::text::{nearest, sanitize};

/// Most violations that are reported of one call.
const MOST_VIOLATIONS: usize = 20;

/// Longest value or message of the validator that is shown, in characters.
const LONGEST_MESSAGE: usize = 200;

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Schema {
    validator: Validator,
    written: Value,
    is_simple: bool,
}

/// Reason a JSON Schema could not be compiled: the message of the compiler.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SchemaError(String);

/// An argument that does not fit the tool's schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentProblem {
    /// JSON pointer into the arguments; empty for the arguments as a whole.
    pub pointer: String,
    /// Description of the violation.
    pub message: String,
}

impl fmt::Display for ArgumentProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path: Vec<String> = parts(&self.pointer);
        write!(f, "{}{}", prefix(&path), self.message)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", prefix(&self.path), self.message)
    }
}

/// Returns the path of the argument, to stand before the message.
fn prefix(path: &[String]) -> String {
    if path.is_empty() {
        return String::new();
    }
    format!("`{}`: ", sanitize(&path.join(".")))
}

/// A violation with the details that a report on a file needs.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    /// The parts of the pointer to the value.
    pub(crate) path: Vec<String>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// The unknown key, where the violation is one.
    pub(crate) key: Option<String>,
    /// The part of the value that the violation depends on.
    pub(crate) depends_on: DependsOn,
}

/// The part of a value that a violation depends on. It decides whether the
/// violation is certain while parts of the value are not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DependsOn {
    /// Its type, its keys or its number of items.
    Shape,
    /// The value and everything in it.
    Everything,
    /// Possibly other arguments: the keyword stands under a condition.
    Others,
}

/// Reads and compiles the schema at `node`.
pub(crate) fn read(node: &Node, findings: &mut Findings<'_>) -> Option<Schema> {
    let written = node.to_json();
    if !written.is_object() {
        super::fields::wrong_kind(node, "a table with a JSON Schema", findings);
        return None;
    }
    if let Some(kind) = written.get("type")
        && kind != "object"
    {
        let at = node.get("type").unwrap_or(node);
        let problem = findings
            .at(&at.span, "the schema must have `type = \"object\"`")
            .with_help("arguments are always an object");
        findings.push(problem);
        return None;
    }
    match build(&written) {
        Ok(validator) => Some(Schema {
            is_simple: is_simple(&written),
            validator,
            written,
        }),
        Err(error) => {
            let at = node.nearest_to(parts(error.instance_path().as_str()));
            let message = format!("invalid schema: {}", message_of(&error));
            findings.error(&at.span, message);
            None
        }
    }
}

fn build(written: &Value) -> Result<Validator, ValidationError<'static>> {
    jsonschema::options().offline().build(written)
}

impl Schema {
    /// Compiles a schema that stands in no file.
    pub(crate) fn compile(written: &Value) -> Result<Self, SchemaError> {
        let validator = build(written).map_err(|error| SchemaError(message_of(&error)))?;
        Ok(Self {
            validator,
            written: written.clone(),
            is_simple: is_simple(written),
        })
    }

    /// Whether checking a few kilobytes against it takes microseconds, whatever
    /// they are.
    pub(crate) fn is_simple(&self) -> bool {
        self.is_simple
    }

    /// Returns the violations of the schema, at most [`MOST_VIOLATIONS`].
    pub(crate) fn violations(&self, args: &Value) -> Vec<Violation> {
        let errors = self.validator.iter_errors(args).take(MOST_VIOLATIONS);
        errors.flat_map(|error| self.described(&error)).collect()
    }

    fn described(&self, error: &ValidationError<'_>) -> Vec<Violation> {
        let violation = Violation {
            path: parts(error.instance_path().as_str()),
            message: message_of(error),
            help: None,
            key: None,
            depends_on: depends_on(error),
        };
        match error.kind() {
            Kind::AdditionalProperties { unexpected }
            | Kind::UnevaluatedProperties { unexpected } => {
                let known = self.properties_beside(error.schema_path().as_str());
                let unknown = unexpected.iter();
                let described = unknown.map(|key| unknown_key(key, &known, violation.clone()));
                described.collect()
            }
            Kind::Required { property } => vec![Violation {
                message: format!("the argument {property} is missing"),
                ..violation
            }],
            Kind::Enum { options } => vec![Violation {
                help: meant(error.instance(), options),
                ..violation
            }],
            _ => vec![violation],
        }
    }

    /// Returns the properties declared beside the keyword at a schema path.
    fn properties_beside(&self, keyword: &str) -> Vec<&str> {
        let parent = keyword.rsplit_once('/').map_or("", |(parent, _)| parent);
        let declared = self.written.pointer(&format!("{parent}/properties"));
        let declared = declared.and_then(Value::as_object);
        declared.map_or_else(Vec::new, |keys| keys.keys().map(String::as_str).collect())
    }
}

/// Parts of a simple schema.
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

fn is_simple(schema: &Value) -> bool {
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

fn unknown_key(key: &str, known: &[&str], violation: Violation) -> Violation {
    let help = match nearest(key, known.iter().copied()) {
        Some(key) => Some(format!("did you mean `{key}`?")),
        None if known.is_empty() => None,
        None => Some(format!("it takes {}", super::fields::listed(known))),
    };
    Violation {
        message: format!("the tool takes no argument `{key}`"),
        help,
        key: Some(key.to_owned()),
        ..violation
    }
}

fn meant(written: &Value, options: &Value) -> Option<String> {
    let options = options.as_array()?.iter().filter_map(Value::as_str);
    let option = nearest(written.as_str()?, options)?;
    Some(format!("did you mean {option:?}?"))
}

/// Returns the parts of a JSON pointer, unescaped.
fn parts(pointer: &str) -> Vec<String> {
    let parts = pointer.split('/').skip(1);
    let parts = parts.map(|part| part.replace("~1", "/").replace("~0", "~"));
    parts.collect()
}

fn message_of(error: &ValidationError<'_>) -> String {
    let value = error.instance().to_string();
    let message = if value.chars().count() > LONGEST_MESSAGE / 2 {
        error.masked_with("the value").to_string()
    } else {
        error.to_string()
    };
    let mut letters = message.chars();
    let mut described: String = letters.by_ref().take(LONGEST_MESSAGE).collect();
    if letters.next().is_some() {
        described.push('…');
    }
    described
}

fn depends_on(error: &ValidationError<'_>) -> DependsOn {
    const CONDITIONS: [&str; 5] = ["then", "else", "if", "dependentSchemas", "dependencies"];
    let path = error.schema_path().as_str();
    if path.split('/').any(|part| CONDITIONS.contains(&part)) {
        return DependsOn::Others;
    }
    match error.kind() {
        Kind::Required { .. }
        | Kind::AdditionalProperties { .. }
        | Kind::PropertyNames { .. }
        | Kind::MinProperties { .. }
        | Kind::MaxProperties { .. }
        | Kind::MinItems { .. }
        | Kind::MaxItems { .. }
        | Kind::AdditionalItems { .. }
        | Kind::FalseSchema
        | Kind::Type { .. } => DependsOn::Shape,
        _ => DependsOn::Everything,
    }
}

impl From<Violation> for ArgumentProblem {
    fn from(violation: Violation) -> Self {
        let parts = violation.path.iter();
        let pointer = parts.map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")));
        let message = match violation.help {
            Some(help) => format!("{} ({help})", violation.message),
            None => violation.message,
        };
        Self {
            pointer: pointer.collect(),
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::document::parse;
    use super::super::source::Source;
    use super::*;

    fn problems(schema: &Value, args: &Value) -> Vec<String> {
        let source = Source::new("schema.json", &schema.to_string());
        let mut findings = Findings::new(&source);
        let node = parse(&mut findings).expect("JSON");
        let schema = read(&node, &mut findings).expect("a schema");
        let violations = schema.violations(args).into_iter();
        violations
            .map(|violation| ArgumentProblem::from(violation).to_string())
            .collect()
    }

    #[test]
    fn violations_name_the_argument_and_the_remedy() {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["path"],
            "properties": {
                "path": {"type": "string"},
                "opts": {
                    "additionalProperties": false,
                    "properties": {"colour": {"enum": ["red", "green"]}},
                },
            },
        });
        let args = json!({"pth": "x", "opts": {"colour": "gren", "color": 1, "a/b": 2}});
        let mut described = problems(&schema, &args);
        described.sort();
        assert_eq!(
            described,
            [
                "`opts.colour`: \"gren\" is not one of \"red\" or \"green\" (did you mean \"green\"?)",
                "`opts`: the tool takes no argument `a/b` (it takes `colour`)",
                "`opts`: the tool takes no argument `color` (did you mean `colour`?)",
                "the argument \"path\" is missing",
                "the tool takes no argument `pth` (did you mean `path`?)",
            ]
        );
    }

    #[test]
    fn messages_stay_short() {
        let long = json!({"s": "x".repeat(100_000)});
        let described = problems(&json!({"properties": {"s": {"type": "integer"}}}), &long);
        assert_eq!(described, ["`s`: the value is not of type \"integer\""]);
        let many: Vec<u32> = (0..1000).collect();
        let described = problems(&json!({"properties": {"s": {"enum": many}}}), &long);
        assert!(described.concat().chars().count() < 300, "{described:?}");
    }

    #[test]
    fn a_hostile_pattern_is_bounded() {
        let schema = json!({"properties": {"s": {"pattern": "^(?=(a+)+$)\\1b"}}});
        let described = problems(&schema, &json!({"s": "a".repeat(40)}));
        assert_eq!(described.len(), 1, "{described:?}");
    }
}
