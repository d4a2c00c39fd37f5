//! The script of a picture: what happens in it, and when.

use std::sync::Arc;
use std::time::Duration;

use super::replay::recording::Recording;
use crate::catalogue::Catalogue;
use crate::model::{Order, Plan};
use crate::theme::Theme;
use crate::tui::state::Screen;

/// Something that is done at a moment of the run.
#[derive(Debug, Clone, Copy)]
pub(super) enum ScriptStep {
    /// Press a key.
    Press(char),
    /// Set the cap.
    SetCap(u32),
    /// Cancel a call.
    Cancel(&'static str),
    /// Keep the screen as it is.
    Capture,
}

/// The run that is shown, its looks and its steps.
pub(super) struct Script {
    /// The calls of it, as they went.
    pub(super) recording: Arc<Recording>,
    pub(super) plan: Plan,
    /// Order in which its calls start.
    pub(super) order: Order,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) theme: Theme,
    pub(super) size: (u16, u16),
    /// The steps, in the order of their moments.
    pub(super) steps: Vec<(Duration, ScriptStep)>,
}

/// The latest moment that can be asked for; the run is over long before.
pub(super) const LONGEST: Duration = Duration::from_mins(1);

/// A film ends so long after the run's start: everything has ended by then.
const FILM: Duration = Duration::from_secs(17);

/// Between what is done and what is seen: a few frames.
const SETTLES: Duration = Duration::from_millis(200);

/// The screen that no replay shows.
pub(super) const AGENTS: &str = "agents";

/// The names of the screens.
pub(super) fn names() -> Vec<String> {
    let names = Screen::ALL.iter().map(|screen| screen.names().0);
    names.map(str::to_lowercase).collect()
}

/// A screen at a moment, by default one that has something to script there.
pub(super) fn still(name: &str, at: Option<Duration>) -> Vec<(Duration, ScriptStep)> {
    let at = at.unwrap_or_else(|| moment(screen_named(name)));
    let mut steps = happenings();
    steps.retain(|(when, _)| *when <= at);
    steps.extend(shown(name, at));
    steps.sort_by_key(|(when, _)| *when);
    steps
}

/// A screen of a run of one's own at a moment, by default at its end.
pub(super) fn still_of(
    recording: &Recording,
    name: &str,
    at: Option<Duration>,
) -> Vec<(Duration, ScriptStep)> {
    let at = at.unwrap_or_else(|| recording.length() + SETTLES * 5);
    let mut steps = recorded_caps(recording);
    steps.retain(|(when, _)| *when <= at);
    steps.extend(shown(name, at.max(SETTLES)));
    steps.sort_by_key(|(when, _)| *when);
    steps
}

/// The whole of a run of one's own, taken every so often.
pub(super) fn film_of(recording: &Recording, step: Duration) -> Vec<(Duration, ScriptStep)> {
    let mut steps = recorded_caps(recording);
    let end = recording.length() + SETTLES * 5;
    let frames = (0_u32..).map(|number| SETTLES + step * number);
    let frames = frames.take_while(|at| *at < end + step);
    steps.extend(frames.map(|at| (at, ScriptStep::Capture)));
    steps.sort_by_key(|(when, _)| *when);
    steps
}

/// The changes of the cap, as they were recorded.
fn recorded_caps(recording: &Recording) -> Vec<(Duration, ScriptStep)> {
    let caps = recording.caps().iter();
    caps.map(|(at, cap)| (*at, ScriptStep::SetCap(*cap)))
        .collect()
}

fn screen_named(name: &str) -> Screen {
    let mut screens = Screen::ALL.into_iter();
    let screen = screens.find(|screen| screen.names().0.to_lowercase() == name);
    screen.unwrap_or(Screen::Lanes)
}

/// The keys that show a screen, and the picture of it.
fn shown(name: &str, at: Duration) -> Vec<(Duration, ScriptStep)> {
    let screen = screen_named(name);
    let key = char::from_digit(screen.number() as u32, 10).unwrap_or('1');
    let before = at.saturating_sub(SETTLES);
    let mut steps = vec![(before, ScriptStep::Press(key))];
    if screen == Screen::Queue {
        // All calls, not only those that wait.
        steps.push((before, ScriptStep::Press('O')));
    }
    steps.push((at, ScriptStep::Capture));
    steps
}

/// The whole run, taken every so often.
pub(super) fn film(step: Duration) -> Vec<(Duration, ScriptStep)> {
    let mut steps = happenings();
    let mut at = SETTLES;
    while at < FILM {
        steps.push((at, ScriptStep::Capture));
        at += step;
    }
    steps.sort_by_key(|(when, _)| *when);
    steps
}

/// When there is most to see on a screen.
fn moment(screen: Screen) -> Duration {
    Duration::from_millis(match screen {
        Screen::Timeline => 12_600,
        Screen::Experiments => FILM.as_millis() as u64,
        _ => 9_400,
    })
}

/// Returns the steps of the user: gives the run one lane more, cancels the call
/// that ignores SIGTERM, and reads the output of the call in the new lane.
fn happenings() -> Vec<(Duration, ScriptStep)> {
    let at = Duration::from_millis;
    let mut happenings = vec![
        (at(6_000), ScriptStep::SetCap(5)),
        (at(7_000), ScriptStep::Cancel("watch-logs")),
    ];
    happenings.extend([ScriptStep::Press('j'); 4].map(|down| (at(8_500), down)));
    happenings
}
