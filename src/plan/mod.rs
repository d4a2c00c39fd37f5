//! Plan files: reading, `{{references}}`, graph checks, foreign formats.
//!
//! It owns nothing that changes. It must not know how calls are scheduled or
//! run: it says what they are.

mod arguments;
mod assemble;
mod doubts;
mod draft;
mod graph;
mod load;
mod names;
mod read;
mod read_call;
mod reference;
mod resolve;
mod summary;
mod workflow;
mod written;

pub use draft::{Draft, admit};
pub use load::{Loaded, from_text, load, open};
pub use reference::{Reference, ReferenceError, is_call_name, references};
pub use resolve::{LONGEST_FILLED, ResolveError, escape, escape_all, resolve};
pub use summary::{Summary, check};
