//! The form of a theme.
#![expect(dead_code, reason = "these types are described, never made")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use crate::theme::Role;

/// Styles of the roles of the screen.
#[derive(JsonSchema)]
#[schemars(title = "fanout theme", deny_unknown_fields)]
pub(super) struct Theme {
    /// The theme whose roles hold where this one names none.
    inherits: Option<String>,
    /// The surroundings it is made for.
    appearance: Option<Appearance>,
    /// Names for colours.
    palette: Option<BTreeMap<String, Colour>>,
    /// Style of each role.
    #[schemars(extend("propertyNames" = { "enum": roles() }))]
    roles: Option<BTreeMap<String, Look>>,
}

fn roles() -> Vec<&'static str> {
    Role::ALL.iter().map(|role| role.name()).collect()
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Appearance {
    /// Light text on a dark background.
    Dark,
    /// Dark text on a light background.
    Light,
}

/// "#rrggbb", a name of the palette, one of the sixteen ANSI names, 0 to 255,
/// or "default".
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Colour {
    /// By its name.
    Named(String),
    /// By its number.
    Numbered(u8),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Look {
    /// The colour of the text; of `bg`, what is behind it.
    Plain(Colour),
    /// More than that.
    Full(Full),
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Full {
    /// The colour of the text.
    fg: Option<Colour>,
    /// The colour behind it.
    bg: Option<Colour>,
    /// The colour of the text where the terminal shows only 16.
    ansi: Option<Colour>,
    /// Further marks.
    #[schemars(rename = "mod")]
    modifiers: Option<Vec<Modifier>>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Modifier {
    Bold,
    Dim,
    Italic,
    Underlined,
    Reversed,
}
