//! The sum of a run that has ended, in the place of the lanes.
//!
//! ```text
//! ┌ Ended 17 calls in 21.4 s  ✓12 succeeded  ✗1 failed as planned ──────────┐
//! │ 8 lanes, ~4.1 times as fast as one: two cores were full; more lanes …    │
//! │ one lane would take ~88 s, all run times added up                        │
//! │ no order of these calls takes less than 20.1 s: CPU time on 2 cores      │
//! │ lanes busy ⣀⣠⣴⣶⣿⣿⣿⣷⣄  6.2 of 8 on average                               │
//! │ slowest    #15 run-tests  ████████████ 12.3 s                            │
//! │ ✗ #7 deploy  exit code 28: curl: (22) not found                          │
//! │ ▌run again   write a report   timeline 4   experiments 5                 │
//! └──────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::lab::{RunSummary, busy_lanes};
use crate::model::CallId;
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::state::{EndingView, Pane};
use crate::tui::text::glyphs::{role_of_outcome, role_of_state};
use crate::tui::text::{Cut, Piece, Strip, agent, figure};
use crate::tui::views::chrome::graph::{self, Level};
use crate::tui::views::experiments::summary::wrapped;
use crate::tui::views::{View, chrome};

/// Cells of the names at the left.
const NAMES: usize = 13;
/// Cells of the longest bar.
const BAR: usize = 24;
/// Cells of a call's name before its bar.
const CALL: usize = 20;
/// Calls of a kind that did not succeed and have a line each.
const MOST_FAILED: usize = 20;
/// From this many columns on figures stand beside the sentences.
const BESIDE_FROM: u16 = 150;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    let Some(summary) = view.state.ending.summary.as_deref() else {
        return;
    };
    let left = title(view, summary);
    let inner = chrome::frame(view, Pane::Lanes, &left, &view.strip(0), buf);
    let choices = u16::from(inner.height > 2);
    let body = Rect {
        height: inner.height - choices,
        ..inner
    };
    let lines = lines(view, summary, body.width);
    let first = view
        .state
        .ending
        .scroll
        .settle(lines.len(), usize::from(body.height));
    for (strip, y) in lines.iter().skip(first).zip(body.y..body.bottom()) {
        strip.draw((body.x, y), buf);
    }
    let below = lines.len().saturating_sub(first + usize::from(body.height));
    if choices > 0 {
        let mut strip = choices_line(view, inner.width);
        more(view, below, &mut strip);
        strip.draw((inner.x, body.bottom()), buf);
    }
}

/// Number of calls, time, and how they ended.
fn title(view: &View<'_>, summary: &RunSummary) -> Strip {
    let mut strip = chrome::title(view, Pane::Lanes, "Ended");
    let title = view.style(Role::Title);
    let seconds = format!(" in {:.1} s", summary.wall.as_secs_f64());
    strip
        .put(figure::plural(summary.calls, "call"), title)
        .put(Safe::new(&seconds), title);
    for count in &summary.outcomes {
        let is_planned = count.planned == count.count;
        let style = view.style(if is_planned {
            Role::Muted
        } else {
            role_of_outcome(count.outcome)
        });
        strip
            .skip(2)
            .put(view.glyphs.outcome(count.outcome), style)
            .put(Safe::new(&count.words()), style);
    }
    strip.skip(1);
    strip
}

fn lines(view: &View<'_>, summary: &RunSummary, width: u16) -> Vec<Strip> {
    let fg = view.style(Role::Fg);
    let mut lines = Vec::new();
    let verdict = view.style(Role::Accent).add_modifier(Modifier::BOLD);
    lines.extend(wrapped(view, &summary.verdict, width, verdict));
    lines.extend(unsuccessful(view, summary, false, width));
    let machine = summary.machine.words();
    for text in summary.measures().into_iter().chain([machine]) {
        lines.extend(wrapped(view, &text, width, fg));
    }
    if let Some(wait) = summary.longest_wait {
        let mut strip = named(view, "longest wait", width);
        strip
            .put(figure::left(wait.time), fg)
            .skip(1)
            .put(call_name(view, wait.call), view.style(Role::Muted))
            .put(" for ", view.style(Role::Muted))
            .put(wait.heading, view.style(Role::Queued));
        lines.push(strip);
    }
    let figures = [graphs(view, summary, width), slowest(view, summary, width)];
    if width >= BESIDE_FROM {
        lines.extend(beside(view, figures, width));
    } else {
        lines.extend(figures.into_iter().flatten());
    }
    lines.extend(unsuccessful(view, summary, true, width));
    lines
}

/// Two blocks of lines, one beside the other.
fn beside(view: &View<'_>, blocks: [Vec<Strip>; 2], width: u16) -> Vec<Strip> {
    let [left, right] = blocks;
    let rows = left.len().max(right.len());
    let middle = usize::from(width / 2);
    let joined = (0..rows).map(|row| {
        let mut strip = view.strip(width);
        if let Some(left) = left.get(row) {
            strip.append(left);
        }
        strip.skip_to(middle);
        if let Some(right) = right.get(row) {
            strip.append(right);
        }
        strip
    });
    joined.collect()
}

/// A line that begins with its name.
fn named(view: &View<'_>, name: &'static str, width: u16) -> Strip {
    let mut strip = view.strip(width);
    strip
        .skip(1)
        .put(name, view.style(Role::Muted))
        .skip_to(NAMES + 1);
    strip
}

/// Lanes busy over the whole run; CPU and memory of the machine as far back as
/// they are kept.
fn graphs(view: &View<'_>, summary: &RunSummary, width: u16) -> Vec<Strip> {
    let run = &view.state.run;
    let columns = if width >= BESIDE_FROM {
        width / 2
    } else {
        width
    };
    let cells = usize::from(columns).saturating_sub(NAMES + 24).clamp(8, 80);
    let most = f64::from(summary.lanes.get());
    let to = summary.origin + summary.wall;
    let busy = busy_lanes(run, summary.origin, to, cells * 2);
    let mean = busy.iter().sum::<f64>() / (cells * 2) as f64;
    let parts: Vec<f32> = busy.iter().map(|lanes| (lanes / most) as f32).collect();
    let said = format!("{mean:.1} of {} on average", summary.lanes);
    let mut lines = vec![curve(view, "lanes busy", &said, cells, width, &parts)];
    let machine = &run.machine;
    let cores = f32::from(u16::try_from(run.cores.max(1)).unwrap_or(u16::MAX));
    let cpu = machine.iter().flatten().filter_map(|it| it.cpu_cores);
    let cpu: Vec<f32> = cpu.map(|used| used / cores).collect();
    let memory = machine.iter().flatten();
    let memory = memory.map(|it| it.memory_used_bytes as f32 / it.memory_total_bytes.max(1) as f32);
    let memory: Vec<f32> = memory.collect();
    for (name, levels) in [("machine CPU", cpu), ("memory", memory)] {
        let highest = levels.iter().copied().fold(0.0_f32, f32::max);
        if !levels.is_empty() {
            let said = format!("{:.0}% at most", highest * 100.0);
            lines.push(curve(view, name, &said, cells, width, &levels));
        }
    }
    lines
}

fn curve(
    view: &View<'_>,
    name: &'static str,
    said: &str,
    cells: usize,
    width: u16,
    levels: &[f32],
) -> Strip {
    let mut strip = named(view, name, width);
    let levels = levels.iter().map(|level| Some(Level::own(*level)));
    for row in graph::rows(view, levels, cells, 1) {
        strip.append(&row);
    }
    strip.skip(1).put(Safe::new(said), view.style(Role::Muted));
    strip
}

/// Bars of the slowest calls.
fn slowest(view: &View<'_>, summary: &RunSummary, width: u16) -> Vec<Strip> {
    let longest = summary.slowest.first().map(|it| it.time.as_secs_f32());
    let longest = longest.unwrap_or_default().max(f32::MIN_POSITIVE);
    let bars = summary.slowest.iter().enumerate().map(|(index, slow)| {
        let mut strip = named(view, if index == 0 { "slowest" } else { "" }, width);
        let end = strip.used() + CALL;
        let role = view
            .state
            .run
            .row(slow.call)
            .map(|row| role_of_state(&row.state));
        strip.put_cut(
            call_name(view, slow.call),
            CALL,
            Cut::Middle,
            view.style(Role::Fg),
        );
        strip.skip_to(end).skip(1);
        let cells = BAR.min(strip.room().saturating_sub(8));
        let share = slow.time.as_secs_f32() / longest;
        graph::bar(view, &mut strip, cells, share, role.unwrap_or(Role::Fg));
        strip
            .skip(1)
            .put(figure::seconds(slow.time), view.style(Role::Fg));
        strip
    });
    bars.collect()
}

/// The calls that did not succeed, of those that were planned to or the others.
fn unsuccessful(view: &View<'_>, summary: &RunSummary, is_planned: bool, width: u16) -> Vec<Strip> {
    let all = summary.unsuccessful.iter();
    let all = all.filter(|it| it.is_planned == is_planned);
    let failed = all.clone().take(MOST_FAILED);
    let rows = failed.filter_map(|one| {
        let row = view.state.run.row(one.call)?;
        let own = if one.is_planned {
            Role::Muted
        } else {
            role_of_state(&row.state)
        };
        let style = view.style(own);
        let muted = view.style(Role::Muted);
        let mut strip = view.strip(width);
        strip
            .skip(1)
            .put(view.glyphs.state(&row.state), style)
            .skip(1)
            .put(call_name(view, one.call), view.style(Role::Fg))
            .skip(2)
            .put(row.state.word(), style);
        if one.is_planned {
            strip.put(" as planned", muted);
        }
        let reason = row.reason.as_deref();
        let said = row.error_line().filter(|it| Some(*it) != reason);
        for text in [reason, said].into_iter().flatten() {
            strip.put(": ", muted).put(Safe::new(text), muted);
        }
        Some(strip)
    });
    let mut rows: Vec<Strip> = rows.collect();
    let further = all.count().saturating_sub(MOST_FAILED);
    if further > 0 {
        let mut strip = view.strip(width);
        let more = figure::count(further);
        strip
            .skip(1)
            .put("and ", view.style(Role::Muted))
            .put(more.then(" more"), view.style(Role::Muted));
        rows.push(strip);
    }
    rows
}

fn call_name(view: &View<'_>, call: CallId) -> Piece<'static> {
    let named = figure::call(call).then(" ");
    match view.state.run.row(call) {
        Some(row) => named.then(agent::marked_name(row)),
        None => named,
    }
}

/// From this width on the choices have their keys beside them.
const KEYS_FROM: u16 = 70;

/// Returns the choices, the marked one set off.
fn choices_line(view: &View<'_>, width: u16) -> Strip {
    let state = view.state;
    let chosen = state.ending.choice();
    let has_keys = view.has_keys(Pane::Lanes);
    let mut strip = view.strip(width);
    let has_room = width >= KEYS_FROM;
    for action in EndingView::CHOICES {
        let is_chosen = action == chosen;
        let sign = if is_chosen && has_keys {
            view.glyphs.selected()
        } else {
            " "
        };
        let mut style = view.style(if is_chosen { Role::Accent } else { Role::Fg });
        if is_chosen {
            style = style.add_modifier(Modifier::BOLD);
        }
        strip
            .put(sign, view.style(Role::Accent))
            .put(label(action, has_room), style)
            .skip(1);
        if let Some(key) = state.keymap.key(action).filter(|_| has_room) {
            strip
                .put(Safe::new(&key), view.style(Role::KeyHint))
                .skip(2);
        }
    }
    strip
}

fn label(action: Action, has_room: bool) -> &'static str {
    match action {
        Action::RunAgain => "run again",
        Action::WriteReport if !has_room => "report",
        Action::WriteReport => "write a report",
        Action::ScreenTimeline => "timeline",
        _ => "compare",
    }
}

/// How many lines there are below those in sight.
fn more(view: &View<'_>, below: usize, strip: &mut Strip) {
    if below == 0 {
        return;
    }
    let lines = Piece::from("+").then(figure::count(below));
    let text = lines.then(" more ").then(view.glyphs.down());
    let at = (strip.used() + strip.room()).saturating_sub(text.width() + 1);
    if at >= strip.used() {
        strip.skip_to(at).put(text, view.style(Role::Accent));
    }
}
