//! What runs, written down, so that the next start can find what was left by
//! a death of everything at once: runner, warden and supervisors.
//!
//! A file for each supervisor in the `ledger` folder of the state folder. The
//! supervisor writes it, and removes it when it ends; a file whose runner is
//! dead is evidence of leftovers.

mod record;
mod sweep;
mod writer;

pub(super) use record::{PidScope, ProcessIdentity};
pub use sweep::SweptLeftovers;
pub(super) use sweep::sweep;
pub(super) use writer::LedgerWriter;

use super::own_folder::FolderError;

/// The ledger's folder in the state folder.
pub(super) const FOLDER: &str = "ledger";

/// Why no ledger is kept. Without one, what is left by a death of everything
/// at once is not found at the next start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Its folder is not used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Process ids or the machine's start have no names here.
    #[error("the system does not name its boot or its process ids")]
    NoPidScope,
}
