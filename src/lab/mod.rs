//! What a run could take at best, and what it would take: bounds and
//! simulation in virtual time.
//!
//! It owns no run: it computes from plans and from what was measured, and
//! simulates with the very scheduler that real runs use. It must not know how
//! a process is started or how anything is drawn.

mod binding;
mod bounds;
mod load;

pub use binding::Binding;
pub use bounds::{Bounds, Capacity, bounds};
pub use load::Load;
