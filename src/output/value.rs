//! Outputs as the values that reports show.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::printed::Printed;
use super::store::Store;
use super::{JsonDocument, read_json};
use crate::model::{CallId, OutputKind};

/// Output of a call as a value, and how the value came from its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputValue {
    /// A JSON document, a text, or bytes in base64.
    pub value: Value,
    /// Form of the value.
    pub encoding: OutputEncoding,
    /// Whether bytes are missing.
    pub is_truncated: bool,
    /// Whether characters were replaced.
    pub is_lossy: bool,
    /// Reason that it is no JSON, where that was promised and all of it is
    /// there.
    pub not_json: Option<String>,
}

/// Form of the value of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputEncoding {
    /// A JSON document.
    Json,
    /// A text, also where the tool promised JSON and printed something else.
    Text,
    /// Bytes that are no UTF-8 text, in base64.
    Base64,
}

impl OutputValue {
    /// Reads an output as its tool promises: what is no JSON, or not all of it,
    /// is text, also where JSON was promised.
    pub fn read(printed: Printed, kind: OutputKind) -> Self {
        let mut not_json = None;
        if kind != OutputKind::Text && !printed.is_truncated {
            match read_json(&printed.bytes) {
                Ok(JsonDocument { value, is_lossy }) => {
                    return Self {
                        value,
                        encoding: OutputEncoding::Json,
                        is_truncated: false,
                        is_lossy,
                        not_json,
                    };
                }
                Err(error) => not_json = Some(error.to_string()),
            }
        }
        Self {
            not_json: not_json.filter(|_| kind == OutputKind::Json),
            ..text(printed)
        }
    }
}

impl Store {
    /// Returns the output of the last attempt at a call: JSON up to the bound
    /// on results, text up to the smaller bound on text.
    pub fn output_value(&self, call: CallId, kind: OutputKind) -> OutputValue {
        if kind != OutputKind::Text {
            let value = OutputValue::read(self.result(call), kind);
            if value.encoding == OutputEncoding::Json {
                return value;
            }
        }
        text(self.text_result(call))
    }
}

/// The value of an output that is no JSON document.
fn text(printed: Printed) -> OutputValue {
    let is_truncated = printed.is_truncated;
    let (value, encoding, is_lossy) = match String::from_utf8(printed.bytes) {
        Ok(text) => (without_line_end(text), OutputEncoding::Text, false),
        // In base64 nobody would see the marker where bytes are missing.
        Err(error) if is_truncated => {
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            (text, OutputEncoding::Text, true)
        }
        Err(error) => {
            let text = BASE64_STANDARD.encode(error.as_bytes());
            (text, OutputEncoding::Base64, false)
        }
    };
    OutputValue {
        value: Value::String(value),
        encoding,
        is_truncated,
        is_lossy,
        not_json: None,
    }
}

/// A text without its final line break.
fn without_line_end(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::AttemptNo;
    use crate::output::{Bounds, Stream};

    fn value(kind: OutputKind, bytes: &[u8]) -> OutputValue {
        let bounds = Bounds {
            block_bytes: 16,
            head_bytes: 32,
            tail_bytes: 32,
            result_bytes: 400,
            ..Bounds::default()
        };
        let store = Store::new(None, bounds);
        let sink = store.sink(CallId::MIN, AttemptNo(1));
        sink.write(Stream::Stdout, bytes);
        sink.finish();
        store.output_value(CallId::MIN, kind)
    }

    #[test]
    fn bytes_that_are_no_text_come_in_base64_and_not_replaced() {
        let png = b"\x89PNG\r\n\x1a\n\x00\xff";
        for kind in [OutputKind::Auto, OutputKind::Text] {
            let value = value(kind, png);
            assert_eq!(value.encoding, OutputEncoding::Base64);
            assert_eq!(value.value, json!("iVBORw0KGgoA/w=="));
            assert!(!value.is_lossy && !value.is_truncated);
        }
    }

    #[test]
    fn what_is_no_json_though_promised_is_the_text_that_was_printed() {
        let value = value(OutputKind::Json, b"Traceback: no\n");
        assert_eq!(value.encoding, OutputEncoding::Text);
        assert_eq!(value.value, json!("Traceback: no"));
    }

    #[test]
    fn a_value_says_whether_something_is_missing_or_was_replaced() {
        let lossy = value(OutputKind::Json, br#"["\ud83d"]"#);
        assert_eq!(lossy.value, json!(["\u{fffd}"]));
        assert!(lossy.is_lossy);
        let long = value(OutputKind::Auto, &[b'x'; 200]);
        assert!(long.is_truncated && !long.is_lossy);
        let long = value(OutputKind::Auto, &[0xff; 200]);
        assert!(long.is_truncated && long.is_lossy);
        assert_eq!(long.encoding, OutputEncoding::Text);
    }
}
