//! Reads the rows that every call has into a draft.

use super::field::FormField;
use super::{Form, FormMode};
use crate::model::{CallName, Edge, EdgeKind, Snapshot, Tool};
use crate::output::Safe;
use crate::plan::Draft;

impl Form {
    /// A call of the tool as far as it is typed beside the arguments; problems
    /// stand at their rows.
    pub fn options(&mut self, tool: &Tool, run: &Snapshot) -> Option<Draft> {
        let mut draft = Draft::new(tool.name.clone());
        let mut is_right = true;
        for field in self.fields.iter_mut().filter(|field| field.is_option) {
            let text = field.text();
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            let problem = match field.name() {
                "id" => {
                    draft.name = Some(CallName::new(text));
                    None
                }
                "after" => match edges(text, run) {
                    Ok(after) => {
                        draft.after = after;
                        None
                    }
                    Err(problem) => Some(problem),
                },
                name => {
                    let problem = draft.settings.set(name, text).err();
                    problem.map(|problem| problem.message().to_owned())
                }
            };
            is_right &= problem.is_none();
            field.problem = problem.map(|problem| Safe::new(&problem));
        }
        is_right.then_some(draft)
    }

    /// The rows that are shown.
    pub fn shown(&self) -> impl Iterator<Item = (usize, &FormField)> {
        let is_raw = self.mode == FormMode::Raw;
        let all = self.fields.iter().enumerate();
        all.filter(move |(_, field)| field.is_option || !is_raw)
    }
}

/// The words between commas or blanks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|word| !word.is_empty())
}

/// Names of calls into edges.
fn edges(text: &str, run: &Snapshot) -> Result<Vec<Edge>, String> {
    words(text)
        .map(|word| {
            let (name, on) = match word.rsplit_once(':') {
                Some((name, "done")) => (name, EdgeKind::Done),
                Some((name, "ok")) => (name, EdgeKind::Ok),
                _ => (word, EdgeKind::Ok),
            };
            let is_meant =
                |number: &str| number.strip_prefix('#') == Some(name.trim_start_matches('#'));
            let found = run.calls.iter().find(|row| {
                row.name.as_str() == name || name.starts_with('#') && is_meant(&row.id.to_string())
            });
            match found {
                Some(row) => Ok(Edge { call: row.id, on }),
                None => Err(format!("there is no call `{name}`")),
            }
        })
        .collect()
}
