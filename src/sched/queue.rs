//! Ready calls in the order in which they start, without looking again at
//! those that are known to be held back.
//!
//! The order: class, then the group with the least virtual time, then the sort
//! key. A sub-queue whose first call does not fit is parked under the resource
//! that holds it back, and woken when that becomes free. Of each flow only the
//! first is woken: if it takes what became free, no other need be; if it
//! cannot, it wakes the next.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::demand::DemandNo;
use super::fair_share::Shares;
use super::sort_keys::SortKeySet;
use super::sub_queue::{FairnessKey, ParkState, Resource, SortKey, SubQueueNo};

/// Ready calls of one class and group with the same demand; never empty while
/// it is in use.
#[derive(Debug)]
struct SubQueue {
    flow: FairnessKey,
    demand: DemandNo,
    keys: SortKeySet,
    standing: ParkState,
}

/// A flow's lines by their first calls.
#[derive(Debug, Default)]
struct FlowQueues {
    open: BTreeSet<(SortKey, SubQueueNo)>,
    /// Parked lines that are worth a reservation.
    blocked: BTreeSet<(SortKey, SubQueueNo)>,
}

/// Place of a flow among the flows: the smallest starts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FlowRank {
    class: i64,
    /// Virtual time of the group, in nanoseconds of one lane.
    time: u64,
    group: u32,
}

impl FlowRank {
    /// Key under which the flow's sub-queues stand.
    fn flow(self) -> (u32, i64) {
        (self.group, self.class)
    }
}

/// The ready calls.
#[derive(Debug, Default)]
pub(super) struct Queue {
    shares: Shares,
    lines: Vec<Option<SubQueue>>,
    unused: Vec<SubQueueNo>,
    numbers: BTreeMap<(FairnessKey, DemandNo), SubQueueNo>,
    /// By group and class.
    flows: BTreeMap<(u32, i64), FlowQueues>,
    open_flows: BTreeSet<FlowRank>,
    blocked_flows: BTreeSet<FlowRank>,
    parked: BTreeSet<(Resource, FairnessKey, SortKey, SubQueueNo)>,
    len: usize,
}

/// The first call of a line, as admission sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    place: FlowRank,
    pub key: SortKey,
    pub line: SubQueueNo,
    pub demand: DemandNo,
}

impl Queue {
    /// Whether there is more than one group.
    pub(super) fn has_groups(&self) -> bool {
        self.shares.has_groups()
    }

    /// The number of a group.
    pub(super) fn group(&mut self, group: Option<&Arc<str>>) -> u32 {
        self.shares.number(group)
    }

    /// How many calls are ready.
    #[cfg(debug_assertions)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a call.
    pub(super) fn insert(&mut self, flow: FairnessKey, demand: DemandNo, key: SortKey) {
        self.len += 1;
        let Some(number) = self.numbers.get(&(flow, demand)).copied() else {
            let number = self.new_sub_queue(flow, demand, key);
            self.open(number, None);
            return;
        };
        let Some(line) = self.sub_queue_mut(number) else {
            return;
        };
        let is_behind = line.keys.first().is_some_and(|first| first < key);
        if is_behind {
            line.keys.insert(key);
            return;
        }
        let woken_by = self.unlink(number);
        if let Some(line) = self.sub_queue_mut(number) {
            line.keys.insert(key);
        }
        self.open(number, None);
        self.wake_next(woken_by);
    }

    /// Takes a call out, because it ends or its place changes.
    pub(super) fn remove(&mut self, flow: FairnessKey, demand: DemandNo, key: SortKey) {
        let Some(number) = self.numbers.get(&(flow, demand)).copied() else {
            debug_assert!(false, "{} has no line", key.id);
            return;
        };
        self.take(number, key);
    }

    /// Takes a call out of a line.
    pub(super) fn take(&mut self, number: SubQueueNo, key: SortKey) {
        self.len -= 1;
        let Some(line) = self.sub_queue_mut(number) else {
            return;
        };
        if line.keys.first().is_some_and(|first| first < key) {
            // One behind the first changes nothing for the line.
            let was_there = line.keys.remove(&key);
            debug_assert!(was_there, "{} is not in its line", key.id);
            return;
        }
        debug_assert_eq!(line.keys.first(), Some(key), "the first of its line");
        if line.keys.len() > 1 && matches!(line.standing, ParkState::Open { .. }) {
            self.advance(number, key);
            return;
        }
        let woken_by = self.unlink(number);
        let Some(line) = self.sub_queue_mut(number) else {
            return;
        };
        line.keys.pop_first();
        if line.keys.is_empty() {
            let own = (line.flow, line.demand);
            self.numbers.remove(&own);
            self.lines[number.0 as usize] = None;
            self.unused.push(number);
        } else {
            self.open(number, None);
        }
        self.wake_next(woken_by);
    }

    /// Takes the first call out of an open line that has more: the next is put
    /// in its place before it goes, so that the flow stays as it is.
    fn advance(&mut self, number: SubQueueNo, first: SortKey) {
        let Some(line) = self.sub_queue_mut(number) else {
            return;
        };
        line.keys.pop_first();
        let (flow, next) = (line.flow, line.keys.first());
        let open = ParkState::Open { woken_by: None };
        let woken_by = match std::mem::replace(&mut line.standing, open) {
            ParkState::Open { woken_by } => woken_by,
            ParkState::Parked(_) => None,
        };
        if let Some(lines) = self.flows.get_mut(&(flow.group, flow.class)) {
            lines.open.extend(next.map(|next| (next, number)));
            lines.open.remove(&(first, number));
        }
        self.wake_next(woken_by.map(|resource| (resource, flow, first)));
    }

    /// The first call that may fit.
    pub(super) fn first_open(&self) -> Option<Candidate> {
        let place = *self.open_flows.first()?;
        let first = *self.flows.get(&place.flow())?.open.first()?;
        self.candidate(place, first)
    }

    /// The first call that was found not to fit.
    pub(super) fn first_blocked(&self) -> Option<Candidate> {
        let place = *self.blocked_flows.first()?;
        let first = *self.flows.get(&place.flow())?.blocked.first()?;
        self.candidate(place, first)
    }

    fn candidate(&self, place: FlowRank, (key, line): (SortKey, SubQueueNo)) -> Option<Candidate> {
        let demand = self.lines.get(line.0 as usize)?.as_ref()?.demand;
        Some(Candidate {
            place,
            key,
            line,
            demand,
        })
    }

    /// Parks an open line: its first call is held back by `resource`.
    /// `is_exhausted` says that nobody else who waits for what woke it could
    /// have it either.
    pub(super) fn park(&mut self, number: SubQueueNo, resource: Resource, is_exhausted: bool) {
        let woken_by = self.unlink(number);
        let Some(line) = self.sub_queue_mut(number) else {
            return;
        };
        let Some(first) = line.keys.first() else {
            return;
        };
        line.standing = ParkState::Parked(resource);
        let flow = line.flow;
        self.parked.insert((resource, flow, first, number));
        if resource.is_reservable() {
            self.flows
                .entry((flow.group, flow.class))
                .or_default()
                .blocked
                .insert((first, number));
            self.reindex(flow);
        }
        self.wake_next(woken_by.filter(|(freed, ..)| !(is_exhausted && *freed == resource)));
    }

    /// Something became free: opens the first line of each flow that waits
    /// for it.
    pub(super) fn wake(&mut self, resource: Resource) {
        let mut after =
            Bound::Included((resource, FairnessKey::FIRST, SortKey::FIRST, SubQueueNo(0)));
        while let Some(entry) = self.parked.range((after, Bound::Unbounded)).next().copied() {
            let (parked_on, flow, _, number) = entry;
            if parked_on != resource {
                return;
            }
            self.unlink(number);
            self.open(number, Some(resource));
            after = Bound::Excluded((resource, flow, SortKey::LAST, SubQueueNo(u32::MAX)));
        }
    }

    /// Opens every line that waits for it.
    pub(super) fn wake_all(&mut self, resource: Resource) {
        let start = (resource, FairnessKey::FIRST, SortKey::FIRST, SubQueueNo(0));
        while let Some((parked_on, _, _, number)) = self.parked.range(start..).next().copied() {
            if parked_on != resource {
                return;
            }
            self.unlink(number);
            self.open(number, None);
        }
    }

    /// A line that was woken is woken no longer: wakes the next of its flow.
    fn wake_next(&mut self, woken_by: Option<(Resource, FairnessKey, SortKey)>) {
        let Some((resource, flow, after)) = woken_by else {
            return;
        };
        let start = Bound::Excluded((resource, flow, after, SubQueueNo(u32::MAX)));
        let next = self.parked.range((start, Bound::Unbounded)).next().copied();
        if let Some((parked_on, parked_flow, _, number)) = next
            && (parked_on, parked_flow) == (resource, flow)
        {
            self.unlink(number);
            self.open(number, Some(resource));
        }
    }

    /// Changes a group's virtual time.
    pub(super) fn update_shares(&mut self, group: u32, change: impl FnOnce(&mut Shares)) {
        let before = self.shares.time(group);
        change(&mut self.shares);
        let after = self.shares.time(group);
        if before == after {
            return;
        }
        for (_, class) in self
            .flows
            .range((group, i64::MIN)..=(group, i64::MAX))
            .map(|at| at.0)
        {
            for places in [&mut self.open_flows, &mut self.blocked_flows] {
                let rank = |time| FlowRank {
                    class: *class,
                    time,
                    group,
                };
                if places.remove(&rank(before)) {
                    places.insert(rank(after));
                }
            }
        }
    }

    /// Every ready call, in order.
    pub(super) fn in_order(&self) -> Vec<SortKey> {
        let mut flows: BTreeMap<FlowRank, Vec<SortKey>> = BTreeMap::new();
        for line in self.lines.iter().flatten() {
            let keys = flows.entry(self.place(line.flow)).or_default();
            keys.extend(line.keys.iter());
        }
        for keys in flows.values_mut() {
            keys.sort_unstable();
        }
        flows.into_values().flatten().collect()
    }

    fn new_sub_queue(&mut self, flow: FairnessKey, demand: DemandNo, first: SortKey) -> SubQueueNo {
        let number = self.unused.pop().unwrap_or_else(|| {
            self.lines.push(None);
            SubQueueNo(self.lines.len() as u32 - 1)
        });
        self.lines[number.0 as usize] = Some(SubQueue {
            flow,
            demand,
            keys: SortKeySet::of(first),
            standing: ParkState::Open { woken_by: None },
        });
        self.numbers.insert((flow, demand), number);
        number
    }

    fn sub_queue_mut(&mut self, number: SubQueueNo) -> Option<&mut SubQueue> {
        self.lines.get_mut(number.0 as usize)?.as_mut()
    }

    /// Takes a line out of every index, before it changes. Returns what it
    /// was woken by, with its flow and first key.
    fn unlink(&mut self, number: SubQueueNo) -> Option<(Resource, FairnessKey, SortKey)> {
        let line = self.lines.get(number.0 as usize)?.as_ref()?;
        let (flow, standing) = (line.flow, line.standing);
        let first = line.keys.first()?;
        let entry = self.flows.entry((flow.group, flow.class)).or_default();
        let woken_by = match standing {
            ParkState::Open { woken_by } => {
                entry.open.remove(&(first, number));
                woken_by.map(|resource| (resource, flow, first))
            }
            ParkState::Parked(resource) => {
                entry.blocked.remove(&(first, number));
                self.parked.remove(&(resource, flow, first, number));
                None
            }
        };
        self.reindex(flow);
        woken_by
    }

    fn open(&mut self, number: SubQueueNo, woken_by: Option<Resource>) {
        let Some(line) = self.sub_queue_mut(number) else {
            return;
        };
        line.standing = ParkState::Open { woken_by };
        let (flow, first) = (line.flow, line.keys.first());
        if let Some(first) = first {
            self.flows
                .entry((flow.group, flow.class))
                .or_default()
                .open
                .insert((first, number));
            self.reindex(flow);
        }
    }

    /// Brings a flow's places up to date after its lines changed.
    fn reindex(&mut self, flow: FairnessKey) {
        let place = self.place(flow);
        let number = (flow.group, flow.class);
        let lines = self.flows.get(&number);
        let has_open = lines.is_some_and(|lines| !lines.open.is_empty());
        let has_blocked = lines.is_some_and(|lines| !lines.blocked.is_empty());
        if has_open {
            self.open_flows.insert(place);
        } else {
            self.open_flows.remove(&place);
        }
        if has_blocked {
            self.blocked_flows.insert(place);
        } else {
            self.blocked_flows.remove(&place);
        }
        if !has_open && !has_blocked {
            self.flows.remove(&number);
        }
    }

    fn place(&self, flow: FairnessKey) -> FlowRank {
        FlowRank {
            class: flow.class,
            time: self.shares.time(flow.group),
            group: flow.group,
        }
    }
}
