//! Text with placeholders: `{{…}}` is a placeholder, `{{{{` a literal `{{`.

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// Text that stays as it is.
    Text(&'t str),
    /// The text between `{{` and `}}`, without the spaces around it.
    Placeholder(&'t str),
}

/// A `{{` that no `}}` follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a `{{{{` without its `}}}}`")]
pub struct UnclosedPlaceholder;

/// Splits a text into its pieces. Of three opening braces the first is text, so
/// that a placeholder can follow a brace.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, UnclosedPlaceholder> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        push_text(&mut pieces, before);
        if let Some(literal) = after.strip_prefix("{{") {
            pieces.push(Piece::Text("{{"));
            rest = literal;
            continue;
        }
        let inner = match after.strip_prefix('{') {
            Some(inner) => {
                pieces.push(Piece::Text("{"));
                inner
            }
            None => after,
        };
        let (hole, after) = inner.split_once("}}").ok_or(UnclosedPlaceholder)?;
        pieces.push(Piece::Placeholder(hole.trim()));
        rest = after;
    }
    push_text(&mut pieces, rest);
    Ok(pieces)
}

fn push_text<'t>(pieces: &mut Vec<Piece<'t>>, text: &'t str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

#[cfg(test)]
mod tests {
    use super::Piece::{Placeholder, Text};
    use super::*;

    #[test]
    fn holes_and_literals() {
        assert_eq!(pieces(""), Ok(vec![]));
        assert_eq!(pieces("{ {a} }"), Ok(vec![Text("{ {a} }")]));
        assert_eq!(
            pieces("a{{ b }}c{{{{d}}"),
            Ok(vec![
                Text("a"),
                Placeholder("b"),
                Text("c"),
                Text("{{"),
                Text("d}}")
            ])
        );
        assert_eq!(
            pieces("{\"n\":{{{a}}}"),
            Ok(vec![
                Text("{\"n\":"),
                Text("{"),
                Placeholder("a"),
                Text("}")
            ])
        );
        assert_eq!(pieces("{{{{{{a}}"), Ok(vec![Text("{{"), Placeholder("a")]));
        assert_eq!(pieces("x {{a"), Err(UnclosedPlaceholder));
    }
}
