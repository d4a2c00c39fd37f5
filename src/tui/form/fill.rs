//! Puts arguments into the rows of a form.

use serde_json::{Map, Value};

use super::Form;
use super::field::FieldKind;

impl Form {
    /// Puts arguments into the rows. Arguments without a row are kept.
    pub fn fill(&mut self, args: &Value) {
        self.recalled.clear();
        self.meant_empty.clear();
        for (index, field) in self.fields.iter_mut().enumerate() {
            if field.is_option {
                continue;
            }
            let value = field.path.iter().try_fold(args, |at, key| at.get(key));
            if value.is_some_and(|value| value == "") {
                self.meant_empty.insert(index);
            }
            field.set(value);
        }
        let mut rest = args.as_object().cloned().unwrap_or_default();
        for field in self.fields.iter().filter(|field| !field.is_option) {
            if field.kind != FieldKind::Group {
                take(&mut rest, &field.path);
            }
        }
        self.extra = rest;
    }
}

/// Takes a value out, and objects that it leaves empty.
fn take(args: &mut Map<String, Value>, path: &[String]) {
    match path {
        [] => {}
        [last] => {
            args.remove(last);
        }
        [first, rest @ ..] => {
            let Some(inner) = args.get_mut(first).and_then(Value::as_object_mut) else {
                return;
            };
            take(inner, rest);
            if inner.is_empty() {
                args.remove(first);
            }
        }
    }
}
