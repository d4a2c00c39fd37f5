//! Files that the user named, such as reports.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fchmod};

use super::temporary::Temporary;

/// Permissions of a new file: readable as the umask allows, never writable by
/// others.
const MODE: u32 = 0o644;

/// Reason why a file was not replaced; the old one stands as it was.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// A pipe, a device or a folder cannot be replaced.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The path that was given.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path that was given.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Replaces a file by what `write` writes, whole or not at all: the new file
/// stands beside the old one until it is on the disk. A link is followed, and
/// the permissions of the old file are kept.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), ReplaceError> {
    let failed = |source| ReplaceError::Io {
        path: path.to_owned(),
        source,
    };
    let target = Target::of(path)?;
    let folder = rustix::fs::open(
        &target.folder,
        OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(|errno| failed(errno.into()))?;
    let name = target.name.as_os_str();
    let new = Temporary::create(&folder, name, Mode::from_raw_mode(MODE)).map_err(failed)?;
    let mut writer = BufWriter::new(new.file());
    let written = write(&mut writer).and_then(|()| writer.flush());
    written.map_err(failed)?;
    if let Some(mode) = target.mode {
        let kept = fchmod(new.file(), Mode::from_raw_mode(mode));
        kept.map_err(|errno| failed(errno.into()))?;
    }
    drop(writer);
    new.rename(name).map_err(failed)
}

/// Where a file is, once links are followed.
struct Target {
    folder: PathBuf,
    name: std::ffi::OsString,
    /// Permissions of the file that is there.
    mode: Option<u32>,
}

impl Target {
    fn of(path: &Path) -> Result<Self, ReplaceError> {
        let not_a_file = || ReplaceError::NotAFile {
            path: path.to_owned(),
        };
        let failed = |source| ReplaceError::Io {
            path: path.to_owned(),
            source,
        };
        let (place, mode) = match fs::metadata(path) {
            Ok(found) if found.is_file() => {
                let mode = found.permissions().mode() & 0o777;
                (fs::canonicalize(path).map_err(failed)?, Some(mode))
            }
            Ok(_) => return Err(not_a_file()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
            Err(error) => return Err(failed(error)),
        };
        let name = place.file_name().ok_or_else(not_a_file)?.to_owned();
        let folder = place.parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        Ok(Self {
            folder: folder.to_owned(),
            name,
            mode,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = names
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_through_its_link_and_keeps_its_permissions() {
        let home = tempfile::tempdir().expect("a folder");
        let (old, link) = (home.path().join("old"), home.path().join("link"));
        fs::write(&old, "old").expect("written");
        fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).expect("permissions");
        symlink("old", &link).expect("linked");
        replace(&link, |file| file.write_all(b"new")).expect("replaced");
        assert_eq!(fs::read_to_string(&old).expect("there"), "new");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        let mode = fs::metadata(&old).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(names(home.path()), ["link", "old"]);
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("report.json");
        fs::write(&path, "old").expect("written");
        let failed = replace(&path, |file| {
            file.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        failed.expect_err("no room");
        assert_eq!(fs::read_to_string(&path).expect("there"), "old");
        assert_eq!(names(home.path()), ["report.json"]);
    }

    #[test]
    fn pipes_and_folders_are_refused_at_once_and_stay() {
        let home = tempfile::tempdir().expect("a folder");
        let pipe = home.path().join("pipe");
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0)
            .expect("a pipe");
        for path in [pipe.as_path(), home.path()] {
            let refused = replace(path, |_| Ok(())).expect_err("a refusal");
            assert!(
                matches!(refused, ReplaceError::NotAFile { .. }),
                "{refused}"
            );
        }
        let kind = fs::metadata(&pipe).expect("there").file_type();
        assert!(kind.is_fifo());
    }
}
