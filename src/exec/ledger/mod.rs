//! Running processes, written down, so that the next start finds the leftovers
//! of a death of runner, warden and supervisors at once.
//!
//! A file for each supervisor in the `ledger` folder of the state folder. The
//! supervisor writes it, and removes it when it ends; a file whose runner is
//! dead is evidence of leftovers.

mod record;
mod sweep;
mod writer;

pub(super) use record::PidScope;
pub use sweep::SweptLeftovers;
pub(super) use sweep::sweep;
pub(super) use writer::{LedgerWriter, forget};

use std::path::Path;

use crate::output::{PrivateFileError, PrivateFolder};

/// Opens the ledger's folder in the state folder.
pub(super) fn open_folder(state: &Path) -> Result<PrivateFolder, PrivateFileError> {
    PrivateFolder::create(state)?.create_folder("ledger")
}

/// Reason that no ledger is kept. Without one, the next start does not find the
/// leftovers of a death of everything at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Its folder is not used.
    #[error(transparent)]
    Folder(#[from] PrivateFileError),
    /// The system names neither its boot nor its set of process ids.
    #[error("the system does not name its boot or its process ids")]
    NoPidScope,
}
