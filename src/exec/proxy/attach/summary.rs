//! Kinds of messages, in the words of the dashboard. How one is read is the
//! affair of [`Envelope`].

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::exec::proxy::envelope::{CallParams, Envelope, OtherParams, read};
use crate::model::{CallProgress, WireKind};

/// Characters of a message's summary.
const SUMMARY: usize = 96;

/// The method of a call.
const CALL: &str = "tools/call";

/// Returns the kind of a message.
pub(super) fn kind(message: &Envelope<'_>) -> WireKind {
    match (message.method.as_deref(), message.raw_id()) {
        (Some(CALL), Some(_)) => WireKind::Call,
        (Some(_), Some(_)) => WireKind::Request,
        (Some(_), None) => WireKind::Note,
        (None, Some(_)) if message.error.is_some() => WireKind::Error,
        (None, Some(_)) => WireKind::Answer,
        (None, None) => WireKind::Line,
    }
}

/// Returns a few words on a message.
pub(super) fn summary(message: &Envelope<'_>) -> Arc<str> {
    let id = message.raw_id().map(RawValue::get);
    match (&message.method, id) {
        (Some(method), Some(id)) if method == CALL => {
            let name = message.params().map(|call: CallParams<'_>| call.name);
            let name = name.unwrap_or(Cow::Borrowed(CALL));
            shortened(&format!("{name} id {id}"))
        }
        (Some(method), Some(id)) => shortened(&format!("{method} id {id}")),
        (Some(method), None) => shortened(method),
        (None, Some(id)) => shortened(&format!("id {id}")),
        (None, None) => "".into(),
    }
}

/// Returns the arguments of a call; an empty object where it has none.
pub(super) fn arguments(message: &Envelope<'_>) -> Option<Arc<Value>> {
    if message.method.as_deref() != Some(CALL) {
        return None;
    }
    let call: CallParams<'_> = message.params()?;
    let none = || Some(Value::Object(serde_json::Map::default()));
    let value = call.arguments.map_or_else(none, read);
    value.map(Arc::new)
}

/// Returns how far a call is, by a notification of progress.
pub(super) fn progress(message: &Envelope<'_>) -> Option<CallProgress> {
    if message.method.as_deref() != Some("notifications/progress") {
        return None;
    }
    let told: OtherParams<'_> = message.params()?;
    Some(CallProgress {
        done: read(told.progress?)?,
        total: told.total.and_then(read),
    })
}

/// Returns the beginning of a text.
pub(super) fn shortened(text: &str) -> Arc<str> {
    match text.char_indices().nth(SUMMARY) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_by_their_fields() {
        for (line, expected, words) in [
            (
                r#"{"id":7,"method":"tools/call","params":{"name":"add"}}"#,
                WireKind::Call,
                "add id 7",
            ),
            (
                r#"{"id":"a","method":"ping"}"#,
                WireKind::Request,
                "ping id \"a\"",
            ),
            (
                r#"{"method":"notifications/x"}"#,
                WireKind::Note,
                "notifications/x",
            ),
            (r#"{"id":7,"error":{}}"#, WireKind::Error, "id 7"),
            (r#"{"id":7,"result":{}}"#, WireKind::Answer, "id 7"),
            (r#"{"level":"info"}"#, WireKind::Line, ""),
        ] {
            let message = Envelope::read(line.as_bytes()).expect("an object");
            assert_eq!(kind(&message), expected, "{line}");
            assert_eq!(&*summary(&message), words);
        }
        // The fields in their order are no message.
        assert!(Envelope::read(br#"[7,"tools/call",{"name":"add"}]"#).is_none());
    }
}
