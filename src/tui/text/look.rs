//! How sanitised text that brings its own colours is shown.

use ratatui::style::{Color, Modifier, Style};

use crate::output::{Attributes, Colour, Origin, TextStyle};
use crate::theme::{Depth, ansi_colour};

/// The style of a piece of text over that of its surroundings. Its author's
/// colours are kept as far as the terminal shows them; what he hid, and what
/// stands for something that cannot be shown, is set off.
pub(super) fn over(base: Style, piece: TextStyle, depth: Depth) -> Style {
    let mut style = base;
    if let Some(colour) = piece.foreground.and_then(|it| shown(it, depth)) {
        style.fg = Some(colour);
    }
    if let Some(colour) = piece.background.and_then(|it| shown(it, depth)) {
        style.bg = Some(colour);
    }
    for (attribute, modifier) in [
        (Attributes::BOLD, Modifier::BOLD),
        (Attributes::DIM, Modifier::DIM),
        (Attributes::ITALIC, Modifier::ITALIC),
        (Attributes::UNDERLINED, Modifier::UNDERLINED),
        (Attributes::REVERSED, Modifier::REVERSED),
        (Attributes::STRUCK, Modifier::CROSSED_OUT),
    ] {
        if piece.attributes.contains(attribute) {
            style = style.add_modifier(modifier);
        }
    }
    match piece.origin {
        Origin::Shown => style,
        Origin::Exposed => base.add_modifier(Modifier::UNDERLINED),
        Origin::Marker => base.add_modifier(Modifier::DIM | Modifier::ITALIC),
    }
}

/// A colour as far as the terminal shows it.
fn shown(colour: Colour, depth: Depth) -> Option<Color> {
    match (colour, depth) {
        (_, Depth::Mono) => None,
        (Colour::Ansi(index), _) => Some(ansi_colour(index)),
        (Colour::Fixed(index), Depth::Indexed | Depth::True) => Some(Color::Indexed(index)),
        (Colour::Rgb(red, green, blue), Depth::True) => Some(Color::Rgb(red, green, blue)),
        _ => None,
    }
}
