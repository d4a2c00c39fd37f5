//! What calls of each tool need, and what those that run need together.

use std::collections::BTreeMap;

use super::super::demand::Demand;
use crate::model::{LearnedNeed, ToolName};

/// Thousandths of a core that a call of an unknown tool is taken to need: a
/// safe start.
const UNKNOWN: f64 = 1000.0;
/// The least a call is taken to need, in thousandths of a core.
const LEAST: f64 = 50.0;
/// Weight of the latest attempt.
const WEIGHT: f64 = 0.3;
/// Tools whose needs are told in the end; those of most calls first.
const TOLD: usize = 256;

/// After so many attempts it is known what a tool needs.
const KNOWN: u64 = 8;

/// Number of a tool among those whose needs are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sched) struct ToolKind(u32);

/// What one call, or several together, are expected to need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::sched) struct Need {
    /// Thousandths of a core.
    pub millicores: u64,
    /// Bytes.
    pub memory: u64,
}

impl Need {
    pub(in crate::sched) fn plus(self, other: Self) -> Self {
        Self {
            millicores: self.millicores.saturating_add(other.millicores),
            memory: self.memory.saturating_add(other.memory),
        }
    }

    pub(in crate::sched) fn minus(self, other: Self) -> Self {
        Self {
            millicores: self.millicores.saturating_sub(other.millicores),
            memory: self.memory.saturating_sub(other.memory),
        }
    }
}

/// What is known of a tool.
#[derive(Debug)]
struct Tool {
    name: ToolName,
    millicores: f64,
    memory: u64,
    /// Attempts learned from, those of earlier runs counted as [`KNOWN`].
    known: u64,
    /// Calls that run and claim no cores, or no memory.
    running: Counts,
    /// Calls that have not ended and claim no cores.
    open: u64,
}

/// Calls that claim nothing of a kind: what they need is the tool's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    cores: u64,
    memory: u64,
}

/// The needs of all tools.
#[derive(Debug)]
pub(super) struct Needs {
    numbers: BTreeMap<ToolName, ToolKind>,
    tools: Vec<Tool>,
    most_millicores: f64,
    used: Need,
    open: u64,
    /// Claimed by calls that have not ended, in thousandths of a core.
    open_claims: u64,
}

impl Needs {
    pub(super) fn new(learned: &[LearnedNeed], cores: f64) -> Self {
        let mut needs = Self {
            numbers: BTreeMap::new(),
            tools: Vec::new(),
            most_millicores: cores * 1000.0,
            used: Need::default(),
            open: 0,
            open_claims: 0,
        };
        for known in learned {
            let ToolKind(number) = needs.kind(&known.tool);
            let most = needs.most_millicores;
            let tool = &mut needs.tools[number as usize];
            tool.millicores = (known.cores * 1000.0).clamp(LEAST, most);
            tool.memory = known.memory_bytes;
            tool.known = KNOWN;
        }
        needs
    }

    pub(super) fn kind(&mut self, tool: &ToolName) -> ToolKind {
        if let Some(number) = self.numbers.get(tool) {
            return *number;
        }
        let number = ToolKind(self.tools.len() as u32);
        self.numbers.insert(tool.clone(), number);
        self.tools.push(Tool {
            name: tool.clone(),
            millicores: UNKNOWN.min(self.most_millicores),
            memory: 0,
            known: 0,
            running: Counts::default(),
            open: 0,
        });
        number
    }

    /// A claim is the user's word and counts as it is.
    pub(super) fn of(&self, demand: &Demand) -> Need {
        let tool = &self.tools[demand.kind.0 as usize];
        let learned = tool.millicores.round() as u64;
        Need {
            millicores: if demand.millicores > 0 {
                demand.millicores
            } else {
                learned
            },
            memory: if demand.memory > 0 {
                demand.memory
            } else {
                tool.memory
            },
        }
    }

    /// Whether that is more than a guess.
    pub(super) fn is_known(&self, demand: &Demand) -> bool {
        demand.millicores > 0 || self.tools[demand.kind.0 as usize].known >= KNOWN
    }

    pub(super) fn opened(&mut self, demand: &Demand) {
        self.open += 1;
        self.open_claims += demand.millicores;
        self.tools[demand.kind.0 as usize].open += u64::from(demand.millicores == 0);
    }

    pub(super) fn closed(&mut self, demand: &Demand) {
        self.open -= 1;
        self.open_claims -= demand.millicores;
        self.tools[demand.kind.0 as usize].open -= u64::from(demand.millicores == 0);
    }

    pub(super) fn take(&mut self, demand: &Demand) {
        self.used = self.used.plus(self.of(demand));
        let running = &mut self.tools[demand.kind.0 as usize].running;
        running.cores += u64::from(demand.millicores == 0);
        running.memory += u64::from(demand.memory == 0);
    }

    pub(super) fn give_back(&mut self, demand: &Demand) {
        self.used = self.used.minus(self.of(demand));
        let running = &mut self.tools[demand.kind.0 as usize].running;
        running.cores -= u64::from(demand.millicores == 0);
        running.memory -= u64::from(demand.memory == 0);
    }

    pub(super) fn used(&self) -> Need {
        self.used
    }

    /// Takes the cores and the peak of memory of an attempt to what its tool
    /// needs. The memory of a tool is its highest peak, which fades.
    pub(super) fn learn(&mut self, demand: &Demand, cores: Option<f64>, peak: Option<u64>) {
        let most = self.most_millicores;
        let tool = &mut self.tools[demand.kind.0 as usize];
        let before = (tool.millicores.round() as u64, tool.memory);
        if let Some(cores) = cores {
            let latest = (cores * 1000.0).clamp(LEAST, most);
            tool.millicores += WEIGHT * (latest - tool.millicores);
            tool.known += 1;
        }
        if let Some(peak) = peak {
            let faded = tool.memory - tool.memory / 10;
            tool.memory = peak.max(faded);
        }
        let after = (tool.millicores.round() as u64, tool.memory);
        let Counts { cores, memory } = tool.running;
        let millicores = self.used.millicores + cores * after.0;
        self.used.millicores = millicores.saturating_sub(cores * before.0);
        let bytes = self
            .used
            .memory
            .saturating_add(memory.saturating_mul(after.1));
        self.used.memory = bytes.saturating_sub(memory.saturating_mul(before.1));
    }

    /// What an open call needs on average; `None` without any.
    pub(super) fn mean_millicores(&self) -> Option<f64> {
        let learned = self.tools.iter();
        let learned: f64 = learned.map(|it| it.open as f64 * it.millicores).sum();
        let sum = learned + self.open_claims as f64;
        (self.open > 0).then(|| (sum / self.open as f64).max(1.0))
    }

    /// What was learned, by tool.
    pub(super) fn learned(&self) -> Vec<LearnedNeed> {
        let mut known: Vec<&Tool> = self.tools.iter().filter(|tool| tool.known > 0).collect();
        known.sort_by_key(|tool| std::cmp::Reverse(tool.known));
        let told = known.into_iter().take(TOLD);
        told.map(|tool| LearnedNeed {
            tool: tool.name.clone(),
            cores: tool.millicores / 1000.0,
            memory_bytes: tool.memory,
        })
        .collect()
    }

    #[cfg(debug_assertions)]
    pub(super) fn check<'d>(&self, running: impl Iterator<Item = &'d Demand>, open: usize) {
        let used = running.fold(Need::default(), |sum, demand| sum.plus(self.of(demand)));
        assert_eq!(used, self.used, "what running calls need");
        assert_eq!(self.open, open as u64, "open calls whose needs count");
    }
}
