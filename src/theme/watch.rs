//! Notices that files of the user's theme folder changed.

use std::path::Path;
use std::time::Duration;

use notify_debouncer_full::notify::{EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};

/// Changes this close together count as one: editors write in several steps.
const SETTLES: Duration = Duration::from_millis(200);

/// Watches a folder until it is dropped.
#[derive(Debug)]
pub struct Watch {
    _debouncer: Debouncer<RecommendedWatcher, RecommendedCache>,
}

/// A folder cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("the folder cannot be watched")]
pub struct WatchError(#[from] notify_debouncer_full::notify::Error);

/// Calls `changed` from a thread of its own whenever something in `folder` was
/// written, made, renamed or removed. The folder is watched, not its files: an
/// editor that saves by renaming leaves the file it opened behind.
pub fn watch(
    folder: &Path,
    mut changed: impl FnMut() + Send + 'static,
) -> Result<Watch, WatchError> {
    let mut debouncer = new_debouncer(SETTLES, None, move |result: DebounceEventResult| {
        let is_change = |kind: &EventKind| !matches!(kind, EventKind::Access(_));
        // After an error, events may be missing.
        if result.map_or(true, |events| events.iter().any(|it| is_change(&it.kind))) {
            changed();
        }
    })?;
    debouncer.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(Watch {
        _debouncer: debouncer,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_file_that_is_written_anew_is_noticed_and_reading_it_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (sender, changes) = mpsc::sync_channel(16);
        let watch = watch(folder.path(), move || {
            // A full queue already says that something changed.
            let _full = sender.try_send(());
        })
        .expect("watches");
        let path = folder.path().join("mine.toml");
        std::fs::write(folder.path().join("new"), "x").expect("written");
        std::fs::rename(folder.path().join("new"), &path).expect("renamed");
        let patience = Duration::from_mins(1);
        changes
            .recv_timeout(patience)
            .expect("the change is noticed");
        while changes.recv_timeout(SETTLES * 3).is_ok() {}
        std::fs::read(&path).expect("read");
        assert!(
            changes.recv_timeout(SETTLES * 3).is_err(),
            "reading is no change"
        );
        drop(watch);
    }
}
