//! Takes output and results out of the dashboard: sources of copies, the files
//! of an experiment, and the user's programs that are handed a copy.

pub(super) mod copy_source;
pub(super) mod experiment;
pub mod program;
pub mod report;
