//! How a piece of text is to look, as far as its author may decide it.

/// A colour that a tool asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colour {
    /// One of the sixteen colours that a terminal's theme defines, 0 to 15.
    Ansi(u8),
    /// One of the fixed colours of the 256-colour table, 16 to 255.
    Fixed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

impl Colour {
    pub(super) fn indexed(index: u8) -> Self {
        match index {
            0..=15 => Self::Ansi(index),
            16..=255 => Self::Fixed(index),
        }
    }

    /// Red, green, blue, where no theme decides them. The table is xterm's: a
    /// cube of 6 x 6 x 6 and a ramp of 24 greys.
    pub fn rgb(self) -> Option<(u8, u8, u8)> {
        match self {
            Self::Ansi(_) => None,
            Self::Rgb(red, green, blue) => Some((red, green, blue)),
            Self::Fixed(index @ 232..=255) => {
                let grey = 8 + 10 * (index - 232);
                Some((grey, grey, grey))
            }
            Self::Fixed(index) => {
                let cube = index.saturating_sub(16);
                let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
                Some((level(cube / 36), level(cube / 6 % 6), level(cube % 6)))
            }
        }
    }
}

/// A set of text attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Attributes(u8);

impl Attributes {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// Bold.
    pub const BOLD: Self = Self(1);
    /// Dim.
    pub const DIM: Self = Self(2);
    /// Italic.
    pub const ITALIC: Self = Self(4);
    /// Underlined, in whatever shape.
    pub const UNDERLINED: Self = Self(8);
    /// Foreground and background exchanged.
    pub const REVERSED: Self = Self(16);
    /// Struck through.
    pub const STRUCK: Self = Self(32);

    /// Whether all of `other` are in this set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(super) fn clear(&mut self, other: Self) {
        self.0 &= !other.0;
    }
}

/// Where a piece of text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Origin {
    /// The author wrote it to be seen.
    #[default]
    Shown,
    /// The author wrote it and asked that it be hidden.
    Exposed,
    /// It stands for something that cannot be shown: a control character, a
    /// character without width, bytes left out.
    Marker,
}

/// The look of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TextStyle {
    /// Foreground; `None` is the default one.
    pub foreground: Option<Colour>,
    /// Background; `None` is the default one.
    pub background: Option<Colour>,
    /// Attributes.
    pub attributes: Attributes,
    /// Where the text comes from.
    pub origin: Origin,
}

impl TextStyle {
    /// The look of what stands for something that cannot be shown.
    pub const MARKER: Self = Self {
        foreground: None,
        background: None,
        attributes: Attributes::NONE,
        origin: Origin::Marker,
    };

    /// Whether its two colours can hardly be told apart, so that text in them
    /// is hidden.
    pub(super) fn is_hidden(&self) -> bool {
        let (Some(foreground), Some(background)) = (self.foreground, self.background) else {
            return false;
        };
        match (foreground.rgb(), background.rgb()) {
            (Some(one), Some(other)) => contrast(one, other) < LEAST_CONTRAST,
            _ => foreground == background,
        }
    }
}

/// Below this ratio text counts as hidden. Readable text has 4.5 or more.
const LEAST_CONTRAST: f32 = 1.25;

/// Contrast ratio of two colours, 1 to 21, by WCAG 2.1.
fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f32 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Relative luminance, 0 to 1, by WCAG 2.1.
fn luminance((red, green, blue): (u8, u8, u8)) -> f32 {
    let linear = |part: u8| {
        let part = f32::from(part) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// Style of a text up to `end`, from the end of the span before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Span {
    pub(super) end: usize,
    pub(super) style: TextStyle,
}
