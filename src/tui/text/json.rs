//! JSON, pretty and coloured, one strip a line.

use ratatui::style::Style;
use serde_json::Value;

use super::{Safe, Strip};
use crate::theme::{Role, Theme};
use crate::tui::text::glyphs::Glyphs;

/// Lines that one value may take; the rest is counted.
const MOST_LINES: usize = 2_000;

/// A value on several lines, indented by `indent` cells.
pub fn pretty(
    theme: &Theme,
    glyphs: Glyphs,
    value: &Value,
    width: u16,
    indent: usize,
) -> Vec<Strip> {
    let mut writer = Writer {
        theme,
        glyphs,
        width,
        lines: Vec::new(),
    };
    let first = writer.line(indent);
    writer.value(first, value, indent, "");
    writer.lines
}

struct Writer<'t> {
    theme: &'t Theme,
    glyphs: Glyphs,
    width: u16,
    lines: Vec<Strip>,
}

impl Writer<'_> {
    fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    fn line(&self, indent: usize) -> Strip {
        let mut strip = Strip::new(self.width, self.glyphs);
        strip.skip(indent);
        strip
    }

    fn push(&mut self, strip: Strip) {
        if self.lines.len() < MOST_LINES {
            self.lines.push(strip);
        }
    }

    /// Goes on with `line`, and ends with `after`.
    fn value(&mut self, mut line: Strip, value: &Value, indent: usize, after: &'static str) {
        let punct = self.style(Role::JsonPunct);
        match value {
            Value::Object(object) if !object.is_empty() => {
                line.put("{", punct);
                self.push(line);
                for (index, (key, inner)) in object.iter().enumerate() {
                    let mut line = self.line(indent + 2);
                    line.put(
                        Safe::new(&Value::from(key.as_str()).to_string()),
                        self.style(Role::JsonKey),
                    );
                    line.put(": ", punct);
                    let comma = if index + 1 < object.len() { "," } else { "" };
                    self.value(line, inner, indent + 2, comma);
                }
                self.close(indent, "}", after);
            }
            Value::Array(items) if !items.is_empty() => {
                line.put("[", punct);
                self.push(line);
                for (index, inner) in items.iter().enumerate() {
                    let comma = if index + 1 < items.len() { "," } else { "" };
                    self.value(self.line(indent + 2), inner, indent + 2, comma);
                }
                self.close(indent, "]", after);
            }
            scalar => {
                let role = match scalar {
                    Value::String(_) => Role::JsonString,
                    Value::Number(_) => Role::JsonNumber,
                    Value::Bool(_) | Value::Null => Role::JsonLiteral,
                    Value::Array(_) | Value::Object(_) => Role::JsonPunct,
                };
                line.put(Safe::new(&scalar.to_string()), self.style(role))
                    .put(after, punct);
                self.push(line);
            }
        }
    }

    fn close(&mut self, indent: usize, bracket: &'static str, after: &'static str) {
        let punct = self.style(Role::JsonPunct);
        let mut line = self.line(indent);
        line.put(bracket, punct).put(after, punct);
        self.push(line);
    }
}
