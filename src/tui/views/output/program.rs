//! Why a call takes so long: for how long it has been silent, the program as it
//! was started, and its processes.
//!
//! ```text
//! │ runs for   00:12.4, 30.2× its median 0.41 s  │
//! │ silent for 11 s                              │
//! │ command    grep -rn Order src/               │
//! │ in         /home/me/src                      │
//! │ processes                                    │
//! │   4711 sleeps in pipe_read, 5 open files: …  │
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use super::NAMES;
use super::detail::DetailRows;
use crate::lab;
use crate::model::{InspectedProcess, Stdin};
use crate::output::Safe;
use crate::record;
use crate::theme::Role;
use crate::tui::text::{Piece, Strip, figure, words};

impl DetailRows<'_> {
    /// How long a running call takes, has printed nothing and is expected to
    /// take.
    pub(super) fn silence(&mut self) {
        let (state, row) = (self.state, self.row);
        let now = state.run_now();
        let Some(silent) = row.silent_for(now) else {
            return;
        };
        let elapsed = row.elapsed(now).unwrap_or_default();
        let mut strip = self.named("runs for", 0);
        let (fg, muted) = (self.style(Role::Fg), self.style(Role::Muted));
        strip.put(figure::clock(elapsed), fg);
        if let Some(median) = lab::median_run_time(&state.run, &row.tool)
            && !median.is_zero()
        {
            let times = elapsed.as_secs_f64() / median.as_secs_f64();
            strip
                .put(", ", muted)
                .put(figure::cores(times), fg)
                .put(self.glyphs.times(), fg)
                .put(" its median ", muted)
                .put(figure::seconds(median), muted);
        }
        self.rows.push(strip);
        let said = figure::about(silent);
        let role = if silent >= Duration::from_secs(10) {
            Role::MeterMid
        } else {
            Role::Fg
        };
        self.line("silent for", said, role);
        if let Some(limit) = row.timeouts.run {
            let left = limit.saturating_sub(elapsed);
            let left = if left < Duration::from_mins(1) {
                figure::left(left)
            } else {
                figure::whole_clock(left)
            };
            self.line("limit", left.then(" left"), Role::Muted);
        }
        if let Some(answer) = row.remote.and_then(|it| it.answer) {
            let said = match answer.status {
                None if answer.is_connected => {
                    Piece::from("connected, the request is sent; no byte of the answer yet")
                }
                None => Piece::from("connecting, or waiting for the first byte"),
                Some(status) => Piece::from("status ")
                    .then(figure::count(usize::from(status)))
                    .then(" came, ")
                    .then(figure::bytes(answer.bytes))
                    .then(" of the body so far"),
            };
            self.line("answer", said, Role::Fg);
        }
    }

    /// The program as it was started.
    pub(super) fn launch(&mut self) {
        let row = self.row;
        let argv = row.attempts.last().and_then(|it| it.argv.as_deref());
        if let Some(argv) = argv {
            let shown = shell_words::join(record::masked_argv(argv, &row.args));
            self.wrapped("command", &shown, Role::Fg);
        }
        let Some(launch) = &row.launch else { return };
        if let Some(pid) = launch.pid {
            self.line("pid", figure::count(pid as usize), Role::Fg);
        }
        let folder = launch.cwd.to_string_lossy();
        self.line("in", Safe::new(&folder), Role::Fg);
        let stdin = match &launch.stdin {
            Stdin::Empty => Piece::from("empty"),
            Stdin::Bytes(bytes) => {
                figure::bytes(bytes.len() as u64).then(", all arguments as JSON")
            }
        };
        self.line("stdin", stdin, Role::Fg);
        let names: Vec<&str> = launch.env.keys().map(String::as_str).collect();
        self.wrapped("variables", &names.join(" "), Role::Muted);
    }

    /// A text that may take several rows, behind its name.
    pub(super) fn wrapped(&mut self, name: &'static str, text: &str, role: Role) {
        let room = usize::from(self.width).saturating_sub(NAMES + 2).max(8);
        for (index, line) in words::wrap(text, room).into_iter().enumerate() {
            self.line(if index == 0 { name } else { "" }, line, role);
        }
    }

    /// The processes of a running call, children under their parents.
    pub(super) fn processes_now(&mut self) {
        let inspection = self.state.run.inspection.as_ref();
        let Some(found) = inspection.filter(|it| it.call == self.row.id) else {
            return;
        };
        if found.processes.is_empty() {
            return;
        }
        self.heading("processes");
        let mut depths: BTreeMap<u32, usize> = BTreeMap::new();
        for process in &found.processes {
            let depth = depths.get(&process.parent).map_or(0, |above| above + 1);
            depths.insert(process.pid, depth);
            self.process(process, depth);
        }
        if found.further > 0 {
            let more = figure::count(found.further).then(" more");
            self.line("", more, Role::Muted);
        }
    }

    fn process(&mut self, process: &InspectedProcess, depth: usize) {
        let muted = self.style(Role::Muted);
        let mut strip = Strip::new(self.width, self.glyphs);
        strip.skip(3 + depth * 2);
        if depth > 0 {
            strip.put(self.glyphs.branch(), muted).skip(1);
        }
        let state = if matches!(process.state, 'R' | 'D') {
            Role::Running
        } else {
            Role::Muted
        };
        strip
            .put(figure::count(process.pid as usize), self.style(Role::Fg))
            .skip(1)
            .put(process.state_word(), self.style(state));
        if !process.waits_in.is_empty() && process.state == 'S' {
            strip
                .put(" in ", muted)
                .put(Safe::new(&process.waits_in), muted);
        }
        if let Some(files) = process.open_files {
            strip
                .put(", ", muted)
                .put(figure::plural(files, "open file"), muted);
        }
        if process.threads > 1 {
            let threads = figure::plural(process.threads as usize, "thread");
            strip.put(", ", muted).put(threads, muted);
        }
        strip
            .put(": ", muted)
            .put(Safe::new(&process.command), self.style(Role::Fg));
        self.rows.push(strip);
    }
}
