//! Lower bounds on how long a set of calls takes, and Graham's upper bound.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{BindingConstraint, Load};
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
pub fn bounds(loads: &[Load], capacity: &Capacity<'_>) -> TimeBounds {
    let work: Duration = loads.iter().map(|load| load.run).sum();
    let critical_path = longest_chain(loads, |load| (load.release, load.run));
    let delayed = longest_chain(loads, |load| (load.release, load.run + load.backoff));
    let cap = capacity.cap.max(1);
    let mut each = vec![
        (BindingConstraint::CriticalPath, critical_path),
        (BindingConstraint::Slots, work / cap),
        (BindingConstraint::Backoff, delayed),
    ];
    each.extend(cores_bound(loads, capacity).map(|bound| (BindingConstraint::Cores, bound)));
    each.extend(lock_bound(loads));
    for limits in capacity.tools {
        each.extend(tool_bounds(loads, limits));
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
        graham: is_plain(loads, capacity).then(|| work / cap + share(critical_path)),
        each,
    }
}

/// Whether nothing but lanes and edges holds calls back.
fn is_plain(loads: &[Load], capacity: &Capacity<'_>) -> bool {
    let is_limited = |load: &Load| {
        let mut limits = capacity.tools.iter();
        limits.any(|limits| limits.tool == load.tool)
    };
    loads.iter().all(|load| {
        load.locks.is_empty()
            && load.cpus.is_none()
            && load.backoff.is_zero()
            && load.release.is_zero()
            && load.starts <= 1
            && !is_limited(load)
    })
}

/// The longest chain of calls, each from its release on and after those it
/// started after. Calls on a cycle, which no checked plan has, count nothing.
fn longest_chain(loads: &[Load], times: impl Fn(&Load) -> (Duration, Duration)) -> Duration {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); loads.len()];
    let mut pending = vec![0usize; loads.len()];
    for (index, load) in loads.iter().enumerate() {
        for parent in load.after.iter().filter(|parent| **parent < loads.len()) {
            children[*parent].push(index);
            pending[index] += 1;
        }
    }
    let mut earliest: Vec<Duration> = loads.iter().map(|load| times(load).0).collect();
    let mut next: Vec<usize> = (0..loads.len())
        .filter(|index| pending[*index] == 0)
        .collect();
    let mut longest = Duration::ZERO;
    while let Some(index) = next.pop() {
        let end = earliest[index] + times(&loads[index]).1;
        // A call that never ran had no end that others could wait for.
        if loads[index].starts > 0 {
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
fn cores_bound(loads: &[Load], capacity: &Capacity<'_>) -> Option<Duration> {
    let cores = capacity.cores.filter(|cores| *cores > 0.0)?;
    let spent: Duration = loads.iter().filter_map(|load| load.cpu).sum();
    let claimed = |load: &Load| Some(load.run.mul_f64(load.cpus?.clamp(0.0, cores)));
    let claimed: Duration = loads.iter().filter_map(claimed).sum();
    Some(spent.max(claimed).div_f64(cores))
}

/// The lock whose holders take longest one after another: those who hold it,
/// or a folder above it, alone, and the longest of those who share it.
fn lock_bound(loads: &[Load]) -> Option<(BindingConstraint, Duration)> {
    let mut holders: BTreeMap<&LockKey, Vec<(usize, LockMode)>> = BTreeMap::new();
    for (index, load) in loads.iter().enumerate() {
        for (key, mode) in load.locks.iter() {
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
        let longest = sharing.map(|(index, _)| loads[*index].run).max();
        let total: Duration = alone.iter().map(|index| loads[*index].run).sum();
        total + longest.unwrap_or_default()
    };
    let times = holders.keys().map(|key| (chain_time(key), *key));
    let (time, key) = times.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(a.1)))?;
    Some((BindingConstraint::Lock(key.clone()), time))
}

/// Returns the bounds by the limits of one tool: its work over the number of
/// calls that may run at once, and its starts over its rate.
fn tool_bounds(loads: &[Load], limits: &ToolLimits) -> Vec<(BindingConstraint, Duration)> {
    let tool = limits.tool.clone();
    let own: Vec<&Load> = loads.iter().filter(|load| load.tool == tool).collect();
    let mut bounds = Vec::new();
    if let Some(max) = limits.max_parallel {
        let work: Duration = own.iter().map(|load| load.run).sum();
        bounds.push((BindingConstraint::Tool(tool.clone()), work / max.max(1)));
    }
    if let Some(rate) = limits.rate {
        let starts: u32 = own.iter().map(|load| load.starts).sum();
        let spaced = starts.saturating_sub(rate.burst.max(1));
        let time = rate
            .per
            .mul_f64(f64::from(spaced) / f64::from(rate.starts.max(1)));
        let ran = own.iter().filter(|load| load.starts == 1);
        let shortest = ran.map(|load| load.run).min().unwrap_or_default();
        let is_spaced = spaced > 0 && own.iter().all(|load| load.starts <= 1);
        let last = if is_spaced { shortest } else { Duration::ZERO };
        bounds.push((BindingConstraint::Rate(tool), time + last));
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LockSet, Rate, ToolName};

    fn load(run: u64, after: &[usize]) -> Load {
        Load {
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

    fn writes(mut load: Load, key: &str) -> Load {
        load.locks.write.push(LockKey::new(key));
        load
    }

    fn bounds_at(cap: u32, loads: &[Load], tools: &[ToolLimits]) -> (u64, String) {
        let cores = Some(2.0);
        let bounds = bounds(loads, &Capacity { cap, cores, tools });
        (bounds.lower_bound.as_secs(), bounds.binding.to_string())
    }

    #[test]
    fn the_greatest_bound_is_named() {
        let mut loads = vec![load(4, &[]), load(3, &[0]), load(5, &[])];
        assert_eq!(bounds_at(4, &loads, &[]), (7, "critical-path".to_owned()));
        assert_eq!(bounds_at(1, &loads, &[]), (12, "slots".to_owned()));
        loads[2].cpu = Some(Duration::from_secs(20));
        assert_eq!(bounds_at(4, &loads, &[]), (10, "cores".to_owned()));
        loads[1].backoff = Duration::from_secs(9);
        assert_eq!(bounds_at(4, &loads, &[]), (16, "backoff".to_owned()));
    }

    #[test]
    fn holders_of_a_path_and_of_folders_above_it_add_up() {
        let mut reader = load(9, &[]);
        reader.locks.read.push(LockKey::new("file:out/a"));
        let loads = [
            writes(writes(load(4, &[]), "file:out"), "file:out/a"),
            writes(load(5, &[]), "file:out/a"),
            writes(load(6, &[]), "file:out/b"),
            reader,
        ];
        let expected = (18, "lock:file:out/a".to_owned());
        assert_eq!(bounds_at(64, &loads, &[]), expected);
    }

    #[test]
    fn limits_of_tools_bind() {
        let loads: Vec<Load> = (0..10).map(|_| load(2, &[])).collect();
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
        assert_eq!(bounds_at(64, &loads, &tools), (20, "tool:tool".to_owned()));
        let tools = limits(Some(2), Some(rate));
        assert_eq!(bounds_at(64, &loads, &tools), (26, "rate:tool".to_owned()));
    }
}
