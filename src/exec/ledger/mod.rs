//! What runs, written down, so that the next start can find what was left by
//! a death of everything at once: runner, warden and supervisors.
//!
//! A file for each supervisor in the `ledger` folder of the state folder. The
//! supervisor writes it, and removes it when it ends; a file whose runner is
//! dead is evidence of leftovers.

mod book;
mod folder;
mod record;
mod sweep;

pub(super) use book::Book;
pub(super) use folder::Folder;
pub use folder::LedgerError;
pub(super) use record::{Known, Place};
pub use sweep::Swept;
pub(super) use sweep::sweep;
