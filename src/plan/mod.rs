//! Plan files: reading, `{{references}}`, graph checks, foreign formats.
//!
//! It owns no state. It must not know how calls are scheduled or run.
//!
//! A file is parsed into a tree with spans (`catalogue::document`), read key by
//! key (`keys`, the one description of what a plan may say) into a `ParsedPlan`,
//! and checked against a catalogue (`assemble`). Each step reports its errors
//! and continues with the rest, so that one report has all of them.

mod arguments;
mod assemble;
mod draft;
mod first_and_last;
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
mod warnings;
mod workflow;

pub use assemble::own_locks;
pub use draft::{Draft, DraftError, admit};
pub use load::{Loaded, from_text, load, open, open_with};
pub use parsed::CallSettings;
use reference::is_call_name;
pub use reference::{Reference, ReferenceError, references};
pub use resolve::{LONGEST_FILLED, MissingOutput, ResolveError, escape_all, resolve};
pub use summary::{Summary, check};
