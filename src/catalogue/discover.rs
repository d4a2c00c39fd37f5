//! Catalogue files that lie near a plan.

use std::path::{Path, PathBuf};

use super::Catalogue;

/// The name of a catalogue file.
const FILE_NAME: &str = "fanout.toml";

/// The `fanout.toml` in the plan's folder or the nearest folder above it,
/// unless the catalogue was read from it. It is only named in reports: a
/// catalogue says what is executed, so one that merely lies there is not read.
pub fn discover(catalogue: &Catalogue, plan: &Path) -> Option<PathBuf> {
    let plan = std::path::absolute(plan).ok()?;
    let is_read = |path: &Path| {
        let origins = catalogue.tools().filter_map(|tool| tool.origin.as_deref());
        let mut origins = origins.filter_map(|origin| std::path::absolute(origin).ok());
        origins.any(|origin| origin == path)
    };
    let folders = plan.ancestors().skip(1);
    let mut files = folders.map(|folder| folder.join(FILE_NAME));
    files
        .find(|file| file.is_file())
        .filter(|file| !is_read(file))
}
