//! Text with two kinds of placeholders: `{{argument}}`, and `${VARIABLE}` of the
//! environment. `{{{{` is a literal `{{`, and `$${` a literal `${`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalogue::template::{Piece, UnclosedPlaceholder, pieces};
use crate::model::{BodyTemplate, RequestTemplate};

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'t> {
    /// Text that stays as it is.
    Text(&'t str),
    /// The value of an argument.
    Argument(&'t str),
    /// The value of a variable of the environment.
    Variable(&'t str),
}

/// Reason a text cannot be split into its parts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `{{` that no `}}` follows.
    #[error(transparent)]
    Unclosed(#[from] UnclosedPlaceholder),
    /// `${` without the name of a variable and a `}`.
    #[error("a `${{` that names no variable")]
    NoVariable,
}

/// Splits a text into its parts.
pub(super) fn parts(text: &str) -> Result<Vec<Part<'_>>, TemplateError> {
    let mut parts = Vec::new();
    for piece in pieces(text)? {
        match piece {
            Piece::Text(text) => cut_variables(text, &mut parts)?,
            Piece::Placeholder(name) => parts.push(Part::Argument(name)),
        }
    }
    Ok(parts)
}

fn cut_variables<'t>(text: &'t str, parts: &mut Vec<Part<'t>>) -> Result<(), TemplateError> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            parts.push(Part::Text(before));
            parts.push(Part::Text("${"));
            rest = after;
            continue;
        }
        parts.push(Part::Text(before));
        let named = after.split_once('}').filter(|(name, _)| is_name(name));
        let (name, after) = named.ok_or(TemplateError::NoVariable)?;
        parts.push(Part::Variable(name));
        rest = after;
    }
    parts.push(Part::Text(rest));
    parts.retain(|part| *part != Part::Text(""));
    Ok(())
}

fn is_name(name: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.chars().all(is_word) && name.starts_with(|letter: char| !letter.is_ascii_digit())
}

/// Returns every text of a request that may have placeholders.
pub(super) fn texts(request: &RequestTemplate) -> Vec<&str> {
    let mut texts = vec![request.url.as_str()];
    texts.extend(request.headers.iter().map(|(_, value)| value.as_str()));
    match &request.body {
        BodyTemplate::None => {}
        BodyTemplate::Text(text) => texts.push(text),
        BodyTemplate::Json(value) => collect(value, &mut texts),
    }
    texts
}

fn collect<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(table) => table.values().for_each(|item| collect(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The variables that a request takes from the environment.
pub(in crate::catalogue) fn variables_of(request: &RequestTemplate) -> BTreeSet<&str> {
    let parts = texts(request).into_iter().flat_map(|text| {
        // What cannot be cut has been reported.
        parts(text).unwrap_or_default()
    });
    parts
        .filter_map(|part| match part {
            Part::Variable(name) => Some(name),
            Part::Text(_) | Part::Argument(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Part::{Argument, Text, Variable};
    use super::*;

    #[test]
    fn arguments_and_variables_are_told_apart() {
        assert_eq!(
            parts("Bearer ${T_1} {{x}}$ $${A} {{{{"),
            Ok(vec![
                Text("Bearer "),
                Variable("T_1"),
                Text(" "),
                Argument("x"),
                Text("$ "),
                Text("${"),
                Text("A} "),
                Text("{{"),
            ])
        );
        for wrong in ["${", "${}", "${1}", "${a-b}", "${a:-b}"] {
            assert_eq!(parts(wrong), Err(TemplateError::NoVariable), "{wrong}");
        }
        assert!(matches!(parts("{{a"), Err(TemplateError::Unclosed(_))));
    }
}
