//! The dashboard on the terminal of this process.

use std::io::{self, Write};
use std::sync::{Arc, Once};

use crossterm::event::EventStream;
use ratatui::Terminal;

use super::event_loop::{Deps, TuiError, run};
use super::glyphs::Glyphs;
use super::motion::Motion;
use super::terminal::{self, Modes, Screen, TerminalSession};
use super::update::Leave;
use crate::catalogue::Catalogue;
use crate::engine::Handle;
use crate::output::Reader;
use crate::theme::{ColourChoice, Signals, ThemeError, builtin};

/// How the dashboard is to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The name of a built-in theme.
    pub theme: String,
    /// Whether there may be colours.
    pub colours: ColourChoice,
    /// Which signs it uses.
    pub glyphs: Glyphs,
    /// How much moves by itself.
    pub motion: Motion,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            theme: "terminal".to_owned(),
            colours: ColourChoice::default(),
            glyphs: Glyphs::default(),
            motion: Motion::default(),
        }
    }
}

impl Deps {
    /// What a dashboard on this process's terminal draws from and acts on.
    pub fn new(
        handle: Handle,
        reader: Reader,
        catalogue: Arc<Catalogue>,
        options: &Options,
    ) -> Result<Self, ThemeError> {
        let depth = Signals::read().depth(options.colours);
        if options.colours == ColourChoice::Always {
            crossterm::style::force_color_output(true);
        }
        Ok(Self {
            handle,
            reader,
            catalogue,
            theme: builtin(&options.theme, depth)?,
            glyphs: options.glyphs,
            motion: options.motion,
        })
    }
}

/// Runs the dashboard on the terminal of this process until it is left, and
/// restores the terminal however it ends. What other threads reported while
/// the dashboard had the screen is written to `reports` afterwards.
pub async fn on_terminal(deps: Deps, reports: &mut impl Write) -> Result<Leave, TuiError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(terminal::install_panic_hook);
    let signals = terminal::signals().map_err(TuiError::Input)?;
    let modes = Modes::enter().map_err(|error| TuiError::Draw(Box::new(error)))?;
    let mut session = TerminalSession::new(modes);
    let screen = Screen::new(io::stdout());
    let mut terminal = Terminal::new(screen).map_err(|error| TuiError::Draw(Box::new(error)))?;
    let left = run(
        &mut terminal,
        EventStream::new(),
        signals,
        &mut session,
        deps,
    )
    .await;
    drop(session);
    for report in terminal::take_panic_reports() {
        // Where this cannot be written, nothing else can be said either.
        let _unwritten = writeln!(reports, "{report}");
    }
    left
}
