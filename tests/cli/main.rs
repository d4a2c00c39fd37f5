//! The program as a user meets it: its commands, its exit codes, its forms of
//! output, and the samples that come with it.

mod agents;
mod bench;
mod charts;
mod commands;
mod compare;
mod config;
mod exits;
mod forms;
mod help;
mod http;
mod invalid;
mod kept;
#[path = "../support/living.rs"]
mod living;
mod load;
mod log;
mod outputs;
mod reading;
mod readme;
mod sample_tools;
mod samples;
mod screenshot;
mod servers;
mod service;
mod signals;
mod sweep;
mod themes;
mod trust;
mod values;
mod wrap;
