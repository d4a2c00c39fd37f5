//! Reads arguments from the rows of a form, with every problem at its row.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::field::{FieldInput, FieldKind, FormField};
use super::{Form, FormMode};
use crate::catalogue::{ArgumentProblem, Catalogue, Kinds};
use crate::output::Safe;
use crate::plan;

impl Form {
    /// The arguments as typed, without a look at the schema's rules.
    pub(super) fn typed(&self) -> Result<Value, Safe> {
        self.typed_without(&BTreeSet::new())
    }

    /// The same, as if some rows were left out.
    pub(super) fn typed_without(&self, rows: &BTreeSet<usize>) -> Result<Value, Safe> {
        if self.mode == FormMode::Raw {
            let read: Result<Value, _> = serde_json::from_str(&self.raw.text());
            return read.map_err(|error| Safe::new(&format!("not JSON: {error}")));
        }
        let mut args = self.extra.clone();
        for (index, field) in self.fields.iter().enumerate() {
            if field.is_option || rows.contains(&index) {
                continue;
            }
            if self.meant_empty.contains(&index) && field.is_blank() {
                put(&mut args, &field.path, json!(""));
            } else if let Some(value) = value(field).map_err(|problem| Safe::new(&problem))? {
                put(&mut args, &field.path, value);
            }
        }
        Ok(Value::Object(args))
    }

    /// Reads and checks the arguments. `only` limits the problems shown to one
    /// row, so that what was not reached yet is not called wrong.
    pub fn check(&mut self, catalogue: &Catalogue, only: Option<usize>) -> Option<Value> {
        let is_looked_at = |index: usize| only.is_none_or(|only| only == index);
        if self.mode == FormMode::Rows {
            let mut is_read = true;
            for (index, field) in self.fields.iter_mut().enumerate() {
                if field.is_option || !is_looked_at(index) {
                    continue;
                }
                field.problem = match value(field) {
                    Err(problem) => Some(Safe::new(&problem)),
                    // An empty row is not called wrong before the call is sent.
                    Ok(None) if only.is_none() && field.is_required => {
                        let is_meant = self.meant_empty.contains(&index);
                        (!is_meant).then(|| Safe::new("it is required: type a value"))
                    }
                    Ok(_) => None,
                };
                is_read &= field.problem.is_none();
            }
            if !is_read {
                return None;
            }
        }
        self.problems.clear();
        let args = match self.typed() {
            Ok(args) => args,
            Err(_elsewhere) if only.is_some() => return None,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        let wrong = catalogue.validate_quickly(&self.tool, &args).into_iter();
        let wrong: Vec<ArgumentProblem> = wrong.filter(|it| !rests_on_output(&args, it)).collect();
        for problem in &wrong {
            let at = self.field_of(&problem.pointer);
            match at {
                Some(index) if is_looked_at(index) => {
                    self.fields[index].problem = Some(Safe::new(&problem.message));
                }
                None if only.is_none() => self.problems.push(Safe::new(&problem.to_string())),
                _ => {}
            }
        }
        wrong.is_empty().then_some(args)
    }

    /// The row that a JSON pointer means; in JSON mode none does.
    fn field_of(&self, pointer: &str) -> Option<usize> {
        if self.mode == FormMode::Raw {
            return None;
        }
        let unescaped = |part: &str| part.replace("~1", "/").replace("~0", "~");
        let parts: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
        let fields = self.fields.iter().enumerate();
        let above = fields.filter(|(_, it)| !it.is_option && parts.starts_with(&it.path));
        above
            .max_by_key(|(_, it)| it.path.len())
            .map(|(index, _)| index)
    }
}

/// Whether a problem is with a value that another call's output will fill.
fn rests_on_output(args: &Value, problem: &ArgumentProblem) -> bool {
    let at = args.pointer(&problem.pointer);
    !problem.pointer.is_empty() && at.is_some_and(|value| !plan::references(value).is_empty())
}

fn put(args: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => {
            args.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = args.entry(first.clone()).or_insert_with(|| json!({}));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}

/// The value of a row; `None` where it is left out.
fn value(field: &FormField) -> Result<Option<Value>, String> {
    match (&field.kind, &field.input) {
        (FieldKind::Choice(values), FieldInput::Choice(chosen)) => {
            Ok(chosen.and_then(|index| values.get(index)).cloned())
        }
        (_, FieldInput::Toggle(value)) => Ok(value.map(Value::Bool)),
        // A required object without arguments of its own is still there.
        (FieldKind::Group, _) => Ok(field.is_required.then(|| json!({}))),
        (kind, FieldInput::Text(typed)) => {
            let text = typed.text();
            if text.is_empty() {
                let is_null = field.is_required && field.is_nullable;
                return Ok(is_null.then_some(Value::Null));
            }
            parsed(kind, &text).map(Some)
        }
        _ => Ok(None),
    }
}

fn parsed(kind: &FieldKind, text: &str) -> Result<Value, String> {
    match kind {
        FieldKind::Text | FieldKind::LongText => Ok(json!(text)),
        // Another call's output takes the place of any value.
        FieldKind::Integer | FieldKind::Number if text.contains("{{") => Ok(json!(text)),
        FieldKind::Integer => {
            let text = text.trim();
            // Read as JSON, so that a long one is kept exactly.
            let read = serde_json::from_str(text).ok();
            let whole = read.filter(|value| Kinds::INTEGER.takes(value));
            whole.ok_or_else(|| format!("`{text}` is not a whole number"))
        }
        FieldKind::Number => match serde_json::from_str(text.trim()) {
            Ok(Value::Number(number)) => Ok(Value::Number(number)),
            _ => Err(format!("`{text}` is not a number")),
        },
        FieldKind::List(item) => {
            let lines = text.lines().filter(|line| !line.is_empty());
            lines.map(|line| parsed(item, line)).collect()
        }
        _ => serde_json::from_str(text).map_err(|error| format!("not JSON: {error}")),
    }
}
