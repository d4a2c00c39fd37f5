//! The loop of the dashboard, and what it is given at the start.
//!
//! It owns the clock, the terminal and the readers. The state and the views
//! must not know of it.

mod deps;
mod error;
mod experiment_handle;
mod exporter;
pub mod frame_clock;
mod loop_state;
pub mod motion;
pub mod reading;
mod run;
mod saved_session;
mod settings;

pub use deps::Deps;
pub use error::TuiError;
pub use experiment_handle::ExperimentHandle;
pub use run::run;
pub use saved_session::SavedSession;
pub use settings::DashboardSettings;
