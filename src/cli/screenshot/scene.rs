//! What happens in a picture, and when.

use std::time::Duration;

use super::stage::Cue;
use crate::tui::state::Screen;

/// The latest moment that can be asked for; the run is over long before.
pub(super) const LONGEST: Duration = Duration::from_mins(1);

/// A film ends so long after the run's start: everything has ended by then.
const FILM: Duration = Duration::from_secs(17);

/// Between what is done and what is seen: a few frames.
const SETTLES: Duration = Duration::from_millis(200);

/// The names of the screens.
pub(super) fn names() -> Vec<String> {
    let names = Screen::ALL.iter().map(|screen| screen.names().0);
    names.map(str::to_lowercase).collect()
}

/// A screen at a moment, by default one that has something to show there.
pub(super) fn still(name: &str, at: Option<Duration>) -> Vec<(Duration, Cue)> {
    let mut screens = Screen::ALL.into_iter();
    let screen = screens.find(|screen| screen.names().0.to_lowercase() == name);
    let screen = screen.unwrap_or(Screen::Lanes);
    let key = char::from_digit(screen.number() as u32, 10).unwrap_or('1');
    let at = at.unwrap_or_else(|| moment(screen));
    let mut cues = happenings();
    cues.retain(|(when, _)| *when <= at);
    let before = at.saturating_sub(SETTLES);
    cues.push((before, Cue::Press(key)));
    if screen == Screen::Queue {
        // All calls, not only those that wait.
        cues.push((before, Cue::Press('O')));
    }
    cues.push((at, Cue::Take));
    cues.sort_by_key(|(when, _)| *when);
    cues
}

/// The whole run, taken every so often.
pub(super) fn film(step: Duration) -> Vec<(Duration, Cue)> {
    let mut cues = happenings();
    let mut at = SETTLES;
    while at < FILM {
        cues.push((at, Cue::Take));
        at += step;
    }
    cues.sort_by_key(|(when, _)| *when);
    cues
}

/// When there is most to see on a screen.
fn moment(screen: Screen) -> Duration {
    Duration::from_millis(match screen {
        Screen::Timeline => 12_600,
        Screen::Experiments => FILM.as_millis() as u64,
        _ => 9_400,
    })
}

/// What the user does: gives the run one lane more, cancels the one call that
/// ignores being asked, and reads what the call in the new lane prints.
fn happenings() -> Vec<(Duration, Cue)> {
    let at = Duration::from_millis;
    let mut happenings = vec![
        (at(6_000), Cue::Turn(5)),
        (at(7_000), Cue::Cancel("watch-logs")),
    ];
    happenings.extend([Cue::Press('j'); 4].map(|down| (at(8_500), down)));
    happenings
}
