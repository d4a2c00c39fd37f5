//! The user's terminal: into the alternate screen and out again on every kind
//! of end that a program can catch, whole frames in one write, and signals.

mod backend;
pub mod canvas;
mod input;
mod modes;
mod panics;
mod signals;

pub use backend::TerminalBackend;
pub use input::Keyboard;
pub use modes::{Modes, restore, restoring};
pub use panics::{install_panic_hook, take_panic_reports};
pub use signals::{
    Lent, Signal, TerminalControl, TerminalSession, halt, signals, stop_process_group,
};
