//! Measured needs of calls, by tool and by arguments, and their sum over the
//! running calls.
//!
//! An ended attempt tells most. Until one of a tool has ended, the running ones
//! tell what they have shown so far, and only so many are let in as were looked
//! at: twice as many at each reading. An attempt that was looked at counts with
//! what it uses itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::demand::{Demand, NeedKind};
use super::super::input::CallReading;
use super::super::moment::Moment;
use super::need::{FixedNeed, KNOWN, LEAST, Need, ObservedNeed, StartNeed, WEIGHT};
use super::usage::{AttemptUsage, CoreTime};
use crate::model::{ArgsFingerprint, LearnedNeed, LearnedVariant, ToolName};

/// Thousandths of a core that a call of an unknown tool is taken to need: a
/// safe start.
const UNKNOWN: f64 = 1000.0;
/// Most tools whose needs are kept for later runs; those of most calls first.
const MOST_KEPT: usize = 256;
/// Arguments of one tool that are told apart; calls with others need what the
/// tool does.
const VARIANTS: usize = 64;

/// Measured needs of one tool.
#[derive(Debug)]
struct ToolNeeds {
    name: ToolName,
    seen: ObservedNeed,
    start: StartNeed,
    /// Whether an attempt of it has ended, in this run or an earlier one.
    has_ended: bool,
    /// Attempts that run here, and those of them that were looked at.
    running: u32,
    looked_at: u32,
    /// Its calls with other arguments than those told apart.
    rest: NeedKind,
    /// Arguments told apart; at most [`VARIANTS`].
    variants: BTreeMap<ArgsFingerprint, NeedKind>,
    /// Needs from earlier runs, of arguments that no call of this run has had.
    remembered: BTreeMap<ArgsFingerprint, ObservedNeed>,
}

/// Calls that are taken to need the same.
#[derive(Debug)]
struct NeedEntry {
    tool: u32,
    /// Need measured from its own attempts; `None` before the first and for
    /// calls that are not told apart: the tool's counts then.
    seen: Option<ObservedNeed>,
    start: StartNeed,
    /// Calls that run and claim no cores, or no memory.
    running: UnclaimedCounts,
    /// Calls that have not ended and claim no cores.
    open: u64,
}

/// Calls that claim nothing of a kind: what they need is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct UnclaimedCounts {
    cores: u64,
    memory: u64,
}

/// The needs of all calls.
#[derive(Debug)]
pub(super) struct Needs {
    numbers: BTreeMap<ToolName, u32>,
    tools: Vec<ToolNeeds>,
    kinds: Vec<NeedEntry>,
    most_millicores: f64,
    used: Need,
    open: u64,
    /// Those of them whose work is done elsewhere.
    open_elsewhere: u64,
    /// Claimed by calls that have not ended, in thousandths of a core.
    open_claims: u64,
}

impl Needs {
    pub(super) fn new(learned: &[LearnedNeed], cores: f64) -> Self {
        let mut needs = Self {
            numbers: BTreeMap::new(),
            tools: Vec::new(),
            kinds: Vec::new(),
            most_millicores: cores * 1000.0,
            used: Need::default(),
            open: 0,
            open_elsewhere: 0,
            open_claims: 0,
        };
        let most = needs.most_millicores;
        for known in learned {
            let number = needs.tool(&known.tool);
            let tool = &mut needs.tools[number as usize];
            tool.has_ended = true;
            tool.seen = ObservedNeed::earlier(known.cores, known.memory_bytes, most);
            let variants = known.variants.iter().take(VARIANTS);
            tool.remembered = variants
                .map(|it| {
                    (
                        it.args,
                        ObservedNeed::earlier(it.cores, it.memory_bytes, most),
                    )
                })
                .collect();
        }
        needs
    }

    fn tool(&mut self, name: &ToolName) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.tools.len() as u32;
        self.numbers.insert(name.clone(), number);
        let rest = self.new_kind(number, None);
        self.tools.push(ToolNeeds {
            name: name.clone(),
            seen: ObservedNeed {
                millicores: UNKNOWN.min(self.most_millicores),
                memory: 0,
                attempts: 0,
            },
            start: StartNeed::default(),
            has_ended: false,
            running: 0,
            looked_at: 0,
            rest,
            variants: BTreeMap::new(),
            remembered: BTreeMap::new(),
        });
        number
    }

    fn new_kind(&mut self, tool: u32, seen: Option<ObservedNeed>) -> NeedKind {
        let number = NeedKind(self.kinds.len() as u32);
        self.kinds.push(NeedEntry {
            tool,
            seen,
            start: StartNeed::default(),
            running: UnclaimedCounts::default(),
            open: 0,
        });
        number
    }

    /// The kind of a tool's calls with these arguments; `None` where they are
    /// not to be told apart.
    pub(super) fn kind(&mut self, tool: &ToolName, args: Option<ArgsFingerprint>) -> NeedKind {
        let number = self.tool(tool);
        let tool = &mut self.tools[number as usize];
        let Some(args) = args else { return tool.rest };
        if let Some(kind) = tool.variants.get(&args) {
            return *kind;
        }
        if tool.variants.len() == VARIANTS {
            return tool.rest;
        }
        let seen = tool.remembered.remove(&args);
        let kind = self.new_kind(number, seen);
        self.tools[number as usize].variants.insert(args, kind);
        kind
    }

    fn known(&self, kind: &NeedEntry) -> ObservedNeed {
        kind.seen.unwrap_or(self.tools[kind.tool as usize].seen)
    }

    /// Need of a call of which nothing is seen yet. Many programs compute at their
    /// start and then wait.
    fn expected(&self, kind: &NeedEntry) -> Need {
        let need = self.known(kind).need();
        let tool = &self.tools[kind.tool as usize];
        let start = kind.seen.map_or(tool.start, |_own| kind.start);
        Need {
            millicores: need.millicores.max(start.millicores()),
            ..need
        }
    }

    /// A claim is the user's word and counts as it is.
    pub(super) fn of(&self, demand: &Demand) -> Need {
        let learned = self.expected(&self.kinds[demand.kind.0 as usize]);
        let fixed = FixedNeed::of(demand);
        Need {
            millicores: fixed.millicores.unwrap_or(learned.millicores),
            memory: fixed.memory.unwrap_or(learned.memory),
        }
    }

    /// Whether that is more than a guess.
    pub(super) fn is_known(&self, demand: &Demand) -> bool {
        let kind = &self.kinds[demand.kind.0 as usize];
        let of_tool = self.tools[kind.tool as usize].seen.attempts;
        let own = kind.seen.map_or(0, |seen| seen.attempts);
        FixedNeed::of(demand).millicores.is_some() || own.max(of_tool) >= KNOWN
    }

    /// Whether calls of its tool are still looked at before more of them start:
    /// none has ended yet.
    pub(super) fn is_measuring(&self, demand: &Demand) -> bool {
        let tool = self.tool_of(demand);
        let cores = (self.most_millicores / 1000.0) as u32;
        let is_fixed = FixedNeed::of(demand).is_whole();
        !is_fixed && !tool.has_ended && tool.running >= cores.max(1).max(tool.looked_at * 2)
    }

    /// Returns the number of a demand's tool.
    pub(super) fn tool_number(&self, demand: &Demand) -> u32 {
        self.kinds[demand.kind.0 as usize].tool
    }

    fn tool_of(&self, demand: &Demand) -> &ToolNeeds {
        let number = self.kinds[demand.kind.0 as usize].tool;
        &self.tools[number as usize]
    }

    fn tool_of_mut(&mut self, demand: &Demand) -> &mut ToolNeeds {
        let number = self.kinds[demand.kind.0 as usize].tool;
        &mut self.tools[number as usize]
    }

    pub(super) fn opened(&mut self, demand: &Demand) {
        let fixed = FixedNeed::of(demand).millicores;
        self.open += 1;
        if demand.service.is_some() {
            self.open_elsewhere += 1;
            return;
        }
        self.open_claims += fixed.unwrap_or_default();
        self.kinds[demand.kind.0 as usize].open += u64::from(fixed.is_none());
    }

    pub(super) fn closed(&mut self, demand: &Demand) {
        let fixed = FixedNeed::of(demand).millicores;
        self.open -= 1;
        if demand.service.is_some() {
            self.open_elsewhere -= 1;
            return;
        }
        self.open_claims -= fixed.unwrap_or_default();
        self.kinds[demand.kind.0 as usize].open -= u64::from(fixed.is_none());
    }

    pub(super) fn take(&mut self, demand: &Demand) {
        self.used = self.used.plus(self.of(demand));
        let fixed = FixedNeed::of(demand);
        let running = &mut self.kinds[demand.kind.0 as usize].running;
        running.cores += u64::from(fixed.millicores.is_none());
        running.memory += u64::from(fixed.memory.is_none());
        self.tool_of_mut(demand).running += 1;
    }

    pub(super) fn release(&mut self, demand: &Demand, usage: &AttemptUsage) {
        self.uncount(demand, usage);
        let tool = self.tool_of_mut(demand);
        tool.running -= 1;
        tool.looked_at -= u32::from(usage.is_settled());
    }

    /// Takes a running attempt out of the sum.
    fn uncount(&mut self, demand: &Demand, usage: &AttemptUsage) {
        if let Some(need) = usage.need() {
            self.used = self.used.minus(need);
            return;
        }
        self.used = self.used.minus(self.of(demand));
        let fixed = FixedNeed::of(demand);
        let running = &mut self.kinds[demand.kind.0 as usize].running;
        running.cores -= u64::from(fixed.millicores.is_none());
        running.memory -= u64::from(fixed.memory.is_none());
    }

    /// Takes a reading of a running attempt: from now on it counts with what it
    /// uses. Returns its time since the last one.
    pub(super) fn observe(
        &mut self,
        demand: &Demand,
        usage: &mut AttemptUsage,
        now: Moment,
        reading: &CallReading,
    ) -> CoreTime {
        let before = *usage;
        let time = usage.take(now, reading);
        let is_first = usage.is_settled() && !before.is_settled();
        self.tool_of_mut(demand).looked_at += u32::from(is_first);
        self.learn_memory(demand, usage.memory());
        if before.need().is_none()
            && let Some(cores) = usage.cores(reading)
        {
            self.learn_start(demand, cores);
        }
        let expected = self.of(demand);
        let fixed = FixedNeed::of(demand);
        if let Some(millicores) = usage.millicores() {
            let millicores = millicores.clamp(LEAST, self.most_millicores).round() as u64;
            self.uncount(demand, &before);
            usage.set_need(Need {
                millicores: fixed.millicores.unwrap_or(millicores),
                memory: fixed.memory.unwrap_or(expected.memory.max(usage.memory())),
            });
            self.used = self.used.plus(usage.need().unwrap_or_default());
        }
        time
    }

    /// A call of the tool has more memory than was known.
    fn learn_memory(&mut self, demand: &Demand, memory: u64) {
        let NeedKind(kind) = demand.kind;
        let number = self.kinds[kind as usize].tool;
        let before = self.learned_of_running(number);
        let tool = &mut self.tools[number as usize].seen;
        tool.memory = tool.memory.max(memory);
        if let Some(seen) = &mut self.kinds[kind as usize].seen {
            seen.memory = seen.memory.max(memory);
        }
        self.recount(number, before);
    }

    /// Takes the cores that an attempt kept busy until it was looked at for the
    /// first time.
    fn learn_start(&mut self, demand: &Demand, cores: f64) {
        let number = self.kinds[demand.kind.0 as usize].tool;
        let before = self.learned_of_running(number);
        let most = self.most_millicores;
        let latest = (cores * 1000.0).clamp(LEAST, most);
        self.tools[number as usize].start.take(latest);
        self.kinds[demand.kind.0 as usize].start.take(latest);
        self.recount(number, before);
    }

    /// Takes the cores that running attempts have kept busy so far to what calls
    /// of their tools need, for tools of which none has ended.
    pub(super) fn learn_running(&mut self, shown: &[(Arc<Demand>, f64)]) {
        let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        for (demand, cores) in shown {
            let sum = sums.entry(self.kinds[demand.kind.0 as usize].tool);
            let (cores_sum, count) = sum.or_default();
            *cores_sum += cores;
            *count += 1.0;
        }
        for (number, (cores, count)) in sums {
            if self.tools[number as usize].has_ended {
                continue;
            }
            let before = self.learned_of_running(number);
            let most = self.most_millicores;
            let mean = cores / count * 1000.0;
            self.tools[number as usize].seen.millicores = mean.clamp(LEAST, most);
            self.recount(number, before);
        }
    }

    /// Brings the sum up to date after needs of a tool have changed.
    fn recount(&mut self, tool: u32, before: Need) {
        let after = self.learned_of_running(tool);
        self.used = self.used.plus(after).minus(before);
    }

    pub(super) fn used(&self) -> Need {
        self.used
    }

    /// Takes the cores and the peak of memory of an attempt to what is needed:
    /// by its tool, and by calls with the same arguments where those are told
    /// apart. The first attempts of such count for more, as there is nothing
    /// but the tool's need to go by before.
    pub(super) fn learn(&mut self, demand: &Demand, cores: Option<f64>, peak: Option<u64>) {
        let NeedKind(kind) = demand.kind;
        let number = self.kinds[kind as usize].tool;
        let latest = cores.map(|cores| (cores * 1000.0).clamp(LEAST, self.most_millicores));
        let before = self.learned_of_running(number);
        let tool = &mut self.tools[number as usize];
        tool.has_ended = true;
        let kind = &mut self.kinds[kind as usize];
        // Before its cores were seen it follows its tool, also in memory.
        if tool.rest != demand.kind && latest.is_some() {
            kind.seen.get_or_insert(ObservedNeed {
                attempts: 0,
                ..tool.seen
            });
        }
        if let Some(seen) = &mut kind.seen {
            let weight = WEIGHT.max(1.0 / (seen.attempts + 2) as f64);
            seen.take(latest, weight, peak);
        }
        tool.seen.take(latest, WEIGHT, peak);
        self.recount(number, before);
    }

    /// Expected need of a tool's running calls, claims left out.
    fn learned_of_running(&self, tool: u32) -> Need {
        let tool = &self.tools[tool as usize];
        let kinds = tool.variants.values().chain([&tool.rest]);
        kinds.fold(Need::default(), |sum, NeedKind(kind)| {
            let kind = &self.kinds[*kind as usize];
            let each = self.expected(kind);
            sum.plus(Need {
                millicores: kind.running.cores.saturating_mul(each.millicores),
                memory: kind.running.memory.saturating_mul(each.memory),
            })
        })
    }

    /// Mean need of the open calls that run here, in thousandths of a core;
    /// `None` without any.
    pub(super) fn mean_millicores(&self) -> Option<f64> {
        let learned = self.kinds.iter();
        let learned: f64 = learned
            .map(|it| it.open as f64 * self.known(it).millicores)
            .sum();
        let sum = learned + self.open_claims as f64;
        let open = self.open - self.open_elsewhere;
        (open > 0).then(|| (sum / open as f64).max(1.0))
    }

    /// Measured needs, by tool.
    pub(super) fn learned(&self) -> Vec<LearnedNeed> {
        let tools = self.tools.iter();
        let mut known: Vec<&ToolNeeds> = tools.filter(|tool| tool.seen.attempts > 0).collect();
        known.sort_by_key(|tool| std::cmp::Reverse(tool.seen.attempts));
        let told = known.into_iter().take(MOST_KEPT);
        told.map(|tool| LearnedNeed {
            tool: tool.name.clone(),
            cores: tool.seen.millicores / 1000.0,
            memory_bytes: tool.seen.memory,
            variants: self.variants(tool),
        })
        .collect()
    }

    /// Measured needs of a tool's arguments, those of this run first.
    fn variants(&self, tool: &ToolNeeds) -> Vec<LearnedVariant> {
        let own = tool.variants.iter();
        let own = own
            .filter_map(|(args, NeedKind(kind))| Some((*args, self.kinds[*kind as usize].seen?)));
        let earlier = tool.remembered.iter().map(|(args, seen)| (*args, *seen));
        let told = own.chain(earlier).take(VARIANTS);
        told.map(|(args, seen)| LearnedVariant {
            args,
            cores: seen.millicores / 1000.0,
            memory_bytes: seen.memory,
        })
        .collect()
    }

    #[cfg(debug_assertions)]
    pub(super) fn check<'d>(
        &self,
        running: impl Iterator<Item = (&'d Demand, &'d AttemptUsage)>,
        open: usize,
    ) {
        let need = |(demand, usage): (&Demand, &AttemptUsage)| {
            usage.need().unwrap_or_else(|| self.of(demand))
        };
        let used = running.map(need).fold(Need::default(), Need::plus);
        assert_eq!(used, self.used, "what running calls need");
        assert_eq!(self.open, open as u64, "open calls whose needs count");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::demand::RoundedEstimate;
    use super::super::super::lock_table::LockClaim;
    use super::*;

    fn tool() -> ToolName {
        ToolName::new("shell")
    }

    fn args(number: usize) -> ArgsFingerprint {
        ArgsFingerprint::of(&json!({ "command": number }))
    }

    fn demand(needs: &mut Needs, args: Option<ArgsFingerprint>) -> Demand {
        Demand {
            tool: None,
            kind: needs.kind(&tool(), args),
            service: None,
            locks: LockClaim::default(),
            millicores: 0,
            memory: 0,
            rounded_estimate: RoundedEstimate::of(std::time::Duration::ZERO),
        }
    }

    fn learn(needs: &mut Needs, args: ArgsFingerprint, cores: f64) {
        let demand = demand(needs, Some(args));
        for _ in 0..20 {
            needs.learn(&demand, Some(cores), None);
        }
    }

    fn millicores(needs: &mut Needs, args: ArgsFingerprint) -> u64 {
        let demand = demand(needs, Some(args));
        needs.of(&demand).millicores
    }

    #[test]
    fn one_tool_needs_what_its_arguments_say_and_that_is_remembered() {
        let mut needs = Needs::new(&[], 8.0);
        let [heavy, light, new] = [0, 1, 2].map(args);
        learn(&mut needs, heavy, 4.0);
        learn(&mut needs, light, 0.1);
        assert!((3_900..=4_000).contains(&millicores(&mut needs, heavy)));
        assert!((100..=150).contains(&millicores(&mut needs, light)));
        let of_tool = demand(&mut needs, None);
        let of_tool = needs.of(&of_tool).millicores;
        assert_eq!(
            millicores(&mut needs, new),
            of_tool,
            "nothing else is known"
        );

        let mut later = Needs::new(&needs.learned(), 8.0);
        for known in [heavy, light] {
            let before = millicores(&mut needs, known);
            assert_eq!(millicores(&mut later, known), before);
        }
        let learned = later.learned();
        assert_eq!(learned[0].variants.len(), 2, "those that did not run again");
    }

    #[test]
    fn what_runs_is_counted_anew_when_its_tool_or_its_arguments_become_known() {
        let mut needs = Needs::new(&[], 8.0);
        let running = [Some(args(0)), Some(args(1)), None].map(|it| demand(&mut needs, it));
        for demand in &running {
            needs.opened(demand);
            needs.take(demand);
        }
        needs.learn(&running[0], None, Some(1 << 20));
        assert_eq!(needs.of(&running[0]), needs.of(&running[2]), "of the tool");
        needs.learn(&running[0], Some(3.0), Some(1 << 20));
        needs.learn(&running[1], Some(0.2), Some(1 << 30));
        needs.learn(&running[2], Some(0.5), None);
        let sum = running.iter().map(|it| needs.of(it));
        let sum = sum.fold(Need::default(), Need::plus);
        assert_eq!(needs.used(), sum);
        assert_ne!(needs.of(&running[0]), needs.of(&running[1]));
    }

    #[test]
    fn of_many_arguments_only_some_are_told_apart() {
        let mut needs = Needs::new(&[], 8.0);
        for number in 0..VARIANTS {
            learn(&mut needs, args(number), 0.1);
        }
        let rest = demand(&mut needs, None).kind;
        assert_ne!(needs.kind(&tool(), Some(args(0))), rest);
        assert_eq!(needs.kind(&tool(), Some(args(VARIANTS))), rest);
        assert_eq!(needs.learned()[0].variants.len(), VARIANTS);
    }
}
