//! The looks of the dashboard: the command line over the user's options over
//! the terminal's answers.

use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
use tokio::sync::watch;

use super::colour::ColourOptions;
use super::completions;
use super::exit::{self, Exit};
use super::settings::{self, ThemeChoice};
use crate::theme::{self, Appearance, ColourChoice, Depth, Library, Signals, Theme, Watch};
use crate::tui::DashboardSettings;
use crate::tui::event_loop::motion::Motion;
use crate::tui::export::program::Program;
use crate::tui::text::glyphs::Glyphs;

/// How the dashboard is to look.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct LookOptions {
    /// The dashboard's theme; `fanout theme list` names them all
    #[arg(long, value_name = "NAME", add = completions::themes())]
    theme: Option<String>,
    #[command(flatten)]
    colours: ColourOptions,
}

/// The looks of the dashboard.
pub(super) struct Looks {
    pub(super) theme: Theme,
    pub(super) glyphs: Glyphs,
    pub(super) motion: Motion,
    pub(super) settings: DashboardSettings,
    /// Watches the user's themes until the dashboard is left.
    pub(super) watch: Option<Watch>,
}

/// How long the terminal may take to say what its background is.
const PATIENCE: Duration = Duration::from_millis(150);

/// The themes of "auto".
const AUTO_DARK: &str = "catppuccin-mocha";
const AUTO_LIGHT: &str = "catppuccin-latte";

impl LookOptions {
    /// Reads the user's files and asks the terminal, which must not be in the
    /// dashboard's modes yet. A wrong name on the command line is a usage
    /// error; what is wrong in files is told on the dashboard.
    pub(super) fn looks(&self) -> Result<Looks, Exit> {
        let (options, problems) = settings::options();
        let keys = settings::keys();
        let all = problems.iter().chain(&keys.problems);
        let mut notices: Vec<String> = all.map(ToString::to_string).collect();
        let colours = options.color.map(ColourChoice::from);
        let colours = self.colours.choice().or(colours).unwrap_or_default();
        if colours == ColourChoice::Always {
            crossterm::style::force_color_output(true);
        }
        let depth = Signals::read().depth(colours);
        let themes = settings::themes();
        let theme = match &self.theme {
            Some(name) => {
                let loaded = themes.load(name, depth);
                let (theme, problems) =
                    loaded.map_err(|error| exit::usage_text(&error.to_string()))?;
                note(&problems, &mut notices);
                theme
            }
            None => configured(options.theme.as_ref(), &themes, depth, &mut notices)?,
        };
        let (watch, theme_changes) = watched(&themes).unzip();
        let settings = DashboardSettings {
            themes,
            theme_changes,
            keymap: keys.keymap,
            frames_per_second: options
                .fps
                .map_or(DashboardSettings::default().frames_per_second, |it| it.0),
            cpu_unit: options.cpu.map(Into::into).unwrap_or_default(),
            editor: named_program(&["VISUAL", "EDITOR"], "vi", &mut notices),
            pager: named_program(&["PAGER"], "less", &mut notices),
            clipboard: options.clipboard.and_then(|it| it.command).map(|it| it.0),
            has_mouse: options.mouse.unwrap_or(true),
            zone: TimeZone::system(),
            time_scale: 1.0,
            comparison_at_start: None,
            load_at_start: None,
            notices,
            offers: Vec::new(),
        };
        Ok(Looks {
            theme,
            glyphs: options.glyphs.map(Into::into).unwrap_or_default(),
            motion: options.motion.map(Into::into).unwrap_or_default(),
            settings,
            watch,
        })
    }
}

/// The theme of the user's options; if it cannot be used, the default.
fn configured(
    choice: Option<&ThemeChoice>,
    themes: &Library,
    depth: Depth,
    notices: &mut Vec<String>,
) -> Result<Theme, Exit> {
    let name = match choice {
        None => "terminal",
        Some(ThemeChoice::Named(name)) if name == "auto" => by_background(AUTO_DARK, AUTO_LIGHT),
        Some(ThemeChoice::Named(name)) => name,
        Some(ThemeChoice::ByAppearance { dark, light }) => by_background(dark, light),
    };
    match themes.load(name, depth) {
        Ok((theme, problems)) => {
            note(&problems, notices);
            return Ok(theme);
        }
        Err(error) => notices.push(error.to_string()),
    }
    theme::builtin("terminal", depth).map_err(|error| exit::cannot_run(&error))
}

/// Adds the problems of a theme that is used all the same.
fn note(problems: &[theme::Problem], notices: &mut Vec<String>) {
    notices.extend(problems.iter().map(ToString::to_string));
}

/// Which of two themes suits the terminal's background; the dark one where
/// the terminal does not say.
fn by_background<'n>(dark: &'n str, light: &'n str) -> &'n str {
    match background() {
        Some(Appearance::Light) => light,
        Some(Appearance::Dark) | None => dark,
    }
}

/// Asks the terminal for its background, and waits no longer than a person
/// would not notice.
pub(super) fn background() -> Option<Appearance> {
    let mut query = QueryOptions::default();
    query.timeout = PATIENCE;
    match theme_mode(query).ok()? {
        ThemeMode::Light => Some(Appearance::Light),
        ThemeMode::Dark => Some(Appearance::Dark),
    }
}

/// The program that the first of these variables with a value names.
fn named_program(variables: &[&str], fallback: &str, notices: &mut Vec<String>) -> Program {
    let set = variables.iter().find_map(|name| {
        let line = std::env::var(name).ok().filter(|it| !it.trim().is_empty());
        line.map(|line| (*name, line))
    });
    let Some((name, line)) = set else {
        return Program::new(fallback);
    };
    Program::of_line(&line).unwrap_or_else(|error| {
        notices.push(format!("{name} {error}; {fallback} is used"));
        Program::new(fallback)
    })
}

/// Watches the user's themes, if there is such a folder.
fn watched(themes: &Library) -> Option<(Watch, watch::Receiver<()>)> {
    let folder = themes.folder().filter(|folder| folder.is_dir())?;
    let (sender, changes) = watch::channel(());
    // Themes that cannot be watched can still be picked.
    let watch = theme::watch(folder, move || sender.send_replace(())).ok()?;
    Some((watch, changes))
}
