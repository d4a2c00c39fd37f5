//! Real processes under the containment: how attempts end, how they are
//! stopped, and that nothing is left of them, whoever dies.
//!
//! Tests that stand for a case of the list of tortures carry its number.

#[path = "../support/attempt.rs"]
mod attempt;
mod attempts;
mod confined;
#[path = "../support/contained.rs"]
mod contained;
mod groups;
mod holding;
mod kills;
mod limits;
#[path = "../support/living.rs"]
mod living;
mod matrix;
mod refusals;
mod runner;
mod soak;
mod storms;
mod sweeps;
mod unconfirmed;
