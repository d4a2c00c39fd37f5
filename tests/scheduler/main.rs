//! The scheduler: scenario files, and random histories against a
//! reference that recomputes everything from scratch after each step.

mod auto;
mod backfill;
mod faults;
mod fluid;
mod generator;
#[path = "../bench/graphs.rs"]
mod graphs;
mod history;
mod laws;
mod properties;
mod reference;
#[path = "../support/scale.rs"]
mod scale;
mod scenario;
mod scenarios;
mod services;
mod simulation;
mod words;
