//! What several test crates share.

pub(crate) mod attempt;
pub(crate) mod contained;
pub(crate) mod living;
pub(crate) mod scripted;
