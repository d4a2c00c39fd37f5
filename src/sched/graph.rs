//! The edges between calls.

use crate::model::{CallId, Edge, EdgeKind};

/// No edge.
const NONE: u32 = u32::MAX;

/// One edge, in the parent's list of children.
#[derive(Debug, Clone, Copy)]
struct EdgeLink {
    parent: CallId,
    child: CallId,
    on: EdgeKind,
    /// Next edge of the same parent.
    next: u32,
}

/// The lists of one call.
#[derive(Debug, Clone, Copy)]
struct CallEdges {
    /// First and last edge to a child, in the order they were added.
    first_child: u32,
    last_child: u32,
    /// Where the edges to its parents stand, and how many there are.
    parents: (u32, u32),
}

impl CallEdges {
    /// Those of a call without edges.
    const NONE: Self = Self {
        first_child: NONE,
        last_child: NONE,
        parents: (0, 0),
    };
}

/// The edges of the run. Calls and edges are only ever added.
#[derive(Debug, Default)]
pub(super) struct Graph {
    calls: usize,
    links: Vec<EdgeLink>,
    /// Up to the last call that has an edge: many runs have none.
    ends: Vec<CallEdges>,
}

impl Graph {
    /// Makes room for calls up to this one.
    pub(super) fn fit(&mut self, call: CallId) {
        self.calls = self.calls.max(call.index() + 1);
    }

    /// Whether edges lead to or from a call.
    pub(super) fn has_edges(&self, call: CallId) -> bool {
        let ends = self.ends(call);
        ends.first_child != NONE || ends.parents.1 > 0
    }

    /// Adds the edges of one call to its parents and says how many. Edges to
    /// unknown calls and to itself are left out: a checked plan has none.
    pub(super) fn add_edges(&mut self, child: CallId, after: &[Edge]) -> u32 {
        let start = self.links.len() as u32;
        for edge in after {
            let parent = edge.call;
            if parent == child || parent.index() >= self.calls {
                debug_assert!(false, "edge of {child} to {parent}");
                continue;
            }
            let index = self.links.len() as u32;
            self.links.push(EdgeLink {
                parent,
                child,
                on: edge.on,
                next: NONE,
            });
            let ends = self.edges_mut(parent);
            match std::mem::replace(&mut ends.last_child, index) {
                NONE => ends.first_child = index,
                last => self.links[last as usize].next = index,
            }
        }
        let count = self.links.len() as u32 - start;
        if count > 0 {
            self.edges_mut(child).parents = (start, count);
        }
        count
    }

    fn ends(&self, call: CallId) -> CallEdges {
        self.ends
            .get(call.index())
            .copied()
            .unwrap_or(CallEdges::NONE)
    }

    fn edges_mut(&mut self, call: CallId) -> &mut CallEdges {
        if call.index() >= self.ends.len() {
            self.ends.resize(call.index() + 1, CallEdges::NONE);
        }
        &mut self.ends[call.index()]
    }

    /// The edges to a call's parents.
    pub(super) fn parents(&self, child: CallId) -> impl DoubleEndedIterator<Item = Edge> + '_ {
        let (start, count) = self.ends(child).parents;
        self.links[start as usize..(start + count) as usize]
            .iter()
            .map(|link| Edge {
                call: link.parent,
                on: link.on,
            })
    }

    /// The first edge to a child of this call, to go on with [`Graph::edge`].
    pub(super) fn first(&self, parent: CallId) -> EdgeNo {
        EdgeNo(self.ends(parent).first_child)
    }

    /// An edge to a child: the child, what it asks, and the next edge of the
    /// same parent.
    pub(super) fn edge(&self, edge: EdgeNo) -> Option<(CallId, EdgeKind, EdgeNo)> {
        let link = self.links.get(edge.0 as usize)?;
        Some((link.child, link.on, EdgeNo(link.next)))
    }
}

/// Number of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EdgeNo(u32);
