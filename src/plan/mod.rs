//! Plan files: reading, `{{references}}`, graph checks, foreign formats.
//!
//! It owns nothing that changes. It must not know how calls are scheduled or
//! run: it says what they are.
//!
//! A file is parsed into a tree that knows its places (`catalogue::document`),
//! read into what it says (`parsed`), and put together with a catalogue
//! (`assemble`). Each step reports what it finds and goes on with the rest, so
//! that one report tells everything. Besides the keys of the README a call may
//! say `expect = "failed"`: it is planned to fail. Its failure, and the skipping
//! of what depends on it, is then the planned end.

mod arguments;
mod assemble;
mod draft;
mod graph;
pub(crate) mod keys;
mod load;
mod names;
mod parsed;
mod read;
mod reference;
mod resolve;
mod summary;
mod values;
mod verify;
mod warnings;
mod workflow;

pub use assemble::own_locks;
pub use draft::{Draft, DraftError, admit};
pub use load::{Loaded, from_text, load, open, open_with};
pub use parsed::CallSettings;
use reference::is_call_name;
pub use reference::{Reference, ReferenceError, references};
pub use resolve::{LONGEST_FILLED, ResolveError, escape_all, resolve};
pub use summary::{Summary, check};
