//! `fanout screenshot`: a picture of the dashboard as SVG. It shows a recorded
//! run of the sample plan, at a fixed moment, and nothing of the user's; of
//! agents a moment that is posed.

mod agents;
mod replay;
mod script;
mod svg;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::demo;
use super::exit::{self, Exit};
use super::settings;
use crate::catalogue::Catalogue;
use crate::exec;
use crate::model::{Order, Plan, ServerName};
use crate::output;
use crate::plan;
use crate::sample_tool;
use crate::theme::{Depth, Role, Theme};
use replay::ReplayError;
use replay::recording::Recording;
use script::Script;
use svg::DefaultColours;

/// How long each screen of a film is seen.
const FILM_STEP: Duration = Duration::from_secs(1);
/// Screens of the film of a long run.
const FILM_SCREENS: u32 = 60;
/// Screens of the film of a short run.
const FEWEST_SCREENS: u32 = 20;
/// Time between two screens of a film at least.
const SHORTEST_STEP: Duration = Duration::from_millis(100);
/// How long a screen of a film is seen at least: a short run is slowed down.
const LEAST_SEEN: Duration = Duration::from_millis(300);
/// The latest moment of a run of one's own.
const LONGEST_RUN: Duration = Duration::from_hours(24);
/// Bytes of an event log that are read.
const LONGEST_LOG: u64 = 64 << 20;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout screenshot --screen lanes --size 120x36 --theme nord -o lanes.svg
  fanout screenshot --screen timeline --at 12s > timeline.svg
  fanout screenshot --film --size 100x28 -o demo.svg
  fanout screenshot --run events.ndjson --film -o run.svg")]
pub(super) struct Screenshot {
    /// The screen
    #[arg(long, value_name = "SCREEN", default_value = "lanes",
        value_parser = PossibleValuesParser::new(script::names()))]
    screen: String,
    /// Columns and rows, at most 120x60
    #[arg(long, value_name = "WxH", default_value = "120x36", value_parser = parse_size)]
    size: (u16, u16),
    /// The theme; `fanout theme list` names them all
    #[arg(long, value_name = "NAME", default_value = "catppuccin-mocha")]
    theme: String,
    /// The moment of the run, such as 8.5s [default: one that suits the screen]
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    at: Option<Duration>,
    /// Events of a run of one's own, as `fanout run PLAN --events` writes them, in
    /// place of the sample plan
    #[arg(long, value_name = "EVENTS")]
    run: Option<PathBuf>,
    /// A film of the whole run that begins anew at its end
    #[arg(long, conflicts_with_all = ["at", "screen"])]
    film: bool,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Screenshot {
    pub(super) fn run(self) -> Exit {
        let theme = match settings::themes().load(&self.theme, Depth::True) {
            Ok((theme, problems)) => {
                for problem in problems {
                    exit::complain(&problem.to_string());
                }
                theme
            }
            Err(error) => return exit::usage_text(&error.to_string()),
        };
        let svg = match self.picture(theme) {
            Ok(svg) => svg,
            Err(exit) => return exit,
        };
        let Some(path) = self.output else {
            return exit::written(io::stdout().lock().write_all(svg.as_bytes()));
        };
        let written = output::write_file(&path, svg.as_bytes());
        match written {
            Ok(()) => Exit::Success,
            Err(error) => exit::cannot_run(&error),
        }
    }

    fn picture(&self, theme: Theme) -> Result<String, Exit> {
        let defaults = DefaultColours::default().with_background(theme.style(Role::Bg).bg);
        let title = format!("The {} screen of fanout", self.screen);
        if self.screen == script::AGENTS && !self.film {
            let screen = agents::picture(&theme, self.size);
            return Ok(svg::still(&screen, defaults, &title));
        }
        let (script, step) = match &self.run {
            Some(path) => self.recorded(path, theme)?,
            None => (self.sampled(theme)?, FILM_STEP),
        };
        let shown = replay::play(script);
        let screens = shown.map_err(|error: ReplayError| exit::cannot_run(&error))?;
        if self.film {
            let title = "The dashboard of fanout while a plan runs";
            return Ok(svg::film(&screens, step, defaults, title));
        }
        let screen = screens.into_iter().next().unwrap_or_default();
        Ok(svg::still(&screen, defaults, &title))
    }

    /// The script of the sample plan's run.
    fn sampled(&self, theme: Theme) -> Result<Script, Exit> {
        if self.at.is_some_and(|at| at > script::LONGEST) {
            return Err(exit::usage_text(&ScreenshotOptionError::Moment.to_string()));
        }
        let (plan, catalogue) = sample()?;
        let recording = Recording::demo();
        let recording = recording.map_err(|error| exit::cannot_run(&ReplayError::from(error)))?;
        Ok(Script {
            recording: Arc::new(recording),
            order: Order::default(),
            plan,
            catalogue,
            theme,
            size: self.size,
            steps: if self.film {
                script::film(FILM_STEP)
            } else {
                script::still(&self.screen, self.at)
            },
        })
    }

    /// The script of a recorded run of one's own, and for how long each screen of
    /// its film is seen.
    fn recorded(&self, path: &Path, theme: Theme) -> Result<(Script, Duration), Exit> {
        let text = read_events(path)?;
        let recording = Recording::of_events(&text).map_err(|error| {
            let said = format!("{}: no event log: {error}", path.display());
            exit::usage_text(&said)
        })?;
        let step = film_step(recording.length());
        let steps = if self.film {
            script::film_of(&recording, step)
        } else {
            script::still_of(&recording, &self.screen, self.at)
        };
        let script = Script {
            order: Order::Fifo,
            plan: recording.plan(),
            catalogue: Arc::new(recording.catalogue()),
            recording: Arc::new(recording),
            theme,
            size: self.size,
            steps,
        };
        Ok((script, step.max(LEAST_SEEN)))
    }
}

/// Returns the time between two screens of the film of a run of this length, in
/// tenths of a second.
fn film_step(length: Duration) -> Duration {
    let short = (length / FEWEST_SCREENS).clamp(SHORTEST_STEP, FILM_STEP);
    let step = short.max(length / FILM_SCREENS);
    SHORTEST_STEP * u32::try_from(step.as_millis().div_ceil(100)).unwrap_or(u32::MAX)
}

/// Reads an event log, up to a length that a film can be made of.
fn read_events(path: &Path) -> Result<String, Exit> {
    let read = std::fs::File::open(path).and_then(|file| {
        let mut text = String::new();
        io::Read::read_to_string(&mut io::Read::take(file, LONGEST_LOG), &mut text)?;
        Ok(text)
    });
    read.map_err(|error| exit::usage_text(&format!("{}: {error}", path.display())))
}

/// The sample plan and its tools; those of the sample server as it lists them.
fn sample() -> Result<(Plan, Arc<Catalogue>), Exit> {
    let mut catalogue = Catalogue::sample().map_err(exit::invalid)?;
    let listed = exec::listed_tools(sample_tool::SERVER_TOOLS);
    let listed = listed.map_err(|error| exit::cannot_run(&error))?;
    let servers: Vec<ServerName> = catalogue.servers().map(|it| it.name.clone()).collect();
    for server in servers {
        (catalogue, _) = catalogue.with_listed(&server, &listed);
        catalogue.compile_listed(&server);
    }
    let loaded = plan::from_text("demo.toml", demo::PLAN, &catalogue);
    let loaded = loaded.map_err(exit::invalid)?;
    Ok((loaded.plan, Arc::new(catalogue)))
}

/// Reason that the text of an option is not understood.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum ScreenshotOptionError {
    #[error("columns and rows are needed, such as 120x36; at most 120x60")]
    Size,
    #[error("a time up to 60s is needed, such as 8.5s")]
    Moment,
}

fn parse_size(text: &str) -> Result<(u16, u16), ScreenshotOptionError> {
    let parts = text.split_once('x');
    let size = parts.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    size.filter(|(width, height)| (1..=120).contains(width) && (1..=60).contains(height))
        .ok_or(ScreenshotOptionError::Size)
}

fn parse_moment(text: &str) -> Result<Duration, ScreenshotOptionError> {
    let parser = jiff::fmt::friendly::SpanParser::new();
    let moment = parser.parse_unsigned_duration(text).ok();
    moment
        .filter(|moment| *moment <= LONGEST_RUN)
        .ok_or(ScreenshotOptionError::Moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_run_has_many_screens_and_a_long_one_no_more_than_a_minutes() {
        let step = |ms| film_step(Duration::from_millis(ms)).as_millis();
        assert_eq!([1_300, 10_000].map(step), [100, 500]);
        assert_eq!([20_000, 60_000, 600_000].map(step), [1_000, 1_000, 10_000]);
    }
}
