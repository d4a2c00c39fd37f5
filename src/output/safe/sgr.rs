//! The one kind of escape sequence that is obeyed: SGR, which sets colours
//! and attributes. Everything else is shown as text.

use vte::{Params, Parser, Perform};

use super::style::{Attributes, Colour, Origin, TextStyle};

/// Longest sequence that is obeyed, in bytes: room for two colours with all
/// their parts and several attributes.
const LONGEST: usize = 64;

/// Style that the SGR sequences so far have set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pen {
    style: TextStyle,
    is_concealed: bool,
}

impl Pen {
    /// The look of text written now. Text that would be hidden is not: it
    /// loses its colours and is marked as exposed.
    pub(super) fn style(&self) -> TextStyle {
        if self.is_concealed || self.style.is_hidden() {
            return TextStyle {
                foreground: None,
                background: None,
                origin: Origin::Exposed,
                ..self.style
            };
        }
        self.style
    }

    /// Obeys the SGR sequence that a text starts with. Returns its length, or
    /// `None` where the text does not start with one.
    pub(super) fn obey(&mut self, text: &str) -> Option<usize> {
        let body = text.strip_prefix("\u{1b}[")?;
        let is_parameter = |byte: &u8| matches!(byte, b'0'..=b'9' | b';' | b':');
        let length = body
            .bytes()
            .take(LONGEST)
            .position(|byte| !is_parameter(&byte))?;
        if body.as_bytes()[length] != b'm' {
            return None;
        }
        let whole = length + 3;
        let mut reader = Parameters {
            pen: *self,
            is_obeyed: false,
        };
        Parser::new().advance(&mut reader, text.as_bytes().get(..whole)?);
        reader.is_obeyed.then(|| {
            *self = reader.pen;
            whole
        })
    }

    fn set(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            match param {
                [code @ (38 | 48 | 58)] => {
                    let mut next = || params.next().and_then(|one| one.first().copied());
                    let colour = match next() {
                        Some(5) => next().map(fixed),
                        Some(2) => rgb(next(), next(), next()),
                        _ => None,
                    };
                    self.paint(*code, colour);
                }
                [code @ (38 | 48 | 58), 5, index, ..] => self.paint(*code, Some(fixed(*index))),
                [code @ (38 | 48 | 58), 2, parts @ ..] => {
                    // With colons, a colour space may stand before the parts.
                    let parts = parts.get(parts.len().saturating_sub(3).min(1)..);
                    if let Some([red, green, blue, ..]) = parts {
                        self.paint(*code, rgb(Some(*red), Some(*green), Some(*blue)));
                    }
                }
                [4, 0, ..] => self.style.attributes.clear(Attributes::UNDERLINED),
                [code, ..] => self.set_plain(*code),
                [] => {}
            }
        }
    }

    fn paint(&mut self, code: u16, colour: Option<Colour>) {
        match code {
            38 => self.style.foreground = colour.or(self.style.foreground),
            48 => self.style.background = colour.or(self.style.background),
            _ => {}
        }
    }

    fn set_plain(&mut self, code: u16) {
        let style = &mut self.style;
        let attributes = &mut style.attributes;
        match code {
            0 => *self = Self::default(),
            1 => attributes.set(Attributes::BOLD),
            2 => attributes.set(Attributes::DIM),
            3 => attributes.set(Attributes::ITALIC),
            4 | 21 => attributes.set(Attributes::UNDERLINED),
            7 => attributes.set(Attributes::REVERSED),
            8 => self.is_concealed = true,
            9 => attributes.set(Attributes::STRUCK),
            22 => {
                attributes.clear(Attributes::BOLD);
                attributes.clear(Attributes::DIM);
            }
            23 => attributes.clear(Attributes::ITALIC),
            24 => attributes.clear(Attributes::UNDERLINED),
            27 => attributes.clear(Attributes::REVERSED),
            28 => self.is_concealed = false,
            29 => attributes.clear(Attributes::STRUCK),
            30..=37 => style.foreground = Some(Colour::Ansi(code as u8 - 30)),
            39 => style.foreground = None,
            40..=47 => style.background = Some(Colour::Ansi(code as u8 - 40)),
            49 => style.background = None,
            90..=97 => style.foreground = Some(Colour::Ansi(code as u8 - 82)),
            100..=107 => style.background = Some(Colour::Ansi(code as u8 - 92)),
            _ => {}
        }
    }
}

fn fixed(index: u16) -> Colour {
    Colour::indexed(index.min(255) as u8)
}

fn rgb(red: Option<u16>, green: Option<u16>, blue: Option<u16>) -> Option<Colour> {
    let part = |part: u16| part.min(255) as u8;
    Some(Colour::Rgb(part(red?), part(green?), part(blue?)))
}

/// Takes the parameters out of the sequence.
struct Parameters {
    pen: Pen,
    is_obeyed: bool,
}

impl Perform for Parameters {
    fn csi_dispatch(&mut self, params: &Params, _: &[u8], is_overlong: bool, action: char) {
        if action == 'm' && !is_overlong {
            self.pen.set(params);
            self.is_obeyed = true;
        }
    }
}
