//! Ids of answers. Finds them also in text that need not be JSON: cut off, not UTF-8,
//! nested too deep.

use rmcp::model::RequestId;
use serde_json::Value;

/// Ids that are taken from one text. A batch may hold more.
const MAX_IDS: usize = 64;

/// Bytes of an id.
const MAX_ID: usize = 256;

/// Id in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AnswerId {
    /// Number or text.
    Known(RequestId),
    /// `null`: the server could not read the id of the request.
    Null,
    /// There is none.
    Missing,
    /// Neither a number nor a text.
    Invalid,
}

/// Reads an id; a whole number may be written as a decimal.
pub(super) fn answer_id(value: Option<&Value>) -> AnswerId {
    match value {
        None => AnswerId::Missing,
        Some(Value::Null) => AnswerId::Null,
        Some(Value::String(text)) => AnswerId::Known(RequestId::String(text.as_str().into())),
        Some(Value::Number(number)) => {
            let text = number.to_string();
            let whole = text.strip_suffix(".0").unwrap_or(&text).parse();
            whole.map_or(AnswerId::Invalid, |id| {
                AnswerId::Known(RequestId::Number(id))
            })
        }
        Some(_) => AnswerId::Invalid,
    }
}

/// Keys found at the level of a message.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scan {
    /// Values of `id`, in their order.
    pub(super) ids: Vec<AnswerId>,
    has_method: bool,
    has_version: bool,
    has_body: bool,
}

impl Scan {
    /// Whether the text is meant as an answer: it is no request, and holds
    /// more of the protocol than an id, which lines of logs hold as well.
    pub(super) fn is_answer(&self) -> bool {
        !self.has_method && (self.has_body || (self.has_version && !self.ids.is_empty()))
    }
}

/// Reads the keys of an object, or of each object in a list.
pub(super) fn scan(text: &[u8]) -> Scan {
    let level = match text.first() {
        Some(b'[') => 2,
        _ => 1,
    };
    let mut scan = Scan::default();
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = string_end(text, at);
                let string = text.get(at..end).unwrap_or_default();
                at = end + 1;
                if depth == level
                    && let Some(value) = value_after_colon(text, at)
                {
                    scan.take(string, text.get(value..).unwrap_or_default());
                }
            }
            _ => {}
        }
    }
    scan
}

/// Reads the id at the end of a text that is only known from there:
/// `…, "id": 7}`.
pub(super) fn scan_end(text: &[u8]) -> Option<AnswerId> {
    let at = memchr::memmem::rfind(text, b"\"id\"")?;
    let value = value_after_colon(text, at + 4)?;
    let value = text.get(value..)?.trim_ascii_end().strip_suffix(b"}")?;
    let is_one = value.len() <= MAX_ID && !value.contains(&b'{') && !value.contains(&b',');
    is_one.then(|| id_in(value))
}

impl Scan {
    fn take(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"id" if self.ids.len() < MAX_IDS => self.ids.push(id_in(value)),
            b"method" => self.has_method = true,
            b"jsonrpc" => self.has_version = true,
            b"result" | b"error" => self.has_body = true,
            _ => {}
        }
    }
}

/// Reads the value at the start of a text as an id.
fn id_in(text: &[u8]) -> AnswerId {
    let text = text.get(..text.len().min(MAX_ID)).unwrap_or_default();
    let length = match text.first() {
        Some(b'"') => string_end(text, 1) + 1,
        _ => text
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace())
            .unwrap_or(text.len()),
    };
    let token = text.get(..length.min(text.len())).unwrap_or_default();
    let value = serde_json::from_slice(token).ok();
    value.map_or(AnswerId::Invalid, |value| answer_id(Some(&value)))
}

/// Returns the place of the quote that ends a string, or the end of the text.
fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Returns the place of the value that follows a key, where a colon does.
fn value_after_colon(text: &[u8], mut at: usize) -> Option<usize> {
    let mut has_colon = false;
    loop {
        match text.get(at)? {
            b':' if !has_colon => has_colon = true,
            byte if byte.is_ascii_whitespace() => {}
            _ => return has_colon.then_some(at),
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(id: i64) -> AnswerId {
        AnswerId::Known(RequestId::Number(id))
    }

    #[test]
    fn only_the_id_of_the_message_itself_counts() {
        let ids = |text: &str| scan(text.as_bytes()).ids;
        assert_eq!(
            ids(r#"{"result":{"id":1,"x":"\"id\":2"},"id" : 7"#),
            [number(7)]
        );
        assert_eq!(
            ids(r#"[{"id":1,"result":{"id":9}},{"id":2}"#),
            [number(1), number(2)]
        );
        assert_eq!(
            ids(r#"{"id":"a","result":"#),
            [AnswerId::Known(RequestId::String("a".into()))]
        );
        assert_eq!(ids(r#"{"id":[1],"result":"#), [AnswerId::Invalid]);
        assert_eq!(ids(r#"{"result":"x\"#), []);
    }

    #[test]
    fn an_id_at_the_end_of_a_long_text_is_found() {
        assert_eq!(scan_end(br#"xx"}]},"id":7}"#), Some(number(7)));
        assert_eq!(scan_end(br#"xx"id":7,"more":1}"#), None);
        assert_eq!(scan_end(b"no id"), None);
    }
}
