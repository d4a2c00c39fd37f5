//! Reads JSON as producers write it.
//!
//! Strict readers refuse what common programs print: a byte order mark (.NET),
//! half of a surrogate pair (`"\ud83d"`, from Python and Node), more than 128
//! levels. Here a half becomes U+FFFD and the document is marked as lossy; the
//! depth has a bound that recursive code over the value can bear.

use serde_json::{Map, Value};

/// Number of lists and objects that may stand in one another.
const MAX_DEPTH: usize = 512;

/// A JSON document that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonDocument {
    /// The document.
    pub value: Value,
    /// Whether characters were replaced, so that the value is not what was
    /// printed.
    pub is_lossy: bool,
}

/// Reads one JSON document.
///
/// # Errors
///
/// The error of a strict reader, if this reader cannot read the document either.
pub fn read_json(bytes: &[u8]) -> serde_json::Result<JsonDocument> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let error = match serde_json::from_slice(bytes) {
        Ok(value) => {
            let is_lossy = false;
            return Ok(JsonDocument { value, is_lossy });
        }
        Err(error) => error,
    };
    let text = std::str::from_utf8(bytes).ok();
    text.and_then(|text| Reading::new(text).document())
        .ok_or(error)
}

/// A list or an object that is not closed yet.
enum Open {
    List(Vec<Value>),
    /// With the key of the value that comes next.
    Object(Map<String, Value>, String),
}

struct Reading<'t> {
    rest: &'t str,
    is_lossy: bool,
}

impl<'t> Reading<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            rest: text,
            is_lossy: false,
        }
    }

    fn document(mut self) -> Option<JsonDocument> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            self.skip_blanks();
            let mut value = if self.takes('[') {
                if self.takes(']') {
                    Value::Array(Vec::new())
                } else {
                    open.push(Open::List(Vec::new()));
                    (open.len() <= MAX_DEPTH).then_some(())?;
                    continue;
                }
            } else if self.takes('{') {
                if self.takes('}') {
                    Value::Object(Map::new())
                } else {
                    let key = self.key()?;
                    open.push(Open::Object(Map::new(), key));
                    (open.len() <= MAX_DEPTH).then_some(())?;
                    continue;
                }
            } else {
                self.scalar()?
            };
            // Closes what ends after this value.
            loop {
                match open.pop() {
                    None => {
                        self.skip_blanks();
                        let is_lossy = self.is_lossy;
                        let document = JsonDocument { value, is_lossy };
                        return self.rest.is_empty().then_some(document);
                    }
                    Some(Open::List(mut values)) => {
                        values.push(value);
                        if self.takes(',') {
                            open.push(Open::List(values));
                            break;
                        }
                        self.takes(']').then_some(())?;
                        value = Value::Array(values);
                    }
                    Some(Open::Object(mut values, key)) => {
                        values.insert(key, value);
                        if self.takes(',') {
                            let key = self.key()?;
                            open.push(Open::Object(values, key));
                            break;
                        }
                        self.takes('}').then_some(())?;
                        value = Value::Object(values);
                    }
                }
            }
        }
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// Takes a sign and the blanks around it, if it comes next.
    fn takes(&mut self, sign: char) -> bool {
        self.skip_blanks();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn key(&mut self) -> Option<String> {
        self.skip_blanks();
        let key = self.string()?;
        self.takes(':').then_some(key)
    }

    fn scalar(&mut self) -> Option<Value> {
        if self.rest.starts_with('"') {
            return self.string().map(Value::String);
        }
        let end = self.rest.find([',', ']', '}', ' ', '\t', '\n', '\r']);
        let (scalar, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        serde_json::from_str(scalar).ok()
    }

    fn string(&mut self) -> Option<String> {
        let bytes = self.rest.as_bytes();
        (bytes.first() == Some(&b'"')).then_some(())?;
        let mut at = 1;
        while *bytes.get(at)? != b'"' {
            at += if bytes[at] == b'\\' { 2 } else { 1 };
        }
        let (token, rest) = self.rest.split_at_checked(at + 1)?;
        self.rest = rest;
        if let Ok(text) = serde_json::from_str(token) {
            return Some(text);
        }
        self.is_lossy = true;
        serde_json::from_str(&whole_surrogates(token)).ok()
    }
}

/// A JSON string in which U+FFFD stands for each half of a surrogate pair.
fn whole_surrogates(token: &str) -> String {
    const REPLACEMENT: &str = "\\ufffd";
    let mut whole = String::with_capacity(token.len());
    let mut rest = token;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(Half::High), Some(Half::Low)) => 12,
            (Some(_), _) => {
                whole.push_str(REPLACEMENT);
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            // A backslash and what it escapes.
            (None, _) => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (kept, after) = escape.split_at(length);
        whole.push_str(kept);
        rest = after;
    }
    whole.push_str(rest);
    whole
}

/// One half of a surrogate pair.
enum Half {
    High,
    Low,
}

fn surrogate(escape: &str) -> Option<Half> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..0xdc00 => Some(Half::High),
        0xdc00..0xe000 => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Option<(Value, bool)> {
        let read = read_json(text.as_bytes()).ok()?;
        Some((read.value, read.is_lossy))
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced_and_said() {
        let lossy = |value| Some((value, true));
        assert_eq!(read(r#""a\ud83d""#), lossy(json!("a\u{fffd}")));
        assert_eq!(
            read(r#"{"k\udc00": ["\ud83d\ud83d\ude00\n", 1, null]}"#),
            lossy(json!({"k\u{fffd}": ["\u{fffd}\u{1f600}\n", 1, null]}))
        );
        // An escaped backslash before a `u` is none.
        assert_eq!(
            read(r#"["\\ud83d", "\ud83d"]"#),
            lossy(json!(["\\ud83d", "\u{fffd}"]))
        );
        assert_eq!(read(r#""\ud83d\ude00""#), Some((json!("\u{1f600}"), false)));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_document() {
        assert_eq!(read("\u{feff}[1]"), Some((json!([1]), false)));
        assert_eq!(read("[\u{feff}1]"), None);
    }

    #[test]
    fn many_levels_are_read_up_to_a_bound() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for depth in [1, 127, 128, 200, MAX_DEPTH] {
            assert!(read(&nested(depth)).is_some(), "{depth}");
        }
        for depth in [MAX_DEPTH + 2, 1_000_000] {
            assert!(read(&nested(depth)).is_none(), "{depth}");
        }
        let objects = format!("{}1{}", "{\"a\": ".repeat(200), "}".repeat(200));
        assert!(read(&objects).is_some());
    }

    #[test]
    fn other_faults_stay_faults() {
        for text in [
            "",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "[1 2]",
            "nul",
            "\"\\x\"",
            "\"a",
            "[\"\\ud83d\"",
            "[] []",
            "{1: 2}",
            "\"\\ud83d\" x",
            "[NaN]",
            "\"\\u12\"",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_lenient_reader_agrees_with_the_strict_one(
            text in "[\\[\\]{}\",:0-9 a\\\\ueE.\\-]{0,24}|(\\[|\\{\"a\":){0,6}(1|\"\\\\n\"|null)(\\]|\\}){0,6}",
        ) {
            let strict: Option<Value> = serde_json::from_str(&text).ok();
            let lenient = Reading::new(&text).document();
            if let Some(strict) = strict {
                let lenient = lenient.map(|it| (it.value, it.is_lossy));
                prop_assert_eq!(lenient, Some((strict, false)));
            } else {
                // Only a half of a surrogate pair makes the difference.
                prop_assert!(lenient.is_none_or(|it| it.is_lossy));
            }
        }
    }
}
