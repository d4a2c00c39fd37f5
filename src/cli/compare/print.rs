//! A comparison for a person.

use std::io::{self, Write};

use crate::lab::compare::{Comparison, Hazard, Remedy, Timing, Trace, Unstable};
use crate::lab::{Answer, Binding, Idle};
use crate::model::{CallId, Plan};
use crate::output::Safe;

/// Calls, hazards and outputs that are named one by one.
const SHOWN: usize = 8;
/// Letters of an output that are shown.
const LETTERS: usize = 60;

/// Prints what is known.
pub(super) fn print(plan: &Plan, comparison: &Comparison, mut out: impl Write) -> io::Result<()> {
    let timings = comparison.timings();
    print_head(plan, comparison, &mut out)?;
    print_table(&timings, &mut out)?;
    if let Some(fastest) = timings.last().filter(|_| timings.len() > 1) {
        print_shares(fastest, &mut out)?;
        writeln!(out, "\n{}", binding_text(fastest))?;
    }
    if let Some(cores) = comparison.foreign_cores().filter(|cores| *cores > 0.2) {
        writeln!(
            out,
            "Other programs used up to {cores:.1} cores meanwhile: the times are doubtful."
        )?;
    }
    print_results(plan, comparison, &mut out)
}

fn print_head(plan: &Plan, comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    let request = &comparison.request;
    let caps: Vec<String> = request.caps.iter().map(ToString::to_string).collect();
    write!(
        out,
        "{}: {} calls at caps {}; ",
        Safe::new(&plan.name).as_str(),
        plan.calls.len(),
        caps.join(", ")
    )?;
    let done = comparison.blocks.len();
    match (&comparison.halt, done == request.blocks) {
        (Some(halt), false) => writeln!(
            out,
            "{} after {done} of {} blocks",
            Safe::new(&halt.to_string()).as_str(),
            request.blocks
        ),
        _ => writeln!(
            out,
            "{done} blocks in random order (seed {}) after a warm-up",
            request.seed
        ),
    }
}

fn print_table(timings: &[Timing], out: &mut impl Write) -> io::Result<()> {
    if timings.is_empty() {
        return writeln!(out, "No block is whole: nothing can be said of the times.");
    }
    writeln!(
        out,
        "\n{:>5}  {:>8}  {:<18}  {:>8}  {:<14}  {:>8}  {:>10}  binds",
        "cap", "median", "95 %", "speed-up", "95 %", "at best", "efficiency"
    )?;
    for timing in timings {
        let wall = &timing.wall;
        let binding = timing.binding.to_string();
        writeln!(
            out,
            "{:>5}  {:>8}  {:<18}  {:>8}  {:<14}  {:>8}  {:>10}  {}",
            timing.cap,
            seconds(wall.at),
            format!("{} to {}", seconds(wall.low), seconds(wall.high)),
            format!("{:.2}", timing.speed_up.at),
            format!("{:.2} to {:.2}", timing.speed_up.low, timing.speed_up.high),
            seconds(timing.lower_bound.as_secs_f64()),
            timing.efficiency.map_or("-".to_owned(), percent),
            Safe::new(&binding).as_str(),
        )?;
    }
    Ok(())
}

fn print_shares(timing: &Timing, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\nWhere the time of the lanes went at cap {} ({} × {}):",
        timing.cap,
        timing.cap,
        seconds(timing.wall.at)
    )?;
    let shares = &timing.shares;
    let idle = |kind: Idle| shares.idle.get(&kind).copied().unwrap_or(0.0);
    let mut lines = vec![
        (
            shares.work,
            "work: calls ran as long as they do at the lowest cap",
        ),
        (
            shares.contention,
            "contention: calls ran longer than at the lowest cap",
        ),
    ];
    lines.extend(Idle::ALL.map(|kind| (idle(kind), explained(kind))));
    for (part, text) in lines {
        if part >= 0.005 || text.starts_with("work") || text.starts_with("contention") {
            writeln!(out, "  {:>6}  {text}", percent(part))?;
        }
    }
    Ok(())
}

fn explained(kind: Idle) -> &'static str {
    match kind {
        Idle::Locks => "locks: a lane stood empty, a call waited for a lock",
        Idle::Rates => "rates: a lane stood empty, a call waited for its tool's rate",
        Idle::Retries => "retries: a lane stood empty, a call waited for another attempt",
        Idle::Claims => "claims: a lane stood empty, a call waited for cores or memory",
        Idle::Slots => "slots: a lane was about to be filled, or kept for a call",
        Idle::Dependencies => "dependencies: a lane stood empty, calls waited for others",
        Idle::NothingLeft => "nothing left: a lane stood empty, too few calls were left",
    }
}

/// What keeps the plan from being faster at a cap.
fn binding_text(timing: &Timing) -> String {
    let best = seconds(timing.lower_bound.as_secs_f64());
    let cap = timing.cap;
    let binding = timing.binding.to_string();
    match &timing.binding {
        Binding::CriticalPath => format!(
            "At cap {cap} the critical path binds: more lanes make it no faster than {best}."
        ),
        Binding::Slots => {
            format!("At cap {cap} the slots bind: no order of calls takes less than {best}.")
        }
        Binding::Cores => format!(
            "At cap {cap} the cores bind: there is CPU work for {best}, more lanes gain nothing."
        ),
        _ => format!(
            "At cap {cap} {} binds: more lanes make it no faster than {best}.",
            Safe::new(&binding).as_str()
        ),
    }
}

fn print_results(plan: &Plan, comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    let caps = &comparison.request.caps;
    let runs: u32 = caps.iter().map(|cap| comparison.results.runs(*cap)).sum();
    let unstable = comparison.results.unstable();
    if comparison.hazards.is_empty() {
        writeln!(
            out,
            "\nResults: no difference between the caps in {runs} runs."
        )?;
    } else {
        writeln!(out, "\nParallel hazard: results differ between the caps.")?;
    }
    for hazard in comparison.hazards.iter().take(SHOWN) {
        print_hazard(plan, comparison, hazard, out)?;
    }
    if let Some(more) = comparison.hazards.len().checked_sub(SHOWN + 1) {
        writeln!(out, "  and {} more calls", more + 1)?;
    }
    match &comparison.trace {
        Some(trace) => print_trace(plan, comparison, trace, out)?,
        None if comparison.hazards.is_empty() => {}
        None => writeln!(out, "  The calls that make it were not looked for.")?,
    }
    print_unstable(plan, &unstable, out)?;
    print_failures(plan, comparison, out)
}

fn print_hazard(
    plan: &Plan,
    comparison: &Comparison,
    hazard: &Hazard,
    out: &mut impl Write,
) -> io::Result<()> {
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
    writeln!(
        out,
        "  {name} {what} in {seen} of {runs} runs at cap {cap}{why}"
    )?;
    if let Some(lowest) = comparison.request.caps.first() {
        writeln!(
            out,
            "    at cap {lowest:<3} {}",
            answer_text(&hazard.expected)
        )?;
    }
    writeln!(out, "    at cap {cap:<3} {}", answer_text(&hazard.found))
}

fn print_trace(
    plan: &Plan,
    comparison: &Comparison,
    trace: &Trace,
    out: &mut impl Write,
) -> io::Result<()> {
    let smallest = if trace.is_smallest {
        "none of them can be left out"
    } else {
        "smaller sets were not found in time"
    };
    writeln!(
        out,
        "\n  It takes these {} calls at the same time, {smallest} ({} runs):",
        trace.calls.len(),
        trace.runs
    )?;
    for call in trace.calls.iter().take(SHOWN) {
        writeln!(out, "    {}", described(plan, *call))?;
    }
    if !trace.needed.is_empty() {
        let names: Vec<String> = trace.needed.iter().map(|id| name(plan, *id)).collect();
        writeln!(out, "  after {}", names.join(", "))?;
    }
    let cap = comparison.hazards.first().map(|hazard| hazard.cap);
    match (trace.tried, cap) {
        (tried, Some(cap)) if tried > 0 => {
            writeln!(
                out,
                "\n  With this, {tried} runs of the whole plan at cap {cap} show no difference:"
            )?;
            for remedy in &trace.remedies {
                writeln!(out, "    {}", Safe::new(&remedy.line()).as_str())?;
                writeln!(out, "      in {}", holders(plan, remedy))?;
            }
            Ok(())
        }
        _ => writeln!(out, "\n  No lock that was tried removes it."),
    }
}

fn holders(plan: &Plan, remedy: &Remedy) -> String {
    let mut names: Vec<String> = remedy
        .calls
        .iter()
        .take(SHOWN * 2)
        .map(|id| name(plan, *id))
        .collect();
    if remedy.calls.len() > names.len() {
        names.push(format!("{} more", remedy.calls.len() - names.len()));
    }
    names.join(", ")
}

fn print_unstable(plan: &Plan, unstable: &[Unstable], out: &mut impl Write) -> io::Result<()> {
    for call in unstable.iter().take(SHOWN) {
        let name = name(plan, call.call);
        if call.pointers.is_empty() {
            writeln!(
                out,
                "{name} does not always end the same way at the lowest cap: nothing can be said of it."
            )?;
        } else {
            let line = format!("ignore = {:?}", call.pointers);
            writeln!(
                out,
                "{name} prints something else in every run, also at the lowest cap. To compare the rest of it:\n    {}",
                Safe::new(&line).as_str()
            )?;
        }
    }
    Ok(())
}

/// Calls that fail at the lowest cap too.
fn print_failures(plan: &Plan, comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    let runs = comparison.blocks.iter().flatten();
    let failed = runs.filter(|trial| !trial.is_as_planned(plan)).count();
    if failed > 0 {
        writeln!(out, "In {failed} runs not every call succeeded.")?;
    }
    Ok(())
}

fn answer_text(answer: &Answer) -> String {
    let outcome = answer.outcome.map_or("not ended", |it| it.word());
    let Some(output) = &answer.output else {
        return format!("{outcome}, a long output");
    };
    let text = match output {
        serde_json::Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    };
    let mut letters = text.chars();
    let mut shown: String = letters.by_ref().take(LETTERS).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    format!("{outcome} {}", Safe::new(&shown).as_str())
}

fn described(plan: &Plan, id: CallId) -> String {
    let Some(call) = plan.calls.get(id.index()) else {
        return id.to_string();
    };
    let args = call.args.to_string();
    let mut letters = args.chars();
    let mut shown: String = letters.by_ref().take(LETTERS).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    format!(
        "{}  {} {}",
        name(plan, id),
        Safe::new(call.tool.as_str()).as_str(),
        Safe::new(&shown).as_str()
    )
}

fn name(plan: &Plan, id: CallId) -> String {
    let name = plan.calls.get(id.index()).map(|call| call.name.as_str());
    Safe::new(name.unwrap_or("?")).as_str().to_owned()
}

/// A measured time.
pub(in crate::cli) fn seconds(time: f64) -> String {
    if time < 10.0 {
        format!("{time:.2} s")
    } else {
        format!("{time:.1} s")
    }
}

fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}
