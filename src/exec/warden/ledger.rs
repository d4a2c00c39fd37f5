//! What the warden and its supervisors leave in writing for the next start.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::exec::cgroup;
use crate::exec::ledger::{self, LedgerWriter, PidScope, ProcessIdentity};
use crate::exec::own_folder::OwnFolder;

/// The control group, and the ledger where there is one.
#[derive(Debug)]
pub(super) struct Ledger {
    runner: ProcessIdentity,
    cgroup: Option<PathBuf>,
    ledger: Option<(OwnFolder, PidScope)>,
}

impl Ledger {
    /// Enters the runner's control group if that can be, and opens the ledger
    /// if there is a state folder.
    pub(super) fn open(runner: ProcessIdentity, state: Option<OsString>) -> Self {
        let folder =
            state.and_then(|state| OwnFolder::open(Path::new(&state), ledger::FOLDER).ok());
        Self {
            runner,
            cgroup: cgroup::enter(runner),
            ledger: folder.zip(PidScope::here()),
        }
    }

    /// The file of the supervisor that this process is.
    pub(super) fn writer(&self) -> Option<LedgerWriter> {
        let (folder, place) = self.ledger.as_ref()?;
        LedgerWriter::open(folder, place.clone(), self.runner, self.cgroup.clone())
    }

    /// Nothing is left of a supervisor that died before its time.
    pub(super) fn forget(&self, supervisor: u32) {
        if let Some((folder, _)) = &self.ledger {
            folder.forget(self.runner, supervisor);
        }
    }
}
