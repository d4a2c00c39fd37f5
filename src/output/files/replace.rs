//! Files that the user named, such as reports.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, fchmod, linkat, renameat, unlinkat};
use rustix::io::Errno;

use super::temporary::{self, Temporary};

/// Permissions of a new file: readable as the umask allows, never writable by
/// others.
const MODE: u32 = 0o644;

/// End of the name under which [`WholeFile::keep_previous`] keeps a file.
const PREVIOUS: &str = ".previous";

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

/// Place of a file that is written whole or not at all: the new file stands
/// beside the old one until it is on the disk.
///
/// Its folder is held open, so that the file is found again whatever becomes
/// of the working directory. A link is followed, and the permissions of an old
/// file are kept.
#[derive(Debug)]
pub struct WholeFile {
    path: PathBuf,
    folder: OwnedFd,
    name: OsString,
    /// Permissions of the file that is there.
    mode: Option<u32>,
}

impl WholeFile {
    /// Opens the folder of a file and checks that the file can be written.
    pub fn at(path: &Path) -> Result<Self, ReplaceError> {
        let not_a_file = || ReplaceError::NotAFile {
            path: path.to_owned(),
        };
        let failed = |source| ReplaceError::Io {
            path: path.to_owned(),
            source,
        };
        let (target, mode) = match fs::metadata(path) {
            Ok(found) if found.is_file() => {
                let mode = found.permissions().mode() & 0o777;
                (fs::canonicalize(path).map_err(failed)?, Some(mode))
            }
            Ok(_) => return Err(not_a_file()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
            Err(error) => return Err(failed(error)),
        };
        let name = target.file_name().ok_or_else(not_a_file)?.to_owned();
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(folder, flags, Mode::empty());
        let file = Self {
            path: path.to_owned(),
            folder: folder.map_err(|errno| failed(errno.into()))?,
            name,
            mode,
        };
        Temporary::create(&file.folder, &file.name, Mode::RUSR).map_err(failed)?;
        Ok(file)
    }

    /// Path that was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file by what `write` writes.
    pub fn replace(
        &self,
        write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
    ) -> Result<(), ReplaceError> {
        let replaced = || {
            let new = Temporary::create(&self.folder, &self.name, Mode::from_raw_mode(MODE))?;
            let mut writer = BufWriter::new(new.file());
            write(&mut writer)?;
            writer.flush()?;
            drop(writer);
            if let Some(mode) = self.mode {
                fchmod(new.file(), Mode::from_raw_mode(mode))?;
            }
            new.rename(&self.name)
        };
        replaced().map_err(|source| self.failed(source))
    }

    /// Keeps the file that is there, if there is one, under its name with
    /// `.previous` behind it. It stays under its own name as well, until it is
    /// replaced.
    pub fn keep_previous(&self) -> Result<(), ReplaceError> {
        if self.mode.is_none() {
            return Ok(());
        }
        let mut previous = self.name.clone();
        previous.push(PREVIOUS);
        let new = temporary::name(&previous);
        let folder = &self.folder;
        let kept = match linkat(folder, &self.name, folder, &new, AtFlags::empty()) {
            Ok(()) => renameat(folder, &new, folder, &previous).and_then(|()| {
                // Renaming one link of a file over another leaves both.
                match unlinkat(folder, &new, AtFlags::empty()) {
                    Err(Errno::NOENT) => Ok(()),
                    other => other,
                }
            }),
            Err(Errno::NOENT) => Ok(()),
            // A file system without hard links.
            Err(_) => renameat(folder, &self.name, folder, &previous),
        };
        kept.map_err(|errno| {
            let _gone = unlinkat(folder, &new, AtFlags::empty());
            self.failed(errno.into())
        })
    }

    fn failed(&self, source: io::Error) -> ReplaceError {
        ReplaceError::Io {
            path: self.path.clone(),
            source,
        }
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
        let file = WholeFile::at(&link).expect("a file");
        let written = file.replace(|file| file.write_all(b"new"));
        written.expect("replaced");
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
        let whole = WholeFile::at(&path).expect("a file");
        let failed = whole.replace(|file| {
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
            let refused = WholeFile::at(path).expect_err("a refusal");
            assert!(
                matches!(refused, ReplaceError::NotAFile { .. }),
                "{refused}"
            );
        }
        let kind = fs::metadata(&pipe).expect("there").file_type();
        assert!(kind.is_fifo());
    }

    #[test]
    fn the_previous_file_is_kept_beside_the_new_one() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("report.json");
        let whole = WholeFile::at(&path).expect("a file");
        whole.keep_previous().expect("nothing to keep");
        assert_eq!(names(home.path()), Vec::<String>::new());
        for text in ["one", "two", "three"] {
            let whole = WholeFile::at(&path).expect("a file");
            whole.keep_previous().expect("kept");
            whole.keep_previous().expect("kept once");
            let written = whole.replace(|file| file.write_all(text.as_bytes()));
            written.expect("replaced");
        }
        assert_eq!(names(home.path()), ["report.json", "report.json.previous"]);
        assert_eq!(fs::read_to_string(&path).expect("there"), "three");
        let previous = home.path().join("report.json.previous");
        assert_eq!(fs::read_to_string(previous).expect("there"), "two");
    }

    #[test]
    fn a_new_file_is_never_writable_by_others() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("report.json");
        let whole = WholeFile::at(&path).expect("a file");
        whole.replace(|_| Ok(())).expect("written");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o022, 0);
    }
}
