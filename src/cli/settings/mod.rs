//! The user's own settings: options, keys and themes.
//! None of these files stops a start.

mod file;
mod options;
mod reference;

pub(super) use options::{Options, ThemeChoice};
pub(super) use reference::default_file;

use std::time::Duration;

use crate::app::Folders;
use crate::theme::{Library, Problem};
use crate::tui::keymap::UserKeys;

/// The options, and what is wrong with them.
pub(super) fn options() -> (Options, Vec<Problem>) {
    let Some(path) = Folders::find().map(|it| it.options()) else {
        return (Options::default(), Vec::new());
    };
    match file::text(&path) {
        Ok(text) => file::options(&path.display().to_string(), &text.unwrap_or_default()),
        Err(problem) => (Options::default(), vec![problem]),
    }
}

/// The keys.
pub(super) fn keys() -> UserKeys {
    let Some(path) = Folders::find().map(|it| it.keys()) else {
        return UserKeys::read("", "");
    };
    match file::text(&path) {
        Ok(text) => UserKeys::read(&path.display().to_string(), &text.unwrap_or_default()),
        Err(problem) => {
            let mut keys = UserKeys::read("", "");
            keys.problems.push(problem);
            keys
        }
    }
}

/// The themes there are: built in, and in the user's folder if there can be one.
pub(super) fn themes() -> Library {
    Folders::find().map_or_else(Library::built_in, |it| Library::new(it.themes()))
}

/// Returns the time between two samples of the machine and the calls.
pub(super) fn sample_period() -> Duration {
    let (options, _) = options();
    options.sample_period.unwrap_or_default().0
}
