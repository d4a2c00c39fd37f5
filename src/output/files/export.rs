//! Files that the user named, such as reports.

use std::ffi::{OsStr, OsString};
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

/// End of the name under which [`ExportFile::keep_previous`] keeps a file.
const PREVIOUS: &str = ".previous";

/// Reason why a file was not written; an old one stands as it was.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A folder cannot be written to.
    #[error("{} is a folder", path.display())]
    Folder {
        /// The path that was given.
        path: PathBuf,
    },
    /// A pipe has no reader, so that writing to it would wait without end.
    #[error("{} is not a regular file but a pipe that nobody reads", path.display())]
    NoReader {
        /// The path that was given.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{} cannot be written", path.display())]
    Io {
        /// The path that was given.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Writes a file whole or not at all.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    ExportFile::open(path)?.replace(|file| file.write_all(bytes))
}

/// Place of a file that is written whole or not at all: the new file stands
/// beside the old one until it is on the disk.
///
/// Its folder is held open, so that the file is found again whatever becomes
/// of the working directory. A link is followed, and the permissions of an old
/// file are kept. A pipe or a device is written through.
#[derive(Debug)]
pub struct ExportFile {
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File {
        folder: OwnedFd,
        name: OsString,
        /// Permissions of the file that is there.
        mode: Option<u32>,
    },
    Stream(File),
}

impl ExportFile {
    /// Opens the place of a file and checks that it can be written. What is
    /// there stays.
    pub fn open(path: &Path) -> Result<Self, ExportError> {
        let place = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                let path = path.to_owned();
                return Err(ExportError::Folder { path });
            }
            Ok(found) if found.is_file() => {
                let mode = found.permissions().mode() & 0o777;
                fs::canonicalize(path).and_then(|path| Place::file(&path, Some(mode)))
            }
            Ok(_) => match stream(path) {
                Err(Errno::NXIO) => {
                    let path = path.to_owned();
                    return Err(ExportError::NoReader { path });
                }
                stream => stream.map(Place::Stream).map_err(io::Error::from),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Place::file(path, None),
            Err(error) => Err(error),
        };
        let place = place.map_err(|source| ExportError::Io {
            path: path.to_owned(),
            source,
        })?;
        let path = path.to_owned();
        Ok(Self { path, place })
    }

    /// Path that was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is a pipe or a device: a second text would be written behind
    /// the first.
    pub fn is_stream(&self) -> bool {
        matches!(self.place, Place::Stream(_))
    }

    /// Replaces the file by what `write` writes.
    pub fn replace(
        &self,
        write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
    ) -> Result<(), ExportError> {
        let buffered = |file: &File| {
            let mut writer = BufWriter::new(file);
            write(&mut writer)?;
            writer.flush()
        };
        let replaced = match &self.place {
            Place::Stream(stream) => buffered(stream),
            Place::File { folder, name, mode } => replace_in(folder, name, *mode, buffered),
        };
        replaced.map_err(|source| self.failed(source))
    }

    /// Keeps the file that is there, if there is one, under its name with
    /// `.previous` behind it. It stays under its own name as well, until it is
    /// replaced.
    pub fn keep_previous(&self) -> Result<(), ExportError> {
        match &self.place {
            Place::File {
                folder,
                name,
                mode: Some(_),
            } => keep_previous(folder, name).map_err(|errno| self.failed(errno.into())),
            _ => Ok(()),
        }
    }

    /// Removes the file; a pipe or a device stays.
    pub fn remove(&self) {
        if let Place::File { folder, name, .. } = &self.place {
            let _gone = unlinkat(folder, name, AtFlags::empty());
        }
    }

    fn failed(&self, source: io::Error) -> ExportError {
        ExportError::Io {
            path: self.path.clone(),
            source,
        }
    }
}

impl Place {
    fn file(path: &Path, mode: Option<u32>) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(folder, flags, Mode::empty())?;
        temporary::remove_left(&folder, name);
        // Dropped at once: this only shows that the folder can be written.
        Temporary::create(&folder, name, Mode::RUSR)?;
        let name = name.to_owned();
        Ok(Self::File { folder, name, mode })
    }
}

/// Opens a pipe or a device. Opening a pipe must not wait for its reader;
/// writing to it may.
fn stream(path: &Path) -> Result<File, Errno> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let stream = rustix::fs::open(path, flags, Mode::empty())?;
    let flags = rustix::fs::fcntl_getfl(&stream)?;
    rustix::fs::fcntl_setfl(&stream, flags - OFlags::NONBLOCK)?;
    Ok(File::from(stream))
}

fn replace_in(
    folder: &OwnedFd,
    name: &OsStr,
    mode: Option<u32>,
    write: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let new = Temporary::create(folder, name, Mode::from_raw_mode(MODE))?;
    write(new.file())?;
    if let Some(mode) = mode {
        fchmod(new.file(), Mode::from_raw_mode(mode))?;
    }
    new.rename(name)
}

fn keep_previous(folder: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    let mut previous = name.to_owned();
    previous.push(PREVIOUS);
    let new = temporary::name(&previous);
    match linkat(folder, name, folder, &new, AtFlags::empty()) {
        Ok(()) => {
            let kept = renameat(folder, &new, folder, &previous);
            // Renaming one link of a file over another leaves both.
            let _renamed = unlinkat(folder, &new, AtFlags::empty());
            kept
        }
        Err(Errno::NOENT) => Ok(()),
        // A file system without hard links.
        Err(_) => renameat(folder, name, folder, &previous),
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
        let file = ExportFile::open(&link).expect("a file");
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
        let whole = ExportFile::open(&path).expect("a file");
        let failed = whole.replace(|file| {
            file.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        failed.expect_err("no room");
        assert_eq!(fs::read_to_string(&path).expect("there"), "old");
        assert_eq!(names(home.path()), ["report.json"]);
    }

    #[test]
    fn folders_and_pipes_that_nobody_reads_are_refused_at_once() {
        let home = tempfile::tempdir().expect("a folder");
        let pipe = home.path().join("pipe");
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0)
            .expect("a pipe");
        let refused = ExportFile::open(&pipe).expect_err("nobody reads");
        assert!(matches!(refused, ExportError::NoReader { .. }), "{refused}");
        let kind = fs::metadata(&pipe).expect("there").file_type();
        assert!(kind.is_fifo(), "it stays");
        let refused = ExportFile::open(home.path()).expect_err("a folder");
        assert!(matches!(refused, ExportError::Folder { .. }), "{refused}");
    }

    #[test]
    fn a_pipe_with_a_reader_is_written_through() {
        let home = tempfile::tempdir().expect("a folder");
        let pipe = home.path().join("pipe");
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0)
            .expect("a pipe");
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let reader = rustix::fs::open(&pipe, flags, Mode::empty()).expect("a reader");
        let file = ExportFile::open(&pipe).expect("it is read");
        assert!(file.is_stream());
        file.keep_previous().expect("nothing to keep");
        file.replace(|out| out.write_all(b"text")).expect("written");
        let mut text = [0; 8];
        let read = rustix::io::read(&reader, &mut text).expect("readable");
        assert_eq!(text.get(..read), Some(b"text".as_slice()));
    }

    #[test]
    fn the_previous_file_is_kept_beside_the_new_one() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("report.json");
        let whole = ExportFile::open(&path).expect("a file");
        whole.keep_previous().expect("nothing to keep");
        assert_eq!(names(home.path()), Vec::<String>::new());
        for text in ["one", "two", "three"] {
            let whole = ExportFile::open(&path).expect("a file");
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
    fn what_a_killed_process_left_unfinished_is_removed() {
        let home = tempfile::tempdir().expect("a folder");
        let mut child = std::process::Command::new("true")
            .spawn()
            .expect("a process");
        let dead = child.id();
        child.wait().expect("it ends");
        let alive = std::process::id();
        let left = [dead, alive].map(|pid| format!(".report.json.{pid}-7.new"));
        let other = format!(".other.json.{dead}-7.new");
        for name in left.iter().chain([&other]) {
            fs::write(home.path().join(name), "half").expect("written");
        }
        ExportFile::open(&home.path().join("report.json")).expect("a file");
        let mut kept = vec![other, left[1].clone()];
        kept.sort();
        assert_eq!(names(home.path()), kept);
    }

    #[test]
    fn a_new_file_is_never_writable_by_others() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("report.json");
        let whole = ExportFile::open(&path).expect("a file");
        whole.replace(|_| Ok(())).expect("written");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o022, 0);
    }
}
