//! Files near the folder that the dashboard can be left for, and the demo.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::model::plural;

/// Something that is opened in the place of what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// The sample plan.
    Demo,
    /// A small sample plan, one call at a time against all side by side.
    Comparison,
    /// A plan.
    Plan(PathBuf),
    /// A file with tools or servers, and how many servers.
    Catalogue(PathBuf, usize),
}

impl Offer {
    /// Returns the words of the command line that open it.
    pub fn words(&self) -> Vec<OsString> {
        match self {
            Self::Demo => vec!["demo".into()],
            Self::Comparison => vec!["demo".into(), "--compare".into()],
            Self::Plan(path) => vec!["run".into(), path.into()],
            Self::Catalogue(path, _) => vec![path.into()],
        }
    }

    /// Returns what it does, in two words. Untrusted text.
    pub fn label(&self) -> String {
        match self {
            Self::Demo => "run the demo".to_owned(),
            Self::Comparison => "see the speed-up".to_owned(),
            Self::Plan(path) => format!("run {}", shown(path)),
            Self::Catalogue(path, _) => format!("open {}", shown(path)),
        }
    }

    /// Returns a sentence about it.
    pub fn help(&self) -> String {
        match self {
            Self::Demo => "The sample plan, started at once; it needs nothing".to_owned(),
            Self::Comparison => {
                "Eight calls one at a time, then side by side, at full size: 20 s".to_owned()
            }
            Self::Plan(_) => "A plan found near: its calls start at once".to_owned(),
            Self::Catalogue(_, 0) => {
                "A catalogue of tools found near; asks whether you trust it".to_owned()
            }
            Self::Catalogue(_, servers) => format!(
                "{} found near; asks whether you trust the file",
                plural(*servers, "MCP server")
            ),
        }
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}
