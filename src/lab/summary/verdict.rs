//! One plain sentence on a run: how many times as fast as one lane it was, and
//! what bound it.

use std::time::Duration;

use super::RunSummary;
use crate::lab::BindingConstraint;
use crate::lab::words::seconds;
use crate::model::plural;
use crate::sched::ToolLimits;

/// From this share of the wall time on a bound explains it.
const EXPLAINS: f64 = 0.75;
/// From this share of the cores on they count as full.
const FULL: f64 = 0.85;

impl RunSummary {
    /// Returns the sentence.
    pub(super) fn sentence(&self, tools: &[ToolLimits]) -> String {
        if self.calls == 1 {
            return "1 call, and none beside it".to_owned();
        }
        if !self.is_comparable() {
            let calls = plural(self.calls, "call");
            let pauses = seconds(self.pauses.as_secs_f64());
            return format!("{calls}, added by hand with {pauses} between them");
        }
        let lanes = self.lanes.get();
        let because = because(self, tools);
        if lanes == 1 {
            return format!("1 lane, one call at a time; {because}");
        }
        let Some(times) = self.speed_up() else {
            return format!("{lanes} lanes: nothing took any time");
        };
        let sign = self.one_lane.sign();
        format!("{lanes} lanes, {sign}{times:.1} times as fast as one: {because}")
    }
}

/// Why it took as long as it did, and whether more lanes would help.
fn because(summary: &RunSummary, tools: &[ToolLimits]) -> String {
    let wall = summary.wall.as_secs_f64();
    let share = |bound: Duration| bound.as_secs_f64() / wall.max(f64::MIN_POSITIVE);
    let machine = summary.machine;
    if machine.cores_used / f64::from(machine.cores) >= FULL {
        let cores = counted(machine.cores, "core");
        let were = if machine.cores == 1 { "was" } else { "were" };
        return format!("{cores} {were} full; more lanes would not help");
    }
    if share(summary.bounds.lower_bound) < EXPLAINS {
        let bound = seconds(summary.bounds.lower_bound.as_secs_f64());
        let least = format!("at best it could take {bound}");
        return match waited_for(summary) {
            Some(cause) => format!("{cause}; {least}"),
            None => least,
        };
    }
    match &summary.bounds.binding {
        BindingConstraint::CriticalPath => {
            let chain = seconds(summary.bounds.critical_path.as_secs_f64());
            format!("the longest chain of calls takes {chain} by itself; more lanes would not help")
        }
        BindingConstraint::Slots => {
            "every lane was busy nearly all the time; more lanes may help".to_owned()
        }
        BindingConstraint::Cores => {
            "the cores were nearly full; more lanes would not help".to_owned()
        }
        BindingConstraint::Lock(key) => format!(
            "calls that hold the lock {key} ran one after another; more lanes would not help"
        ),
        BindingConstraint::Tool(tool) => {
            let limits = tools.iter().find(|it| it.tool == *tool);
            let most = limits.and_then(|it| it.max_parallel).unwrap_or(1);
            let calls = plural(most as usize, "call");
            format!("{tool} runs {calls} at once at most; more lanes would not help")
        }
        BindingConstraint::Rate(tool) => {
            format!("{tool} is started no faster than its rate; more lanes would not help")
        }
        BindingConstraint::Backoff => {
            "the delays before retries took the time; more lanes would not help".to_owned()
        }
    }
}

/// Why lanes stood empty, by the longest wait.
fn waited_for(summary: &RunSummary) -> Option<&'static str> {
    let wait = summary.longest_wait?;
    let is_long = wait.time * 4 >= summary.wall;
    match wait.heading {
        _ if !is_long => Some("calls that wait for others left lanes empty"),
        "lock" => Some("calls waited for locks"),
        "rate" => Some("calls waited for the rate of their tool"),
        "retry" => Some("calls waited for another attempt"),
        "memory" | "cpu" => Some("calls waited for memory or cores that they claim"),
        "paused" => Some("the run was paused, or calls were held"),
        _ => None,
    }
}

/// A number in words up to twelve, with its noun.
fn counted(number: u32, noun: &str) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    match WORDS.get(number as usize) {
        Some(word) if number == 1 => format!("{word} {noun}"),
        Some(word) => format!("{word} {noun}s"),
        None => plural(number as usize, noun),
    }
}
