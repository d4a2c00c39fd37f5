//! Where the program's files are: the XDG base directories on every system,
//! because that is where people look for the files of a terminal program.

use std::path::PathBuf;

use etcetera::BaseStrategy;
use etcetera::base_strategy::Xdg;

use crate::catalogue::FILE_NAME;

/// The folders of this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Folders {
    config: PathBuf,
    state: PathBuf,
}

impl Folders {
    /// Reads the environment; `None` where there is no home folder.
    pub(in crate::cli) fn find() -> Option<Self> {
        let xdg = Xdg::new().ok()?;
        Some(Self {
            config: xdg.config_dir().join("fanout"),
            state: xdg.state_dir()?.join("fanout"),
        })
    }

    /// What must outlive a run.
    pub(in crate::cli) fn state(&self) -> PathBuf {
        self.state.clone()
    }

    /// The user's own catalogue.
    pub(in crate::cli) fn catalogue(&self) -> PathBuf {
        self.config.join(FILE_NAME)
    }

    /// The user's options.
    pub(in crate::cli) fn options(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The user's keys.
    pub(in crate::cli) fn keys(&self) -> PathBuf {
        self.config.join("keys.toml")
    }

    /// The user's themes.
    pub(in crate::cli) fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }
}
