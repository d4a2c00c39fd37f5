//! What the user set up: the folders of the program and the files in them.

mod folders;

pub(super) use folders::Folders;

use crate::theme::Library;

/// The themes there are: built in, and in the user's folder if there can be one.
pub(super) fn themes() -> Library {
    Folders::find().map_or_else(Library::built_in, |it| Library::new(it.themes()))
}
