//! The findings of a comparison, in words. They hold untrusted text as it is:
//! whoever shows them sanitises it.

use super::{CompareFindings, MinimalSet, ParallelHazard, Remedy, Timing, Unstable};
use crate::lab::statistics::drift;
use crate::lab::words::{drift_in_words, percent, seconds};
use crate::lab::{BindingConstraint, CallResult, IdleCause};
use crate::model::{CallId, Cap, Plan, plural};

/// Calls, hazards and outputs that are named one by one.
const SHOWN: usize = 8;
/// Letters of an output that are shown.
const LETTERS: usize = 60;

impl Timing {
    /// Parts of the lane time with their names and what they mean; work and
    /// contention always, the others where they are worth a line.
    pub fn parts(&self) -> Vec<(f64, &'static str, &'static str)> {
        let work = "calls ran as long as they do at the lowest cap";
        let contention = "calls ran longer than at the lowest cap";
        let mut parts = vec![
            (self.shares.work, "work", work),
            (self.shares.contention, "contention", contention),
        ];
        for kind in IdleCause::ALL {
            let part = self.shares.idle.get(&kind).copied().unwrap_or(0.0);
            if part >= 0.005 {
                parts.push((part, shown(kind), explained(kind)));
            }
        }
        parts
    }

    /// Returns the constraint that keeps the plan from being faster at this cap.
    pub fn what_binds(&self) -> String {
        let best = seconds(self.lower_bound.as_secs_f64());
        let cap = self.cap;
        match &self.binding {
            BindingConstraint::CriticalPath => format!(
                "At cap {cap} the critical path binds: more lanes make it no faster than {best}."
            ),
            BindingConstraint::Slots => {
                format!("At cap {cap} the lanes bind: no order of calls takes less than {best}.")
            }
            BindingConstraint::Cores => format!(
                "At cap {cap} the cores bind: there is CPU work for {best}, more lanes gain nothing."
            ),
            other => {
                format!("At cap {cap} {other} binds: more lanes make it no faster than {best}.")
            }
        }
    }

    /// How much of the best possible speed it reached.
    pub fn efficiency_text(&self) -> String {
        self.efficiency.map_or("-".to_owned(), percent)
    }
}

/// The word of a cause on the screen, where a slot is called a lane.
fn shown(cause: IdleCause) -> &'static str {
    match cause {
        IdleCause::Slots => "lanes",
        other => other.word(),
    }
}

fn explained(kind: IdleCause) -> &'static str {
    match kind {
        IdleCause::Locks => "a lane was idle, a call waited for a lock",
        IdleCause::Rates => "a lane was idle, a call waited for its tool's rate",
        IdleCause::Retries => "a lane was idle, a call waited for another attempt",
        IdleCause::Claims => "a lane was idle, a call waited for cores or memory",
        IdleCause::Slots => "a lane was about to be filled, or kept for a call",
        IdleCause::Dependencies => "a lane was idle, calls waited for others",
        IdleCause::NothingLeft => "a lane was idle, too few calls were left",
    }
}

impl CompareFindings {
    /// Returns how many times as fast the highest cap is as the lowest; `None`
    /// before the first whole block.
    pub fn most_speed_up(&self) -> Option<f64> {
        let [_, .., last] = self.timings.as_slice() else {
            return None;
        };
        Some(last.speed_up.at)
    }

    /// Returns the outcome in one plain sentence for an audience; `None` before
    /// the first whole block.
    pub fn sentence(&self) -> Option<String> {
        let [first, .., last] = self.timings.as_slice() else {
            return None;
        };
        let lanes = |cap: Cap| plural(cap.get() as usize, "lane");
        let because = match &last.binding {
            BindingConstraint::CriticalPath => "the longest chain of calls is the limit now",
            BindingConstraint::Slots => "more lanes could make it faster still",
            BindingConstraint::Cores => "the cores are full, more lanes would not help",
            BindingConstraint::Lock(_) => "calls that hold one lock run one after another",
            BindingConstraint::Tool(_) => "a tool takes only so many calls at once",
            BindingConstraint::Rate(_) => "a tool is started only so often",
            BindingConstraint::Backoff => "delays before retries take the rest",
        };
        Some(format!(
            "{} took {}, {} took {}: {because}.",
            lanes(first.cap),
            seconds(first.wall.at),
            lanes(last.cap),
            seconds(last.wall.at)
        ))
    }

    /// Returns how narrow the intervals are, where it was run until they are.
    fn narrowness(&self) -> Option<String> {
        let until = self.request.until?;
        let reach = self.timings.iter().skip(1).map(|it| it.speed_up.reach());
        let reach = reach.fold(0.0, f64::max);
        Some(if reach <= until.part() {
            format!(
                "Every speed-up is known to {until}, with 95 % or more over all looks after {} blocks.",
                self.blocks
            )
        } else {
            format!(
                "So far after {} blocks: speed-ups are known to ±{:.0} %, not to {until} as asked.",
                self.blocks,
                reach * 100.0
            )
        })
    }

    /// Returns a warning for each reason to doubt the times.
    pub fn doubts(&self) -> Vec<String> {
        let cores = self.foreign_cores.filter(|cores| *cores > 0.2);
        let others = cores.map(|cores| {
            format!("Other programs used up to {cores:.1} cores meanwhile: the times are doubtful.")
        });
        let drift = self.drift().map(drift_in_words);
        let known = self.narrowness().into_iter();
        known.chain(others).chain(drift).collect()
    }

    /// By how much the runs got slower from the first block to the last.
    pub(super) fn drift(&self) -> Option<f64> {
        let blocks: Vec<f64> = self.walls.iter().map(|block| block.iter().sum()).collect();
        drift(&blocks)
    }

    /// Whether the results are the same at every cap, in lines; with a hazard
    /// the calls that make it and what was tried against it.
    pub fn results(&self, plan: &Plan) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.is_comparable {
            lines.push("Results: there are no runs at two caps to compare.".to_owned());
        } else if self.hazards.is_empty() {
            lines.push(self.no_difference(plan));
        } else {
            lines.push("Parallel hazard: results differ between the caps.".to_owned());
        }
        for hazard in self.hazards.iter().take(SHOWN) {
            self.tell_hazard(plan, hazard, &mut lines);
        }
        if let Some(more) = self.hazards.len().checked_sub(SHOWN + 1) {
            lines.push(format!("  and {} more", plural(more + 1, "call")));
        }
        match &self.trace {
            Some(trace) => tell_trace(plan, trace, &mut lines),
            None if self.hazards.is_empty() => {}
            None => lines.push("  The calls that make it were not looked for.".to_owned()),
        }
        for call in self.unstable.iter().take(SHOWN) {
            tell_unstable(plan, call, &mut lines);
        }
        for hazard in self.suspected.iter().take(SHOWN) {
            let (name, seen) = (name(plan, hazard.call), hazard.seen);
            lines.push(format!(
                "{name} differed in {seen} of {} runs at cap {} and never at the lowest: too seldom to tell whether it is flaky.",
                hazard.runs, hazard.cap
            ));
        }
        if self.times_left_out > 0 {
            let calls = plural(self.times_left_out, "call");
            lines.push(format!(
                "Times in the outputs of {calls} were not compared."
            ));
        }
        if self.unplanned > 0 {
            let runs = plural(self.unplanned, "run");
            lines.push(format!("In {runs} not every call succeeded."));
        }
        lines
    }

    fn no_difference(&self, plan: &Plan) -> String {
        let runs = plural(self.runs as usize, "run");
        let detectable = self.detectable.map(|part| {
            let least = percent(part);
            format!(" One that comes in {least} of the runs or more would have shown (95 %).")
        });
        let detectable = detectable.unwrap_or_default();
        let left_out = self.not_compared();
        if left_out == 0 {
            return format!("Results: no difference between the caps in {runs}.{detectable}");
        }
        match plan.calls.len().saturating_sub(left_out) {
            0 => format!("Results: none of the {left_out} calls can be compared."),
            compared => format!(
                "Results: no difference in {runs} in the {} that can be compared; {left_out} cannot.{detectable}",
                plural(compared, "call")
            ),
        }
    }

    fn tell_hazard(&self, plan: &Plan, hazard: &ParallelHazard, lines: &mut Vec<String>) {
        let name = name(plan, hazard.call);
        let what = if hazard.is_outcome() {
            "ends otherwise"
        } else {
            "prints something else"
        };
        let why = if hazard.is_consequence {
            ", after a call that does so too"
        } else {
            ""
        };
        let (seen, runs, cap) = (hazard.seen, hazard.runs, hazard.cap);
        lines.push(format!(
            "  {name} {what} in {seen} of {runs} runs at cap {cap}{why}"
        ));
        if let Some(lowest) = self.request.caps.first() {
            let expected = answer_text(&hazard.expected);
            lines.push(format!("    at cap {lowest:<3} {expected}"));
        }
        let found = answer_text(&hazard.found);
        lines.push(format!("    at cap {cap:<3} {found}"));
    }
}

fn tell_trace(plan: &Plan, trace: &MinimalSet, lines: &mut Vec<String>) {
    lines.push(String::new());
    if trace.calls.is_empty() {
        let runs = plural(trace.runs, "run");
        lines.push(format!(
            "  The search for the calls that make it came to no end ({runs})."
        ));
        return;
    }
    let smallest = if trace.is_smallest {
        let tries = plural(trace.tries as usize, "run");
        format!("it was not seen without any one of them in {tries} each")
    } else {
        "smaller sets were not found in time".to_owned()
    };
    lines.push(format!(
        "  It takes these {} at the same time; {smallest} ({} in all):",
        plural(trace.calls.len(), "call"),
        plural(trace.runs, "run")
    ));
    for call in trace.calls.iter().take(SHOWN) {
        lines.push(format!("    {}", described(plan, *call)));
    }
    if !trace.needed.is_empty() {
        let names: Vec<&str> = trace.needed.iter().map(|id| name(plan, *id)).collect();
        lines.push(format!("  after {}", names.join(", ")));
    }
    lines.push(String::new());
    if trace.tried == 0 {
        lines.push("  No lock that was tried removes it.".to_owned());
        return;
    }
    let (tried, cap) = (plural(trace.tried as usize, "run"), trace.cap);
    lines.push(format!(
        "  With this, {tried} of the whole plan at cap {cap} show no difference:"
    ));
    for remedy in &trace.remedies {
        lines.push(format!("    {}", remedy.line()));
        lines.push(format!("      in {}", holders(plan, remedy)));
    }
}

fn holders(plan: &Plan, remedy: &Remedy) -> String {
    let shown = remedy.calls.iter().take(SHOWN * 2);
    let mut names: Vec<String> = shown.map(|id| name(plan, *id).to_owned()).collect();
    if remedy.calls.len() > names.len() {
        names.push(format!("{} more", remedy.calls.len() - names.len()));
    }
    names.join(", ")
}

fn tell_unstable(plan: &Plan, call: &Unstable, lines: &mut Vec<String>) {
    let name = name(plan, call.call);
    if call.pointers.is_empty() {
        lines.push(format!(
            "{name} is flaky: it does not always end the same way at the lowest cap either."
        ));
    } else {
        lines.push(format!(
            "{name} prints something else in every run, also at the lowest cap. To compare the rest of it:"
        ));
        lines.push(format!("    ignore = {:?}", call.pointers));
    }
}

fn answer_text(answer: &CallResult) -> String {
    let outcome = answer.outcome.map_or("not ended", |it| it.word());
    let Some(output) = &answer.output else {
        return format!("{outcome}, a long output");
    };
    let text = match output {
        serde_json::Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    };
    format!("{outcome} {}", shortened(&text))
}

fn described(plan: &Plan, id: CallId) -> String {
    let Some(call) = plan.calls.get(id.index()) else {
        return id.to_string();
    };
    let args = call.args.to_string();
    format!("{}  {} {}", call.name, call.tool, shortened(&args))
}

fn shortened(text: &str) -> String {
    let mut letters = text.chars();
    let mut shown: String = letters.by_ref().take(LETTERS).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A call's name in its plan.
pub(in crate::lab) fn name(plan: &Plan, id: CallId) -> &str {
    let call = plan.calls.get(id.index());
    call.map_or("?", |call| call.name.as_str())
}
