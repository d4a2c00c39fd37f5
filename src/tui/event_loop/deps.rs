//! What the dashboard is given to draw from and to act on.

use std::path::PathBuf;
use std::sync::Arc;

use super::experiment_handle::ExperimentHandle;
use super::motion::Motion;
use super::saved_session::SavedSession;
use super::settings::DashboardSettings;
use crate::catalogue::Catalogue;
use crate::engine::EngineHandle;
use crate::output::{ProtocolLog, Reader};
use crate::theme::Theme;
use crate::tui::text::glyphs::Glyphs;

/// What the dashboard draws from and acts on.
#[derive(Debug)]
pub struct Deps {
    /// The running engine.
    pub handle: EngineHandle,
    /// What calls print.
    pub reader: Reader,
    /// What was said to and by servers.
    pub protocol_log: ProtocolLog,
    /// What tools there are.
    pub catalogue: Arc<Catalogue>,
    /// What it looks like.
    pub theme: Theme,
    /// Which signs it uses.
    pub glyphs: Glyphs,
    /// How much moves by itself.
    pub motion: Motion,
    /// What the user set up.
    pub settings: DashboardSettings,
    /// What is known of earlier sessions.
    pub recalled: SavedSession,
    /// The folder of the run, where copies for other programs are made.
    pub run_folder: PathBuf,
    /// Where experiments are done, if anywhere.
    pub laboratory: Option<ExperimentHandle>,
}
