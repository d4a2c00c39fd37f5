//! The spill files: one per stream and attempt, made when memory is full.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Stream;
use crate::model::{AttemptNo, CallId};

/// A spill file, or the place where it would be. Only the spiller writes; its
/// lock is never held while the disk is used.
#[derive(Debug)]
pub(super) struct SpillFile {
    place: Option<SpillPlace>,
    file: Mutex<Option<Arc<File>>>,
    /// Bytes in the file.
    len: AtomicU64,
}

/// The place of a spill file. Most calls need none: its path is written out when
/// it is needed.
#[derive(Debug)]
pub(super) struct SpillPlace {
    pub(super) folder: Arc<Path>,
    pub(super) call: CallId,
    pub(super) attempt: AttemptNo,
    pub(super) stream: Stream,
}

impl SpillPlace {
    fn path(&self) -> PathBuf {
        let (call, attempt) = (self.call.number(), self.attempt.0);
        let name = format!("{call}.{attempt}.{}", self.stream.word());
        self.folder.join(name)
    }
}

impl SpillFile {
    pub(super) fn new(place: Option<SpillPlace>) -> Self {
        Self {
            place,
            file: Mutex::new(None),
            len: AtomicU64::new(0),
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.len.load(Ordering::Acquire)
    }

    /// The file's place, once there is one.
    fn path(&self) -> Option<PathBuf> {
        let place = self.place.as_ref().filter(|_| self.len() > 0);
        place.map(SpillPlace::path)
    }

    /// Writes at the end, making folder and file when they are missing.
    pub(super) fn append(&self, pieces: &[IoSlice<'_>]) -> io::Result<()> {
        let file = match self.held() {
            Some(file) => file,
            None => self.open()?,
        };
        let len = self.len();
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        let written = rustix::io::retry_on_intr(|| rustix::io::pwritev(&file, pieces, len))?;
        if written < bytes {
            write_rest(&file, pieces, len, written)?;
        }
        self.len.store(len + bytes as u64, Ordering::Release);
        Ok(())
    }

    fn open(&self) -> io::Result<Arc<File>> {
        let place = self.place.as_ref().ok_or(io::ErrorKind::NotFound)?;
        if !place.folder.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&place.folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        if self.len() == 0 {
            options.create_new(true).mode(0o600);
        }
        let file = Arc::new(options.open(place.path())?);
        self.hold(Some(Arc::clone(&file)));
        Ok(file)
    }

    fn held(&self) -> Option<Arc<File>> {
        let held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    fn hold(&self, file: Option<Arc<File>>) {
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
    }

    /// The file for reading.
    pub(super) fn reading(&self) -> Option<Arc<File>> {
        self.held()
            .or_else(|| File::open(self.path()?).ok().map(Arc::new))
    }

    /// Closes the descriptor; the file stays.
    pub(super) fn close(&self) {
        self.hold(None);
    }

    /// Removes the file. Returns how many bytes it held.
    pub(super) fn remove(&self) -> u64 {
        self.close();
        let path = self.path();
        let len = self.len.swap(0, Ordering::AcqRel);
        if let Some(path) = path {
            // Whoever removed it before has done what is wanted here.
            let _ = std::fs::remove_file(path);
        }
        len
    }
}

/// Writes what a short write left, or learns from the disk why it did.
fn write_rest(file: &File, pieces: &[IoSlice<'_>], at: u64, written: usize) -> io::Result<()> {
    let mut start = 0;
    for piece in pieces {
        let done = written.saturating_sub(start).min(piece.len());
        file.write_all_at(&piece[done..], at + (start + done) as u64)?;
        start += piece.len();
    }
    Ok(())
}
