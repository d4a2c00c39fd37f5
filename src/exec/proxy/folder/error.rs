//! Reasons that a meeting folder is not used.

use std::path::PathBuf;

use rustix::io::Errno;

/// Reason that a meeting folder is not used. The text says how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// There is none: no shim has run yet.
    #[error("{} does not exist", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// A link where the folder should be could lead anywhere.
    #[error("{} is a link or no folder; remove it", path.display())]
    NotAFolder {
        /// The place.
        path: PathBuf,
    },
    /// Somebody else could replace what stands in it.
    #[error("{} belongs to the user with id {uid}; have it removed", path.display())]
    ForeignOwner {
        /// The folder.
        path: PathBuf,
        /// The owner.
        uid: u32,
    },
    /// Others may read or write it.
    #[error("{} is open to others (mode {mode:o}); run chmod 700 on it", path.display())]
    OpenToOthers {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The system refused.
    #[error("{}: {errno}", path.display())]
    System {
        /// The folder or a file in it.
        path: PathBuf,
        /// The system's answer.
        errno: Errno,
    },
}
