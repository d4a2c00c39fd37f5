//! The two streams a tool writes to.

pub use crate::model::Stream;

/// Which streams a reader wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Streams {
    /// Both, line by line in the order in which the lines were completed.
    #[default]
    Both,
    /// One of them.
    Only(Stream),
}
