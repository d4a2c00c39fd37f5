//! The dependency graph of a plan: its cycles and its depth.

use std::collections::{HashMap, VecDeque};

use crate::model::{CallId, Edge, EdgeKind};

/// Most cycles that are reported of one plan.
const MOST_CYCLES: usize = 10;

/// The edges of one call while they are gathered: one for each parent.
#[derive(Debug, Default)]
pub(super) struct Edges {
    list: Vec<Edge>,
    places: HashMap<CallId, usize>,
}

impl Edges {
    /// Adds an edge, and returns the kind of an earlier edge to the same parent.
    /// The stronger one stays: output, then success, then end.
    pub(super) fn add(&mut self, call: CallId, on: EdgeKind) -> Option<EdgeKind> {
        let Some(at) = self.places.get(&call) else {
            self.places.insert(call, self.list.len());
            self.list.push(Edge { call, on });
            return None;
        };
        let known = &mut self.list[*at];
        let before = known.on;
        if strength(on) > strength(before) {
            known.on = on;
        }
        Some(before)
    }

    /// The edges, in the order in which they were added.
    pub(super) fn into_list(self) -> Vec<Edge> {
        self.list
    }
}

fn strength(kind: EdgeKind) -> u8 {
    match kind {
        EdgeKind::Done => 0,
        EdgeKind::Ok => 1,
        EdgeKind::Output => 2,
    }
}

/// Returns at most [`MOST_CYCLES`] cycles, each once: its first call first, each
/// call followed by one it waits for.
pub(super) fn cycles(parents: &[Vec<Edge>]) -> Vec<Vec<CallId>> {
    let mut is_open = on_circles(parents);
    let mut cycles = Vec::new();
    for start in 0..parents.len() {
        if cycles.len() == MOST_CYCLES {
            break;
        }
        if !is_open[start] {
            continue;
        }
        match circle_through(start, parents, &is_open) {
            Some(cycle) => {
                for call in &cycle {
                    is_open[call.index()] = false;
                }
                cycles.push(cycle);
            }
            None => is_open[start] = false,
        }
    }
    cycles
}

/// Returns the number of calls on the longest chain; 0 for an empty plan or one
/// with cycles.
pub(super) fn depth(parents: &[Vec<Edge>]) -> usize {
    let mut depths = vec![1; parents.len()];
    let Some(order) = in_order(parents) else {
        return 0;
    };
    for call in order {
        let above = parents[call].iter().map(|edge| depths[edge.call.index()]);
        depths[call] = above.max().unwrap_or(0) + 1;
    }
    depths.into_iter().max().unwrap_or(0)
}

/// The calls, parents before children; `None` where there is a cycle.
fn in_order(parents: &[Vec<Edge>]) -> Option<Vec<usize>> {
    let mut children = vec![Vec::new(); parents.len()];
    for (child, edges) in parents.iter().enumerate() {
        for edge in edges {
            children[edge.call.index()].push(child);
        }
    }
    let mut waiting: Vec<usize> = parents.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..parents.len()).filter(|at| waiting[*at] == 0).collect();
    let mut done = 0;
    while let Some(call) = order.get(done).copied() {
        done += 1;
        for child in &children[call] {
            waiting[*child] -= 1;
            if waiting[*child] == 0 {
                order.push(*child);
            }
        }
    }
    (order.len() == parents.len()).then_some(order)
}

/// Returns which calls are on a cycle or between two: those that remain when
/// calls without parents, and then calls without children, are removed.
fn on_circles(parents: &[Vec<Edge>]) -> Vec<bool> {
    let ups: Vec<Vec<usize>> = parents.iter().map(|edges| indices(edges)).collect();
    let mut downs = vec![Vec::new(); parents.len()];
    for (child, above) in ups.iter().enumerate() {
        for parent in above {
            downs[*parent].push(child);
        }
    }
    let mut is_left = vec![true; parents.len()];
    peel(&ups, &downs, &mut is_left);
    peel(&downs, &ups, &mut is_left);
    is_left
}

fn indices(edges: &[Edge]) -> Vec<usize> {
    edges.iter().map(|edge| edge.call.index()).collect()
}

/// Removes, repeatedly, every call with nothing left before it.
fn peel(before: &[Vec<usize>], after: &[Vec<usize>], is_left: &mut [bool]) {
    let left_before = |at: usize| before[at].iter().filter(|other| is_left[**other]).count();
    let mut counts: Vec<usize> = (0..before.len()).map(left_before).collect();
    let mut free: Vec<usize> = (0..before.len())
        .filter(|at| is_left[*at] && counts[*at] == 0)
        .collect();
    while let Some(at) = free.pop() {
        is_left[at] = false;
        for next in &after[at] {
            if is_left[*next] {
                counts[*next] -= 1;
                if counts[*next] == 0 {
                    free.push(*next);
                }
            }
        }
    }
}

/// Returns the shortest cycle from a call back to itself over open calls.
fn circle_through(start: usize, parents: &[Vec<Edge>], is_open: &[bool]) -> Option<Vec<CallId>> {
    let mut reached_from: Vec<Option<usize>> = vec![None; parents.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(call) = queue.pop_front() {
        for parent in indices(&parents[call]) {
            if parent == start {
                return Some(walked(call, start, &reached_from));
            }
            if is_open[parent] && reached_from[parent].is_none() {
                reached_from[parent] = Some(call);
                queue.push_back(parent);
            }
        }
    }
    None
}

fn walked(end: usize, start: usize, reached_from: &[Option<usize>]) -> Vec<CallId> {
    let mut circle = vec![end];
    let mut call = end;
    while call != start
        && let Some(before) = reached_from[call]
    {
        circle.push(before);
        call = before;
    }
    circle.reverse();
    circle.into_iter().map(CallId::from_index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parents(graph: &[&[usize]]) -> Vec<Vec<Edge>> {
        let edge = |call: &usize| Edge {
            call: CallId::from_index(*call),
            on: EdgeKind::Ok,
        };
        let edges = graph.iter().map(|above| above.iter().map(edge).collect());
        edges.collect()
    }

    fn circles(graph: &[&[usize]]) -> Vec<Vec<usize>> {
        let cycles = cycles(&parents(graph));
        let plain = cycles
            .iter()
            .map(|cycle| cycle.iter().map(|call| call.index()).collect());
        plain.collect()
    }

    #[test]
    fn each_circle_is_found_once_and_shortest() {
        assert!(circles(&[&[], &[0], &[0, 1]]).is_empty());
        assert_eq!(circles(&[&[1], &[0]]), [[0, 1]]);
        assert_eq!(circles(&[&[], &[0, 3], &[1], &[2], &[3]]), [[1, 3, 2]]);
        assert_eq!(circles(&[&[1], &[0], &[3, 1], &[2]]), [[0, 1], [2, 3]]);
    }

    #[test]
    fn a_circle_of_ten_thousand_calls_is_found() {
        let graph: Vec<Vec<usize>> = (0..10_000).map(|at| vec![(at + 1) % 10_000]).collect();
        let graph: Vec<&[usize]> = graph.iter().map(Vec::as_slice).collect();
        assert_eq!(cycles(&parents(&graph))[0].len(), 10_000);
    }

    #[test]
    fn depth_is_the_longest_chain() {
        assert_eq!(depth(&parents(&[])), 0);
        assert_eq!(depth(&parents(&[&[], &[], &[0, 3], &[1]])), 3);
        assert_eq!(depth(&parents(&[&[1], &[0]])), 0);
    }

    #[test]
    fn the_stronger_edge_stays() {
        let mut edges = Edges::default();
        let call = CallId::from_index(0);
        assert_eq!(edges.add(call, EdgeKind::Done), None);
        assert_eq!(edges.add(call, EdgeKind::Output), Some(EdgeKind::Done));
        assert_eq!(edges.add(call, EdgeKind::Ok), Some(EdgeKind::Output));
        let on = EdgeKind::Output;
        assert_eq!(edges.into_list(), [Edge { call, on }]);
    }
}
