//! Messages of fanout's own, and changes to those of others. Each is one line.

use serde_json::value::RawValue;

use crate::exec::proxy::envelope::{CallParams, Envelope, place, read};

/// Key under which fanout's own answers tell where they come from.
const ORIGIN: &str = "fanout/origin";

/// Code of an error: too many calls wait.
pub(super) const TOO_MANY: i32 = 1003;

/// Reason that something given by hand cannot stand in a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ShapeError {
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("{0}")]
    Shape(&'static str),
    #[error("the call is of the tool {wanted}, not of {given}")]
    OtherTool { wanted: String, given: String },
}

/// A result to answer with, on one line.
#[derive(Debug)]
pub(super) struct OwnResult {
    text: String,
    pub(super) is_error: bool,
}

/// Returns an error that the agent's model reads.
pub(super) fn error_result(text: &str, is_new_era: bool, origin: &str) -> OwnResult {
    let mut result = serde_json::json!({
        "content": [{ "type": "text", "text": format!("[fanout] {text}") }],
        "isError": true,
        "_meta": { ORIGIN: origin },
    });
    mark_complete(&mut result, is_new_era);
    OwnResult {
        text: result.to_string(),
        is_error: true,
    }
}

/// Reads a result that a user wrote, and marks it as the user's.
pub(super) fn result_by_hand(body: &[u8], is_new_era: bool) -> Result<OwnResult, ShapeError> {
    let mut result: serde_json::Value =
        serde_json::from_slice(body).map_err(|error| ShapeError::NotJson(error.to_string()))?;
    let Some(fields) = result.as_object_mut() else {
        return Err(ShapeError::Shape("a result is an object"));
    };
    let is_list = fields
        .get("content")
        .is_some_and(serde_json::Value::is_array);
    if !is_list {
        return Err(ShapeError::Shape("a result needs a list `content`"));
    }
    let is_error = match fields.get("isError") {
        None => false,
        Some(serde_json::Value::Bool(is_error)) => *is_error,
        Some(_) => return Err(ShapeError::Shape("`isError` is true or false")),
    };
    let meta = fields
        .entry("_meta")
        .or_insert_with(|| serde_json::json!({}));
    let Some(meta) = meta.as_object_mut() else {
        return Err(ShapeError::Shape("`_meta` is an object"));
    };
    meta.insert(ORIGIN.to_owned(), "user".into());
    mark_complete(&mut result, is_new_era);
    Ok(OwnResult {
        text: result.to_string(),
        is_error,
    })
}

fn mark_complete(result: &mut serde_json::Value, is_new_era: bool) {
    if let (true, Some(fields)) = (is_new_era, result.as_object_mut()) {
        fields
            .entry("resultType")
            .or_insert_with(|| "complete".into());
    }
}

/// Returns the line that answers a request. `raw_id` is the id as it stood.
pub(super) fn answer(raw_id: &str, result: &OwnResult) -> Vec<u8> {
    let text = &result.text;
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{raw_id},\"result\":{text}}}\n").into_bytes()
}

/// Returns the line that refuses a request.
pub(super) fn error(raw_id: &str, code: i32, text: &str) -> Vec<u8> {
    let error = serde_json::json!({ "code": code, "message": format!("[fanout] {text}") });
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{raw_id},\"error\":{error}}}\n").into_bytes()
}

/// Returns the line that tells a server to stop a request.
pub(super) fn cancel(raw_id: &str) -> Vec<u8> {
    format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":\
         {{\"requestId\":{raw_id},\"reason\":\"cancelled in fanout\"}}}}\n"
    )
    .into_bytes()
}

/// Returns the line of a sign of life. The values increase, and stay below every
/// value that a server begins with.
pub(super) fn sign_of_life(raw_token: &str, beat: u32) -> Vec<u8> {
    let progress = i64::from(beat) - 1_000_000;
    format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":\
         {{\"progressToken\":{raw_token},\"progress\":{progress},\"message\":\"held in fanout\"}}}}\n"
    )
    .into_bytes()
}

/// Replaces the arguments of a call by those of `body`, the params that a user
/// wrote. Everything else stays as it came.
pub(super) fn with_arguments(line: &[u8], body: &[u8]) -> Result<Vec<u8>, ShapeError> {
    #[derive(serde::Deserialize)]
    struct Params<'a> {
        #[serde(borrow, default)]
        name: Option<std::borrow::Cow<'a, str>>,
        #[serde(borrow)]
        arguments: &'a RawValue,
    }
    let given: Params<'_> =
        serde_json::from_slice(body).map_err(|error| ShapeError::NotJson(error.to_string()))?;
    if !given.arguments.get().starts_with('{') {
        return Err(ShapeError::Shape("arguments are an object"));
    }
    let no_call = ShapeError::Shape("the call is not read");
    let envelope = Envelope::read(line).ok_or_else(|| no_call.clone())?;
    let params = envelope.params.ok_or_else(|| no_call.clone())?;
    let call: CallParams<'_> = read(params).ok_or(no_call)?;
    if let Some(name) = given.name
        && name != call.name
    {
        return Err(ShapeError::OtherTool {
            wanted: call.name.into_owned(),
            given: name.into_owned(),
        });
    }
    let arguments = on_one_line(given.arguments);
    if let Some(old) = call.arguments {
        return Ok(spliced(line, place(line, old), arguments.as_bytes()));
    }
    let start = place(line, params).start + 1;
    let field = format!("\"arguments\":{arguments},");
    Ok(spliced(line, start..start, field.as_bytes()))
}

/// Returns a value without line ends: those stand between its parts only, since
/// texts in JSON cannot hold one.
fn on_one_line(value: &RawValue) -> String {
    value.get().replace(['\n', '\r'], " ")
}

fn spliced(line: &[u8], range: std::ops::Range<usize>, with: &[u8]) -> Vec<u8> {
    let mut changed = line.to_vec();
    changed.splice(range, with.iter().copied());
    changed
}
