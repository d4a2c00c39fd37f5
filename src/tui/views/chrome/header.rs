//! The line at the top: what runs, what waits, what ended, the cap, the
//! machine and the time.
//!
//! ```text
//!  fanout ▸ plan   ▸4 running  ◌4 queued  ✓11 done   cap 4 [-/+]  CPU 61% ▂▄▆  MEM 5.1/16G ▃▃  02:14
//! ```
//! Parts without room are left out in this order: words, the plan, trends, the
//! hint at the cap, memory, CPU.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use crate::model::{AutoCap, CallState, Outcome, PressureSource, RunPhase};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::state::CapForecast;
use crate::tui::text::glyphs::role_of_outcome;
use crate::tui::text::{Piece, Strip, figure};
use crate::tui::views::chrome::sparkline;
use crate::tui::views::{View, agents};

/// Level of detail left out; a higher level leaves out more.
type DetailLevel = u8;
const WORDS: DetailLevel = 1;
const PLAN: DetailLevel = 2;
const TRENDS: DetailLevel = 3;
const HINT: DetailLevel = 4;
const MEMORY: DetailLevel = 5;
const CPU: DetailLevel = 6;

/// Draws the line.
pub(in crate::tui) fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let (left, right, x) = ends(view, area);
    left.draw(area.as_position(), buf);
    right.strip.draw((x, area.y), buf);
}

/// Returns the action of a click at the hint beside the cap.
pub(in crate::tui) fn action_at(view: &View<'_>, at: Position) -> Option<Action> {
    let area = view.layout.header;
    if at.y != area.y {
        return None;
    }
    let (_, right, x) = ends(view, area);
    let hint = usize::from(x) + right.hint?;
    match usize::from(at.x).checked_sub(hint)? {
        1 => Some(Action::CapDown),
        3 => Some(Action::CapUp),
        _ => None,
    }
}

/// The right end of the line.
struct Right {
    strip: Strip,
    /// Where `[-/+]` is in it.
    hint: Option<usize>,
}

/// Both ends, as thrifty as they must be, and the column of the right one.
fn ends(view: &View<'_>, area: Rect) -> (Strip, Right, u16) {
    let mut level = 0;
    loop {
        let left = left(view, area.width, level);
        let right = right(view, area.width, level);
        let fits = left.used() + right.strip.used() + 1 < usize::from(area.width);
        if fits || level == CPU {
            let x = area.right().saturating_sub(right.strip.used() as u16 + 1);
            let x = x.max(area.x + left.used() as u16 + 1);
            return (left, right, x);
        }
        level += 1;
    }
}

fn left(view: &View<'_>, width: u16, level: DetailLevel) -> Strip {
    let (counts, glyphs) = (&view.state.run.counts, view.glyphs);
    let mut strip = Strip::new(width, glyphs);
    strip.skip(1);
    if level < PLAN {
        strip.put("fanout ", view.style(Role::Title));
        strip.put(glyphs.then(), view.style(Role::Muted)).skip(1);
        strip.put_cut(
            Safe::new(&view.state.run.plan),
            24,
            crate::tui::text::Cut::End,
            view.style(Role::Accent),
        );
        strip.skip(3);
    }
    let mut put = |sign, number: usize, word: &'static str, role, is_kept: bool| {
        if number == 0 && !is_kept {
            return;
        }
        let style = view.style(role);
        strip.put(sign, style).put(figure::count(number), style);
        if level < WORDS {
            strip.skip(1).put(word, style).skip(1);
        }
        strip.skip(1);
    };
    let busy = counts.starting + counts.running;
    put(glyphs.running(), busy, "running", Role::Running, true);
    put(
        glyphs.stopping(),
        counts.stopping,
        "stopping",
        Role::Stopping,
        false,
    );
    put(glyphs.queued(), counts.queued, "queued", Role::Queued, true);
    put(
        glyphs.retrying(),
        counts.retrying,
        "retrying",
        Role::Retrying,
        false,
    );
    for outcome in Outcome::COUNTED {
        let word = if outcome == Outcome::Succeeded {
            "done"
        } else {
            outcome.word()
        };
        let count = counts.ended_as(outcome);
        let role = if is_planned(view, outcome, count) {
            Role::Muted
        } else {
            role_of_outcome(outcome)
        };
        put(glyphs.outcome(outcome), count, word, role, false);
    }
    strip
}

/// Whether the plan expects each of the calls that ended in this way.
fn is_planned(view: &View<'_>, outcome: Outcome, count: usize) -> bool {
    let run = &view.state.run;
    let planned = run.planned.iter().filter_map(|id| run.row(*id));
    let planned = planned.filter(|row| row.state == CallState::Ended(outcome));
    !outcome.is_success() && count > 0 && planned.count() == count
}

fn right(view: &View<'_>, width: u16, level: DetailLevel) -> Right {
    let state = view.state;
    let mut strip = Strip::new(width, view.glyphs);
    phase(view, &mut strip);
    if state.has_agents() {
        agents::mode(view, &mut strip);
        let held = state.run.agents.held;
        if held > 0 && level < MEMORY {
            let held = figure::count(held).then(" held");
            strip
                .put(", ", view.style(Role::Muted))
                .put(held, view.style(Role::Stopping));
        }
        strip.skip(2);
    }
    let hint = cap(view, &mut strip, level);
    pace(view, &mut strip, level);
    machine(view, &mut strip, level);
    strip
        .skip(2)
        .put(figure::whole_clock(state.elapsed()), view.style(Role::Fg));
    Right { strip, hint }
}

/// Draws the cap, that of a load while one is under way; returns the column of
/// the hint beside it.
fn cap(view: &View<'_>, strip: &mut Strip, level: DetailLevel) -> Option<usize> {
    let state = view.state;
    let cap = state.latest_cap();
    let auto = state.run.auto.filter(|_| state.cap.wanted().is_none());
    let style = view.style(Role::Fg);
    if let Some(cap) = state.cap_of_load() {
        strip.put("load cap ", style);
        strip.put(figure::cap(cap), style.add_modifier(Modifier::BOLD));
        return hint(view, strip, level);
    }
    strip.put("cap ", style);
    if auto.is_some() {
        strip.put("auto ~", style);
    }
    strip.put(figure::cap(cap), style.add_modifier(Modifier::BOLD));
    if let Some(auto) = auto.filter(|_| level < PLAN) {
        machine_room(view, &auto, strip);
    }
    // Calls that only pass count towards no cap.
    let busy = state.run.counts.busy();
    let busy = busy.saturating_sub(state.watched_in_lanes());
    if auto.is_none() && busy > cap.get() as usize {
        let warn = view.style(Role::Stopping);
        strip.put(" (", warn).put(figure::count(busy), warn);
        strip.put(
            if level < TRENDS {
                " running, draining)"
            } else {
                ", draining)"
            },
            warn,
        );
    } else if let Some(shown) = state.cap.forecast(state.now) {
        forecast(view, shown, strip);
    } else {
        return hint(view, strip, level);
    }
    None
}

/// Draws the hint at the keys where there is room; returns its column.
fn hint(view: &View<'_>, strip: &mut Strip, level: DetailLevel) -> Option<usize> {
    if level >= HINT {
        return None;
    }
    let column = strip.used() + 1;
    strip.put(" [-/+]", view.style(Role::Muted));
    Some(column)
}

/// Draws the state of the automatic cap: the cores it fills, and its source.
fn machine_room(view: &View<'_>, auto: &AutoCap, strip: &mut Strip) {
    let muted = view.style(Role::Muted);
    strip
        .put(" of ", muted)
        .put(figure::cores(auto.room_cores), muted)
        .put(" cores", muted);
    if auto.is_memory_short {
        strip.put(", memory short", view.style(Role::Stopping));
    } else if auto.source == PressureSource::Estimated {
        strip.put(", pressure estimated", muted);
    }
}

/// While the cap is turned: the estimated time left at the caps around it.
fn forecast(view: &View<'_>, forecast: &CapForecast, strip: &mut Strip) {
    let muted = view.style(Role::Muted);
    // Nothing would start sooner in more lanes.
    if view.state.run.queue.is_empty() {
        return;
    }
    strip.put(" left at", muted);
    for (index, (cap, left)) in forecast.left.iter().enumerate() {
        let style = if *cap == forecast.cap {
            view.style(Role::Accent)
        } else {
            muted
        };
        strip
            .put(if index > 0 { ", " } else { " " }, muted)
            .put(figure::cap(*cap), style)
            .put(" ~", style)
            .put(figure::whole_clock(*left), style);
    }
}

/// How fast calls end, and how long they take by their median.
fn pace(view: &View<'_>, strip: &mut Strip, level: DetailLevel) {
    let latest = view.state.run.load_samples.latest();
    let Some(pace) = latest.map(|it| it.pace).filter(|it| it.ended > 1) else {
        return;
    };
    if level >= PLAN || view.state.is_over() {
        return;
    }
    let fg = view.style(Role::Fg);
    strip.skip(2).put(figure::per_second(pace.per_second()), fg);
    if let Some(median) = pace.median.filter(|_| level < WORDS) {
        strip
            .put(", median ", view.style(Role::Muted))
            .put(figure::seconds(median), fg);
    }
}

fn phase(view: &View<'_>, strip: &mut Strip) {
    if view.state.is_view_frozen() {
        let key = view.state.keymap.key(Action::Freeze).unwrap_or_default();
        let words = Piece::from("FROZEN ").then(Safe::new(&key));
        strip
            .put(words.then(" goes on"), view.style(Role::Stopping))
            .skip(2);
    }
    let word = match view.state.run.phase {
        RunPhase::Open => return,
        RunPhase::Paused => "PAUSED",
        RunPhase::Stopped => "STOPPED",
        RunPhase::ShuttingDown => "LEAVING",
    };
    strip.put(word, view.style(Role::Stopping)).skip(2);
}

/// The machine's gauges. Nothing is shown of what was never read.
fn machine(view: &View<'_>, strip: &mut Strip, level: DetailLevel) {
    let run = &view.state.run;
    let (machine, cores) = (&run.machine, run.cores.max(1) as f32);
    let Some(latest) = machine.latest() else {
        return;
    };
    let gauge = |share: f32| {
        let role = match share {
            ..0.6 => Role::MeterLow,
            0.6..0.85 => Role::MeterMid,
            _ => Role::MeterHigh,
        };
        let style = view.style(role);
        if view.state.is_frozen() {
            style.add_modifier(Modifier::DIM)
        } else {
            style
        }
    };
    let label = view.style(Role::Muted);
    if level < CPU
        && let Some(used) = latest.cpu_cores
    {
        let style = gauge(used / cores);
        strip
            .skip(2)
            .put("CPU ", label)
            .put(figure::percent(used / cores), style);
        if level < TRENDS {
            let levels = machine.iter().map(|it| Some(it?.cpu_cores? / cores));
            sparkline::put(strip.skip(1), levels, 6, style, view.glyphs);
        }
    }
    if level < MEMORY {
        let total = latest.memory_total_bytes.max(1) as f32;
        let style = gauge(latest.memory_used_bytes as f32 / total);
        strip
            .skip(2)
            .put("MEM ", label)
            .put(figure::bytes(latest.memory_used_bytes), style);
        if level < TRENDS {
            strip
                .put("/", label)
                .put(figure::bytes(latest.memory_total_bytes), label)
                .skip(1);
            let levels = machine
                .iter()
                .map(|it| Some(it?.memory_used_bytes as f32 / total));
            sparkline::put(strip, levels, 4, style, view.glyphs);
        }
    }
}
