//! Settings of a run.

use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Serialize};

use crate::model::{LearnedNeed, Policy, Rate, Tool, ToolAction, ToolName};

/// Settings of a scheduler. Together with the inputs they determine every effect.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SchedulerSettings {
    /// Cap, failure policy and order.
    pub policy: Policy,
    /// The seeded generator of the jitter.
    pub generator: Pcg64Mcg,
    /// Cores that claims share; `None` where claims do not bind.
    pub cores: Option<f64>,
    /// Memory that claims share, in bytes; `None` where claims do not bind.
    pub memory_bytes: Option<u64>,
    /// Tools that have limits; others have none.
    pub tools: Vec<ToolLimits>,
    /// Measured needs of tools, from earlier runs.
    #[serde(default)]
    pub learned: Vec<LearnedNeed>,
}

impl SchedulerSettings {
    /// Returns settings without tool limits, where claims do not bind.
    pub fn new(policy: Policy, generator: Pcg64Mcg) -> Self {
        Self {
            policy,
            generator,
            cores: None,
            memory_bytes: None,
            tools: Vec::new(),
            learned: Vec::new(),
        }
    }
}

/// The limits of one tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolLimits {
    /// The tool.
    pub tool: ToolName,
    /// Calls of it that may run at once.
    pub max_parallel: Option<u32>,
    /// Starts of it per time.
    pub rate: Option<Rate>,
}

impl ToolLimits {
    /// The limits of a tool, or `None` where it has none and can get none: a
    /// service may ask in mid-run not to be called for a while.
    pub fn of(tool: &Tool) -> Option<Self> {
        let is_service = matches!(tool.action, ToolAction::Http { .. });
        (is_service || tool.max_parallel.is_some() || tool.rate.is_some()).then(|| Self {
            tool: tool.name.clone(),
            max_parallel: tool.max_parallel,
            rate: tool.rate,
        })
    }
}
