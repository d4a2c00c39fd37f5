//! One busy lane: the call in it, in one line or two.
//!
//! ```text
//! ▌ 1 ▸ #14 grep    pattern="retry" path=src/  running  00:12.4 ~00:06   84% ▂▄▆█▇▆▇█  112M
//!       └ src/net/pool.rs:88: retry with jitter
//! ```

use std::time::Duration;

use ratatui::style::{Modifier, Style};

use crate::lab;
use crate::model::{
    Asked, CallRow, CallState, CancelStatus, LaneId, ProxiedCall, ProxiedStage, StopCause,
    StopStep, Tool,
};
use crate::output::Safe;
use crate::theme::Role;
use crate::tui::action::Action;
use crate::tui::state::CpuUnit;
use crate::tui::text::glyphs::role_of_state;
use crate::tui::text::{Align, Cut, Piece, Strip, agent, args, figure};
use crate::tui::views::View;
use crate::tui::views::chrome::list::Beside;
use crate::tui::views::chrome::{graph, sparkline};
use crate::tui::views::lanes::columns::LaneColumns;

/// The line with the figures.
pub(in crate::tui) fn figures(
    view: &View<'_>,
    row: &CallRow,
    lane: LaneId,
    columns: &LaneColumns,
    width: u16,
) -> Strip {
    let mut strip = Strip::new(width, view.glyphs);
    let (fg, muted) = (view.style(Role::Fg), view.style(Role::Muted));
    let state = view.style(role_of_state(&row.state));
    let is_selected = view.state.selection.call() == Some(row.id);
    let bar = if is_selected {
        view.glyphs.selected()
    } else {
        " "
    };
    let is_draining = lane.0 >= view.state.run.policy.cap.get();
    let of_lane = if is_draining { muted } else { fg };
    strip.put(bar, view.style(Role::Accent)).cell(
        figure::lane(lane),
        columns.lane,
        Align::Right,
        of_lane,
    );
    strip
        .skip(1)
        .put(view.glyphs.state(&row.state), state)
        .put(beside(view, lane).sign(view, row), view.style(Role::Accent));
    let bold = fg.add_modifier(Modifier::BOLD);
    name(&mut strip, row, columns.call, bold, muted);
    if columns.args > 0 {
        strip.skip(1);
        let end = strip.used() + columns.args;
        arguments(view, &mut strip, row, columns, (fg, muted, state));
        strip.skip_to(end);
    }
    if columns.word > 0 {
        strip
            .skip(1)
            .cell(row.state.word(), columns.word, Align::Left, state);
    }
    let elapsed = row.elapsed(view.state.run_now()).unwrap_or_default();
    let time = CallTime {
        elapsed,
        expected: lab::expected_run_time(&view.state.run, row),
    };
    strip
        .skip(1)
        .cell(figure::clock(elapsed), columns.elapsed, Align::Right, fg);
    if columns.progress > 0 {
        progress(view, strip.skip(1), row, time, columns.progress);
    }
    if columns.eta > 0 {
        let (text, style) = eta(view, row, time);
        strip.skip(1).cell(text, columns.eta, Align::Right, style);
    }
    gauges(view, &mut strip, row, columns);
    strip
}

/// Times of one call; the estimate is looked up once for all that shows it.
#[derive(Clone, Copy)]
struct CallTime {
    elapsed: Duration,
    expected: Option<Duration>,
}

impl CallTime {
    /// How many times as long as expected it takes, from twice on.
    fn times_expected(self) -> Option<f64> {
        let expected = self.expected.filter(|it| !it.is_zero())?;
        let times = self.elapsed.as_secs_f64() / expected.as_secs_f64();
        (times >= 2.0).then_some(times)
    }
}

/// The calls in the lanes beside one.
fn beside(view: &View<'_>, lane: LaneId) -> Beside {
    let lanes = &view.state.run.lanes;
    let call = |index: Option<usize>| lanes.get(index?).copied().flatten();
    let index = lane.0 as usize;
    Beside {
        above: call(index.checked_sub(1)),
        below: call(Some(index + 1)),
    }
}

/// `#14 name`, in exactly `cells`.
fn name(strip: &mut Strip, row: &CallRow, cells: usize, style: Style, muted: Style) {
    let end = strip.used() + cells;
    strip
        .put_cut(figure::call(row.id), cells, Cut::End, muted)
        .skip(1);
    let room = end.saturating_sub(strip.used());
    strip.put_cut(agent::name(row), room, Cut::Middle, style);
    strip.skip_to(end);
}

/// The tool, where the call's name does not say it, and its arguments. While
/// a call of one line is being stopped, the step of the ladder stands here.
fn arguments(
    view: &View<'_>,
    strip: &mut Strip,
    row: &CallRow,
    columns: &LaneColumns,
    styles: (Style, Style, Style),
) {
    let (fg, muted, state) = styles;
    let end = strip.used() + columns.args;
    if view.layout.lane_lines(view.state) == 1 {
        let step = ladder(row, view.state.run_now(), columns.args >= 48);
        let step = step.map(|text| (text, state));
        let question = || Some((asks(view, row)?, view.style(Role::ToastWarn)));
        if let Some((text, style)) = step.or_else(question) {
            strip.put_cut(text, columns.args, Cut::End, style);
            return;
        }
    }
    if let Some(call) = &row.proxied {
        let place = agent::place(call);
        strip
            .put_cut(
                place,
                columns.args / 2,
                Cut::Middle,
                view.style(Role::Accent),
            )
            .skip(1);
        if view.layout.lane_lines(view.state) == 1 && says_more(call) {
            let room = end.saturating_sub(strip.used());
            let told = agent::stands(
                row,
                call,
                &view.state.run,
                view.state.run_now(),
                strip.room(),
            );
            strip.put_cut(told, room, Cut::End, state);
            return;
        }
    } else if !row.name.as_str().starts_with(row.tool.as_str()) {
        strip
            .put_cut(
                Safe::new(row.tool.as_str()),
                columns.args / 2,
                Cut::Middle,
                muted,
            )
            .skip(1);
    }
    let mut room = end.saturating_sub(strip.used());
    let told = silent(view, row).filter(|_| view.layout.lane_lines(view.state) == 1);
    if let Some(told) = told.filter(|it| it.width() + 8 < room) {
        room -= told.width() + 1;
        strip.put(told, view.style(Role::MeterMid)).skip(1);
    }
    let line = args::line(&row.args, view.state.catalogue.get(&row.tool));
    strip.put_cut(line, room, Cut::Middle, fg);
}

/// The thing that the call's server waits for, and the key that answers.
fn asks(view: &View<'_>, row: &CallRow) -> Option<Piece<'static>> {
    let asked = row.remote?.asks?;
    let told = Piece::from(Safe::new(&asked.to_string()));
    if asked == Asked::Model {
        return Some(told);
    }
    let key = view.state.keymap.key(Action::AnswerQuestion);
    let key = Safe::new(&key.unwrap_or_default());
    Some(told.then(" (").then(key).then(" answers)"))
}

/// Whether where an agent's call stands matters more than its arguments.
fn says_more(call: &ProxiedCall) -> bool {
    let is_let_go = call.let_go.is_some();
    call.is_held() || call.holds_answer || is_let_go || !matches!(call.stage, ProxiedStage::Sent)
}

/// A bar of the elapsed part of the expected time; blank where nothing is
/// expected.
fn progress(view: &View<'_>, strip: &mut Strip, row: &CallRow, time: CallTime, cells: usize) {
    let Some(expected) = time.expected.filter(|it| !it.is_zero()) else {
        strip.skip(cells);
        return;
    };
    let share = time.elapsed.as_secs_f32() / expected.as_secs_f32();
    let role = if share > 1.0 {
        Role::MeterMid
    } else {
        role_of_state(&row.state)
    };
    graph::bar(view, strip, cells, share, role);
}

/// From this time on it is told that a call prints nothing.
const SILENT_FROM: Duration = Duration::from_secs(10);

/// For how long a call has printed nothing, once that is long: half a minute,
/// or sooner where it takes longer than expected; told only of calls that run.
fn silent(view: &View<'_>, row: &CallRow) -> Option<Piece<'static>> {
    if !matches!(row.state, CallState::Running { .. }) || row.proxied.is_some() {
        return None;
    }
    let now = view.state.run_now();
    let silent = row.silent_for(now).filter(|it| *it >= SILENT_FROM)?;
    let said = Piece::from("silent ").then(figure::about(silent));
    let time = CallTime {
        elapsed: row.elapsed(now).unwrap_or_default(),
        expected: lab::expected_run_time(&view.state.run, row),
    };
    Some(match time.times_expected() {
        Some(times) => said
            .then(", ")
            .then(figure::count(times as usize))
            .then(view.glyphs.times())
            .then(" as long as expected"),
        None => said,
    })
}

/// Time left by the estimate, or time over it; from twice the estimate on, how
/// many times as long it takes. Without an estimate it is the limit at which the
/// call is stopped, as `<10:00`.
fn eta(view: &View<'_>, row: &CallRow, time: CallTime) -> (Piece<'static>, Style) {
    let CallTime { elapsed, expected } = time;
    let Some(expected) = expected else {
        let limit = row.call.timeouts.run.map(figure::whole_clock);
        let limit = limit.map(|limit| Piece::from("<").then(limit));
        return (limit.unwrap_or_default(), view.style(Role::Muted));
    };
    if let Some(times) = time.times_expected() {
        let told = figure::count(times as usize).then(view.glyphs.times());
        return (told, view.style(Role::MeterMid));
    }
    match expected.checked_sub(elapsed) {
        Some(left) => (
            Piece::from("~").then(figure::whole_clock(left)),
            view.style(Role::Muted),
        ),
        None => (
            Piece::from("+").then(figure::whole_clock(elapsed.saturating_sub(expected))),
            view.style(Role::MeterMid),
        ),
    }
}

/// Stands for the gauges of a call that runs elsewhere.
const NOT_MEASURED: &str = "not measured";

fn not_measured(view: &View<'_>, strip: &mut Strip, columns: &LaneColumns) {
    let cells = columns.gauges();
    let text = if cells > NOT_MEASURED.len() {
        NOT_MEASURED
    } else {
        "n/a"
    };
    if cells > 0 {
        let muted = view.style(Role::Muted);
        strip.skip(1).cell(text, cells - 1, Align::Right, muted);
    }
}

/// CPU, its trend and memory. What is not known is blank.
fn gauges(view: &View<'_>, strip: &mut Strip, row: &CallRow, columns: &LaneColumns) {
    let tool = view.state.catalogue.get(&row.tool);
    if tool.is_some_and(Tool::runs_elsewhere) {
        not_measured(view, strip, columns);
        return;
    }
    let server = row.proxied.as_deref();
    let server = server.and_then(|call| Some((call, view.state.proxied_server(call)?)));
    if let Some((call, _)) = server
        && !view.state.is_first_of_server(row, call)
    {
        shared(view, strip, call, columns);
        return;
    }
    // A server's tree serves all of its calls.
    let samples = server.map_or(&row.samples, |(_, server)| &server.samples);
    let latest = samples.latest();
    let unit = match view.state.cpu_unit {
        CpuUnit::Core => 1.0,
        CpuUnit::Machine => view.state.run.cores.max(1) as f32,
    };
    let style = view.style(Role::Fg);
    let cpu = latest.and_then(|sample| sample.cpu_cores);
    let text = cpu.map_or_else(Piece::default, |cores| figure::percent(cores / unit));
    if columns.cpu > 0 {
        strip.skip(1).cell(text, columns.cpu, Align::Right, style);
    }
    if columns.trend > 0 {
        let known = samples
            .iter()
            .flatten()
            .filter_map(|sample| sample.cpu_cores);
        let most = known.fold(1.0_f32, f32::max);
        let levels = samples.iter().map(|sample| Some(sample?.cpu_cores? / most));
        let style = view.style(Role::Series1);
        sparkline::put(strip.skip(1), levels, columns.trend, style, view.glyphs);
    }
    if columns.memory > 0 {
        let text = latest.map_or_else(Piece::default, |it| figure::bytes(it.rss_bytes));
        strip
            .skip(1)
            .cell(text, columns.memory, Align::Right, style);
    }
    if columns.memory_trend > 0 {
        let known = samples.iter().flatten().map(|it| it.rss_bytes);
        let most = known.max().unwrap_or(0).max(1) as f32;
        let levels = samples.iter().map(|it| Some(it?.rss_bytes as f32 / most));
        let style = view.style(Role::Series2);
        let cells = columns.memory_trend;
        sparkline::put(strip.skip(1), levels, cells, style, view.glyphs);
    }
}

/// In the place of gauges that stand in the first lane of the same server.
fn shared(view: &View<'_>, strip: &mut Strip, call: &ProxiedCall, columns: &LaneColumns) {
    let cells = columns.gauges();
    let by = figure::count(view.state.sharing(call));
    let text = match cells {
        0 => return,
        1..7 => Piece::default(),
        7..12 => Piece::from("shared"),
        12..18 => Piece::from("shared by ").then(by),
        _ => Piece::from("shared by ").then(by).then(" calls"),
    };
    let muted = view.style(Role::Muted);
    strip.skip(1).cell(text, cells - 1, Align::Right, muted);
}

/// The second line: the last line of output, or what is being done to it.
pub(in crate::tui) fn detail(
    view: &View<'_>,
    row: &CallRow,
    lane: LaneId,
    columns: &LaneColumns,
    width: u16,
) -> Strip {
    let mut strip = Strip::new(width, view.glyphs);
    let muted = view.style(Role::Muted);
    let [first, middle, _] = view.glyphs.group();
    let group = beside(view, lane).sign(view, row);
    strip.skip(columns.head() - 1);
    match group {
        sign if sign == first || sign == middle => strip.put(middle, view.style(Role::Accent)),
        _ => strip.skip(1),
    };
    strip.put(view.glyphs.branch(), muted).skip(1);
    if let Some(call) = &row.proxied {
        let told = agent::stands(
            row,
            call,
            &view.state.run,
            view.state.run_now(),
            strip.room(),
        );
        let own = if says_more(call) {
            role_of_state(&row.state)
        } else {
            Role::Muted
        };
        strip.put(told, view.style(own));
        let shared_by = view.state.sharing(call);
        if shared_by > 1 && view.state.is_first_of_server(row, call) {
            let shared = Piece::from("gauges of the server, shared by ");
            let shared = shared.then(figure::count(shared_by)).then(" calls");
            let room = strip.room();
            strip
                .skip(room.saturating_sub(shared.width() + 1))
                .put(shared, muted);
        }
    } else if let Some(text) = ladder(row, view.state.run_now(), true) {
        strip.put(text, view.style(Role::Stopping));
    } else if let Some(text) = asks(view, row) {
        strip.put(text, view.style(Role::ToastWarn));
    } else if matches!(row.state, CallState::Starting { .. }) {
        strip
            .put("starting", muted)
            .put(view.glyphs.ellipsis(), muted);
    } else {
        strip.put(Safe::new(&row.output.last_line), muted);
        if let Some(told) = silent(view, row) {
            let room = strip.used() + strip.room();
            let at = room.saturating_sub(told.width() + 1);
            // What it printed last is cut, not this.
            strip.cut_to(at.saturating_sub(1)).skip_to(at);
            strip.put(told, view.style(Role::MeterMid));
        }
    }
    strip
}

/// The step of the stop ladder, with the time left to the next one; in few
/// words, where there is little room.
fn ladder(row: &CallRow, now: Duration, has_room: bool) -> Option<Piece<'static>> {
    let CallState::Stopping { step, cause, .. } = row.state else {
        return None;
    };
    let cause = match cause {
        _ if !has_room => "",
        StopCause::User => "cancelled: ",
        StopCause::RunTimeout => "timed out: ",
        StopCause::IdleTimeout => "no output: ",
        StopCause::Shutdown => "leaving: ",
    };
    let remote = row.remote.and_then(|remote| remote.cancel);
    Some(match step {
        StopStep::Soft { hard_at } if remote.is_some() => Piece::from(cause)
            .then(remote.map_or("", CancelStatus::word))
            .then(", given up in ")
            .then(figure::left(hard_at.saturating_sub(now))),
        StopStep::Soft { hard_at } => Piece::from(cause)
            .then(if has_room { "SIGTERM sent, " } else { "" })
            .then("SIGKILL in ")
            .then(figure::left(hard_at.saturating_sub(now))),
        StopStep::Hard if has_room => {
            Piece::from(cause).then("SIGKILL sent, waiting for its tree to be gone")
        }
        StopStep::Hard => Piece::from("SIGKILL sent"),
    })
}
