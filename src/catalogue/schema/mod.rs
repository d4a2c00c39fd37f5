//! JSON Schemas: compiled once, evaluated within bounds; their violations are
//! described in our own words.

mod bounds;
mod counting;
mod size;

use std::fmt;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use self::size::{Size, size_of};
use super::document::Node;
use super::findings::Findings;
use super::text::{nearest, sanitize};
pub use bounds::Bound;
pub(crate) use bounds::Limits;

/// Most violations that are reported of one call.
const MOST_VIOLATIONS: usize = 20;

/// Longest value or message of the validator that is shown, in characters.
const LONGEST_MESSAGE: usize = 200;

/// Deepest nesting of the JSON of a schema.
const DEEPEST_SCHEMA: usize = 256;

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Schema {
    validator: Validator,
    written: Value,
    size: Size,
    is_simple: bool,
}

/// Reason a JSON Schema could not be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SchemaError {
    /// JSON pointer to the part of the schema that is wrong.
    pointer: String,
    message: String,
}

impl SchemaError {
    fn of_whole(message: String) -> Self {
        let pointer = String::new();
        Self { pointer, message }
    }
}

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

impl Violation {
    /// A violation of the value as a whole.
    pub(crate) fn of_whole(message: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            message: message.into(),
            help: None,
            key: None,
            depends_on: DependsOn::Everything,
        }
    }
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
    match Schema::compile(&written) {
        Ok(schema) => Some(schema),
        Err(SchemaError { pointer, message }) => {
            let at = node.nearest_to(parts(&pointer));
            findings.error(&at.span, format!("invalid schema: {message}"));
            None
        }
    }
}

impl Schema {
    /// Compiles a schema. It may come from anywhere: what could not be
    /// evaluated within bounds is refused.
    pub(crate) fn compile(written: &Value) -> Result<Self, SchemaError> {
        let depth = size_of(written).deepest;
        if depth > DEEPEST_SCHEMA {
            return Err(SchemaError::of_whole(Bound::Depth.to_string()));
        }
        bounds::with_stack(depth, || Self::compile_here(written))
            .unwrap_or_else(|| Err(SchemaError::of_whole(Bound::Depth.to_string())))
    }

    fn compile_here(written: &Value) -> Result<Self, SchemaError> {
        let counted = counting::counted(written)
            .map_err(|reason| SchemaError::of_whole(reason.to_string()))?;
        let validator =
            bounds::build(&counted.schema, counted.limit).map_err(|error| SchemaError {
                pointer: error.instance_path().to_string(),
                message: message_of(&error),
            })?;
        Ok(Self {
            validator,
            written: written.clone(),
            size: counted.size,
            is_simple: counting::is_simple(written),
        })
    }

    /// Whether checking a few kilobytes against it takes microseconds.
    pub(crate) fn is_simple(&self) -> bool {
        self.is_simple
    }

    /// Returns the violations of the schema, at most [`MOST_VIOLATIONS`].
    pub(crate) fn violations(
        &self,
        value: &Value,
        limits: Limits,
    ) -> Result<Vec<Violation>, Bound> {
        let is_valid = || self.validator.is_valid(value);
        if bounds::within(limits, self.size, value, is_valid)? {
            return Ok(Vec::new());
        }
        let describe = || {
            let errors = self.validator.iter_errors(value).take(MOST_VIOLATIONS);
            let described = errors.flat_map(|error| self.described(&error));
            described.collect::<Vec<_>>()
        };
        let found = bounds::within(limits.for_messages(), self.size, value, describe);
        let found = found.unwrap_or_default();
        if found.is_empty() {
            // That it is invalid is known, and only the reason is not.
            return Ok(vec![Violation::of_whole("it does not fit the schema")]);
        }
        Ok(found)
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

impl From<Bound> for ArgumentProblem {
    fn from(bound: Bound) -> Self {
        Self {
            pointer: String::new(),
            message: bound.to_string(),
        }
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
        let violations = schema
            .violations(args, Limits::FULL)
            .expect("in bounds")
            .into_iter();
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
        let outcome = bounded(&schema, &json!({"s": "a".repeat(40)}), Limits::FULL);
        let is_refused = outcome.as_ref().is_ok_and(|found| found.len() == 1);
        assert!(is_refused || outcome == Err(Bound::Pattern), "{outcome:?}");
    }

    #[test]
    fn patterns_have_a_bound_together() {
        let with = |count: usize| {
            let patterns = (0..count).map(|at| {
                (
                    format!("p{at}"),
                    json!({"pattern": format!("(\\p{{L}}-|b{at}){{20}}")}),
                )
            });
            json!({"properties": patterns.collect::<serde_json::Map<_, _>>()})
        };
        // One takes a megabyte, which a thousand together may not.
        let args = json!({"p0": "x"});
        assert_eq!(problems(&with(1), &args).len(), 1);
        let refused = Schema::compile(&with(1_000))
            .map(drop)
            .expect_err("too much");
        assert!(refused.to_string().contains("regex"), "{refused}");
        let refused = Schema::compile(&with(2_001))
            .map(drop)
            .expect_err("too many");
        assert_eq!(refused.to_string(), "it has more than 2000 patterns");
    }

    /// Evaluates a schema as the engine does.
    fn bounded(schema: &Value, value: &Value, limits: Limits) -> Result<Vec<String>, Bound> {
        let schema = Schema::compile(schema).expect("a schema");
        let found = schema.violations(value, limits)?;
        Ok(found.iter().map(ToString::to_string).collect())
    }

    /// 2 to the power of `levels` evaluations of one small schema.
    fn bomb(levels: usize, leaf: &Value) -> Value {
        let mut defs = serde_json::Map::new();
        defs.insert("L0".to_owned(), leaf.clone());
        for at in 1..=levels {
            let below = json!({"$ref": format!("#/$defs/L{}", at - 1)});
            defs.insert(format!("L{at}"), json!({"allOf": [below, below]}));
        }
        json!({"$ref": format!("#/$defs/L{levels}"), "$defs": defs})
    }

    #[test]
    fn a_schema_that_doubles_thirty_times_ends_within_its_bounds() {
        let start = std::time::Instant::now();
        for value in [json!({}), json!(3), json!("x"), json!([[], {}])] {
            for limits in [Limits::FULL, Limits::QUICK] {
                let outcome = bounded(&bomb(30, &json!({"type": "object"})), &value, limits);
                // The evaluator remembers some results; then it is quick.
                assert!(
                    matches!(outcome, Ok(_) | Err(Bound::Steps | Bound::Time)),
                    "{outcome:?}"
                );
            }
        }
        let failing = bounded(&bomb(30, &json!(false)), &json!({}), Limits::FULL);
        assert!(!failing.is_ok_and(|found| found.is_empty()));
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }

    #[test]
    fn a_recursion_that_doubles_at_each_level_of_the_value_ends_within_its_bounds() {
        let inner = json!({"$ref": "#"});
        let either = json!({"anyOf": [{"allOf": [inner, {"minLength": 1}]}, inner]});
        let schema = json!({"additionalProperties": either, "type": ["object", "number"]});
        let mut value = json!(1.5);
        for _ in 0..60 {
            value = json!({ "x": value });
        }
        let start = std::time::Instant::now();
        let outcome = bounded(&schema, &value, Limits::FULL);
        assert!(matches!(outcome, Ok(_) | Err(_)));
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }

    #[test]
    fn thousands_of_references_in_a_row_are_refused() {
        let mut defs = serde_json::Map::new();
        for at in 0..5000 {
            defs.insert(
                format!("d{at}"),
                json!({"$ref": format!("#/$defs/d{}", at + 1)}),
            );
        }
        defs.insert("d5000".to_owned(), json!({"type": "object"}));
        let error = Schema::compile(&json!({"$ref": "#/$defs/d0", "$defs": defs}));
        assert!(error.is_err_and(|error| error.to_string().contains("256")));
        let cycle = json!({"allOf": [{"$ref": "#"}], "type": "object"});
        assert_eq!(bounded(&cycle, &json!({}), Limits::FULL), Ok(vec![]));
    }

    #[test]
    fn deep_values_under_deep_schemas_do_not_exhaust_the_stack() {
        let mut nested = json!({"additionalProperties": {"$ref": "#"}});
        for _ in 0..60 {
            nested = json!({ "allOf": [nested] });
        }
        let mut value = json!({});
        for _ in 0..120 {
            value = json!({ "x": value });
        }
        assert_eq!(bounded(&nested, &value, Limits::FULL), Ok(vec![]));
        let mut defs = serde_json::Map::new();
        for at in 0..200 {
            let below = json!({"$ref": format!("#/$defs/d{}", at + 1)});
            defs.insert(format!("d{at}"), below);
        }
        defs.insert(
            "d200".to_owned(),
            json!({"additionalProperties": {"$ref": "#"}}),
        );
        let chain = json!({"$ref": "#/$defs/d0", "$defs": defs});
        assert_eq!(bounded(&chain, &value, Limits::FULL), Err(Bound::Depth));
        assert_eq!(bounded(&chain, &json!({"x": {}}), Limits::FULL), Ok(vec![]));
    }

    #[test]
    fn huge_choices_over_long_lists_are_evaluated_or_refused_in_time() {
        let words: Vec<String> = (0..20_000).map(|at| format!("word-{at}")).collect();
        let schema = json!({"items": {"enum": words}});
        let list = |length: usize| json!(vec!["word-19999"; length]);
        assert_eq!(bounded(&schema, &list(100), Limits::FULL), Ok(vec![]));
        let start = std::time::Instant::now();
        let outcome = bounded(&schema, &list(200_000), Limits::FULL);
        assert!(
            matches!(outcome, Err(Bound::Steps | Bound::Time)),
            "{outcome:?}"
        );
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }

    #[test]
    fn patterns_take_linear_time_or_are_not_tried_on_long_texts() {
        let long = "a".repeat(1 << 20);
        let linear = json!({"pattern": "^(a+)+$"});
        assert_eq!(bounded(&linear, &json!(long), Limits::FULL), Ok(vec![]));
        let found = bounded(&linear, &json!("aab"), Limits::FULL).expect("in bounds");
        assert_eq!(found, [r#""aab" does not match "^(a+)+$""#]);
        // Looking ahead needs backtracking.
        let ahead = json!({"properties": {"s": {"pattern": "(?=(a+)+$)(a+)+b|!$"}}});
        let at = |text: &str| bounded(&ahead, &json!({ "s": text }), Limits::FULL);
        assert_eq!(at(&long), Err(Bound::Pattern));
        assert_eq!(at("a!"), Ok(vec![]));
        let found = at("aac").expect("in bounds");
        assert_eq!(
            found,
            [r#"`s`: "aac" does not match "(?=(a+)+$)(a+)+b|!$""#]
        );
        let start = std::time::Instant::now();
        let outcome = at(&"a".repeat(2000));
        assert!(outcome != Ok(vec![]), "{outcome:?}");
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }

    #[test]
    fn a_pattern_may_be_anything_a_schema_may_have() {
        for (pattern, fits, other) in [
            (r"^\d{3}$", "123", "12"),
            (r"^[^\s@]+@[^\s@]+$", "a@b", "a b"),
            (r"^(?!admin).*$", "user", "admin1"),
            (r"^\p{L}+$", "äö", "1"),
        ] {
            let schema = json!({ "pattern": pattern });
            assert_eq!(
                bounded(&schema, &json!(fits), Limits::FULL),
                Ok(vec![]),
                "{pattern}"
            );
            let found = bounded(&schema, &json!(other), Limits::FULL).expect("in bounds");
            assert_eq!(found.len(), 1, "{pattern}");
        }
    }
}
