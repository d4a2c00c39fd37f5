//! The dashboard: shows a run and takes the user's orders for it.
//!
//! It owns what is selected, scrolled and typed. It must not know how calls are
//! scheduled or run: it draws only what a snapshot, the output reader and the
//! catalogue say, and acts only by commands to the engine.

pub mod action;
pub mod dialogs;
pub mod event_loop;
pub mod export;
pub mod form;
pub mod keymap;
pub mod state;
pub mod svg;
pub mod terminal;
pub mod text;
pub mod timeline;
pub mod update;
pub mod views;

pub use event_loop::{DashboardSettings, Deps, ExperimentHandle, SavedSession, TuiError, run};
pub use state::{Leave, Offer};
pub use terminal::Signal;
