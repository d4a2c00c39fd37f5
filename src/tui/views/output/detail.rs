//! Everything about the selected call but what it printed.
//!
//! ```text
//! ┌ Call #14 grep ✗ failed ──────────────┐
//! │ tool       grep                      │
//! │ reason     exit code 2               │
//! │ arguments                            │
//! │   max      3  plan                   │
//! │   path     src/                      │
//! │            from {{list.output.0}} #3 │
//! │ attempts                             │
//! │   1        lane 2  00:03.1  failed   │
//! │ waited     slot 00:01.2              │
//! │ command    grep -rn Order src/        │
//! │ processes                            │
//! │   4711 sleeps, 5 open files: grep …  │
//! │ cpu   98%  ⣀⣠⣴⣶⣿⣿⣿⣷⣄                 │
//! │ bound by   CPU: 0.94 cores, exact    │
//! └──────────────────────────────────────┘
//! ```

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::NAMES;
use crate::model::{
    AttemptRecord, CallRow, Leftover, MeasureSource, ProxiedCall, Tool, is_secret_name,
};
use crate::output::Safe;
use crate::plan::Reference;
use crate::theme::Role;
use crate::tui::state::argument_sources;
use crate::tui::state::argument_sources::ArgumentSource;
use crate::tui::state::{Pane, State};
use crate::tui::text::glyphs::{Glyphs, role_of_outcome, role_of_state};
use crate::tui::text::{Align, Cut, Piece, Strip, agent, args, figure, wait};
use crate::tui::views::output::curves;
use crate::tui::views::servers::messages;
use crate::tui::views::{View, chrome};

/// From this many busy cores on a call is bound by the CPU.
const CPU_BOUND: f64 = 0.7;
/// Up to this many it waits for something else most of the time.
const IO_BOUND: f64 = 0.2;

/// Draws the pane.
pub(in crate::tui) fn render(view: &View<'_>, buf: &mut Buffer) {
    if view.layout.pane(Pane::Detail).is_empty() {
        return;
    }
    let mut left = chrome::title(view, Pane::Detail, "Call");
    let row = view.state.selected();
    if let Some(row) = row {
        let title = view.style(Role::Title);
        let state = view.style(role_of_state(&row.state));
        left.put(figure::call(row.id), title).skip(1);
        left.put(agent::marked_name(row), title).skip(1);
        left.put(view.glyphs.state(&row.state), state).skip(1);
        left.put(row.state.word(), state).skip(1);
    }
    let inner = chrome::frame(view, Pane::Detail, &left, &view.strip(0), buf);
    let Some(row) = row else {
        chrome::empty(view, inner, &["Select a call to see all about it."], buf);
        return;
    };
    let mut rows = DetailRows::of(view.state, row, inner.width, view.glyphs, &|role| {
        view.style(role)
    });
    if row.proxied.is_some() || view.state.server_of(row).is_some() {
        let messages = messages::of_call(view, inner.width, rows.len());
        rows.extend(messages.rows);
        if let Some(row) = view.state.servers.find.take_due(&messages.found) {
            view.state.detail.bring(row, usize::from(inner.height));
        }
    }
    curves::curves(view, row, inner.width, &mut rows);
    let first = view
        .state
        .detail
        .settle(rows.len(), usize::from(inner.height));
    let rows = rows.iter().skip(first);
    for (strip, y) in rows.zip(inner.y..inner.bottom()) {
        strip.draw((inner.x, y), buf);
    }
}

/// Rows of a call's details.
pub(super) struct DetailRows<'a> {
    pub(super) state: &'a State,
    pub(super) row: &'a CallRow,
    pub(super) width: u16,
    pub(super) glyphs: Glyphs,
    pub(super) style: &'a dyn Fn(Role) -> Style,
    pub(super) rows: Vec<Strip>,
}

impl<'a> DetailRows<'a> {
    fn of(
        state: &'a State,
        row: &'a CallRow,
        width: u16,
        glyphs: Glyphs,
        style: &'a dyn Fn(Role) -> Style,
    ) -> Vec<Strip> {
        let mut sheet = Self {
            state,
            row,
            width,
            glyphs,
            style,
            rows: Vec::new(),
        };
        sheet.outcome();
        sheet.silence();
        sheet.arguments();
        sheet.launch();
        sheet.processes_now();
        sheet.attempts();
        sheet.waits();
        sheet.measured();
        sheet.rows
    }

    pub(super) fn style(&self, role: Role) -> Style {
        (self.style)(role)
    }

    /// A row with its name at the left; a name that is deeper stands inside.
    pub(super) fn named(&self, name: impl Into<Piece<'static>>, depth: usize) -> Strip {
        let mut strip = Strip::new(self.width, self.glyphs);
        let room = NAMES.saturating_sub(depth * 2 + 1);
        strip
            .skip(1 + depth * 2)
            .put_cut(name, room, Cut::Middle, self.style(Role::Muted));
        strip.skip_to(1 + NAMES);
        strip
    }

    pub(super) fn line(&mut self, name: &'static str, text: impl Into<Piece<'static>>, role: Role) {
        let mut strip = self.named(name, 0);
        strip.put(text, self.style(role));
        self.rows.push(strip);
    }

    pub(super) fn heading(&mut self, name: &'static str) {
        let mut strip = Strip::new(self.width, self.glyphs);
        strip.skip(1).put(name, self.style(Role::Title));
        self.rows.push(strip);
    }

    fn outcome(&mut self) {
        let row = self.row;
        self.line("tool", Safe::new(row.tool.as_str()), Role::Fg);
        if let Some(reason) = &row.reason {
            self.wrapped("reason", reason, role_of_state(&row.state));
        }
        if let Some(call) = &row.proxied {
            self.proxied(call);
        } else if row.wait.is_some() {
            let state = self.state;
            let why = wait::reason_of(row, &state.catalogue, &state.run, state.run_now());
            self.line("waits for", why, Role::Queued);
        }
        self.server();
        let ending = row.attempts.last().and_then(|it| it.ending.as_ref());
        if let Some(ending) = ending {
            self.processes("leaked", &ending.leaked, Role::Leaked);
            self.processes("unconfirmed", &ending.unconfirmed, Role::Unconfirmed);
        }
        let output = &row.output;
        let printed = figure::bytes(output.stdout_bytes)
            .then(", stderr ")
            .then(figure::bytes(output.stderr_bytes));
        self.line("printed", printed, Role::Fg);
    }

    /// Adds what is known of a call as one that an agent made.
    fn proxied(&mut self, call: &ProxiedCall) {
        let (state, row) = (self.state, self.row);
        let now = state.run_now();
        if row.reason.is_none() {
            let stands = agent::stands(row, call, &state.run, now, usize::MAX);
            self.line("stands", stands, role_of_state(&row.state));
        }
        let title = state.run.agents.agent(&call.agent);
        let title = title.map_or_else(Safe::default, |it| Safe::new(&it.title));
        let mark = Piece::from(Safe::new(call.agent.as_str()));
        self.line("agent", mark.then(" ").then(title), Role::Fg);
        let server = Piece::from(Safe::new(call.server.as_str())).then("; ");
        let server = server.then(call.access.reason());
        self.line("through", server, Role::Fg);
        if !row.state.is_ended() {
            self.line("patience", agent::patience(call, now), Role::Fg);
        }
        if let Some(batch) = &call.batch {
            let number = figure::count(batch.number as usize);
            let told = match &batch.turn {
                Some(turn) => number.then(", turn ").then(Safe::new(turn)),
                None => Piece::from("~")
                    .then(number)
                    .then(", by the times its calls came"),
            };
            self.line("batch", told, Role::Fg);
        }
        for mark in agent::marks(call) {
            self.line("note", mark, Role::ToastWarn);
        }
        let id = Piece::from(Safe::new(&call.request_id));
        let id = match &call.transcript_id {
            Some(transcript) => id.then(", in the transcript ").then(Safe::new(transcript)),
            None => id,
        };
        self.line("request", id, Role::Fg);
        if let Some(meta) = &call.meta {
            self.line("_meta", Safe::new(&meta.to_string()), Role::Muted);
        }
    }

    /// Adds the server that carries it out, and the state of a cancel.
    fn server(&mut self) {
        let Some(name) = self.state.server_of(self.row) else {
            return;
        };
        let name = Piece::from(Safe::new(name.as_str()));
        let said = name.then("; CPU and memory: on its screen");
        self.line("server", said, Role::Fg);
        if let Some(truth) = self.row.remote.and_then(|it| it.cancel) {
            self.line("cancel", truth.word(), role_of_state(&self.row.state));
        }
    }

    /// Processes that were left behind.
    fn processes(&mut self, name: &'static str, left: &[Leftover], role: Role) {
        for one in left {
            let pid = figure::count(one.pid as usize);
            let said = Piece::from(Safe::new(&one.name)).then(", pid ").then(pid);
            self.line(name, said, role);
        }
    }

    /// Each argument as it was used, and where it came from.
    fn arguments(&mut self) {
        let row = self.row;
        let tool = self.state.catalogue.get(&row.tool);
        let given = match &row.proxied {
            Some(call) => argument_sources::of_agent(row, call.is_edited),
            None => argument_sources::arguments(row, tool, &self.state.run),
        };
        if given.is_empty() {
            self.line("arguments", "none", Role::Muted);
            return;
        }
        self.heading(if row.are_args_resolved {
            "arguments, as used"
        } else {
            "arguments, as written"
        });
        for argument in given {
            let text = if is_secret_name(argument.name) {
                Safe::new("***")
            } else {
                Safe::new(&args::value(argument.value))
            };
            self.argument(argument.name, text, words(&argument.source));
            if let ArgumentSource::Outputs(references) = argument.source {
                self.outputs(references);
            }
        }
    }

    /// An argument, cut so that its source stands behind it.
    fn argument(&mut self, name: &str, value: Safe, source: Piece<'static>) {
        let mut strip = self.named(Safe::new(name), 1);
        let room = strip.room().saturating_sub(source.width() + 2);
        strip.put_cut(value, room, Cut::End, self.style(Role::Fg));
        strip.skip(2).put(source, self.style(Role::Muted));
        self.rows.push(strip);
    }

    /// The outputs that a value was made of.
    fn outputs(&mut self, references: Vec<Reference>) {
        for reference in references {
            let mut strip = self.named("", 1);
            let muted = self.style(Role::Muted);
            strip.put("from ", muted);
            strip.put(Safe::new(&reference.to_string()), self.style(Role::Accent));
            let mut calls = self.state.run.calls.iter();
            if let Some(parent) = calls.find(|it| it.name == reference.call) {
                strip.skip(1).put(figure::call(parent.id), muted);
            }
            self.rows.push(strip);
        }
    }

    fn attempts(&mut self) {
        let row = self.row;
        let of = figure::part(row.attempts.len() as u64, row.attempts_allowed());
        self.line("attempts", of, Role::Fg);
        for attempt in &row.attempts {
            let mut strip = self.named(figure::count(attempt.attempt.0 as usize), 1);
            let fg = self.style(Role::Fg);
            let end = attempt.ended.unwrap_or_else(|| self.state.run_now());
            let took = attempt.run_time(end);
            strip.put("lane ", self.style(Role::Muted));
            strip.put(figure::lane(attempt.lane), fg).skip(2);
            strip.cell(figure::clock(took), 7, Align::Right, fg).skip(2);
            match attempt.outcome {
                Some(outcome) => {
                    let style = self.style(role_of_outcome(outcome));
                    strip.put(self.glyphs.outcome(outcome), style).skip(1);
                    strip.put(outcome.word(), style);
                }
                None => {
                    strip.put("under way", self.style(Role::Running));
                }
            }
            if let Some(reason) = attempt.ending.as_ref().and_then(|it| it.reason.as_ref()) {
                strip
                    .skip(2)
                    .put(Safe::new(reason), self.style(Role::Muted));
            }
            self.rows.push(strip);
        }
    }

    fn waits(&mut self) {
        let waited = self.row.waited.by_heading();
        let times = waited.into_iter().filter(|(_, time)| !time.is_zero());
        for (at, (heading, time)) in times.enumerate() {
            let name = if at == 0 { "waited" } else { "" };
            let said = Piece::from(heading).then(" ").then(figure::clock(time));
            self.line(name, said, Role::Fg);
        }
    }

    fn measured(&mut self) {
        let tool = self.state.catalogue.get(&self.row.tool);
        if tool.is_some_and(Tool::runs_elsewhere) {
            let said = Piece::from("nothing: the call runs elsewhere");
            self.line("measured", said, Role::Muted);
        }
        if let Some(peak) = self.row.peak_rss_bytes {
            self.line(
                "memory peak",
                figure::bytes(peak).then(", sampled"),
                Role::Fg,
            );
        }
        if let Some(bound) = self.row.attempts.last().and_then(|it| self.bound(it)) {
            self.line("bound by", bound, Role::Fg);
        }
    }

    /// Whether an attempt was bound by the CPU, by its share of one core.
    fn bound(&self, attempt: &AttemptRecord) -> Option<Piece<'static>> {
        let end = attempt.ended.unwrap_or_else(|| self.state.run_now());
        let time = attempt.run_time(end);
        let ending = attempt.ending.as_ref().and_then(|it| it.cpu_ms);
        let (cpu, source) = match ending {
            Some(measured) => (measured.value, measured.source),
            None => (self.row.samples.latest()?.cpu_ms, MeasureSource::Sampled),
        };
        if time.is_zero() {
            return None;
        }
        let cores = Duration::from_millis(cpu).as_secs_f64() / time.as_secs_f64();
        let said = if cores >= CPU_BOUND {
            "CPU: "
        } else if cores <= IO_BOUND {
            "I/O or waiting: "
        } else {
            "mixed: "
        };
        let source = match source {
            MeasureSource::Exact => " of a core, exact",
            MeasureSource::Sampled => " of a core, sampled",
        };
        Some(
            Piece::from(said)
                .then(figure::percent(cores as f32))
                .then(source),
        )
    }
}

fn words(source: &ArgumentSource) -> Piece<'static> {
    match source {
        ArgumentSource::Plan => Piece::from("plan"),
        ArgumentSource::Typed => Piece::from("typed"),
        ArgumentSource::Agent => Piece::from("agent"),
        ArgumentSource::Call(call) => Piece::from("as in ").then(figure::call(*call)),
        ArgumentSource::Default => Piece::from("schema default"),
        ArgumentSource::Unsent => Piece::from("schema default, not sent"),
        // They stand below it.
        ArgumentSource::Outputs(_) => Piece::default(),
    }
}
