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
pub(super) use writer::LedgerWriter;

use super::own_folder::FolderError;

/// The ledger's folder in the state folder.
pub(super) const FOLDER: &str = "ledger";

/// Reason that no ledger is kept. Without one, the next start does not find the
/// leftovers of a death of everything at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Its folder is not used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The system names neither its boot nor its set of process ids.
    #[error("the system does not name its boot or its process ids")]
    NoPidScope,
}
