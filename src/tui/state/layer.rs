//! Dialogs above the screen, which take the keys.

use crate::tui::state::{AddCall, Ask, Choices, CopyAs, Palette, ThemePicker};
use crate::tui::text::field::TextField;

/// A dialog above the screen.
#[derive(Debug)]
pub enum Layer {
    /// All keys; the first visible row.
    Help(usize),
    /// A question.
    Ask(Ask),
    /// The field for the number of lanes.
    CapPrompt(Box<TextField>),
    /// The field for the lists' filter.
    Filter(Box<TextField>),
    /// The field for what is searched for in the output.
    Search(Box<TextField>),
    /// A new call.
    Add(Box<AddCall>),
    /// The values of a row of a form.
    Choices(Box<Choices>),
    /// The themes.
    Themes(Box<ThemePicker>),
    /// The ways to copy.
    CopyAs(Box<CopyAs>),
    /// Everything that can be done, to be found by typing.
    Palette(Box<Palette>),
    /// Messages, latest first; the first visible row.
    Messages(usize),
    /// The machine in full.
    Machine,
    /// Card for a new user; any key closes it.
    Welcome,
}
