//! Looks of the roles of the screen: theme files, their inheritance,
//! and the colours a terminal can show.
//!
//! It owns no state. It must not know what is drawn where: a view asks for a
//! [`Role`] and gets a style.

mod builtin;
mod contrast;
mod depth;
mod downsample;
mod file;
mod library;
mod problem;
mod resolve;
mod role;
mod watch;

pub use contrast::{Faint, contrast, faint};
pub use depth::{ColourChoice, Depth, Signals};
pub use downsample::{ansi_colour, rgb};
pub use file::{Appearance, Look, ThemeFile, ThemeWord};
pub use library::{Library, ListedTheme};
pub use problem::{Problem, hint};
pub use resolve::{Theme, ThemeError, UnreadableTheme};
pub use role::Role;
pub use watch::{Watch, WatchError, watch};

/// A built-in theme for a depth of colour.
pub fn builtin(name: &str, depth: Depth) -> Result<Theme, ThemeError> {
    Library::built_in()
        .load(name, depth)
        .map(|(theme, _)| theme)
}
