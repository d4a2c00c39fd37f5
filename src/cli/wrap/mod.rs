//! `fanout wrap`: puts fanout before the servers in the files of agents, after
//! showing the change. `unwrap` takes it away, and needs nothing but the files.
//!
//! None of the commands in these files is run.

pub(in crate::cli) mod agents;
pub(in crate::cli) mod approval;
mod backup;
mod claude;
pub(in crate::cli) mod command;
pub(in crate::cli) mod config_file;
mod consent;
mod edit;
pub(in crate::cli) mod found;
mod plan;
pub(in crate::cli) mod program;
#[cfg(test)]
mod property_tests;
mod selection;
pub(in crate::cli) mod survey;
mod unwrap;
mod wrapping;
mod yaml;

pub(super) use unwrap::Unwrap;
pub(super) use wrapping::Wrap;
