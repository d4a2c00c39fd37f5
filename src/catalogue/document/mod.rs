//! A file as a tree of values with their spans.
//!
//! TOML and JSON are both parsed into it, so that the readers have one path and
//! every problem a position.

mod json;
mod node;
mod toml;

use std::path::Path;

use super::findings::Findings;

pub(crate) use node::{Item, KeyValue, Node};

/// Reads a JSON file of a laxer program: comments and trailing commas are
/// allowed. `None` where its syntax is broken.
pub(crate) fn parse_with_comments(findings: &mut Findings<'_>) -> Option<Node> {
    json::parse_with_comments(findings)
}

/// Reads a file of another program to be edited: TOML if its name ends in
/// `.toml`, else JSON with comments, trailing commas and keys that stand twice.
/// `None` where its syntax is broken.
pub(crate) fn parse_as_written(findings: &mut Findings<'_>) -> Option<Node> {
    let path = Path::new(findings.source().name());
    let extension = path.extension();
    if extension.is_some_and(|it| it.eq_ignore_ascii_case("toml")) {
        toml::parse(findings)
    } else {
        json::parse_as_written(findings)
    }
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::source::Source;
    use super::node::DEEPEST;
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
