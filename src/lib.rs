//! fanout runs an agent's tool calls in parallel lanes and shows them.

pub mod catalogue;
pub mod cli;
pub mod engine;
pub mod exec;
pub mod lab;
pub mod model;
pub mod output;
pub mod plan;
pub mod probe;
pub mod record;
pub mod sched;
pub mod theme;
pub mod tui;

/// The sample tools: the programs behind the built-in catalogue.
#[path = "../sample-tools/tool/mod.rs"]
pub mod sample_tool;
