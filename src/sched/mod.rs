//! The pure scheduler: `step(now, input) -> effects`.
//!
//! It has no clock, no randomness of its own, no async, no channel and no
//! process: the same inputs give the same effects.
