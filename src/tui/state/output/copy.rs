//! Sources of copies from the output pane.

use std::ops::Range;

use serde_json::{Value, json};

use crate::model::CallRow;
use crate::output::{CopyForm, OutputPart, Side, Streams};
use crate::tui::export::copy_source::CopySource;
use crate::tui::state::{MessageRow, OutputForm, Pane, Scope, State};

impl State {
    /// Returns what the output pane shows if it has the keys, else what the
    /// selected call printed.
    pub(in crate::tui) fn copy_source(&self) -> Option<CopySource> {
        self.copy_source_of(0..u64::MAX)
    }

    /// Returns the messages about the selected call as one JSON list; one that is
    /// no JSON as it is kept becomes a text.
    fn messages_as_json(&self) -> Option<CopySource> {
        let log = &self.servers.log;
        let is_of = log.of.1.is_some() && log.of.1 == self.selection.call();
        let messages = log.messages.as_ref().filter(|_| is_of)?;
        let message = |row: &MessageRow| {
            let raw: Value =
                serde_json::from_str(&row.raw).unwrap_or_else(|_| Value::from(row.raw.to_string()));
            json!({
                "at_ms": row.at.as_millis() as u64,
                "by": match row.by {
                    Side::Fanout => "fanout",
                    Side::Server => "server",
                    Side::Agent => "agent",
                },
                "message": raw,
            })
        };
        let all = log.handshake.iter().chain(messages);
        let list: Vec<Value> = all.map(message).collect();
        Some(CopySource::Json(format!("{:#}", Value::from(list))))
    }

    /// Returns the same for some places of the pane.
    pub(in crate::tui) fn copy_source_of(&self, places: Range<u64>) -> Option<CopySource> {
        let output = &self.output;
        let streams = output.streams;
        let form = match output.form {
            OutputForm::Raw => CopyForm::Raw,
            OutputForm::Text | OutputForm::Tree => CopyForm::Text,
        };
        if matches!(self.focus, Pane::Messages | Pane::Detail)
            && let Some(messages) = self.messages_as_json()
        {
            return Some(messages);
        }
        if self.focus != Pane::Output {
            let call = self.selected()?.id;
            return Some(CopySource::of_call(call, Streams::Both, CopyForm::Text));
        }
        if let Some(source) = self.copy_source_of_all(&places) {
            return Some(source);
        }
        if self.is_tree_shown()
            && let Some(value) = output.tree.value()
        {
            return Some(CopySource::Json(format!("{value:#}")));
        }
        let row = self.selected()?;
        let call = row.id;
        if self.is_split(row) {
            return Some(CopySource::Combined {
                parts: self.titled_attempts(row),
                streams,
                form,
                rows: places,
            });
        }
        match output.find.pattern().filter(|_| output.is_filtered()) {
            Some(pattern) => Some(CopySource::Matches {
                call,
                streams,
                pattern: pattern.clone(),
                form,
                rows: places,
            }),
            None => Some(CopySource::Lines {
                call,
                lines: places,
                streams,
                form,
            }),
        }
    }

    /// Returns what is copied of all calls' outputs, if the pane shows these.
    fn copy_source_of_all(&self, places: &Range<u64>) -> Option<CopySource> {
        let rows = self.run.calls.iter();
        match self.output.scope {
            Scope::Call => None,
            Scope::Combined => {
                let title = |row: &CallRow| format!("{} ({})", row.name, row.state.word());
                let parts = rows.map(|row| (OutputPart::last_of(row.id), title(row)));
                Some(CopySource::Combined {
                    parts: parts.collect(),
                    streams: self.output.streams,
                    form: CopyForm::Text,
                    rows: places.clone(),
                })
            }
            Scope::Live => Some(CopySource::Live {
                names: rows.map(|row| (row.id, row.name.to_string())).collect(),
                rows: places.clone(),
            }),
        }
    }

    /// The attempts of a call whose output is kept, with their titles.
    fn titled_attempts(&self, row: &CallRow) -> Vec<(OutputPart, String)> {
        let title = |part: &OutputPart| {
            let number = part.attempt.map_or(0, |attempt| attempt.0);
            format!("{} attempt {number}", row.name)
        };
        let parts = self.attempts_of(row.id).into_iter();
        parts.map(|part| (part, title(&part))).collect()
    }
}
