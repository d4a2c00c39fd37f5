//! The two streams a tool writes to.

/// A stream a tool writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Both streams.
    pub const BOTH: [Self; 2] = [Self::Stdout, Self::Stderr];

    pub(super) fn index(self) -> usize {
        match self {
            Self::Stdout => 0,
            Self::Stderr => 1,
        }
    }

    /// The name of the stream, also the extension of its spill file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Which streams a reader wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Streams {
    /// Both, line by line in the order in which the lines were completed.
    #[default]
    Both,
    /// One of them.
    Only(Stream),
}
