//! Files that are written whole or not at all.
//!
//! [`PrivateFolder`] holds the program's own state, for its owner alone;
//! [`ExportFile`] is a file that the user named; [`EditedFile`] is one of
//! another program's. All stand in this room,
//! below `exec` and `record`, because these and the command line write such
//! files and must do it in one way. The module owns no file between two calls
//! and must not know what stands in the files.

mod edited;
mod export;
mod private;
mod prune;
mod stat;
mod temporary;

pub use edited::{EditError, EditedFile};
pub use export::{ExportError, ExportFile, write_file};
pub use private::{FolderLock, PrivateFileError, PrivateFolder};
