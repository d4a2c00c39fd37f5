//! What a run could take at best, and what it would take: bounds and
//! simulation in virtual time.
//!
//! It owns no run: it computes from plans and from what was measured, and
//! simulates with the very scheduler that real runs use. It must not know how
//! a process is started or how anything is drawn.

mod balance;
mod binding;
mod bounds;
mod case;
mod course;
mod forecast;
mod load;
mod outlook;
mod relief;
mod simulation;

pub use balance::{Imbalance, balance};
pub use binding::Binding;
pub use bounds::{Bounds, Capacity, bounds};
pub use case::{Case, Machine, SimulatedCall};
pub use course::Course;
pub use forecast::forecast;
pub use load::Load;
pub use outlook::{AtCap, Outlook};
pub use relief::{Relief, Saving, savings};
pub use simulation::simulate;
