//! The dashboard: shows a run and takes the user's orders for it.
//!
//! It owns what is selected, scrolled and typed. It must not know how calls are
//! scheduled or run: it draws only what a snapshot, the output reader and the
//! catalogue say, and acts only by commands to the engine.

pub mod action;
pub mod canvas;
mod deps;
mod estimate;
pub mod event_loop;
mod export;
pub mod extract;
pub mod form;
pub mod frame_clock;
pub mod fuzzy;
pub mod glyphs;
pub mod keymap;
pub mod laboratory;
mod layout;
mod load;
pub mod motion;
pub mod origin;
mod outward;
pub mod program;
pub mod reading;
mod recalled;
pub mod refusal;
pub mod schema;
mod settings;
pub mod state;
pub mod svg;
pub mod terminal;
pub mod text;
pub mod timeline;
pub mod tree;
mod turn;
pub mod update;
pub mod views;

pub use deps::Deps;
pub use event_loop::{TuiError, run};
pub use recalled::Recalled;
pub use settings::Settings;
pub use update::{Leave, Signal};
