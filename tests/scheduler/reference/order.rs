//! The reference's order of starts: who fits, who comes first, who may start
//! ahead of the first that does not fit, and why each call waits.

use std::time::Duration;

use fanout::model::{CallId, LockKey, LockMode, LockSet, Order, RunPhase, WaitReason};

use super::{Admission, Attempt, Call, Reference, Stage};

/// Place of a call: class, share of its group, number of its group, score,
/// position, id.
type Place = (i64, u64, usize, i64, i64, CallId);

/// What holds a call back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    Lock(LockKey, CallId),
    Tool(usize),
    Rate(usize, Duration),
    Memory,
    Cores,
}

struct Kept {
    call: CallId,
    shadow: Duration,
    left: Vec<CallId>,
}

impl Reference {
    fn call(&self, id: CallId) -> &Call {
        &self.calls[id.index()]
    }

    fn cap(&self) -> usize {
        self.settings.policy.cap.get() as usize
    }

    pub(crate) fn admit(&mut self) {
        while self.phase() == RunPhase::Open && self.by_lane().len() < self.cap() {
            let mut kept: Option<Kept> = None;
            let mut next = None;
            for id in self.ready_in_order() {
                match (self.block(id), &kept) {
                    (Some(Block::Rate(..)), _) | (Some(_), Some(_)) => {}
                    (Some(_), None) => kept = Some(self.reserve(id)),
                    (None, Some(kept)) if !self.is_allowed(kept, id) => {}
                    (None, _) => {
                        next = Some(id);
                        break;
                    }
                }
            }
            let Some(id) = next else { return };
            if let Some(kept) = kept {
                self.calls[kept.call.index()].overtaken += 1;
            }
            let lanes: Vec<usize> = self.attempts().map(|(_, attempt)| attempt.lane).collect();
            let lane = (0..self.cap())
                .find(|lane| !lanes.contains(lane))
                .unwrap_or_default();
            if let Some(tool) = self.tool_of(id) {
                self.tool_log.push((tool, self.now, None));
            }
            let charge = self.weighted(id, self.estimate(id));
            let share = self
                .shares
                .entry(self.call(id).spec.group.clone())
                .or_default();
            self.clock = self.clock.max(*share);
            *share += charge;
            self.start(id, lane);
        }
    }

    pub(crate) fn correct_share(&mut self, id: CallId, attempt: &Attempt) {
        let charged = self.weighted(id, self.estimate(id));
        let took = self.weighted(id, self.now.saturating_sub(attempt.ordered));
        let share = self
            .shares
            .entry(self.call(id).spec.group.clone())
            .or_default();
        *share = share.saturating_sub(charged) + took;
    }

    fn estimate(&self, id: CallId) -> Duration {
        self.call(id)
            .spec
            .estimate
            .unwrap_or(Duration::from_secs(1))
    }

    fn weighted(&self, id: CallId, time: Duration) -> u64 {
        let weight = self.millicores(id).max(1_000);
        (time.as_nanos() * u128::from(weight) / 1_000) as u64
    }

    fn millicores(&self, id: CallId) -> u64 {
        let claimed = self
            .call(id)
            .spec
            .claims
            .cpus
            .map_or(0, |cpus| (cpus * 1000.0) as u64);
        claimed.min(self.all_millicores())
    }

    fn all_millicores(&self) -> u64 {
        self.settings
            .cores
            .map_or(u64::MAX, |cores| (cores * 1000.0) as u64)
    }

    fn memory(&self, id: CallId) -> u64 {
        let claimed = self.call(id).spec.claims.memory_bytes.unwrap_or(0);
        claimed.min(self.all_memory())
    }

    fn all_memory(&self) -> u64 {
        self.settings.memory_bytes.unwrap_or(u64::MAX)
    }

    fn attempts(&self) -> impl Iterator<Item = (CallId, &Attempt)> {
        self.calls.iter().filter_map(|call| match &call.stage {
            Stage::Active(attempt) => Some((call.spec.id, &**attempt)),
            _ => None,
        })
    }

    pub(crate) fn tool_of(&self, id: CallId) -> Option<usize> {
        let tools = &self.settings.tools;
        tools
            .iter()
            .position(|limits| limits.tool == self.call(id).spec.tool)
    }

    /// When a tool's rate, or the pause its service asked for, lets the next
    /// start through.
    fn rate_opens(&self, tool: usize) -> Duration {
        let (interval, tolerance) = match self.settings.tools[tool].rate {
            Some(rate) => {
                let interval = rate.per / rate.starts.max(1);
                (interval, interval * (rate.burst.max(1) - 1))
            }
            None => (Duration::ZERO, Duration::ZERO),
        };
        let mut arrival = Duration::ZERO;
        for (_, at, hold) in self.tool_log.iter().filter(|(logged, ..)| *logged == tool) {
            arrival = match hold {
                Some(hold) => arrival.max(*at + *hold + tolerance),
                None => arrival.max(*at) + interval,
            };
        }
        arrival.saturating_sub(tolerance)
    }

    pub(crate) fn block(&self, id: CallId) -> Option<Block> {
        if let Some(tool) = self.tool_of(id)
            && self.rate_opens(tool) > self.now
        {
            return Some(Block::Rate(tool, self.rate_opens(tool)));
        }
        self.block_beside_rate(id)
    }

    fn block_beside_rate(&self, id: CallId) -> Option<Block> {
        for (key, mode) in self.call(id).spec.locks.iter() {
            let mut holders = self.by_lane().into_iter();
            let holder = holders.find(|held| is_held(&self.call(*held).spec.locks, key, mode));
            if let Some(holder) = holder {
                return Some(Block::Lock(key.clone(), holder));
            }
        }
        if let Some(tool) = self.tool_of(id) {
            let max = self.settings.tools[tool].max_parallel;
            if max.is_some_and(|max| self.tool_busy(tool, &self.by_lane()) >= max) {
                return Some(Block::Tool(tool));
            }
        }
        let used = self.used(&self.by_lane());
        if used.1.saturating_add(self.memory(id)) > self.all_memory() {
            return Some(Block::Memory);
        }
        (used.0.saturating_add(self.millicores(id)) > self.all_millicores()).then_some(Block::Cores)
    }

    fn tool_busy(&self, tool: usize, calls: &[CallId]) -> u32 {
        let of_tool = calls
            .iter()
            .filter(|call| self.tool_of(**call) == Some(tool));
        of_tool.count() as u32
    }

    fn used(&self, calls: &[CallId]) -> (u64, u64) {
        let add = |sum: u64, part: u64| sum.saturating_add(part);
        let cores = calls.iter().map(|call| self.millicores(*call)).fold(0, add);
        (
            cores,
            calls.iter().map(|call| self.memory(*call)).fold(0, add),
        )
    }

    /// Whether these calls could hold lanes together, locks aside; of the
    /// tools only that of `of` is looked at.
    fn is_together(&self, calls: &[CallId], of: CallId) -> bool {
        let used = self.used(calls);
        let is_tool_free = self.tool_of(of).is_none_or(|tool| {
            let max = self.settings.tools[tool].max_parallel;
            max.is_none_or(|max| self.tool_busy(tool, calls) <= max)
        });
        calls.len() <= self.cap()
            && used.0 <= self.all_millicores()
            && used.1 <= self.all_memory()
            && is_tool_free
    }

    fn expected_end(&self, id: CallId) -> Duration {
        let Stage::Active(attempt) = &self.call(id).stage else {
            return self.now;
        };
        let end = attempt.ordered + rounded(self.estimate(id));
        if end > self.now {
            end
        } else {
            self.now + self.now.saturating_sub(attempt.ordered)
        }
    }

    fn reserve(&self, id: CallId) -> Kept {
        let mut left = self.by_lane();
        let mut shadow = self.now;
        loop {
            let mut calls = left.clone();
            calls.push(id);
            let is_free = !left.iter().any(|held| self.is_conflict(*held, id));
            if (is_free && self.is_together(&calls, id)) || left.is_empty() {
                break;
            }
            let ends = left.iter().map(|call| self.expected_end(*call));
            shadow = ends.min().unwrap_or(shadow);
            left.retain(|call| self.expected_end(*call) > shadow);
        }
        Kept {
            call: id,
            shadow,
            left,
        }
    }

    fn is_conflict(&self, one: CallId, other: CallId) -> bool {
        let held = &self.call(one).spec.locks;
        let mut asked = self.call(other).spec.locks.iter();
        asked.any(|(key, mode)| is_held(held, key, mode))
    }

    fn is_allowed(&self, kept: &Kept, id: CallId) -> bool {
        if self.call(kept.call).overtaken > 8 * self.cap() as u32 {
            return false;
        }
        let mut calls = kept.left.clone();
        calls.extend([kept.call, id]);
        self.now + rounded(self.estimate(id)) <= kept.shadow
            || (self.is_together(&calls, id) && !self.is_conflict(kept.call, id))
    }

    fn rank(&self, id: CallId) -> u64 {
        let children = self
            .calls
            .iter()
            .filter(|call| call.spec.after.iter().any(|edge| edge.call == id));
        let behind = children.map(|call| self.rank(call.spec.id)).max();
        self.estimate(id).as_nanos() as u64 + behind.unwrap_or(0)
    }

    fn class(&self, id: CallId) -> i64 {
        match self.call(id).pin {
            0 => -i64::from(self.call(id).spec.priority),
            pin => i64::MIN / 2 - pin,
        }
    }

    fn key(&self, id: CallId) -> (i64, i64, CallId) {
        let call = self.call(id);
        let joined_at = call.joined_at.as_nanos() as i64;
        let score = match self.settings.policy.order {
            Order::Fifo => 0,
            Order::CriticalPath => joined_at.saturating_sub_unsigned(self.rank(id)),
        };
        (call.score.unwrap_or(score), call.position, id)
    }

    fn group(&self, id: CallId) -> usize {
        let group = &self.call(id).spec.group;
        self.groups
            .iter()
            .position(|known| known == group)
            .unwrap_or_default()
    }

    fn place(&self, id: CallId) -> Place {
        let share = self.shares.get(&self.call(id).spec.group);
        let (score, position, id) = self.key(id);
        let share = share.copied().unwrap_or_default();
        (self.class(id), share, self.group(id), score, position, id)
    }

    pub(crate) fn ready_in_order(&self) -> Vec<CallId> {
        let ready = self.calls.iter().filter(|call| call.stage == Stage::Ready);
        let mut places: Vec<Place> = ready.map(|call| self.place(call.spec.id)).collect();
        places.sort_unstable();
        places.into_iter().map(|place| place.5).collect()
    }

    /// Every waiting call, the ready ones first.
    pub(crate) fn queue_in_order(&self) -> Vec<CallId> {
        let mut order = self.ready_in_order();
        let others = self
            .calls
            .iter()
            .filter(|call| call.is_waiting() && call.stage != Stage::Ready);
        let mut others: Vec<CallId> = others.map(|call| call.spec.id).collect();
        others.sort_by_key(|id| (self.class(*id), self.key(*id)));
        order.append(&mut others);
        order
    }

    pub(crate) fn move_call(&mut self, id: CallId, before: Option<CallId>) {
        let is_waiting = |id: CallId| self.calls.get(id.index()).is_some_and(Call::is_waiting);
        if !is_waiting(id) || before == Some(id) {
            return;
        }
        let turn = |id: CallId| (self.class(id), self.group(id));
        let others: Vec<(i64, i64, CallId)> = (0..self.calls.len())
            .map(CallId::from_index)
            .filter(|other| *other != id && is_waiting(*other) && turn(*other) == turn(id))
            .map(|other| self.key(other))
            .collect();
        let target = match before {
            Some(before) => others.iter().find(|key| key.2 == before).copied(),
            None => Some((i64::MAX, i64::MAX, CallId::MAX)),
        };
        let Some(target) = target else { return };
        let last = others.into_iter().filter(|key| *key < target).max();
        let (score, position) = match (before, last) {
            (None, None) => return,
            (None, Some(last)) => (last.0, last.1 + (1 << 32)),
            (Some(_), Some(last)) if last.0 == target.0 => {
                (target.0, last.1 + (target.1 - last.1) / 2)
            }
            _ => (target.0, target.1 - (1 << 32)),
        };
        let call = &mut self.calls[id.index()];
        (call.score, call.position) = (Some(score), position);
    }

    pub(crate) fn why_waiting(&self, id: CallId) -> Option<WaitReason> {
        let call = self.call(id);
        let at = call.not_before;
        Some(match call.stage {
            Stage::Active(_) | Stage::Ended(_) => return None,
            Stage::Backoff => WaitReason::Retry { at },
            Stage::Waiting => {
                let parents = || call.spec.after.iter().map(|edge| edge.call);
                let open = parents().find(|parent| !self.call(*parent).is_ended());
                let last = parents().next_back().filter(|_| !call.are_locks_known);
                match open.or(last) {
                    Some(call) => WaitReason::After { call },
                    None => WaitReason::StartAfter { at },
                }
            }
            Stage::Ready => self.why_not_started(id),
        })
    }

    fn why_not_started(&self, id: CallId) -> WaitReason {
        match self.phase() {
            RunPhase::Open => {}
            RunPhase::Paused => return WaitReason::Paused,
            RunPhase::Stopped | RunPhase::ShuttingDown => return WaitReason::Stopped,
        }
        let limits = |tool: usize| &self.settings.tools[tool];
        let used = self.used(&self.by_lane());
        let (busy, cap) = (self.by_lane().len() as u32, self.cap() as u32);
        match self.block(id) {
            Some(Block::Lock(key, holder)) => WaitReason::Lock { key, holder },
            Some(Block::Tool(tool)) => WaitReason::ToolCap {
                tool: limits(tool).tool.clone(),
                busy: self.tool_busy(tool, &self.by_lane()),
                max: limits(tool).max_parallel.unwrap_or_default(),
            },
            Some(Block::Rate(tool, at)) => WaitReason::Rate {
                tool: limits(tool).tool.clone(),
                limit: match limits(tool).rate {
                    Some(_) => "1/s".into(),
                    None => "as the service asked".into(),
                },
                at,
            },
            Some(Block::Memory) => WaitReason::Memory {
                used_bytes: used.1,
                total_bytes: self.all_memory(),
            },
            Some(Block::Cores) => WaitReason::Cpu {
                used_cores: used.0 as f64 / 1000.0,
                total_cores: self.all_millicores() as f64 / 1000.0,
            },
            None if busy >= cap || self.admission == Admission::Held => {
                WaitReason::Slot { busy, cap }
            }
            None => {
                let mut order = self.ready_in_order().into_iter();
                match order.find(|id| self.is_reservable(*id)) {
                    Some(call) => WaitReason::Reserved { call },
                    None => WaitReason::Slot { busy, cap },
                }
            }
        }
    }

    /// When something has to happen at the latest: deadlines, and rates that
    /// hold calls back while lanes are free.
    pub(crate) fn next_needed(&self) -> Option<Duration> {
        let fire = self.next_fire().map(|(due, _)| due);
        let is_looking = self.phase() == RunPhase::Open && self.by_lane().len() < self.cap();
        if !is_looking || self.admission == Admission::Held {
            return fire;
        }
        // Behind a reservation something runs, and its end is the next step.
        let ready = self.ready_in_order().into_iter();
        let free = ready.take_while(|id| !self.is_reservable(*id));
        let opens = free.filter_map(|id| match self.block(id) {
            Some(Block::Rate(_, at)) if self.block_beside_rate(id).is_none() => Some(at),
            _ => None,
        });
        fire.into_iter().chain(opens).min()
    }

    /// Whether a call is held back by more than time.
    fn is_reservable(&self, id: CallId) -> bool {
        !matches!(self.block(id), None | Some(Block::Rate(..)))
    }
}

fn is_held(held: &LockSet, key: &LockKey, mode: LockMode) -> bool {
    held.iter().any(|(other, held)| {
        (held == LockMode::Exclusive || mode == LockMode::Exclusive) && other.overlaps(key)
    })
}

/// The smallest of 4, 5, 6 and 7 times a power of two that is not smaller.
fn rounded(time: Duration) -> Duration {
    let nanos = time.as_nanos() as u64;
    if nanos < 8 {
        return time;
    }
    let steps = (0..60).flat_map(|power| (4..8u64).map(move |step| step << power));
    let rounded = steps.into_iter().find(|step| *step >= nanos);
    Duration::from_nanos(rounded.unwrap_or(nanos))
}
