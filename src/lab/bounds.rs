//! Lower bounds on how long a set of calls takes, and Graham's upper bound.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{BindingConstraint, CallCost};
use crate::model::{LockKey, LockMode};
use crate::sched::ToolLimits;

/// Resources that the calls share.
#[derive(Debug, Clone, PartialEq)]
pub struct Capacity<'a> {
    /// Lanes; of a real run the most there ever were.
    pub cap: u32,
    /// Cores; `None` where they do not bind.
    pub cores: Option<f64>,
    /// Tools that have limits.
    pub tools: &'a [ToolLimits],
}

/// The bounds of a set of calls.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeBounds {
    /// Time in lanes, of all calls together.
    pub work: Duration,
    /// The longest chain of dependent calls, without delays between attempts.
    pub critical_path: Duration,
    /// No schedule is shorter: the greatest of all lower bounds.
    pub lower_bound: Duration,
    /// Where the lower bound comes from.
    pub binding: BindingConstraint,
    /// Each lower bound, the greatest first.
    pub each: Vec<(BindingConstraint, Duration)>,
    /// No schedule that leaves no lane idle while a call is ready is longer
    /// than `W/m + (1 - 1/m) * CP` (R. L. Graham, 1969). It holds for plain
    /// slots only: `None` where locks, limits of tools, claims, delays or
    /// start times take part.
    pub graham: Option<Duration>,
}

impl TimeBounds {
    /// How much of a makespan was unavoidable: 1 is the best; `None` where
    /// nothing took any time.
    pub fn efficiency(&self, makespan: Duration) -> Option<f64> {
        (!makespan.is_zero()).then(|| self.lower_bound.as_secs_f64() / makespan.as_secs_f64())
    }
}

/// Computes every bound of a set of calls.
pub fn bounds(costs: &[CallCost], capacity: &Capacity<'_>) -> TimeBounds {
    let work: Duration = costs.iter().map(|cost| cost.run).sum();
    let critical_path = longest_chain(costs, |cost| (cost.release, cost.run));
    let delayed = longest_chain(costs, |cost| (cost.release, cost.run + cost.backoff));
    let cap = capacity.cap.max(1);
    let mut each = vec![
        (BindingConstraint::CriticalPath, critical_path),
        (BindingConstraint::Slots, work / cap),
        (BindingConstraint::Backoff, delayed),
    ];
    each.extend(cores_bound(costs, capacity).map(|bound| (BindingConstraint::Cores, bound)));
    each.extend(lock_bound(costs));
    for limits in capacity.tools {
        each.extend(tool_bounds(costs, limits));
    }
    // Of equal bounds the simplest is named: the sort keeps their order.
    each.sort_by_key(|(_, bound)| std::cmp::Reverse(*bound));
    let (binding, lower_bound) = each[0].clone();
    let share = |time: Duration| time.mul_f64(1.0 - 1.0 / f64::from(cap));
    TimeBounds {
        work,
        critical_path,
        lower_bound,
        binding,
        graham: is_plain(costs, capacity).then(|| work / cap + share(critical_path)),
        each,
    }
}

/// Whether nothing but lanes and edges holds calls back.
fn is_plain(costs: &[CallCost], capacity: &Capacity<'_>) -> bool {
    let is_limited = |cost: &CallCost| {
        let mut limits = capacity.tools.iter();
        limits.any(|limits| limits.tool == cost.tool)
    };
    costs.iter().all(|cost| {
        cost.locks.is_empty()
            && cost.cpus.is_none()
            && cost.backoff.is_zero()
            && cost.release.is_zero()
            && cost.starts <= 1
            && !is_limited(cost)
    })
}

/// The longest chain of calls, each from its release on and after those it
/// started after. Calls on a cycle, which no checked plan has, count nothing.
fn longest_chain(
    costs: &[CallCost],
    times: impl Fn(&CallCost) -> (Duration, Duration),
) -> Duration {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); costs.len()];
    let mut pending = vec![0usize; costs.len()];
    for (index, cost) in costs.iter().enumerate() {
        for parent in cost.after.iter().filter(|parent| **parent < costs.len()) {
            children[*parent].push(index);
            pending[index] += 1;
        }
    }
    let mut earliest: Vec<Duration> = costs.iter().map(|cost| times(cost).0).collect();
    let mut next: Vec<usize> = (0..costs.len())
        .filter(|index| pending[*index] == 0)
        .collect();
    let mut longest = Duration::ZERO;
    while let Some(index) = next.pop() {
        let end = earliest[index] + times(&costs[index]).1;
        // A call that never ran had no end that others could wait for.
        if costs[index].starts > 0 {
            longest = longest.max(end);
        }
        for child in std::mem::take(&mut children[index]) {
            earliest[child] = earliest[child].max(end);
            pending[child] -= 1;
            if pending[child] == 0 {
                next.push(child);
            }
        }
    }
    longest
}

/// CPU time, or claimed cores for the time of the run, over the cores.
fn cores_bound(costs: &[CallCost], capacity: &Capacity<'_>) -> Option<Duration> {
    let cores = capacity.cores.filter(|cores| *cores > 0.0)?;
    let spent: Duration = costs.iter().filter_map(|cost| cost.cpu).sum();
    let claimed = |cost: &CallCost| Some(cost.run.mul_f64(cost.cpus?.clamp(0.0, cores)));
    let claimed: Duration = costs.iter().filter_map(claimed).sum();
    Some(spent.max(claimed).div_f64(cores))
}

/// The lock whose holders take longest one after another: those who hold it,
/// or a folder above it, alone, and the longest of those who share it.
fn lock_bound(costs: &[CallCost]) -> Option<(BindingConstraint, Duration)> {
    let mut holders: BTreeMap<&LockKey, Vec<(usize, LockMode)>> = BTreeMap::new();
    for (index, cost) in costs.iter().enumerate() {
        for (key, mode) in cost.locks.iter() {
            holders.entry(key).or_default().push((index, mode));
        }
    }
    let chain_time = |key: &LockKey| {
        let folders = std::iter::successors(Some(key.clone()), LockKey::above);
        let chain: Vec<&(usize, LockMode)> = folders
            .filter_map(|folder| holders.get(&folder))
            .flatten()
            .collect();
        let is_alone = |mode: LockMode| mode == LockMode::Exclusive;
        let alone = chain.iter().filter(|(_, mode)| is_alone(*mode));
        // One call may hold both a lock and a folder above it.
        let alone: BTreeSet<usize> = alone.map(|(index, _)| *index).collect();
        let sharing = chain.iter().filter(|(index, _)| !alone.contains(index));
        let longest = sharing.map(|(index, _)| costs[*index].run).max();
        let total: Duration = alone.iter().map(|index| costs[*index].run).sum();
        total + longest.unwrap_or_default()
    };
    let times = holders.keys().map(|key| (chain_time(key), *key));
    let (time, key) = times.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(a.1)))?;
    Some((BindingConstraint::Lock(key.clone()), time))
}

/// Returns the bounds by the limits of one tool: its work over the number of
/// calls that may run at once, and its starts over its rate.
fn tool_bounds(costs: &[CallCost], limits: &ToolLimits) -> Vec<(BindingConstraint, Duration)> {
    let tool = limits.tool.clone();
    let own: Vec<&CallCost> = costs.iter().filter(|cost| cost.tool == tool).collect();
    let mut bounds = Vec::new();
    if let Some(max) = limits.max_parallel {
        let work: Duration = own.iter().map(|cost| cost.run).sum();
        bounds.push((BindingConstraint::Tool(tool.clone()), work / max.max(1)));
    }
    if let Some(rate) = limits.rate {
        let starts: u32 = own.iter().map(|cost| cost.starts).sum();
        let spaced = starts.saturating_sub(rate.burst.max(1));
        let time = rate
            .per
            .mul_f64(f64::from(spaced) / f64::from(rate.starts.max(1)));
        let ran = own.iter().filter(|cost| cost.starts == 1);
        let shortest = ran.map(|cost| cost.run).min().unwrap_or_default();
        let is_spaced = spaced > 0 && own.iter().all(|cost| cost.starts <= 1);
        let last = if is_spaced { shortest } else { Duration::ZERO };
        bounds.push((BindingConstraint::Rate(tool), time + last));
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LockSet, Rate, ToolName};

    fn cost(run: u64, after: &[usize]) -> CallCost {
        CallCost {
            run: Duration::from_secs(run),
            cpu: None,
            starts: 1,
            backoff: Duration::ZERO,
            release: Duration::ZERO,
            after: after.to_vec(),
            tool: ToolName::new("tool"),
            locks: LockSet::default(),
            cpus: None,
        }
    }

    fn writes(mut cost: CallCost, key: &str) -> CallCost {
        cost.locks.write.push(LockKey::new(key));
        cost
    }

    fn bounds_at(cap: u32, costs: &[CallCost], tools: &[ToolLimits]) -> (u64, String) {
        let cores = Some(2.0);
        let bounds = bounds(costs, &Capacity { cap, cores, tools });
        (bounds.lower_bound.as_secs(), bounds.binding.to_string())
    }

    #[test]
    fn the_greatest_bound_is_named() {
        let mut costs = vec![cost(4, &[]), cost(3, &[0]), cost(5, &[])];
        assert_eq!(bounds_at(4, &costs, &[]), (7, "critical-path".to_owned()));
        assert_eq!(bounds_at(1, &costs, &[]), (12, "slots".to_owned()));
        costs[2].cpu = Some(Duration::from_secs(20));
        assert_eq!(bounds_at(4, &costs, &[]), (10, "cores".to_owned()));
        costs[1].backoff = Duration::from_secs(9);
        assert_eq!(bounds_at(4, &costs, &[]), (16, "backoff".to_owned()));
    }

    #[test]
    fn holders_of_a_path_and_of_folders_above_it_add_up() {
        let mut reader = cost(9, &[]);
        reader.locks.read.push(LockKey::new("file:out/a"));
        let costs = [
            writes(writes(cost(4, &[]), "file:out"), "file:out/a"),
            writes(cost(5, &[]), "file:out/a"),
            writes(cost(6, &[]), "file:out/b"),
            reader,
        ];
        let expected = (18, "lock:file:out/a".to_owned());
        assert_eq!(bounds_at(64, &costs, &[]), expected);
    }

    #[test]
    fn limits_of_tools_bind() {
        let costs: Vec<CallCost> = (0..10).map(|_| cost(2, &[])).collect();
        let limits = |max_parallel, rate| {
            [ToolLimits {
                tool: ToolName::new("tool"),
                max_parallel,
                rate,
            }]
        };
        let rate = Rate {
            starts: 1,
            per: Duration::from_secs(3),
            burst: 2,
        };
        let tools = limits(Some(1), None);
        assert_eq!(bounds_at(64, &costs, &tools), (20, "tool:tool".to_owned()));
        let tools = limits(Some(2), Some(rate));
        assert_eq!(bounds_at(64, &costs, &tools), (26, "rate:tool".to_owned()));
    }
}
