//! The envelope of a message: what decides its way, borrowed from its bytes.
//!
//! Nothing is copied or made anew: a message that is passed on is passed as it
//! came, whatever stands in it that nobody here knows.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The id of a request as it compares: `1` and `"1"` differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum RpcId {
    /// A number, by its text.
    Number(String),
    /// A text, its escapes read.
    Text(String),
}

/// The fields of a message that are read. A message with one of them twice is
/// not read at all.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

/// The kind of a message by the fields that it has.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    Request { id: RpcId, method: &'a str },
    Notification { method: &'a str },
    Answer { id: RpcId },
    Other,
}

impl<'a> Envelope<'a> {
    /// Reads a line; `None` where it is no JSON object of this form.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        // An array would be read as the fields in their order.
        let first = line.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            return None;
        }
        serde_json::from_slice(line).ok()
    }

    /// Tells requests, notifications and answers apart.
    pub(super) fn kind(&self) -> Kind<'_> {
        let id = self.id.and_then(RpcId::read);
        match (self.method.as_deref(), id) {
            (Some(method), Some(id)) => Kind::Request { id, method },
            (Some(method), None) => Kind::Notification { method },
            (None, Some(id)) if self.result.is_some() || self.error.is_some() => {
                Kind::Answer { id }
            }
            (None, _) => Kind::Other,
        }
    }

    /// Returns the id as it stands in the message.
    pub(super) fn raw_id(&self) -> Option<&'a RawValue> {
        self.id
    }

    /// Reads the params as `T`; `None` where they are absent or otherwise.
    pub(super) fn params<T: Deserialize<'a>>(&self) -> Option<T> {
        read(self.params?)
    }

    /// Reads the result as `T`; `None` where it is absent or otherwise.
    pub(super) fn result<T: Deserialize<'a>>(&self) -> Option<T> {
        read(self.result?)
    }
}

/// Reads a part of a message; `None` where it is otherwise.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

impl RpcId {
    /// Reads an id; `None` for `null` and whatever else is no id.
    pub(super) fn read(raw: &RawValue) -> Option<Self> {
        let text = raw.get();
        match text.as_bytes().first()? {
            b'"' => serde_json::from_str(text).ok().map(Self::Text),
            b'-' | b'0'..=b'9' => Some(Self::Number(text.to_owned())),
            _ => None,
        }
    }
}

/// The params of a call.
#[derive(Debug, Deserialize)]
pub(super) struct CallParams<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) arguments: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "_meta")]
    pub(super) meta: Option<&'a RawValue>,
}

/// The part of `_meta` that is read.
#[derive(Debug, Deserialize, Default)]
pub(super) struct Meta<'a> {
    #[serde(borrow, default, rename = "progressToken")]
    pub(super) progress_token: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/protocolVersion")]
    pub(super) protocol: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/clientInfo")]
    pub(super) client: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "threadId")]
    pub(super) thread: Option<Cow<'a, str>>,
}

/// The params of other messages that are read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OtherParams<'a> {
    #[serde(borrow, default)]
    pub(super) request_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) progress_token: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) progress: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) total: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) message: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) cursor: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) client_info: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "_meta")]
    pub(super) meta: Option<&'a RawValue>,
}

/// A program's introduction of itself.
#[derive(Debug, Deserialize)]
pub(super) struct ProgramInfo {
    pub(super) name: String,
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default)]
    pub(super) title: Option<String>,
}

/// The parts of results that are read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultParts<'a> {
    #[serde(default)]
    pub(super) is_error: bool,
    #[serde(borrow, default)]
    pub(super) protocol_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) tools: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    pub(super) next_cursor: Option<&'a RawValue>,
}

/// The part of a tool that is read.
#[derive(Debug, Deserialize)]
pub(super) struct ListedTool<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(default)]
    pub(super) annotations: Option<ToolHints>,
}

/// Annotations that count.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolHints {
    #[serde(default)]
    pub(super) read_only_hint: Option<bool>,
}

/// Returns where a part of a line stands in it.
pub(super) fn place(line: &[u8], part: &RawValue) -> Range<usize> {
    let start = part.get().as_ptr().addr() - line.as_ptr().addr();
    start..start + part.get().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_by_their_fields() {
        let kind = |line: &str| match Envelope::read(line.as_bytes())
            .map(|it| format!("{:?}", it.kind()))
        {
            Some(kind) => kind,
            None => "unread".to_owned(),
        };
        for (line, expected) in [
            (
                r#"{"id":1,"method":"ping"}"#,
                r#"Request { id: Number("1"), method: "ping" }"#,
            ),
            (
                r#"{"id":"1","method":"ping"}"#,
                r#"Request { id: Text("1"), method: "ping" }"#,
            ),
            (
                r#" {"method":"n\u0061"}"#,
                r#"Notification { method: "na" }"#,
            ),
            (
                r#"{"id":null,"method":"n"}"#,
                r#"Notification { method: "n" }"#,
            ),
            (r#"{"id":1,"result":{}}"#, r#"Answer { id: Number("1") }"#),
            (
                r#"{"id":"\u0061","error":{}}"#,
                r#"Answer { id: Text("a") }"#,
            ),
            (r#"{"id":1}"#, "Other"),
            (r#"[{"id":1,"method":"ping"}]"#, "unread"),
            (r#"{"id":1,"id":2,"method":"ping"}"#, "unread"),
            ("{", "unread"),
            ("", "unread"),
        ] {
            assert_eq!(kind(line), expected, "{line}");
        }
    }

    #[test]
    fn a_part_is_found_where_it_stands() {
        let line = br#"{"params": {"name":"t", "arguments": {"a": 1.50}, "x":[]}}"#;
        let envelope = Envelope::read(line).expect("a message");
        let params: CallParams<'_> = envelope.params().expect("params");
        let arguments = params.arguments.expect("arguments");
        assert_eq!(&line[place(line, arguments)], br#"{"a": 1.50}"#);
    }
}
