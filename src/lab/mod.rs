//! What a run could take at best, what it would take, and what it takes:
//! bounds, simulation in virtual time, and experiments.
//!
//! It owns no run: it computes from plans and from what was measured,
//! simulates with the very scheduler that real runs use, and has somebody else
//! do the runs of its experiments ([`Bench`]). It must not know how
//! a process is started or how anything is drawn.

mod balance;
mod bench;
mod binding;
mod blocks;
mod bounds;
mod case;
pub mod compare;
mod course;
mod csv;
mod experiment;
mod forecast;
mod load;
mod outlook;
mod relief;
mod simulation;
mod statistics;
pub mod sweep;
mod trial;
mod words;

pub use balance::{Imbalance, balance};
pub use bench::{Bench, Found, Halt, Progress, Step};
pub use binding::Binding;
pub use blocks::block_order;
pub use bounds::{Bounds, Capacity, bounds};
pub use case::{Case, Machine, SimulatedCall};
pub use course::Course;
pub use experiment::{Asked, Experiment, Finding, Stage, conduct};
pub use forecast::forecast;
pub use load::Load;
pub use outlook::{AtCap, Outlook};
pub use relief::{Relief, Saving, savings};
pub use simulation::simulate;
pub use statistics::{Interval, median};
pub use trial::{Answer, Idle, LaneTime, Trial, TrialCall};
pub use words::{percent, seconds, seconds_range};
