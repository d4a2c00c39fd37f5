//! Settings of the dashboard, as read at the start.

use jiff::tz::TimeZone;
use tokio::sync::watch;

use super::frame_clock::FRAMES_PER_SECOND;
use crate::lab::load::LoadRequest;
use crate::theme::Library;
use crate::tui::export::program::Program;
use crate::tui::keymap::Keymap;
use crate::tui::state::{CpuUnit, Offer};

/// Settings of the dashboard.
#[derive(Debug, Clone)]
pub struct DashboardSettings {
    /// The themes that can be picked.
    pub themes: Library,
    /// Changes when a file of the user's theme folder did.
    pub theme_changes: Option<watch::Receiver<()>>,
    /// Which keys mean what.
    pub keymap: Keymap,
    /// Frames a second at most.
    pub frames_per_second: u32,
    /// How CPU is written.
    pub cpu_unit: CpuUnit,
    /// Whether the terminal reports the mouse from the start.
    pub has_mouse: bool,
    /// Program that opens an output for editing.
    pub editor: Program,
    /// Program that opens an output for reading.
    pub pager: Program,
    /// Program that gets each copied text on its standard input; without
    /// one the terminal is.
    pub clipboard: Option<Program>,
    /// Time zone of the times of day that are shown.
    pub zone: TimeZone,
    /// Factor on the start times that the calls of the run ask for.
    pub time_scale: f64,
    /// Blocks of a comparison that is begun at the start and shown at full size.
    pub comparison_at_start: Option<usize>,
    /// A load of the plan's calls that is begun at the start.
    pub load_at_start: Option<LoadRequest>,
    /// Problems in the user's files.
    pub notices: Vec<String>,
    /// Files and demo that can be opened in the place of the run.
    pub offers: Vec<Offer>,
}

impl Default for DashboardSettings {
    fn default() -> Self {
        Self {
            themes: Library::built_in(),
            theme_changes: None,
            keymap: Keymap::standard(),
            frames_per_second: FRAMES_PER_SECOND,
            cpu_unit: CpuUnit::default(),
            has_mouse: true,
            editor: Program::new("vi"),
            pager: Program::new("less"),
            clipboard: None,
            zone: TimeZone::UTC,
            time_scale: 1.0,
            comparison_at_start: None,
            load_at_start: None,
            notices: Vec::new(),
            offers: vec![Offer::Demo],
        }
    }
}

/// Waits for a change of the user's themes; for ever where none are watched.
pub(in crate::tui) async fn changed(changes: &mut Option<watch::Receiver<()>>) {
    if let Some(receiver) = changes {
        if receiver.changed().await.is_ok() {
            return;
        }
        *changes = None;
    }
    std::future::pending::<()>().await;
}
