//! From what a call printed to the value that references and reports see.

use std::sync::Arc;

use serde_json::Value;

use crate::model::{CallId, Ending, Outcome, OutputKind};
use crate::output::{Printed, Store};

/// The output of a call, read as its tool promises: a JSON document, or text.
pub fn value(store: &Store, kind: OutputKind, call: CallId) -> Option<Arc<Value>> {
    let printed = store.result(call);
    let parsed = match kind {
        OutputKind::Text => None,
        OutputKind::Auto | OutputKind::Json => parse(&printed).ok(),
    };
    let value = match (parsed, kind) {
        (Some(value), _) => value,
        (None, OutputKind::Json) => return None,
        (None, _) => Value::String(text(&printed)),
    };
    Some(Arc::new(value))
}

/// What is printed as text: lossy UTF-8 without its final newline.
fn text(printed: &Printed) -> String {
    let text = String::from_utf8_lossy(&printed.bytes);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    text.strip_suffix('\r').unwrap_or(text).to_owned()
}

fn parse(printed: &Printed) -> Result<Value, String> {
    if printed.is_truncated {
        return Err(format!("it was cut after {} bytes", printed.bytes.len()));
    }
    serde_json::from_slice(&printed.bytes).map_err(|error| error.to_string())
}

/// The ending of a success whose tool promised JSON: a failure if what it
/// printed is something else.
pub(super) fn settle(store: &Store, call: CallId, ending: Ending) -> Ending {
    match parse(&store.result(call)) {
        Ok(_) => ending,
        Err(problem) => Ending {
            outcome: Outcome::Failed,
            reason: Some(format!("output is not one JSON document: {problem}")),
            ..ending
        },
    }
}
