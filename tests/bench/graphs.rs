//! Synthetic plans: chains, fork-joins, layers, and one like Montage's.

use std::time::Duration;

use fanout::lab::{SimulatedCall, SimulationInput};
use fanout::model::{CallId, Cap, Edge, EdgeKind, Order, Policy, ToolName};
use fanout::sched::{CallSpec, SchedulerSettings};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A plan in the making.
pub(crate) struct Graph {
    calls: Vec<SimulatedCall>,
    generator: Pcg64Mcg,
    tool: ToolName,
}

impl Graph {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            calls: Vec::new(),
            generator: Pcg64Mcg::seed_from_u64(seed),
            tool: ToolName::new("tool"),
        }
    }

    /// A number from 0 up to 1.
    pub(crate) fn part(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.part() * count as f64) as usize).min(count - 1)
    }

    /// A run time with this mean; few are long, most are short.
    fn run_time(&mut self, mean_ms: f64) -> Duration {
        let ms = -mean_ms * (1.0 - self.part()).ln();
        Duration::from_micros((ms * 1000.0) as u64 + 1)
    }

    /// Adds a call after others; its index.
    pub(crate) fn add(&mut self, mean_ms: f64, after: &[usize]) -> usize {
        let id = CallId::from_index(self.calls.len());
        let mut spec = CallSpec::new(id, self.tool.clone());
        let run = self.run_time(mean_ms);
        spec.estimate = Some(run);
        let edge = |parent: &usize| Edge {
            call: CallId::from_index(*parent),
            on: EdgeKind::Ok,
        };
        spec.after = after.iter().map(edge).collect();
        self.calls.push(SimulatedCall { spec, run });
        id.index()
    }

    pub(crate) fn case(self, cap: u32, order: Order) -> SimulationInput {
        let policy = Policy {
            cap: Cap::new(cap).expect("a cap above 0"),
            order,
            ..Policy::default()
        };
        SimulationInput {
            settings: SchedulerSettings::new(policy, Pcg64Mcg::seed_from_u64(0)),
            calls: self.calls,
            running: 0,
            assumed: 0,
        }
    }
}

/// Chains side by side.
pub(crate) fn chains(seed: u64, chains: usize, length: usize) -> Graph {
    let mut graph = Graph::new(seed);
    for _ in 0..chains {
        let mut last = None;
        for _ in 0..length {
            last = Some(graph.add(1_000.0, last.as_slice()));
        }
    }
    graph
}

/// Stages of calls side by side, each stage between two single calls.
pub(crate) fn fork_joins(seed: u64, stages: usize, width: usize) -> Graph {
    let mut graph = Graph::new(seed);
    let mut join = graph.add(500.0, &[]);
    for _ in 0..stages {
        let forks: Vec<usize> = (0..width).map(|_| graph.add(1_000.0, &[join])).collect();
        join = graph.add(500.0, &forks);
    }
    graph
}

/// Layers; each call after some of the layer before.
pub(crate) fn layers(seed: u64, layers: usize, width: usize, edges: usize) -> Graph {
    let mut graph = Graph::new(seed);
    let mut before: Vec<usize> = Vec::new();
    for _ in 0..layers {
        let mut layer = Vec::new();
        for _ in 0..width {
            let mut after: Vec<usize> = Vec::new();
            for _ in 0..edges.min(before.len()) {
                let parent = before[graph.below(before.len())];
                if !after.contains(&parent) {
                    after.push(parent);
                }
            }
            layer.push(graph.add(1_000.0, &after));
        }
        before = layer;
    }
    graph
}

/// The shape of Montage: projections, differences of neighbours, one fit of
/// all, corrections of each projection, and a short tail.
pub(crate) fn montage(seed: u64, images: usize) -> Graph {
    let mut graph = Graph::new(seed);
    let projections: Vec<usize> = (0..images).map(|_| graph.add(3_000.0, &[])).collect();
    let pairs = projections.windows(2).chain(projections.windows(3));
    let pairs: Vec<(usize, usize)> = pairs.map(|pair| (pair[0], pair[pair.len() - 1])).collect();
    let fits: Vec<usize> = pairs
        .iter()
        .map(|(one, other)| graph.add(300.0, &[*one, *other]))
        .collect();
    let concat = graph.add(1_000.0, &fits);
    let model = graph.add(4_000.0, &[concat]);
    let corrected: Vec<usize> = projections
        .iter()
        .map(|projection| graph.add(400.0, &[*projection, model]))
        .collect();
    let table = graph.add(800.0, &corrected);
    let added = graph.add(5_000.0, &[table]);
    graph.add(1_500.0, &[added]);
    graph
}
