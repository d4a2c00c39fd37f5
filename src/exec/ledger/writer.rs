//! Writes the ledger file of one supervisor, in place.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use rustix::io::pwrite;

use super::record::{LedgerRecord, PidScope};
use crate::output::PrivateFolder;
use crate::probe::procfs::{self, ProcessIdentity};

/// Processes of one tree that are recorded.
const MOST: usize = 256;

/// Writer of a supervisor's ledger file. A write that fails is ignored: calls go
/// on.
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
        folder: &PrivateFolder,
        scope: PidScope,
        runner: ProcessIdentity,
        cgroup: Option<PathBuf>,
    ) -> Option<Self> {
        let own = ProcessIdentity::of_pid(std::process::id())?;
        let name = Self::name(runner, own.pid);
        let flags = OFlags::CREATE | OFlags::RDWR | OFlags::TRUNC | OFlags::NOFOLLOW;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = openat(folder.descriptor(), &name, flags | OFlags::CLOEXEC, mode).ok()?;
        let mut record = LedgerRecord::new(scope, runner, own);
        record.cgroup = cgroup;
        Some(Self {
            folder: folder.descriptor().try_clone().ok()?,
            file: File::from(file),
            name,
            record,
        })
    }

    /// Returns the name of the file of a supervisor.
    fn name(runner: ProcessIdentity, supervisor: u32) -> String {
        format!("{}-{}-{supervisor}", runner.pid, runner.started_ticks)
    }

    /// Records the start of a call whose main process was started at or after
    /// the tick `since`.
    pub(in crate::exec) fn begin(&mut self, main: u32, since: u64, token: Option<String>) {
        let now = procfs::now_ticks();
        let main = if since == now {
            Some(ProcessIdentity {
                pid: main,
                started_ticks: now,
            })
        } else {
            ProcessIdentity::of_pid(main)
        };
        self.record.token = token;
        self.record.processes.clear();
        self.record.processes.extend(main);
        self.write(now);
    }

    /// Records the processes of the call's tree, its main process first.
    pub(in crate::exec) fn record_tree(&mut self, tree: impl Iterator<Item = u32>) {
        let now = procfs::now_ticks();
        let known = tree.take(MOST).filter_map(ProcessIdentity::of_pid);
        self.record.processes = known.collect();
        self.write(now);
    }

    fn write(&mut self, now: u64) {
        self.record.written_ticks = now;
        let _ignored = pwrite(&self.file, self.record.text().as_bytes(), 0);
    }

    /// Removes the file of a supervisor that ends in order.
    pub(in crate::exec) fn remove(self) {
        let _gone = unlinkat(&self.folder, &self.name, AtFlags::empty());
    }
}

/// Removes the file of a supervisor whose tree is known to be gone.
pub(in crate::exec) fn forget(folder: &PrivateFolder, runner: ProcessIdentity, supervisor: u32) {
    let _gone = folder.remove(&LedgerWriter::name(runner, supervisor));
}
