//! The program's folders: the XDG base directories, where people look for the
//! files of a terminal program.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use etcetera::base_strategy::Xdg;

use crate::catalogue::FILE_NAME;
#[cfg(feature = "http")]
use crate::exec::GrantStore;
use crate::record::HistoryStore;

/// The folders of this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folders {
    config: PathBuf,
    state: PathBuf,
}

impl Folders {
    /// Returns the folders that the environment names; `None` without a home
    /// folder.
    pub(crate) fn find() -> Option<Self> {
        let xdg = Xdg::new().ok()?;
        Self::of(&xdg.config_dir(), &xdg.state_dir()?)
    }

    /// Returns the folders in these; `None` where one is relative: it would be
    /// another one in each working directory.
    fn of(config: &Path, state: &Path) -> Option<Self> {
        (config.is_absolute() && state.is_absolute()).then(|| Self {
            config: config.join("fanout"),
            state: state.join("fanout"),
        })
    }

    /// Returns the folder of what outlives a run.
    pub(crate) fn state(&self) -> PathBuf {
        self.state.clone()
    }

    /// Returns where sign-ins to servers are kept, besides the keyring.
    #[cfg(feature = "http")]
    pub(crate) fn grants() -> GrantStore {
        GrantStore::at(Self::find().map(|it| it.state.join("sign-ins")))
    }

    /// Returns the path of the user's own catalogue.
    pub(crate) fn catalogue(&self) -> PathBuf {
        self.config.join(FILE_NAME)
    }

    /// Returns the path of the user's options.
    pub(crate) fn options(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// Returns the path of the user's keys.
    pub(crate) fn keys(&self) -> PathBuf {
        self.config.join("keys.toml")
    }

    /// Returns the folder of the user's themes.
    pub(crate) fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }
}

/// Returns the files kept between sessions, in the state folder; `None`
/// without a home folder.
pub(crate) fn history() -> Option<HistoryStore> {
    Folders::find().map(|folders| HistoryStore::at(&folders.state()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_home_is_no_home() {
        let absolute = Path::new("/home/me/.config");
        assert_eq!(Folders::of(Path::new("rel/.config"), absolute), None);
        assert_eq!(Folders::of(absolute, Path::new("rel/state")), None);
        assert!(Folders::of(absolute, absolute).is_some());
    }
}
