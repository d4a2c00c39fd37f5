//! From what a call printed to the value that references and reports see.

use std::sync::Arc;

use serde_json::Value;

use crate::catalogue::ArgumentProblem;
use crate::model::{CallId, Ending, Outcome, OutputKind};
use crate::output::{Printed, Store};

/// The output of a call, read as its tool promises: a JSON document, or text.
pub(super) fn value(store: &Store, kind: OutputKind, call: CallId) -> Option<Arc<Value>> {
    whole_value(store, kind, call).0
}

/// The output of a call, and whether it is truncated: text by the bound on
/// text, and what promised JSON by the larger one on documents.
pub fn whole_value(store: &Store, kind: OutputKind, call: CallId) -> (Option<Arc<Value>>, bool) {
    if kind != OutputKind::Text {
        let printed = store.result(call);
        match (parse(&printed), kind) {
            (Ok(value), _) => return (Some(Arc::new(value)), false),
            (Err(_), OutputKind::Json) => return (None, printed.is_truncated),
            (Err(_), _) => {}
        }
    }
    let printed = store.text_result(call);
    let value = Value::String(text(&printed));
    (Some(Arc::new(value)), printed.is_truncated)
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
/// printed is something else, or does not fit what was promised of it.
pub(super) fn check_json_output(
    store: &Store,
    call: CallId,
    ending: Ending,
    validate: &dyn Fn(&Value) -> Vec<ArgumentProblem>,
) -> Ending {
    match parse(&store.result(call)) {
        Ok(output) => match validate(&output).first() {
            None => ending,
            Some(problem) => Ending {
                outcome: Outcome::Failed,
                reason: Some(format!("output does not fit the tool's schema: {problem}")),
                ..ending
            },
        },
        Err(problem) => Ending {
            outcome: Outcome::Failed,
            reason: Some(format!("output is not one JSON document: {problem}")),
            ..ending
        },
    }
}
