//! Measurement of a tool or a service under load: calls at caps or rates.
//!
//! A load goes step by step. A step has callers that each send their next call
//! when their last has ended (a cap), or a schedule that nothing holds up (a
//! rate). It keeps histograms of its calls and no call: any number of them takes
//! the same memory. It must not know how a call is run; see [`LoadTarget`].

mod callers;
mod conduct;
mod document;
mod expression;
mod figures;
mod findings;
mod level;
mod meter;
mod request;
mod same;
mod search;
mod step;
mod target;
#[cfg(test)]
mod tests;
mod trace;
mod under_way;
mod units;
mod usage;
mod words;

pub use conduct::conduct_load;
pub use expression::{Expression, ExpressionError, Metric};
pub use figures::{CatalogueWaits, Check, ErrorCount, Spread, StepFigures, THROTTLED};
pub use findings::LoadFindings;
pub use level::{CallRate, LoadLevel, RateParseError};
pub use meter::MeasuredCall;
pub use request::{Arrivals, LoadRequest, USUAL_CALLS, USUAL_TIME};
pub use same::Difference;
pub use search::Found;
pub use target::{LoadCalls, LoadEvent, LoadObserver, LoadTarget};
pub use trace::{BINS, LoadSecond, LoadTrace, shortest_of};
pub use units::{milliseconds, three_digits};
pub use usage::ToolUsage;
