//! A file as a tree of values with their spans.
//!
//! TOML and JSON are both parsed into it, so that the readers have one path and
//! every problem a position.

mod json;
mod toml;

use std::ops::Range;

use serde_json::{Map, Number, Value};

use super::findings::Findings;

/// A value and its span in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) item: Item,
}

/// A value of either language.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Table(Vec<KeyValue>),
    /// A value that cannot be used, which has been reported.
    Unusable,
}

/// Deepest nesting of tables and arrays. Deeper ones are an error, so that no
/// reader needs to guard its stack.
const DEEPEST: usize = 128;

/// One key of a table with its value.
#[derive(Debug, Clone)]
pub(crate) struct KeyValue {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) node: Node,
}

/// Reads a JSON file of a laxer program: comments and trailing commas are
/// allowed. `None` where its syntax is broken.
pub(crate) fn parse_with_comments(findings: &mut Findings<'_>) -> Option<Node> {
    json::parse_with_comments(findings)
}

/// Reads a file: JSON if its name ends in `.json`, or if it starts with `{`,
/// which TOML cannot; else TOML. `None` where its syntax is broken.
pub(crate) fn parse(findings: &mut Findings<'_>) -> Option<Node> {
    let source = findings.source();
    let is_json = source.name().to_ascii_lowercase().ends_with(".json")
        || source.text().trim_start().starts_with('{');
    if is_json {
        json::parse(findings)
    } else {
        toml::parse(findings)
    }
}

/// Whether two decimal numbers have the same value, however they are written.
fn is_same_number(a: &str, b: &str) -> bool {
    digits_of(a) == digits_of(b)
}

/// The sign, the significant digits and the power of ten of a decimal number;
/// `None` for an exponent beyond 32 bits.
fn digits_of(number: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i64 = exponent.parse::<i32>().ok()?.into();
    let is_negative = mantissa.starts_with('-');
    let mantissa = mantissa.trim_start_matches(['-', '+']);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}").replace('_', "");
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some((is_negative, String::new(), 0));
    }
    let zeros = all.len() - all.trim_end_matches('0').len();
    let decimals = fraction.replace('_', "").len();
    let power = exponent + i64::try_from(zeros).ok()? - i64::try_from(decimals).ok()?;
    Some((is_negative, significant.to_owned(), power))
}

impl Node {
    /// The keys, if it is a table.
    pub(crate) fn as_table(&self) -> Option<&[KeyValue]> {
        match &self.item {
            Item::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.item {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key, if it is a table that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// A key with its value, if it is a table that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&KeyValue> {
        self.as_table()?.iter().find(|entry| entry.key == key)
    }

    /// Returns the value at the parts of a JSON pointer, or the nearest one above
    /// it.
    pub(crate) fn nearest_to(&self, parts: impl IntoIterator<Item = String>) -> &Node {
        let mut node = self;
        for part in parts {
            let inner = match &node.item {
                Item::Table(_) => node.get(&part),
                Item::List(items) => part.parse::<usize>().ok().and_then(|at| items.get(at)),
                _ => None,
            };
            let Some(inner) = inner else { break };
            node = inner;
        }
        node
    }

    /// Kind of the value, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.item {
            Item::Null => "null",
            Item::Bool(_) => "a boolean",
            Item::Number(_) => "a number",
            Item::Text(_) => "a string",
            Item::List(_) => "an array",
            Item::Table(_) => "a table",
            Item::Unusable => "an unusable value",
        }
    }

    /// Returns the value without its spans.
    pub(crate) fn to_json(&self) -> Value {
        match &self.item {
            Item::Null | Item::Unusable => Value::Null,
            Item::Bool(is_true) => Value::Bool(*is_true),
            Item::Number(number) => Value::Number(number.clone()),
            Item::Text(text) => Value::String(text.clone()),
            Item::List(items) => items.iter().map(Self::to_json).collect(),
            Item::Table(entries) => {
                let pairs = entries.iter();
                let pairs = pairs.map(|entry| (entry.key.clone(), entry.node.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::source::Source;
    use super::*;

    /// The value of a file, or the messages of its problems.
    fn read(name: &str, text: &str) -> Result<Value, Vec<String>> {
        let source = Source::new(name, text);
        let mut findings = Findings::new(&source);
        let node = parse(&mut findings);
        let (problems, _) = findings.finish();
        let described = || problems.iter().map(|it| it.message().to_owned()).collect();
        node.filter(|_| problems.is_empty())
            .map(|node| node.to_json())
            .ok_or_else(described)
    }

    #[test]
    fn both_languages_give_the_same_tree() {
        let toml = "a = [1, 0x10, -1.5, true, \"é\\n\"]\n[b.c]\nd = 1979-05-27\n";
        let json = r#"{"a": [1, 16, -1.5, true, "\u00e9\n"], "b": {"c": {"d": "1979-05-27"}}}"#;
        assert_eq!(read("x", toml), read("x", json));
        assert_eq!(read("x.JSON", " null "), Ok(Value::Null));
        assert_eq!(read("x", " {} "), Ok(json!({})));
    }

    #[test]
    fn json_is_strict() {
        let lax = [
            "// c\n{}",
            "{a: 1}",
            "{\"a\": 'x'}",
            "{\"a\": 1,}",
            "[1 2]",
            "[0x1]",
            "[+1]",
            "[.5]",
            "[NaN]",
            "[01]",
            "[1e999]",
            "[\"\u{1}\"]",
            "[\"\n\"]",
            "[\"\\ud800\"]",
            "[\u{a0}1]",
            "{\"a\": 1, \"a\": 2}",
            "",
            "{} {}",
        ];
        for text in lax {
            let problems = read("x.json", text).expect_err(text);
            assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        }
    }

    #[test]
    fn numbers_are_kept_as_they_are_written_or_reported() {
        let warnings = |name: &str, text: &str| {
            let source = Source::new(name, text);
            let mut findings = Findings::new(&source);
            parse(&mut findings);
            let (errors, warnings) = findings.finish();
            (errors.len(), warnings.len())
        };
        for exact in [
            "18446744073709551615",
            "-9223372036854775808",
            "0",
            "-1",
            "1.10",
            "0.1",
            "1e3",
            "1.5E-7",
            "-0.0",
            "123456789012345.6",
            "1e22",
        ] {
            assert_eq!(warnings("x.json", &format!("[{exact}]")), (0, 0), "{exact}");
        }
        for whole in [
            "18446744073709551616",
            "-9223372036854775809",
            &"9".repeat(30),
        ] {
            assert_eq!(warnings("x.json", &format!("[{whole}]")), (0, 0), "{whole}");
            assert_eq!(
                warnings("x.toml", &format!("a = {whole}")),
                (1, 0),
                "{whole}"
            );
        }
        for fraction in ["0.12345678901234567890", "3.141592653589793238", "1e-400"] {
            assert_eq!(
                warnings("x.json", &format!("[{fraction}]")),
                (0, 0),
                "{fraction}"
            );
            assert_eq!(
                warnings("x.toml", &format!("a = {fraction}")),
                (0, 1),
                "{fraction}"
            );
        }
        assert_eq!(warnings("x.json", "[1e400]"), (1, 0));
        assert_eq!(warnings("x.toml", "a = 1e400"), (1, 0));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        read("x.json", &nested(DEEPEST - 1)).expect("within the bound");
        for depth in [DEEPEST + 1, 400, 100_000] {
            read("x.json", &nested(depth)).expect_err("too deep");
            read("x.toml", &format!("a = {}", nested(depth))).expect_err("too deep");
        }
        read("x.toml", &format!("{}a = 1", "a.".repeat(100_000))).expect_err("too deep");
    }

    #[test]
    fn pointers_lead_to_the_nearest_place() {
        let source = Source::new("x", "a.b = [1, 2]\n");
        let mut findings = Findings::new(&source);
        let root = parse(&mut findings).expect("TOML");
        let at = |pointer: &[&str]| {
            let parts = pointer.iter().map(ToString::to_string);
            source.text().get(root.nearest_to(parts).span.clone())
        };
        assert_eq!(at(&["a", "b", "1"]), Some("2"));
        assert_eq!(at(&["a", "b", "7", "x"]), Some("[1, 2]"));
    }
}
