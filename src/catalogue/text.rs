//! Makes the text of files safe to show on a terminal.

use std::fmt::Write as _;

/// Whether a character would act on a terminal, or change how its neighbours
/// look, instead of being visible: controls, bidirectional overrides,
/// zero-width characters and tags.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Returns the text with hidden characters written as escapes: `\u{1b}`.
pub(crate) fn sanitize(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Returns the text with hidden characters replaced by visible ones of the same
/// length in bytes, so that spans stay valid. Line feeds and tabs stay.
pub(crate) fn sanitize_in_place(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            _ if is_hidden(character) => shown.push_str(match character.len_utf8() {
                1 => "?",
                2 => "¿",
                3 => "\u{fffd}",
                _ => "\u{fffd}?",
            }),
            _ => shown.push(character),
        }
    }
    shown
}

/// Returns the known word that was probably meant, if one is near enough.
pub(crate) fn nearest<'w>(
    written: &str,
    known: impl IntoIterator<Item = &'w str>,
) -> Option<&'w str> {
    const NEAR: f64 = 0.75;
    // Distances are quadratic in the length: nothing this long is a slip.
    if written.len() > 128 {
        return None;
    }
    known
        .into_iter()
        .filter(|word| word.len() <= 256)
        .map(|word| (closeness(written, word), word))
        .filter(|(close, _)| *close >= NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// Similarity from 0 to 1; case, `-` and `_` do not count.
fn closeness(written: &str, word: &str) -> f64 {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let (written, word) = (plain(written), plain(word));
    let jaro = strsim::jaro_winkler(&written, &word);
    let edits = strsim::normalized_damerau_levenshtein(&written, &word);
    f64::midpoint(jaro, edits.max(jaro - 0.25))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_become_visible_and_lengths_stay() {
        let text = "a\u{1b}[2J\u{202e}b\u{85}\u{e0041}\tc\n";
        assert_eq!(
            sanitize(text),
            "a\\u{1b}[2J\\u{202e}b\\u{85}\\u{e0041}\\u{9}c\\u{a}"
        );
        let shown = sanitize_in_place(text);
        assert_eq!(shown.len(), text.len());
        assert_eq!(shown, "a?[2J\u{fffd}b¿\u{fffd}?\tc\n");
    }

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["word-count", "search", "echo", "timeout", "idle_timeout"];
        let near = |written| nearest(written, known);
        assert_eq!(near("word_count"), Some("word-count"));
        assert_eq!(near("wordcount"), Some("word-count"));
        assert_eq!(near("serach"), Some("search"));
        assert_eq!(near("time_out"), Some("timeout"));
        assert_eq!(near("ehco"), Some("echo"));
        assert_eq!(near("browser"), None);
        assert_eq!(near(""), None);
    }
}
