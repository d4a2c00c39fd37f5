//! Where the program's files are: the XDG base directories on every system,
//! because that is where people look for the files of a terminal program.

use std::path::PathBuf;

use etcetera::BaseStrategy;
use etcetera::base_strategy::Xdg;

/// The folders of this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Folders {
    config: PathBuf,
}

impl Folders {
    /// Reads the environment; `None` where there is no home folder.
    pub(in crate::cli) fn find() -> Option<Self> {
        let xdg = Xdg::new().ok()?;
        Some(Self {
            config: xdg.config_dir().join("fanout"),
        })
    }

    /// The user's themes.
    pub(in crate::cli) fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }
}
