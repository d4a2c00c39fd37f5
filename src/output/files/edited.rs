//! Files of other programs that are changed in place of their owner.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, Stat, fchmod, fstat, openat};
use rustix::io::Errno;

use super::stat::{is_file, is_owned};
use super::temporary::{self, Temporary};

/// Reason why a file is not read, or not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// A link leads to another link.
    #[error("{} is a link to a link: give the file that it leads to", path.display())]
    LinkToLink {
        /// Path that was given.
        path: PathBuf,
    },
    /// A pipe, a device or a folder.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Path that was given.
        path: PathBuf,
    },
    /// The file is another user's.
    #[error("{} belongs to another user", path.display())]
    NotOwned {
        /// Path that was given.
        path: PathBuf,
    },
    /// The file is longer than what is read.
    #[error("{} is longer than {bound} bytes", path.display())]
    TooLong {
        /// Path that was given.
        path: PathBuf,
        /// Most bytes that are read.
        bound: u64,
    },
    /// The file is no UTF-8 text.
    #[error("{} is not UTF-8 text", path.display())]
    NotText {
        /// Path that was given.
        path: PathBuf,
    },
    /// The file is not what was read.
    #[error("{} has changed since it was read; it was left as it is now", path.display())]
    Changed {
        /// Path that was given.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// Path that was given.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl EditError {
    /// Returns the path that was given.
    pub fn path(&self) -> &Path {
        match self {
            Self::LinkToLink { path }
            | Self::NotAFile { path }
            | Self::NotOwned { path }
            | Self::TooLong { path, .. }
            | Self::NotText { path }
            | Self::Changed { path }
            | Self::Io { path, .. } => path,
        }
    }
}

/// A file of this user's, as it was read: it is replaced whole, and only if it
/// is still the same. A link is followed once and stays; the permissions stay.
#[derive(Debug)]
pub struct EditedFile {
    path: PathBuf,
    folder: OwnedFd,
    name: OsString,
    text: String,
    bound: u64,
}

impl EditedFile {
    /// Reads a file of at most `bound` bytes; `None` where there is none.
    pub fn open(path: &Path, bound: u64) -> Result<Option<Self>, EditError> {
        let Some(target) = target(path)? else {
            return Ok(None);
        };
        let failed = |source| EditError::Io {
            path: path.to_owned(),
            source,
        };
        let name = target.file_name();
        let name = name.ok_or_else(|| failed(io::ErrorKind::IsADirectory.into()))?;
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(folder, flags, Mode::empty());
        let mut file = Self {
            path: path.to_owned(),
            folder: folder.map_err(|errno| failed(errno.into()))?,
            name: name.to_owned(),
            text: String::new(),
            bound,
        };
        file.text = file.read()?.text;
        Ok(Some(file))
    }

    /// Path that was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Replaces the file, whole or not at all, unless it is not what was read.
    pub fn replace(&mut self, text: &str) -> Result<(), EditError> {
        let current = self.read()?;
        if current.text != self.text {
            let path = self.path.clone();
            return Err(EditError::Changed { path });
        }
        temporary::remove_left(&self.folder, &self.name);
        let replaced = || {
            let private = Mode::RUSR | Mode::WUSR;
            let new = Temporary::create(&self.folder, &self.name, private)?;
            new.file().write_all(text.as_bytes())?;
            fchmod(
                new.file(),
                Mode::from_raw_mode(current.stat.st_mode & 0o777),
            )?;
            new.rename(&self.name)
        };
        replaced().map_err(|source| EditError::Io {
            path: self.path.clone(),
            source,
        })?;
        text.clone_into(&mut self.text);
        Ok(())
    }

    fn read(&self) -> Result<Current, EditError> {
        let path = || self.path.clone();
        let failed = |source: io::Error| EditError::Io {
            path: path(),
            source,
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match openat(&self.folder, &self.name, flags, Mode::empty()) {
            Err(Errno::LOOP | Errno::NXIO) => return Err(EditError::NotAFile { path: path() }),
            file => file.map_err(|errno| failed(errno.into()))?,
        };
        let stat = fstat(&file).map_err(|errno| failed(errno.into()))?;
        if !is_file(&stat) {
            return Err(EditError::NotAFile { path: path() });
        }
        if !is_owned(&stat) {
            return Err(EditError::NotOwned { path: path() });
        }
        let mut bytes = Vec::new();
        let read = File::from(file)
            .take(self.bound + 1)
            .read_to_end(&mut bytes);
        read.map_err(failed)?;
        if bytes.len() as u64 > self.bound {
            return Err(EditError::TooLong {
                path: path(),
                bound: self.bound,
            });
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Current { stat, text }),
            Err(_) => Err(EditError::NotText { path: path() }),
        }
    }
}

/// The file as it is now.
struct Current {
    stat: Stat,
    text: String,
}

/// Returns the path itself, or the file that the link there leads to.
fn target(path: &Path) -> Result<Option<PathBuf>, EditError> {
    let failed = |source| EditError::Io {
        path: path.to_owned(),
        source,
    };
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if !found.is_symlink() {
        return Ok(Some(path.to_owned()));
    }
    let link = fs::read_link(path).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let target = folder.join(link);
    match fs::symlink_metadata(&target) {
        Ok(found) if found.is_symlink() => Err(EditError::LinkToLink {
            path: path.to_owned(),
        }),
        Ok(_) => Ok(Some(target)),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const BOUND: u64 = 100;

    fn open(path: &Path) -> EditedFile {
        let file = EditedFile::open(path, BOUND).expect("it can be read");
        file.expect("a file")
    }

    #[test]
    fn a_link_stays_and_the_permissions_of_its_file_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "one").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("permissions");
        symlink("file", &link).expect("a link");
        open(&link).replace("two").expect("replaced");
        assert_eq!(fs::read_link(&link).expect("a link"), Path::new("file"));
        assert_eq!(fs::read_to_string(&file).expect("text"), "two");
        let mode = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let second = folder.path().join("second");
        symlink("link", &second).expect("a link");
        let refused = EditedFile::open(&second, BOUND).expect_err("a link to a link");
        assert!(matches!(refused, EditError::LinkToLink { .. }), "{refused}");
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 3, "nothing else is there");
    }

    #[test]
    fn what_was_changed_in_between_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "one").expect("written");
        let mut file = open(&path);
        fs::write(&path, "another").expect("written");
        let refused = file.replace("two").expect_err("it has changed");
        assert!(matches!(refused, EditError::Changed { .. }), "{refused}");
        assert_eq!(fs::read_to_string(&path).expect("text"), "another");
    }

    #[test]
    fn other_things_than_texts_of_ours_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        assert!(EditedFile::open(&path, BOUND).expect("no error").is_none());
        let refused = EditedFile::open(folder.path(), BOUND).expect_err("a folder");
        assert!(matches!(refused, EditError::NotAFile { .. }), "{refused}");
        fs::write(&path, b"\xff").expect("written");
        let refused = EditedFile::open(&path, BOUND).expect_err("no text");
        assert!(matches!(refused, EditError::NotText { .. }), "{refused}");
        fs::write(&path, "x".repeat(BOUND as usize + 1)).expect("written");
        let refused = EditedFile::open(&path, BOUND).expect_err("too long");
        assert!(matches!(refused, EditError::TooLong { .. }), "{refused}");
    }
}
