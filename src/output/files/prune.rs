//! Which files of a private folder go when there are too many.

use std::ffi::CStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, Dir, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::private::{PrivateFileError, PrivateFolder};
use super::stat::{is_file, is_owned};
use super::temporary::SUFFIX;

/// End of the names of files that were set aside.
const ASIDE: &str = ".unreadable";

/// Age at which a file that was never finished is known to be left by a dead
/// process.
const LEFT: Duration = Duration::from_hours(1);

/// A file that may go.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// Time of the last change; the beginning of time for a date in the future.
    modified: SystemTime,
    name: String,
}

impl PrivateFolder {
    /// Sets a file aside under another name, so that it can be looked at.
    pub fn set_aside(&self, name: &str) -> Result<(), PrivateFileError> {
        let (from, to) = (self.descriptor(), self.descriptor());
        renameat(from, name, to, format!("{name}{ASIDE}")).map_err(|errno| PrivateFileError::Io {
            path: self.path().join(name),
            errno,
        })
    }

    /// Removes the oldest of the files whose names `is_own` accepts, so that
    /// at most so many stay, and files of theirs that a dead process left
    /// unfinished. Files of others, links and folders stay.
    ///
    /// A file dated in the future counts as the oldest: the clock was set
    /// back, so that its date says nothing.
    pub fn prune(
        &self,
        most_files: usize,
        is_own: impl Fn(&str) -> bool,
    ) -> Result<(), PrivateFileError> {
        let failed = |errno| PrivateFileError::Io {
            path: self.path().to_owned(),
            errno,
        };
        let now = SystemTime::now();
        let mut files = Vec::new();
        for entry in Dir::read_from(self.descriptor()).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Some(file) = self.candidate(entry.file_name(), now) else {
                continue;
            };
            match unfinished(&file.name) {
                Some(name) if is_own(name) && file.modified + LEFT < now => self.discard(&file),
                None if is_own(file.name.trim_end_matches(ASIDE)) => files.push(file),
                Some(_) | None => {}
            }
        }
        files.sort();
        let over = files.len().saturating_sub(most_files);
        files.iter().take(over).for_each(|file| self.discard(file));
        Ok(())
    }

    /// The file of this name, if it is a regular file of this user.
    fn candidate(&self, name: &CStr, now: SystemTime) -> Option<Candidate> {
        let stat = statat(self.descriptor(), name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        if !is_file(&stat) || !is_owned(&stat) {
            return None;
        }
        let seconds = Duration::from_secs(stat.st_mtime.try_into().unwrap_or(0));
        let part = Duration::from_nanos(stat.st_mtime_nsec);
        let modified = UNIX_EPOCH.checked_add(seconds + part)?;
        Some(Candidate {
            modified: if modified > now { UNIX_EPOCH } else { modified },
            name: name.to_str().ok()?.to_owned(),
        })
    }

    fn discard(&self, file: &Candidate) {
        // Another process may have removed it.
        let _: Result<(), Errno> = unlinkat(self.descriptor(), &file.name, AtFlags::empty());
    }
}

/// Name of the file that an unfinished one would have replaced.
fn unfinished(name: &str) -> Option<&str> {
    let name = name.strip_prefix('.')?.strip_suffix(SUFFIX)?;
    name.rsplit_once('.').map(|(name, _process)| name)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn is_json(name: &str) -> bool {
        Path::new(name).extension().is_some_and(|it| it == "json")
    }

    fn fresh() -> (PrivateFolder, tempfile::TempDir) {
        let home = tempfile::tempdir().expect("a folder");
        let folder = PrivateFolder::create(&home.path().join("runs")).expect("a folder");
        (folder, home)
    }

    fn put(folder: &PrivateFolder, name: &str, modified: SystemTime) {
        let file = File::create(folder.path().join(name)).expect("a file");
        file.set_modified(modified).expect("a time");
    }

    fn left(folder: &PrivateFolder) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|it| it.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_oldest_go_first() {
        let (folder, _home) = fresh();
        for number in 0..5_u64 {
            let time = UNIX_EPOCH + Duration::from_secs(10 - number);
            put(&folder, &number.to_string(), time);
        }
        folder.prune(2, |_| true).expect("no error");
        assert_eq!(left(&folder), ["0", "1"]);
    }

    #[test]
    fn files_of_others_links_and_folders_stay() {
        let (folder, home) = fresh();
        let old = UNIX_EPOCH + Duration::from_secs(1);
        for name in ["a.json", "b.json", "notes.txt"] {
            put(&folder, name, old);
        }
        let elsewhere = home.path().join("elsewhere");
        fs::write(&elsewhere, "kept").expect("written");
        symlink(&elsewhere, folder.path().join("c.json")).expect("a link");
        folder.create_folder("d.json").expect("a folder");
        folder.prune(0, is_json).expect("no error");
        assert_eq!(left(&folder), ["c.json", "d.json", "notes.txt"]);
        assert!(elsewhere.exists());
    }

    #[test]
    fn a_file_dated_in_the_future_does_not_displace_a_new_one() {
        let (folder, _home) = fresh();
        let now = SystemTime::now();
        for name in ["future-1", "future-2"] {
            put(&folder, name, now + Duration::from_hours(24));
        }
        put(&folder, "new", now);
        folder.prune(2, |_| true).expect("no error");
        assert_eq!(left(&folder), ["future-2", "new"]);
    }

    #[test]
    fn what_a_dead_process_left_unfinished_goes_and_what_was_set_aside_counts() {
        let (folder, _home) = fresh();
        let now = SystemTime::now();
        put(&folder, ".a.json.12-0.new", now - 2 * LEFT);
        put(&folder, ".b.json.12-1.new", now);
        put(&folder, ".other.12-2.new", now - 2 * LEFT);
        put(&folder, "a.json", now - LEFT);
        folder.set_aside("a.json").expect("set aside");
        folder.prune(1, is_json).expect("no error");
        let kept = [".b.json.12-1.new", ".other.12-2.new"];
        assert_eq!(left(&folder), [kept[0], kept[1], "a.json.unreadable"]);
        folder.prune(0, is_json).expect("no error");
        assert_eq!(left(&folder), kept);
    }
}
