//! Which characters are not shown as they are.

/// Treatment of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Show it.
    Plain,
    /// A control character: caret text such as `^A`.
    Caret(char),
    /// Show its number: `<U+202E>`.
    Number,
    /// Leave it out: it only chooses between two looks of the character before.
    Selector,
}

/// How a character is shown.
pub(super) fn shape(character: char) -> Shape {
    match character {
        ' '..='~' => Shape::Plain,
        '\0'..='\x1f' => Shape::Caret(char::from(character as u8 + 0x40)),
        '\x7f' => Shape::Caret('?'),
        '\u{fe0e}' | '\u{fe0f}' => Shape::Selector,
        _ if is_invisible(character) => Shape::Number,
        _ => Shape::Plain,
    }
}

/// C1 controls, line separators, noncharacters, annotation marks and every
/// character with the Unicode property `Default_Ignorable_Code_Point`: the
/// bidirectional controls, joiners, fillers, tags and variation selectors
/// among them (Unicode 16, `DerivedCoreProperties.txt`).
fn is_invisible(character: char) -> bool {
    let number = character as u32;
    matches!(number,
        0x80..=0x9f
        | 0xad
        | 0x34f
        | 0x61c
        | 0x115f..=0x1160
        | 0x17b4..=0x17b5
        | 0x180b..=0x180f
        | 0x200b..=0x200f
        | 0x2028..=0x202e
        | 0x2060..=0x206f
        | 0x3164
        | 0xfdd0..=0xfdef
        | 0xfe00..=0xfe0f
        | 0xfeff
        | 0xffa0
        | 0xfff0..=0xfffb
        | 0x1bca0..=0x1bca3
        | 0x1d173..=0x1d17a
        | 0xe0000..=0xe0fff
    ) || number & 0xfffe == 0xfffe
}
