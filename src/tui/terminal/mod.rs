//! The user's terminal: into the alternate screen and out again on every kind
//! of end that a program can catch, whole frames in one write, and signals.

pub mod canvas;
mod input;
mod modes;
mod panics;
mod screen;
mod signals;

pub use input::Keyboard;
pub use modes::{Modes, restore, restoring};
pub use panics::{install_panic_hook, take_panic_reports};
pub use screen::Screen;
pub use signals::{Lent, Session, TerminalSession, halt, signals};
