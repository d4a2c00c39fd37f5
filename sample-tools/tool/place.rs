//! Where the files of the sample tools lie.

use std::io;
use std::path::{Path, PathBuf};

use super::SampleToolError;

/// The prefix of paths inside the run's folder, `FANOUT_RUN_DIR`.
const RUN: &str = "run:";

/// A path as the user wrote it, and where it lies.
pub(super) struct Place {
    written: String,
    /// Where it lies on disk.
    pub(super) path: PathBuf,
}

impl Place {
    /// Finds a path: `run:NAME` lies in the run's folder, anything else in the
    /// working directory.
    pub(super) fn find(written: String) -> Result<Self, SampleToolError> {
        let path = match written.strip_prefix(RUN) {
            None => PathBuf::from(&written),
            Some(name) => {
                let folder = std::env::var_os("FANOUT_RUN_DIR")
                    .ok_or_else(|| SampleToolError::NoRunFolder(written.clone()))?;
                PathBuf::from(folder).join(name)
            }
        };
        Ok(Self { written, path })
    }

    /// Finds a path that is written to. A plan can use the sample tools without
    /// anybody's consent, so that they write only under the working directory
    /// and the run's folder, links followed.
    pub(super) fn find_to_write(written: String) -> Result<Self, SampleToolError> {
        let place = Self::find(written)?;
        let real = resolved(&place.path).map_err(SampleToolError::file(&place.path))?;
        let run_folder = std::env::var_os("FANOUT_RUN_DIR").map(PathBuf::from);
        let mut allowed = std::env::current_dir().ok().into_iter().chain(run_folder);
        if allowed.any(|folder| folder.canonicalize().is_ok_and(|it| real.starts_with(it))) {
            return Ok(place);
        }
        Err(SampleToolError::Outside(place.path))
    }

    /// How a file at or under this place is shown: the same in every run, also
    /// where the run's folder has another name each time.
    pub(super) fn shown(&self, file: &Path) -> String {
        match file.strip_prefix(&self.path) {
            Ok(rest) if rest.as_os_str().is_empty() => self.written.clone(),
            Ok(rest) => format!(
                "{}/{}",
                self.written.trim_end_matches('/'),
                rest.to_string_lossy()
            ),
            Err(_) => file.to_string_lossy().into_owned(),
        }
    }
}

/// Returns the absolute path without links and `..`, as far as it exists.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let mut missing = Vec::new();
    let mut existing = absolute.as_path();
    loop {
        match existing.canonicalize() {
            Ok(real) => {
                let rest = missing.iter().rev();
                return Ok(rest.fold(real, |path, part| path.join(part)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A link to nowhere, or `..` behind a folder that is not there,
                // could lead anywhere once they exist.
                let (Some(name), Some(above)) = (existing.file_name(), existing.parent()) else {
                    return Err(error);
                };
                if existing.symlink_metadata().is_ok() {
                    return Err(error);
                }
                missing.push(name);
                existing = above;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_under_the_working_directory_only() {
        let inside = tempfile::tempdir_in("target").expect("a folder");
        let outside = tempfile::tempdir().expect("a folder");
        let path = |folder: &Path, name: &str| folder.join(name).display().to_string();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("link")).expect("a link");
        let nowhere = outside.path().join("nowhere");
        std::os::unix::fs::symlink(nowhere, inside.path().join("dangling")).expect("a link");
        for allowed in ["a", "new/folder/a", "./a"] {
            Place::find_to_write(path(inside.path(), allowed)).expect(allowed);
        }
        for refused in [
            path(outside.path(), "a"),
            path(inside.path(), "link/a"),
            path(inside.path(), "dangling"),
            path(inside.path(), "missing/../../../../a"),
            "../a".to_owned(),
        ] {
            assert!(Place::find_to_write(refused.clone()).is_err(), "{refused}");
        }
    }
}
