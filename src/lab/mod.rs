//! Bounds on the time of a run, simulation in virtual time, and experiments.
//!
//! It owns no run: it computes from plans and from what was measured,
//! simulates with the very scheduler that real runs use, and has somebody else
//! do the runs of its experiments ([`PlanRunner`]). It must not know how
//! a process is started or how anything is drawn.

mod balance;
mod binding;
mod blocks;
mod bounds;
mod call_cost;
mod cap_forecast;
mod command;
pub mod compare;
mod conduct;
mod csv;
mod driver;
mod experiment;
mod forecast;
pub mod load;
mod progress;
mod run_time;
mod runner;
mod simulated_run;
mod simulation;
mod simulation_input;
mod statistics;
mod summary;
pub mod sweep;
mod time_left;
mod trial;
mod what_if;
mod words;

pub use balance::{Imbalance, balance};
pub use binding::BindingConstraint;
pub use blocks::{SEED, block_order};
pub use bounds::{Capacity, TimeBounds, bounds};
pub use call_cost::CallCost;
pub use cap_forecast::{AtCap, Forecast};
pub use command::{COMMAND_QUEUE, ExperimentCommand, ExperimentStatus};
pub use conduct::conduct;
pub use experiment::{Experiment, ExperimentFindings, ExperimentRequest, ExperimentState};
pub use forecast::forecast;
pub use progress::{ExperimentError, ExperimentProgress, RunPurpose};
pub use run_time::{expected_run_time, median_run_time};
pub use runner::{Observer, PlanRunner};
pub use simulated_run::SimulatedRun;
pub use simulation::simulate;
pub use simulation_input::{MachineLimits, SimulatedCall, SimulationInput};
pub use statistics::{Interval, median};
pub use summary::{
    InFlight, LongWait, MachineUse, OneLane, OutcomeCount, Percentiles, RunSummary, SlowCall,
    SummaryContext, ToolTimes, Unsuccessful, busy_lanes, run_bounds, times_of_tool,
};
pub use time_left::time_left;
pub use trial::{CallResult, IdleCause, LaneTime, Trial, TrialCall};
pub use what_if::{Improvement, WhatIf, improvements};
pub use words::{percent, seconds, seconds_range};
