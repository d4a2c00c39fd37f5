//! Charts of experiments as SVG.

mod chart;
mod load_chart;
mod sheet;

pub use chart::{chart, comparison_chart, sweep_chart};
pub use load_chart::load_chart;
pub use sheet::escape;
