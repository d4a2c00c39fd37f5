//! Decodes the lines and bodies that a server sends.
//!
//! A message is decoded strictly, but one that cannot be decoded is not lost:
//! whatever id can still be read in it says which request it answers, and the
//! reason says why it was not understood. The module has no state, and must
//! not know which requests are in flight.

use rmcp::model::{ProgressNotificationParam, ServerJsonRpcMessage};
use serde_json::{Map, Value};

use super::id_scan::{self, AnswerId, answer_id};

/// Levels to which a message may be nested; the limit of `serde_json`.
const MAX_DEPTH: usize = 127;

/// Mark at the start of a text in UTF-8, which some writers put there.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line or body, decoded.
#[derive(Debug)]
pub(super) enum Decoded {
    /// Answer to a request.
    Answer(AnswerId, AnswerBody),
    /// Progress of a request.
    Progress(ProgressNotificationParam),
    /// Request of the server, news that its lists changed, or a line of its
    /// log.
    Unasked(Box<ServerJsonRpcMessage>),
    /// Notification that nothing here depends on.
    Ignored,
    /// Answer that is not understood, with every id that could be read in it.
    Malformed(Vec<AnswerId>, DecodeError),
    /// Text that is no message of the protocol, such as a line of a log.
    Noise,
}

/// Content of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum AnswerBody {
    /// `result`, as it came.
    Result(Value),
    /// `error`.
    Error(ServerError),
}

/// Error that a server answered with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct ServerError {
    /// Number, as it was written.
    pub(super) code: String,
    /// Text for people. Untrusted.
    pub(super) message: String,
    /// Any further value. Untrusted.
    pub(super) data: Option<Value>,
}

/// Reason why an answer is not understood. The text is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum DecodeError {
    #[error("it is not valid UTF-8 (byte {0})")]
    NotUtf8(usize),
    #[error("it is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    #[error("it is not valid JSON: {0}")]
    Json(String),
    #[error("the JSON ends too early: a message must be whole and on one line")]
    Unfinished,
    #[error("it is a batch of messages, which is not accepted")]
    Batch,
    #[error("it does not say `\"jsonrpc\": \"2.0\"`")]
    NoVersion,
    #[error("it says `\"jsonrpc\": {0}` and not \"2.0\"")]
    WrongVersion(String),
    #[error("it has both `result` and `error`")]
    Both,
    #[error("it has neither `result` nor `error`")]
    Neither,
    #[error("its `error` is {0} and not an object")]
    ErrorKind(String),
    #[error("the `code` of its error is {0} and not a number; its message: {1}")]
    ErrorCode(String, String),
    #[error("its error {0} has no `message`")]
    ErrorMessage(String),
    #[error("it is longer than {0} MiB and was not read")]
    TooLong(usize),
    #[error("its result is not one of `{method}`: {reason}")]
    Result {
        /// Method of the request.
        method: &'static str,
        /// Words of the decoder.
        reason: String,
    },
}

/// Decodes one line or body.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let bytes = bytes.trim_ascii();
    if !matches!(bytes.first(), Some(b'{' | b'[')) {
        return Decoded::Noise;
    }
    match parse(bytes) {
        Ok(Value::Object(object)) => decode_object(object),
        Ok(Value::Array(_)) => undecoded(bytes, DecodeError::Batch),
        Ok(_) => Decoded::Noise,
        Err(error) => undecoded(bytes, error),
    }
}

/// Attributes a text that could not be decoded by what can be read of it.
pub(super) fn undecoded(bytes: &[u8], error: DecodeError) -> Decoded {
    let scan = id_scan::scan(bytes);
    if scan.is_answer() {
        let mut ids = scan.ids;
        if ids.is_empty() {
            let last = id_scan::scan_end(bytes);
            ids.push(last.unwrap_or(AnswerId::Missing));
        }
        Decoded::Malformed(ids, error)
    } else {
        Decoded::Noise
    }
}

fn parse(bytes: &[u8]) -> Result<Value, DecodeError> {
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(DecodeError::NotUtf8(error.valid_up_to() + 1));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        if text.starts_with("recursion limit") {
            DecodeError::TooDeep
        } else if error.is_eof() {
            DecodeError::Unfinished
        } else {
            DecodeError::Json(text.replace(" line 1 column ", " byte "))
        }
    })
}

fn decode_object(mut object: Map<String, Value>) -> Decoded {
    let has = |key: &str| object.contains_key(key);
    if has("method") {
        return decode_unasked(object);
    }
    let is_answer = has("result") || has("error") || (has("jsonrpc") && has("id"));
    if !is_answer {
        return Decoded::Noise;
    }
    let id = answer_id(object.get("id"));
    match answer_body(&mut object) {
        Ok(body) => Decoded::Answer(id, body),
        Err(error) => Decoded::Malformed(vec![id], error),
    }
}

/// Decodes a request or notification. Servers send very many notifications:
/// those that nobody waits for are not read further.
fn decode_unasked(mut object: Map<String, Value>) -> Decoded {
    let is_notification = !object.contains_key("id");
    let method = object.get("method").and_then(Value::as_str);
    match method {
        Some("notifications/progress") if is_notification => {
            let params = object.remove("params").unwrap_or_default();
            let progress = serde_json::from_value(params);
            progress.map_or(Decoded::Noise, Decoded::Progress)
        }
        Some(
            "notifications/tools/list_changed"
            | "notifications/resources/list_changed"
            | "notifications/prompts/list_changed"
            | "notifications/message"
            | "notifications/cancelled",
        ) => typed(object),
        Some(method) if is_notification && method.starts_with("notifications/") => Decoded::Ignored,
        _ => typed(object),
    }
}

fn typed(object: Map<String, Value>) -> Decoded {
    let message = serde_json::from_value(Value::Object(object));
    message.map_or(Decoded::Noise, Decoded::Unasked)
}

fn answer_body(object: &mut Map<String, Value>) -> Result<AnswerBody, DecodeError> {
    match object.get("jsonrpc") {
        Some(Value::String(version)) if version == "2.0" => {}
        Some(other) => return Err(DecodeError::WrongVersion(excerpt(&other.to_string()))),
        None => return Err(DecodeError::NoVersion),
    }
    match (object.remove("result"), object.remove("error")) {
        (Some(_), Some(_)) => Err(DecodeError::Both),
        (None, None) => Err(DecodeError::Neither),
        (Some(result), None) => Ok(AnswerBody::Result(result)),
        (None, Some(error)) => server_error(error).map(AnswerBody::Error),
    }
}

fn server_error(error: Value) -> Result<ServerError, DecodeError> {
    let Value::Object(mut error) = error else {
        return Err(DecodeError::ErrorKind(described(&error)));
    };
    let message = match error.remove("message") {
        Some(Value::String(message)) => Some(message),
        _ => None,
    };
    let code = error.remove("code").unwrap_or_default();
    if !code.is_number() {
        let message = message.as_deref().map_or("none".to_owned(), excerpt);
        return Err(DecodeError::ErrorCode(described(&code), message));
    }
    let code = code.to_string();
    let code = code.strip_suffix(".0").unwrap_or(&code).to_owned();
    let Some(message) = message else {
        return Err(DecodeError::ErrorMessage(code));
    };
    Ok(ServerError {
        code,
        message,
        data: error.remove("data"),
    })
}

/// Returns the kind of a value in words, with the value where it is short.
pub(super) fn described(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text \"{}\"", excerpt(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Characters of untrusted text that go into a reason.
const MAX_EXCERPT: usize = 120;

/// Returns the beginning of a text, on one line.
pub(super) fn excerpt(text: &str) -> String {
    let mut letters = text.chars();
    let kept = letters.by_ref().take(MAX_EXCERPT);
    let mut kept: String = kept
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if letters.next().is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use rmcp::model::RequestId;

    use super::*;

    fn malformed(text: impl AsRef<[u8]>) -> (Vec<AnswerId>, String) {
        match decode(text.as_ref()) {
            Decoded::Malformed(ids, error) => (ids, error.to_string()),
            other => panic!("{other:?}"),
        }
    }

    fn seven() -> Vec<AnswerId> {
        vec![AnswerId::Known(RequestId::Number(7))]
    }

    #[test]
    fn an_answer_that_is_not_understood_is_attributed_with_its_reason() {
        let deep = format!(
            r#"{{"jsonrpc":"2.0","id":7,"result":{{"a":{}1{}}}}}"#,
            "[".repeat(200),
            "]".repeat(200)
        );
        for (text, reason) in [
            (
                r#"{"jsonrpc":"2.0","id":7,"result":{"t":"\ud83d"}}"#,
                "unexpected end of hex escape at byte 46",
            ),
            (
                r#"{"jsonrpc":"2.0","id":7,"result":{"t":NaN}}"#,
                "expected value at byte 39",
            ),
            (r#"{"jsonrpc":"2.0","id":7,"#, "the JSON ends too early"),
            (r#"{"id":7,"result":{}}"#, "does not say"),
            (
                r#"{"jsonrpc":"1.0","id":7,"result":{}}"#,
                r#""jsonrpc": "1.0""#,
            ),
            (
                r#"{"jsonrpc":"2.0","id":7,"result":{},"error":null}"#,
                "both",
            ),
            (r#"{"jsonrpc":"2.0","id":7}"#, "neither"),
            (
                r#"{"jsonrpc":"2.0","id":7,"error":"it broke"}"#,
                "the text \"it broke\"",
            ),
            (
                r#"{"jsonrpc":"2.0","id":7,"error":{"code":"E","message":"it broke"}}"#,
                "it broke",
            ),
            (
                r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32000}}"#,
                "-32000 has no `message`",
            ),
            (r#"[{"jsonrpc":"2.0","id":7,"result":{}}]"#, "batch"),
            (
                "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"t\":\"a\tb\"}}",
                "control character",
            ),
            (&deep, "nested more than 127 levels"),
        ] {
            let (ids, told) = malformed(text);
            assert_eq!(ids, seven(), "{text}");
            assert!(told.contains(reason), "{text}: {told}");
        }
        let bytes = b"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"t\":\"caf\xe9\"}}";
        assert_eq!(
            malformed(bytes),
            (seven(), "it is not valid UTF-8 (byte 43)".to_owned())
        );
    }

    #[test]
    fn ids_that_name_no_request_are_told_apart() {
        let id = |text: &str| match decode(text.as_bytes()) {
            Decoded::Answer(id, _) => id,
            other => panic!("{other:?}"),
        };
        let answer = |id: &str| format!(r#"{{"jsonrpc":"2.0",{id}"result":{{}}}}"#);
        assert_eq!(id(&answer("\"id\":null,")), AnswerId::Null);
        assert_eq!(id(&answer("")), AnswerId::Missing);
        assert_eq!(id(&answer("\"id\":{},")), AnswerId::Invalid);
        assert_eq!(id(&answer("\"id\":1.5,")), AnswerId::Invalid);
        let seven = AnswerId::Known(RequestId::Number(7));
        assert_eq!(id(&answer("\"id\":7.0,")), seven);
        assert_eq!(id(&format!("\u{feff}{}", answer("\"id\":7,"))), seven);
    }

    #[test]
    fn lines_of_logs_are_no_answers() {
        for text in [
            "",
            "Listening",
            "42",
            "[]",
            "null",
            r#"{"level":30,"msg":"up"}"#,
            r#"{"half":"#,
            r#"{"level":30,"id":7,"msg":"request"}"#,
            "[info] id: 7",
            r#"{"method":"#,
        ] {
            assert!(matches!(decode(text.as_bytes()), Decoded::Noise), "{text}");
        }
    }

    #[test]
    fn a_code_beyond_every_integer_is_kept_as_it_was_written() {
        let text = br#"{"jsonrpc":"2.0","id":7,"error":{"code":99999999999999,"message":"huge"}}"#;
        let Decoded::Answer(_, AnswerBody::Error(error)) = decode(text) else {
            panic!("no error");
        };
        assert_eq!(error.to_string(), "99999999999999: huge");
    }
}
