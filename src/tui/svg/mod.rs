//! Charts of experiments as SVG.

mod chart;
mod sheet;

pub use chart::{chart, comparison_chart, sweep_chart};
pub use sheet::escape;
