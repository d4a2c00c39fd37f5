//! What the dashboard looks like and what its keys do, without a terminal.

mod agents;
mod agents_steered;
mod around;
mod detail;
mod documents;
mod dump;
mod earlier;
mod ending;
mod experiments;
mod fixtures;
mod forms;
mod keys;
mod looks;
mod mouse;
mod outputs;
mod questions;
mod reading;
mod servers;
mod sizes;
mod stage;
mod themes;
