//! Breaks running text into lines between words.

use unicode_width::UnicodeWidthStr;

use super::Safe;

/// The lines of a text in a width, broken between words; its own line feeds
/// are kept.
pub fn wrap(text: &str, width: usize) -> Vec<Safe> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(Safe::new(&std::mem::take(&mut line)));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(Safe::new(&line));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_between_words_only() {
        let lines: Vec<String> = wrap("one two three\nfour", 8)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(lines, ["one two", "three", "four"]);
    }
}
