//! Dependencies of the dashboard: the run, the readers, the settings.

use std::path::PathBuf;

use super::experiment_handle::ExperimentHandle;
use super::motion::Motion;
use super::saved_session::SavedSession;
use super::settings::DashboardSettings;
use crate::engine::EngineHandle;
use crate::output::{OutputReader, ProtocolLog};
use crate::theme::Theme;
use crate::tui::text::glyphs::Glyphs;

/// Dependencies of the dashboard.
#[derive(Debug)]
pub struct Deps {
    /// The running engine.
    pub handle: EngineHandle,
    /// Reader of the outputs of calls.
    pub reader: OutputReader,
    /// Messages to and from servers.
    pub protocol_log: ProtocolLog,
    /// Colours and attributes.
    pub theme: Theme,
    /// Which signs it uses.
    pub glyphs: Glyphs,
    /// How much moves by itself.
    pub motion: Motion,
    /// Settings of the user.
    pub settings: DashboardSettings,
    /// State of earlier sessions.
    pub recalled: SavedSession,
    /// The folder of the run, where copies for other programs are made.
    pub run_folder: PathBuf,
    /// Where experiments are done, if anywhere.
    pub experiments: Option<ExperimentHandle>,
}
