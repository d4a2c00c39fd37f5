//! Real processes under the containment: how attempts end, how they are
//! stopped, and that nothing is left of them, whoever dies.
//!
//! Tests that stand for a case of the list of tortures carry its number.

mod attempts;
mod matrix;
mod runner;
#[path = "../support/mod.rs"]
mod support;
