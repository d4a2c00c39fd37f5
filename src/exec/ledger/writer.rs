//! The supervisor's side: one file, rewritten in place.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use rustix::io::pwrite;

use super::record::{LedgerRecord, PidScope, ProcessIdentity};
use crate::exec::own_folder::OwnFolder;
use crate::exec::table::{self, Entry};

/// Processes of one tree that are written down.
const MOST: usize = 256;

/// What a supervisor keeps of the ledger. A book that cannot be written is
/// given up in silence: calls go on.
#[derive(Debug)]
pub(in crate::exec) struct LedgerWriter {
    folder: OwnedFd,
    file: File,
    name: String,
    record: LedgerRecord,
}

impl LedgerWriter {
    /// Opens the file of this supervisor.
    pub(in crate::exec) fn open(
        folder: &OwnFolder,
        place: PidScope,
        runner: ProcessIdentity,
        cgroup: Option<PathBuf>,
    ) -> Option<Self> {
        let own = ProcessIdentity::now(std::process::id())?;
        let name = Self::name(runner, own.pid);
        let flags = OFlags::CREATE | OFlags::RDWR | OFlags::TRUNC | OFlags::NOFOLLOW;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = openat(folder.descriptor(), &name, flags | OFlags::CLOEXEC, mode).ok()?;
        let mut record = LedgerRecord::new(place, runner, own);
        record.cgroup = cgroup;
        Some(Self {
            folder: folder.descriptor().try_clone().ok()?,
            file: File::from(file),
            name,
            record,
        })
    }

    /// The file's name.
    pub(in crate::exec) fn name(runner: ProcessIdentity, supervisor: u32) -> String {
        format!("{}-{}-{supervisor}", runner.pid, runner.started)
    }

    /// A call has begun, at or after the tick `since`.
    pub(in crate::exec) fn begin(&mut self, main: u32, since: u64, token: Option<String>) {
        let now = table::now();
        let started = if since == now {
            Some(now)
        } else {
            Entry::read(main).map(|entry| entry.started)
        };
        self.record.token = token;
        self.record.processes.clear();
        let known = started.map(|started| ProcessIdentity { pid: main, started });
        self.record.processes.extend(known);
        self.write(now);
    }

    /// The call's tree consists of these, its main process first.
    pub(in crate::exec) fn record_tree(&mut self, tree: impl Iterator<Item = u32>) {
        let now = table::now();
        let known = tree.take(MOST).filter_map(ProcessIdentity::now);
        self.record.processes = known.collect();
        self.write(now);
    }

    fn write(&mut self, now: u64) {
        self.record.written = now;
        let _given_up = pwrite(&self.file, self.record.text().as_bytes(), 0);
    }

    /// The supervisor ends in order: there is nothing to find.
    pub(in crate::exec) fn remove(self) {
        let _gone = unlinkat(&self.folder, &self.name, AtFlags::empty());
    }
}

impl OwnFolder {
    /// Removes the file of a supervisor whose tree is known to be gone.
    pub(in crate::exec) fn forget(&self, runner: ProcessIdentity, supervisor: u32) {
        let name = LedgerWriter::name(runner, supervisor);
        let _gone = unlinkat(self.descriptor(), &name, AtFlags::empty());
    }
}
