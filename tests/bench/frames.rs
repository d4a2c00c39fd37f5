//! What a frame costs: `cargo bench --bench frames`.
//!
//! One JSON object a line: processor time of this thread in milliseconds, as
//! the median and the highest of the frames. A frame is what the dashboard
//! does for one: it takes a snapshot in which a row changed, reads the lines
//! of the output that it shows, draws every widget, and compares with the
//! frame before.

#[expect(
    dead_code,
    reason = "the made-up runs of the tests, of which one is used"
)]
#[path = "../views/fixtures.rs"]
mod fixtures;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use fanout::model::{AttemptNo, CallId, Snapshot};
use fanout::output::{
    Bounds, Direction, OutputReader, Pattern, SearchProgress, SearchRequest, Store, Stream, Streams,
};
use fanout::theme::{Depth, Theme, builtin};
use fanout::tui::dialogs::Layers;
use fanout::tui::event_loop::reading::PaneReader;
use fanout::tui::state::{Screen, State};
use fanout::tui::text::glyphs::Glyphs;
use fanout::tui::update::{Msg, update};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use rustix::time::{ClockId, clock_gettime};

const WIDTH: u16 = 200;
const HEIGHT: u16 = 50;
const FRAMES: usize = 200;
const OUTPUT: usize = 100 << 20;

/// Bytes that are searched between two frames.
const SEARCHED_AT_ONCE: u64 = 4 << 20;

/// A dashboard without an engine, drawn on a screen in memory.
struct Dashboard {
    state: State,
    layers: Layers,
    reader: OutputReader,
    reading: PaneReader,
    theme: Theme,
    terminal: Terminal<TestBackend>,
}

impl Dashboard {
    fn new(run: Arc<Snapshot>, store: &Store) -> Self {
        let size = Size::new(WIDTH, HEIGHT);
        let screen = TestBackend::new(WIDTH, HEIGHT);
        Self {
            state: fixtures::state(run, size),
            layers: Layers::default(),
            reader: store.reader(),
            reading: PaneReader::default(),
            theme: builtin("terminal", Depth::Ansi).expect("a built-in theme"),
            terminal: Terminal::new(screen).expect("a screen"),
        }
    }

    /// One frame, after a snapshot in which a row changed.
    fn frame(&mut self, now: Duration) {
        let run = changed(&self.state.run, now);
        update(&mut self.state, &mut self.layers, now, Msg::Published(run));
        self.draw(now);
    }

    fn draw(&mut self, now: Duration) {
        update(&mut self.state, &mut self.layers, now, Msg::Ticked);
        for news in self.reading.serve(&self.reader, &self.state) {
            update(&mut self.state, &mut self.layers, now, Msg::Read(news));
        }
        let view = self.layers.view(&self.state, &self.theme, Glyphs::Unicode);
        let drawn = self.terminal.draw(|frame| {
            let area = frame.area();
            self.layers.render(&view, area, frame.buffer_mut());
        });
        drawn.expect("a screen in memory takes everything");
    }
}

/// The next snapshot: one row is another one, all others are shared.
fn changed(run: &Snapshot, now: Duration) -> Arc<Snapshot> {
    let mut calls = run.calls.clone();
    if let Some(row) = calls.get_mut(calls.len() - 1) {
        Arc::make_mut(row).output.generation += 1;
    }
    Arc::new(Snapshot {
        revision: run.revision + 1,
        now: fixtures::NOW + now,
        calls,
        ..run.clone()
    })
}

/// Processor time of this thread: on a machine that does other things too the
/// wall clock says little, and the scheduler's own counts lag by a tick.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32)
}

/// Median and highest of what the work takes.
fn times(mut work: impl FnMut(Duration)) -> (f64, f64) {
    let mut times: Vec<f64> = (0..FRAMES as u64)
        .map(|number| {
            let begun = cpu();
            work(Duration::from_millis(33) * number as u32);
            cpu().saturating_sub(begun).as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[FRAMES / 2], times[FRAMES - 1])
}

fn print(name: &str, limit_ms: u32, (median, highest): (f64, f64)) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(
        out,
        r#"{{"name":"{name}","median_ms":{median:.3},"highest_ms":{highest:.3},"limit_ms":{limit_ms}}}"#
    )
}

/// A call that printed 100 MB of lines, some of them long.
fn flooded() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let store = Store::new(Some(folder.path().join("run")), Bounds::default());
    let sink = store.sink(CallId::from_index(0), AttemptNo(1));
    let mut piece = Vec::new();
    while piece.len() < 256 * 1024 {
        let line = format!(
            "src/net/pool.rs:{}: // a line as a search prints it\n",
            piece.len()
        );
        piece.extend_from_slice(line.as_bytes());
        if piece.len() % 7 == 0 {
            piece.extend_from_slice(&[b"wide ".repeat(600), b"\n".to_vec()].concat());
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime can be built");
    for _ in 0..OUTPUT / piece.len() {
        sink.write(Stream::Stdout, &piece);
        runtime.block_on(sink.caught_up());
    }
    sink.finish();
    (store, folder)
}

fn main() -> std::io::Result<()> {
    let quiet = Store::new(None, Bounds::default());
    for screen in [
        Screen::Lanes,
        Screen::Queue,
        Screen::Catalogue,
        Screen::Timeline,
    ] {
        let mut dashboard = Dashboard::new(fixtures::many(), &quiet);
        dashboard.state.show(screen);
        let name = format!("{screen:?}, 10000 calls, {WIDTH}x{HEIGHT}");
        print(&name, 4, times(|now| dashboard.frame(now)))?;
    }
    let (store, _folder) = flooded();
    let run = fixtures::Run::new(4);
    let run = run.busy("flood", serde_json::json!({}), 1_000, fixtures::running);
    let mut dashboard = Dashboard::new(run.publish(), &store);
    dashboard.draw(Duration::ZERO);
    for (name, is_wrapped, by) in [
        ("100 MB of output, scrolled by a line", false, -1),
        ("100 MB of output, scrolled by 5000 lines", false, -5_000),
        ("100 MB of output, wrapped, scrolled by a line", true, -1),
        (
            "100 MB of output, wrapped, scrolled by 5000 lines",
            true,
            -5_000,
        ),
    ] {
        dashboard.state.follow_output();
        dashboard.state.output.is_wrapped = is_wrapped;
        dashboard.draw(Duration::ZERO);
        let scroll = |now| {
            dashboard.state.scroll_output(by);
            dashboard.draw(now);
        };
        print(name, 16, times(scroll))?;
    }
    let pattern = Pattern::text("nothing like this").expect("a pattern");
    let reader = store.reader();
    let mut from = 0;
    let search = |_| {
        let request = SearchRequest {
            attempt: None,
            streams: Streams::Both,
            from,
            direction: Direction::Forward,
            budget_bytes: SEARCHED_AT_ONCE,
        };
        from = match reader.search(CallId::from_index(0), &request, &pattern) {
            SearchProgress::NotYet { from } | SearchProgress::At(from) => from,
            SearchProgress::Nothing => 0,
        };
    };
    print("100 MB of output, one step of a search", 16, times(search))
}
