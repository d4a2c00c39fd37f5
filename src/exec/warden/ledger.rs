//! The traces of a run for the next start: its control group and its ledger.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::exec::cgroup;
use crate::exec::ledger::{self, LedgerWriter, PidScope};
use crate::output::PrivateFolder;
use crate::probe::procfs::ProcessIdentity;

/// The runner's control group, and its ledger folder where there is one.
#[derive(Debug)]
pub(super) struct Ledger {
    runner: ProcessIdentity,
    cgroup: Option<PathBuf>,
    folder: Option<PrivateFolder>,
    scope: Option<PidScope>,
}

impl Ledger {
    /// Enters the runner's control group where that is possible, and opens the
    /// ledger folder where there is a state folder.
    pub(super) fn open(runner: ProcessIdentity, state: Option<OsString>) -> Self {
        let folder = state.and_then(|state| ledger::open_folder(Path::new(&state)).ok());
        Self {
            runner,
            cgroup: cgroup::enter(runner),
            folder,
            scope: PidScope::here(),
        }
    }

    /// Opens the ledger file of this process, a supervisor.
    pub(super) fn writer(&self) -> Option<LedgerWriter> {
        let (folder, scope) = (self.folder.as_ref()?, self.scope.clone()?);
        LedgerWriter::open(folder, scope, self.runner, self.cgroup.clone())
    }

    /// Leaves and removes the control group, at the end of the warden.
    pub(super) fn close(&self) {
        if let Some(group) = &self.cgroup {
            cgroup::leave(group);
        }
    }

    /// Removes the file of a dead supervisor that left nothing behind.
    pub(super) fn forget(&self, supervisor: u32) {
        if let Some(folder) = &self.folder {
            ledger::forget(folder, self.runner, supervisor);
        }
    }
}
