//! The parts of a message that say what it is.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::{CallProgress, WireKind};

/// Characters of a message's summary.
const SUMMARY: usize = 96;

/// A message whose large parts are not read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) result: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// The parameters of a tool call.
#[derive(Default, Deserialize)]
#[serde(default)]
struct CallParams<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// The parameters of a progress notification.
#[derive(Deserialize)]
struct ProgressParams {
    progress: f64,
    total: Option<f64>,
}

impl<'a> Envelope<'a> {
    /// Reads a line; `None` where it is no message.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let read: Self = serde_json::from_slice(line).ok()?;
        (read.id.is_some() || read.method.is_some()).then_some(read)
    }

    /// Its kind.
    pub(super) fn kind(&self) -> WireKind {
        match (self.method.as_deref(), self.id) {
            (Some("tools/call"), Some(_)) => WireKind::Call,
            (Some(_), Some(_)) => WireKind::Request,
            (Some(_), None) => WireKind::Note,
            (None, _) if self.error.is_some() => WireKind::Error,
            (None, _) => WireKind::Answer,
        }
    }

    /// A few words on it.
    pub(super) fn summary(&self) -> Arc<str> {
        match (&self.method, self.id) {
            (Some(method), Some(id)) if method == "tools/call" => {
                let name = self.call().map(|call| call.name);
                let name = name.unwrap_or(Cow::Borrowed("tools/call"));
                shortened(&format!("{name} id {}", id.get()))
            }
            (Some(method), Some(id)) => shortened(&format!("{method} id {}", id.get())),
            (Some(method), None) => shortened(method),
            (None, Some(id)) => shortened(&format!("id {}", id.get())),
            (None, None) => "".into(),
        }
    }

    fn call(&self) -> Option<CallParams<'a>> {
        serde_json::from_str(self.params?.get()).ok()
    }

    /// The arguments of a tool call; an empty object where it has none.
    pub(super) fn arguments(&self) -> Option<Arc<Value>> {
        if self.method.as_deref() != Some("tools/call") {
            return None;
        }
        let none = || Some(Value::Object(serde_json::Map::default()));
        let arguments = self.call()?.arguments;
        let value = arguments.map_or_else(none, |raw| serde_json::from_str(raw.get()).ok());
        value.map(Arc::new)
    }

    /// How far a call is, by a progress notification.
    pub(super) fn progress(&self) -> Option<CallProgress> {
        if self.method.as_deref() != Some("notifications/progress") {
            return None;
        }
        let told: ProgressParams = serde_json::from_str(self.params?.get()).ok()?;
        Some(CallProgress {
            done: told.progress,
            total: told.total,
        })
    }
}

/// The beginning of a text.
pub(super) fn shortened(text: &str) -> Arc<str> {
    match text.char_indices().nth(SUMMARY) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}
