//! `fanout simulate`: what a plan would take at several caps, nothing run.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::caps::Caps;
use super::completions;
use super::exit::{self, Exit};
use super::options::{CatalogueOptions, OrderChoice, parse_scale};
use super::recalled::Recalled;
use crate::app;
use crate::lab::{
    AtCap, Forecast, Improvement, MachineLimits, SimulationInput, WhatIf, improvements,
};
use crate::model::{CallId, Cap, Order, Plan, Policy, plural};
use crate::output::Safe;
use crate::probe;

/// Cells of the longest bar of the curve.
const BAR: f64 = 30.0;
/// Savings shown to a person.
const SHOWN: usize = 10;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout simulate plan.toml
  fanout simulate plan.toml --caps 1..16
  fanout simulate workflow.json --caps 1,4,64 --json")]
pub(super) struct Simulate {
    /// The plan: TOML, JSON or a `WfFormat` file
    #[arg(value_name = "PLAN", add = completions::plans())]
    plan: PathBuf,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    /// Caps to look at, such as 1,2,8 or 1..16 [default: 1,2,4,8,16 and the plan's]
    #[arg(long, value_name = "LIST")]
    caps: Option<Caps>,
    /// The order that efficiency and savings are computed with
    #[arg(long, value_name = "ORDER", default_value = "critical-path")]
    order: OrderChoice,
    /// Seed; without failures nothing is random, so that it changes nothing
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Factor on waits that a plan records or asks for, such as 0.01
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = parse_scale)]
    time_scale: f64,
    /// Take no run times from earlier runs of the plan
    #[arg(long)]
    no_history: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A simulated plan.
struct Prospect<'p> {
    plan: &'p Plan,
    input: SimulationInput,
    recalled: Recalled,
    forecast: Forecast,
    improvements: Vec<Improvement>,
}

impl Simulate {
    pub(super) fn run(self) -> Exit {
        let loaded = app::load_plan(&self.plan, self.catalogue.files(), exit::warn);
        let (mut plan, catalogue) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return exit::not_opened(error),
        };
        let recalled = Recalled::recall(&mut plan, self.time_scale, !self.no_history);
        let policy = Policy {
            cap: plan.cap.unwrap_or_default(),
            on_failure: plan.on_failure.unwrap_or_default(),
            order: self.order.into(),
            ..Policy::default()
        };
        let cores = std::thread::available_parallelism();
        let machine = MachineLimits {
            cores: cores.ok().map(|cores| cores.get() as f64),
            memory_bytes: probe::machine_memory_bytes(),
        };
        let mut input =
            SimulationInput::of(&plan, catalogue.tools(), machine, policy, self.time_scale);
        input.seed(self.seed);
        let caps = self.caps.unwrap_or_else(|| usual_caps(policy.cap));
        let prospect = Prospect {
            forecast: Forecast::of(&input, caps.0),
            improvements: improvements(&input),
            plan: &plan,
            recalled,
            input,
        };
        let out = io::stdout().lock();
        let written = if self.json {
            exit::print_json(&prospect.as_json(), out)
        } else {
            prospect.print(out)
        };
        exit::written(written)
    }
}

/// Powers of two up to 16, and the plan's own cap.
fn usual_caps(own: Cap) -> Caps {
    let usual = [1, 2, 4, 8, 16].into_iter().filter_map(Cap::new);
    let mut caps: Vec<Cap> = usual.chain([own]).collect();
    caps.sort_unstable();
    caps.dedup();
    Caps(caps)
}

impl Prospect<'_> {
    fn order(&self) -> Order {
        self.input.settings.policy.order
    }

    fn print(&self, mut out: impl Write) -> io::Result<()> {
        let name = Safe::new(&self.plan.name);
        let calls = plural(self.plan.calls.len(), "call");
        writeln!(
            out,
            "{}: {calls}, {} of work; nothing is run, every time is an estimate",
            name.as_str(),
            estimate(self.forecast.work)
        )?;
        if self.recalled.calls > 0 {
            let calls = plural(self.recalled.calls, "call");
            let runs = plural(self.recalled.runs, "earlier run");
            writeln!(
                out,
                "{calls} without an estimate, with the median of {runs}"
            )?;
        }
        if self.input.assumed > 0 {
            let assumed = plural(self.input.assumed, "call");
            writeln!(out, "{assumed} without an estimate, taken to run 1 s")?;
        }
        writeln!(
            out,
            "\n{:>5}  {:>10}  {:>10}  {:>10}  {:>10}  binds",
            "cap", "takes", "fifo", "at best", "efficiency"
        )?;
        let longest = self
            .forecast
            .each
            .iter()
            .map(|at| at.makespan(self.order()));
        let longest = longest.max().unwrap_or_default();
        for at in &self.forecast.each {
            self.print_cap(at, longest, &mut out)?;
        }
        for at in self
            .forecast
            .each
            .iter()
            .filter(|at| !at.unfinished.is_empty())
        {
            let calls = plural(at.unfinished.len(), "call");
            let named = self.names(&at.unfinished, SHOWN).join(", ");
            let more = if at.unfinished.len() > SHOWN {
                ", …"
            } else {
                ""
            };
            writeln!(
                out,
                "At cap {}, {calls} would exceed a timeout or not start: {}{more}",
                at.cap,
                Safe::new(&named).as_str()
            )?;
        }
        self.print_savings(&mut out)
    }

    fn names(&self, calls: &[CallId], most: usize) -> Vec<&str> {
        let calls = calls.iter().take(most);
        let calls = calls.filter_map(|id| self.plan.calls.get(id.index()));
        calls.map(|call| call.name.as_str()).collect()
    }

    fn print_cap(&self, at: &AtCap, longest: Duration, out: &mut impl Write) -> io::Result<()> {
        let takes = at.makespan(self.order());
        let is_whole = at.unfinished.is_empty();
        let time = |time| {
            if is_whole {
                estimate(time)
            } else {
                "-".to_owned()
            }
        };
        let efficiency = at.bounds.efficiency(takes).filter(|_| is_whole);
        let efficiency = efficiency.map_or("-".to_owned(), |part| format!("{:.0} %", part * 100.0));
        let binding = at.bounds.binding.in_words();
        let cells = takes.as_secs_f64() / longest.as_secs_f64().max(f64::MIN_POSITIVE) * BAR;
        writeln!(
            out,
            "{:>5}  {:>10}  {:>10}  {:>10}  {efficiency:>10}  {:<16} {}",
            at.cap,
            time(takes),
            time(at.fifo),
            estimate(at.bounds.lower_bound),
            Safe::new(&binding).as_str(),
            "█".repeat(if is_whole {
                (cells.round() as usize).max(1)
            } else {
                0
            })
        )
    }

    fn print_savings(&self, out: &mut impl Write) -> io::Result<()> {
        let cap = self.input.settings.policy.cap;
        writeln!(out, "\nWhat would help most at cap {cap}:")?;
        let is_cut = |at: &AtCap| at.cap == cap && !at.unfinished.is_empty();
        if self.forecast.each.iter().any(is_cut) {
            writeln!(out, "  longer timeouts: calls exceed them")?;
        } else if self.improvements.is_empty() {
            writeln!(out, "  nothing that was tried: the plan takes what it must")?;
        }
        for improvement in self.improvements.iter().take(SHOWN) {
            let text = self.what_if_text(&improvement.what_if);
            let verb = match improvement.what_if {
                WhatIf::Cap { .. } | WhatIf::Faster(_) => "saves",
                _ => "costs",
            };
            writeln!(
                out,
                "  {:<40} {verb} {:>9}",
                Safe::new(&text).as_str(),
                estimate(improvement.saved)
            )?;
        }
        Ok(())
    }

    fn what_if_text(&self, what_if: &WhatIf) -> String {
        match what_if {
            WhatIf::Cap { from, to } => format!("cap {from} → {to}"),
            WhatIf::Lock(key) => format!("lock {key}"),
            WhatIf::ToolCap(tool) => format!("at most so many calls of {tool} at once"),
            WhatIf::Rate(tool) => format!("rate of {tool}"),
            WhatIf::Cores => "claims of cores".to_owned(),
            WhatIf::Memory => "claims of memory".to_owned(),
            WhatIf::StartTimes => "start times".to_owned(),
            WhatIf::Faster(id) => {
                let name = self.plan.calls.get(id.index());
                let name = name.map_or("?", |call| call.name.as_str());
                format!("call {name} at half its time")
            }
        }
    }

    fn as_json(&self) -> Value {
        let caps = self.forecast.each.iter().map(|at| {
            let is_whole = at.unfinished.is_empty();
            let whole = |time| is_whole.then(|| ms(time));
            let takes = at.makespan(self.order());
            let efficiency = at.bounds.efficiency(takes).filter(|_| is_whole);
            json!({
                "cap": at.cap,
                "makespan_ms": whole(takes),
                "critical_path_order_ms": whole(at.critical_path),
                "fifo_order_ms": whole(at.fifo),
                "unfinished": self.names(&at.unfinished, usize::MAX),
                "lower_bound_ms": ms(at.bounds.lower_bound),
                "binding": at.bounds.binding.to_string(),
                "efficiency": efficiency,
                "graham_ms": at.bounds.graham.map(ms),
                "critical_path_ms": ms(at.bounds.critical_path),
            })
        });
        let improvements = self.improvements.iter().map(|improvement| {
            json!({
                "relief": self.what_if_text(&improvement.what_if),
                "saved_ms": ms(improvement.saved),
                "makespan_ms": ms(improvement.makespan),
            })
        });
        json!({
            "version": 1,
            "plan": self.plan.name,
            "calls": self.plan.calls.len(),
            "estimated": true,
            "without_estimate": self.input.assumed,
            "remembered": { "calls": self.recalled.calls, "runs": self.recalled.runs },
            "work_ms": ms(self.forecast.work),
            "order": self.order(),
            "caps": caps.collect::<Vec<Value>>(),
            "savings_at_cap": self.input.settings.policy.cap,
            "savings": improvements.collect::<Vec<Value>>(),
        })
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A time that was not measured.
fn estimate(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 {
        format!("~{seconds:.2} s")
    } else {
        format!("~{seconds:.1} s")
    }
}
