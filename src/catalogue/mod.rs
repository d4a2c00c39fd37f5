//! All tools known: manifests, JSON Schema, the rules by which arguments
//! become a command line, and the problems that are reported about files.
//!
//! It owns nothing that changes: a catalogue is read once. It must not know
//! how a process is started or when.

pub mod command;
mod compiled_tool;
mod discover;
pub(crate) mod document;
mod elsewhere;
mod excerpt;
pub(crate) mod fields;
mod file_kind;
pub(crate) mod findings;
pub mod http;
pub(crate) mod keys;
mod listing_warning;
pub(crate) mod locks;
mod manifest;
pub(crate) mod manifest_keys;
mod placeholders;
mod problem;
pub(crate) mod quantity;
pub(crate) mod schema;
pub(crate) mod servers;
pub(crate) mod source;
mod surroundings;
pub(crate) mod template;
pub(crate) mod text;
mod tools;
mod trust_item;
mod value_shape;

pub use command::{ExpandError, Expanded};
pub use discover::{DiscoveredFile, FILE_NAME, discover, nearest_file};
pub use elsewhere::Elsewhere;
pub use file_kind::FileKind;
pub use listing_warning::ListingWarning;
pub use locks::locks;
pub use problem::{MOST_PROBLEMS, Problem, Problems};
pub use schema::{ArgumentProblem, Bound};
pub(crate) use schema::{DependsOn, Violation};
pub use servers::{ServerSurroundings, program_process_spec, server_process_spec};
pub use source::{LONGEST_FILE, LineColumn};
pub use surroundings::Surroundings;
pub use template::UnclosedPlaceholder;
pub use tools::{Catalogue, check_value};
pub use trust_item::TrustItem;
pub use value_shape::{Choice, Kinds, ValueShape};

#[cfg(test)]
mod tests;
