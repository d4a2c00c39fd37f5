//! What the roles of the screen look like: theme files, their inheritance,
//! and the colours a terminal can show.
//!
//! It owns no state. It must not know what is drawn where: a view asks for a
//! [`Role`] and gets a style.

mod builtin;
mod depth;
mod file;
mod resolve;
mod role;

pub use builtin::{builtin, builtin_names};
pub use depth::{ColourChoice, Depth, Signals};
pub use file::{Look, Problem, ThemeFile};
pub use resolve::{Theme, ThemeError, resolve};
pub use role::Role;
