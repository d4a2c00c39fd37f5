//! The servers' screen: what it shows at every size, and what its keys ask for.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use fanout::catalogue::Catalogue;
use fanout::engine::Command;
use fanout::model::{
    Annotations, CallProgress, CallRow, CallSample, CancelStatus, ChangedTool, Faults, HeldBack,
    History, ListedTool, RemoteStatus, ServerCommand, ServerName, ServerRow, ServerState, Snapshot,
};
use fanout::model::{Outcome, WaitReason};
use fanout::output::{Safe, Side};
use fanout::theme::{Depth, builtin};
use fanout::tui::state::{MessageRow, Pane, Screen, ServerLog, State};
use fanout::tui::text::glyphs::Glyphs;
use fanout::tui::{DashboardSettings, SavedSession};
use ratatui::layout::Size;
use serde_json::json;

use crate::dump;
use crate::fixtures::{self, Run, id, ms};
use crate::looks::{SIZES, draw, draw_with, size};
use crate::stage::{Stage, play_on};

/// The sample tools and three servers.
fn tools() -> Arc<Catalogue> {
    static TOOLS: LazyLock<Arc<Catalogue>> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("servers.toml");
        let names = ["files", "gone", "memory", "search"];
        let servers = names.map(|name| format!("[mcp.{name}]\ncommand = [\"{name}-server\"]\n"));
        std::fs::write(&file, servers.concat()).expect("a file");
        Arc::new(Catalogue::load(&[file]).expect("it is sound"))
    });
    Arc::clone(&TOOLS)
}

pub(crate) fn state(run: Arc<Snapshot>, size: Size) -> State {
    let catalogue = crate::fixtures::with_listed(tools(), &run);
    State::new(run, catalogue, size)
}

fn listed(name: &str, is_read_only: bool) -> ListedTool {
    ListedTool {
        operation: fanout::model::McpOperation::CallTool,
        name: name.to_owned(),
        description: format!("What {name} does"),
        input_schema: json!({"type": "object"}),
        output_schema: None,
        annotations: Annotations {
            read_only: Some(is_read_only),
            ..Annotations::default()
        },
    }
}

fn server(name: &str, state: ServerState) -> ServerRow {
    let is_ready = state == ServerState::Ready;
    ServerRow {
        name: ServerName::new(name),
        target: format!("node /srv/{name}-server/dist/index.js").into(),
        state,
        since: SystemTime::UNIX_EPOCH,
        pid: is_ready.then_some(4711),
        identity: is_ready.then(|| format!("{name}-server 1.2").into()),
        era: is_ready.then(|| "2025-11-25".into()),
        tools: Arc::default(),
        in_flight: 0,
        faults: Faults::default(),
        held_back: HeldBack::default(),
        list_problems: Arc::default(),
        sign_in: None,
        last_words: None,
        questions: Arc::default(),
    }
}

fn edit(run: &mut Snapshot, number: usize, change: impl FnOnce(&mut CallRow)) {
    let row = run.calls.get_mut(number - 1).expect("a call");
    change(Arc::make_mut(row));
}

/// A run with servers in every state, and calls of one of them.
pub(crate) fn run() -> Arc<Snapshot> {
    let run = Run::new(4)
        .ended("memory.look", Outcome::Succeeded, 40, None)
        .ended(
            "memory.add",
            Outcome::Failed,
            200,
            Some("tool error: no such entity"),
        )
        .busy(
            "memory.index",
            json!({"deep": true}),
            12_400,
            fixtures::running,
        )
        .prints("progress 3/10: half of it")
        .busy("memory.drop", json!({}), 8_100, fixtures::stopping)
        .busy("memory.scan", json!({}), 2_100, fixtures::stopping)
        .waiting(
            "memory.look-2",
            json!({}),
            WaitReason::Slot { busy: 3, cap: 4 },
        )
        .publish();
    let mut run = (*run).clone();
    let told = |progress, cancel| {
        Some(RemoteStatus {
            progress,
            cancel,
            ..RemoteStatus::default()
        })
    };
    let progress = CallProgress {
        done: 3.0,
        total: Some(10.0),
    };
    edit(&mut run, 3, |row| row.remote = told(Some(progress), None));
    edit(&mut run, 4, |row| {
        row.remote = told(None, Some(CancelStatus::Sent));
    });
    edit(&mut run, 5, |row| {
        row.remote = told(Some(progress), Some(CancelStatus::StillWorking));
    });
    let mut memory = server("memory", ServerState::Ready);
    let names = ["look", "look-2", "index", "scan"];
    let mut tools: Vec<ListedTool> = names.map(|name| listed(name, true)).into();
    tools.extend(["add", "drop"].map(|name| listed(name, false)));
    memory.tools = Arc::new(tools);
    memory.in_flight = 3;
    memory.faults.noise = 2;
    let reason = "exit code 7; its last words: no licence found";
    run.servers = Arc::new(vec![
        server("files", ServerState::Stopped),
        server("gone", ServerState::Failed(reason.into())),
        memory,
        server("search", ServerState::Starting),
    ]);
    let mut gauge = History::new(60);
    for cores in [Some(0.2), None, Some(0.9), Some(0.84)] {
        gauge.push(cores.map(|cores| CallSample {
            cpu_cores: Some(cores),
            rss_bytes: 67 << 20,
            processes: 2,
            ..CallSample::default()
        }));
    }
    let memory = run.servers[2].name.clone();
    run.server_gauges = Arc::new([(memory, Arc::new(gauge))].into());
    Arc::new(run)
}

/// The screen with the pane that has the keys, and what was heard.
fn shown(pane: Pane, (width, height): (u16, u16)) -> State {
    let mut state = state(run(), size(width, height));
    state.show(Screen::Servers);
    state.select_server(2);
    state.settle();
    state.focus_on(pane);
    let request = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"index","arguments":{"deep":true}}}"#;
    let letter = |at, by, text: &str, cut| MessageRow {
        raw: text.into(),
        at: ms(at),
        by,
        text: vec![Safe::new(text)],
        bytes: text.len() + cut,
        cut,
    };
    let heard = ServerLog {
        of: (state.servers.selected.clone(), state.selection.call()),
        stderr: Safe::lines("memory server 1.2\n\u{1b}[31mwarning\u{1b}[0m: slow disk").collect(),
        left_out_bytes: 0,
        handshake: Vec::new(),
        messages: Some(vec![
            letter(1_204, Side::Fanout, request, 0),
            letter(
                1_310,
                Side::Server,
                r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#,
                0,
            ),
            letter(
                2_000,
                Side::Server,
                r#"{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","#,
                70_000,
            ),
        ]),
        left_out: 4,
    };
    state.set_server_log(heard);
    state
}

#[test]
fn the_servers_at_every_size() {
    for at in SIZES {
        for (name, pane) in [
            ("list", Pane::Servers),
            ("calls", Pane::ServerCalls),
            ("server", Pane::Server),
            ("messages", Pane::Messages),
        ] {
            let buffer = draw(&shown(pane, at));
            let (width, height) = at;
            insta::assert_snapshot!(
                format!("{name}-{width}x{height}"),
                dump::with_styles(&buffer)
            );
        }
    }
}

#[test]
fn the_messages_of_a_call_are_searched() {
    let mut state = shown(Pane::Messages, (80, 24));
    assert!(state.reads_messages());
    let figures = |state: &State| {
        draw(state);
        let figures = state.message_figures();
        figures.map(|figures| figures.as_str().to_owned())
    };
    assert_eq!(figures(&state), None);
    state.find_message("jsonrpc");
    for wanted in ["1/3", "2/3", "3/3", "1/3"] {
        assert_eq!(figures(&state).as_deref(), Some(wanted));
        assert!(state.step_message(1));
    }
    // Across the end of a row as well.
    state.find_message("name.*deep");
    assert_eq!(figures(&state).as_deref(), Some("1/1"));
    state.find_message("Tools/Call");
    assert_eq!(figures(&state).as_deref(), Some("0/0"));
    state.find_message("(");
    assert!(state.servers.find.problem().is_some());
    state.find_message("");
    assert!(!state.step_message(1));
}

#[test]
fn the_states_of_servers_are_told_apart_without_colours() {
    let theme = builtin("mono", Depth::Mono).expect("a built-in theme");
    for (name, glyphs) in [("unicode", Glyphs::Unicode), ("ascii", Glyphs::Ascii)] {
        let buffer = draw_with(&shown(Pane::Servers, (120, 36)), &theme, glyphs);
        let text = dump::text(&buffer);
        assert!(glyphs == Glyphs::Unicode || text.is_ascii(), "{text}");
        insta::assert_snapshot!(format!("mono-{name}"), dump::with_styles(&buffer));
    }
}

#[test]
fn without_servers_there_is_no_tab_and_the_screen_says_what_it_is_for() {
    let mut state = fixtures::state(fixtures::everything(), size(120, 36));
    assert!(!dump::text(&draw(&state)).contains("Servers"));
    state.show(Screen::Servers);
    insta::assert_snapshot!("none", dump::text(&draw(&state)));
}

fn play(script: impl AsyncFnOnce(&mut Stage)) {
    let around = (
        DashboardSettings::default(),
        SavedSession::default(),
        tools(),
    );
    play_on(around, run(), (120, 36), script);
}

fn asked(name: &str, order: ServerCommand) -> Command {
    let name = ServerName::new(name);
    Command::Server { name, order }
}

#[test]
fn servers_are_started_stopped_and_restarted() {
    play(async |stage| {
        stage.keys("8u").await;
        assert_eq!(stage.commands(), [asked("files", ServerCommand::Start)]);
        stage.keys("D").await;
        assert!(stage.text().contains("the server does not run"));
        stage.keys("jb").await;
        assert_eq!(stage.commands(), [asked("gone", ServerCommand::Restart)]);
        stage.keys("ju").await;
        assert!(stage.text().contains("the server runs"));
        // It works on calls: that is asked about first.
        stage.keys("D").await;
        let text = stage.text();
        assert!(text.contains("3 calls in flight will fail."), "{text}");
        stage.keys("<ret>").await;
        assert_eq!(stage.commands(), []);
        stage.keys("Dy").await;
        assert_eq!(stage.commands(), [asked("memory", ServerCommand::Stop)]);
    });
}

#[test]
fn tools_that_a_server_tells_of_are_in_the_catalogue() {
    play(async |stage| {
        stage.keys("8jj<ret>").await;
        let text = stage.text();
        assert!(text.contains("Tools 6"), "{text}");
        assert!(text.contains("not read-only: alone") || text.contains("read-only: runs"));
        let mut later = (*run()).clone();
        let mut servers = (*later.servers).clone();
        servers[0].state = ServerState::Ready;
        servers[0].tools = Arc::new(vec![listed("open", true)]);
        later.servers = Arc::new(servers);
        stage.publish(Arc::new(later)).await;
        stage.keys("<esc>/files.open<ret>").await;
        let text = stage.text();
        assert!(text.contains("What open does"), "{text}");
        // A tool whose server is gone is not called.
        let mut gone = (*run()).clone();
        let mut servers = (*gone.servers).clone();
        servers[0].state = ServerState::Failed("exit code 1".into());
        gone.servers = Arc::new(servers);
        stage.publish(Arc::new(gone)).await;
        stage.keys("<ret>").await;
        let text = stage.text();
        assert!(text.contains("its server does not run"), "{text}");
    });
}

#[test]
fn what_is_said_is_shown_as_it_comes() {
    play(async |stage| {
        stage.keys("8jj<tab>").await;
        let call = id(3);
        stage
            .protocol_log
            .add_message(call, Side::Fanout, r#"{"method":"tools/call"}"#);
        stage.pass(Duration::from_millis(200)).await;
        let text = stage.text();
        assert!(text.contains(r#""method": "tools/call""#), "{text}");
        let memory = ServerName::new("memory");
        stage
            .protocol_log
            .add_stderr(&memory, b"no \x1b]0;licence\x07 found\n");
        stage.keys("<tab>").await;
        let text = stage.text();
        assert!(
            text.contains("found") && !text.contains(['\u{1b}', '\u{7}']),
            "{text}"
        );
        // Nothing new, nothing drawn.
        let before = stage.frames();
        stage.keys("1").await;
        stage.protocol_log.add_stderr(&memory, b"more\n");
        stage.pass(Duration::from_millis(40)).await;
        assert_eq!(stage.frames(), before + 1);
    });
}

#[test]
fn a_changed_tool_is_shown_and_used_only_once_that_is_confirmed() {
    let mut run = (*run()).clone();
    let held = HeldBack {
        revision: 3,
        tools: Arc::new(vec![ChangedTool {
            name: "look".to_owned(),
            difference: "-   \"description\": \"look\",\n+   \"description\": \"look\u{202e}\",\n"
                .to_owned(),
        }]),
    };
    let mut rows = run.servers.to_vec();
    let at = rows.iter().position(|row| row.name.as_str() == "memory");
    rows[at.expect("the server")].held_back = held;
    run.servers = Arc::new(rows);
    let around = (
        DashboardSettings::default(),
        SavedSession::default(),
        tools(),
    );
    play_on(around, Arc::new(run), (120, 36), async |stage| {
        stage.keys("8m").await;
        let text = stage.text();
        assert!(
            text.contains("no tool of the server is held back"),
            "{text}"
        );
        stage.keys("jj").await;
        let text = stage.text();
        for part in [
            "look is held back",
            "- \"description\"",
            "+ \"description\": \"look<U+202E>",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // The harmless answer is marked.
        stage.keys("m<ret>").await;
        assert_eq!(stage.commands(), []);
        stage.keys("my").await;
        let order = ServerCommand::Accept(3);
        assert_eq!(stage.commands(), [asked("memory", order)]);
    });
}

#[test]
fn a_server_elsewhere_has_no_gauges_and_says_so() {
    let mut run = (*run()).clone();
    let mut rows = run.servers.to_vec();
    let at = rows.iter().position(|row| row.name.as_str() == "memory");
    rows[at.expect("the server")].pid = None;
    run.servers = Arc::new(rows);
    let around = (
        DashboardSettings::default(),
        SavedSession::default(),
        tools(),
    );
    play_on(around, Arc::new(run), (120, 36), async |stage| {
        stage.keys("8jj").await;
        let text = stage.text();
        assert!(text.contains("not on this machine: CPU"), "{text}");
    });
}
