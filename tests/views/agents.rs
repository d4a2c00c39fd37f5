//! Agents at work: their screen, and their calls among the others.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fanout::model::{
    Access, AgentMark, AgentMode, AgentRow, Agents, Annotations, Batch, CallRow, CallSample,
    Direction, EndedBy, HeldAnswer, History, Hold, Intercept, InterceptPattern, LetGo, ListedTool,
    LockKey, LostMessages, Outcome, Patience, ProxiedCall, ProxiedRoute, ProxiedServer,
    ProxiedServerState, ProxiedStage, ProxyControl, ProxyId, ServerName, Snapshot, WaitReason,
    WireKind, WireMessage,
};
use fanout::theme::{Depth, builtin};
use fanout::tui::state::{AgentItem, Pane, Screen, State};
use fanout::tui::text::glyphs::Glyphs;
use serde_json::{Value, json};

use crate::dump;
use crate::fixtures::{self, NOW, Run, id, ms};
use crate::looks::{draw, draw_with, size};

const SIZES: [(u16, u16); 6] = [(200, 60), (120, 36), (100, 30), (80, 24), (60, 12), (40, 8)];

pub(crate) const MEM: ProxyId = ProxyId(0);
const GIT: ProxyId = ProxyId(1);
const GEMINI_MEM: ProxyId = ProxyId(2);

fn proxied(proxy: ProxyId, tool: &str) -> ProxiedCall {
    let (agent, server) = match proxy {
        MEM => ("cc1", "mem"),
        GIT => ("cc1", "git"),
        _ => ("gm1", "mem"),
    };
    let route = ProxiedRoute {
        agent: AgentMark::new(agent),
        proxy,
        server: ServerName::new(server),
    };
    ProxiedCall {
        request_id: "48".into(),
        is_watched: false,
        stage: ProxiedStage::Sent,
        patience: Patience {
            limit: Some(Duration::from_mins(1)),
            is_prolonged: false,
            gives_up_at: Some(NOW + ms(47_000)),
            let_go_at: Some(NOW + ms(42_000)),
        },
        ..ProxiedCall::new(route, tool)
    }
}

fn you() -> Hold {
    let by = "you".into();
    Hold { by, since: NOW }
}

/// Makes a row of a run one that an agent made.
fn make(
    run: &mut Snapshot,
    number: usize,
    (proxy, tool): (ProxyId, &str),
    change: impl FnOnce(&mut ProxiedCall),
) {
    let mut call = proxied(proxy, tool);
    change(&mut call);
    let row = run.calls.get_mut(number - 1).expect("a call");
    Arc::make_mut(row).proxied = Some(Arc::new(call));
}

fn listed(name: &str, output_schema: Option<Value>) -> ListedTool {
    ListedTool {
        operation: fanout::model::McpOperation::CallTool,
        name: name.to_owned(),
        description: format!("What {name} does"),
        input_schema: json!({
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "count": {"type": "integer"}},
        }),
        output_schema,
        annotations: Annotations::default(),
    }
}

pub(crate) fn server(proxy: ProxyId, calls: u64) -> ProxiedServer {
    let of = proxied(proxy, "");
    let mut samples = History::new(60);
    for cores in [Some(0.02), None, Some(0.4), Some(0.1), Some(0.03)] {
        samples.push(cores.map(|cores| CallSample {
            cpu_cores: Some(cores),
            rss_bytes: 31 << 20,
            processes: 1,
            ..CallSample::default()
        }));
    }
    let schema = json!({
        "type": "object",
        "required": ["stored"],
        "properties": {"stored": {"type": "integer", "minimum": 0}},
    });
    let names = ["create_entities", "open_nodes", "git_status"];
    let tools = names.map(|name| listed(name, (name == "open_nodes").then(|| schema.clone())));
    ProxiedServer {
        proxy,
        agent: of.agent,
        name: of.server,
        command: "node server-memory/dist/index.js --verbose".into(),
        proxy_pid: 4719 + proxy.0,
        pid: Some(4720 + proxy.0),
        protocol: Some("2025-11-25".into()),
        state: ProxiedServerState::Running,
        mode: AgentMode::Govern,
        control: ProxyControl::Ours,
        lock: Some("server:mem-1a2b3c4d".into()),
        same_lock_as: (proxy == GEMINI_MEM).then(|| "cc1/mem".into()),
        tools: Arc::new(tools.into()),
        calls,
        open_calls: 3,
        held: usize::from(proxy != GEMINI_MEM),
        lost: LostMessages::default(),
        samples: Arc::new(samples),
        wire: Arc::new(History::new(ProxiedServer::WIRE_KEPT)),
    }
}

pub(crate) fn agent(mark: &str, title: &str, version: &str, pid: u32) -> Arc<AgentRow> {
    Arc::new(AgentRow {
        mark: AgentMark::new(mark),
        title: title.into(),
        version: Some(version.into()),
        pid: Some(pid),
        cwd: "/home/ada/src/shop".into(),
        session: Some("3d3dc3d5".into()),
        left: None,
    })
}

fn wire() -> History<Arc<WireMessage>> {
    let message = |at: u64, direction, kind, text: &str, call| WireMessage {
        at: SystemTime::UNIX_EPOCH + ms(57_815_868 + at),
        direction,
        kind,
        text: text.into(),
        call,
        bytes: 312,
    };
    let (there, back) = (Direction::ToServer, Direction::ToAgent);
    let mut wire = History::new(ProxiedServer::WIRE_KEPT);
    for each in [
        message(0, there, WireKind::Request, "tools/list", None),
        message(9, back, WireKind::Answer, "tools/list", None),
        message(420, there, WireKind::Call, "create_entities", Some(id(6))),
        message(423, there, WireKind::Call, "create_entities", Some(id(11))),
        message(
            471,
            there,
            WireKind::Note,
            "notifications/cancelled #3",
            None,
        ),
        message(
            502,
            Direction::Stderr,
            WireKind::Line,
            "\u{1b}[31mslow disk",
            None,
        ),
        message(
            610,
            back,
            WireKind::Note,
            "notifications/tools/list_changed",
            None,
        ),
        message(650, back, WireKind::Error, "read_graph", Some(id(1))),
    ] {
        wire.push(Some(Arc::new(each)));
    }
    wire
}

/// Two agents with three servers, and calls of them in every state.
pub(crate) fn run() -> Arc<Snapshot> {
    let args = || json!({"name": "shop", "count": 3});
    let run = Run::new(4)
        .ended("read_graph", Outcome::Succeeded, 200, None)
        .ended("create_entities", Outcome::Answered, 3_000, None)
        .ended(
            "git_log",
            Outcome::AgentCancelled,
            9_000,
            Some("Request timed out"),
        )
        .ended("search_nodes", Outcome::GivenUp, 60_000, None)
        .ended("git_diff", Outcome::ServerDied, 900, Some("exit code 1"))
        .busy("create_entities-2", args(), 12_400, fixtures::running)
        .busy("search_nodes-2", args(), 12_390, fixtures::running)
        .busy("git_status", json!({}), 800, fixtures::running)
        .busy("open_nodes", args(), 8_100, fixtures::stopping)
        .busy("grep", json!({"pattern": "TODO"}), 1_000, fixtures::running)
        .waiting(
            "create_entities-3",
            args(),
            WaitReason::Held { by: "you".into() },
        )
        .waiting(
            "create_entities-4",
            args(),
            WaitReason::Lock {
                key: LockKey::new("server:mem-1a2b3c4d"),
                holder: id(6),
            },
        )
        .waiting("open_nodes-2", args(), WaitReason::Slot { busy: 5, cap: 4 })
        .publish();
    let mut run = (*run).clone();
    tell_of_calls(&mut run);
    tell_of_servers(&mut run);
    Arc::new(run)
}

/// Says of each call whose it is and how it stands.
fn tell_of_calls(run: &mut Snapshot) {
    let batch = || {
        Some(Batch {
            number: 3,
            turn: None,
        })
    };
    make(run, 1, (MEM, "read_graph"), |_| {});
    make(run, 2, (MEM, "create_entities"), |it| {
        it.by = Some(EndedBy::User);
    });
    make(run, 3, (GIT, "git_log"), |it| {
        it.by = Some(EndedBy::Agent);
    });
    make(run, 4, (GEMINI_MEM, "search_nodes"), |it| {
        it.late_answers = 1;
    });
    make(run, 5, (GIT, "git_diff"), |_| {});
    make(run, 6, (MEM, "create_entities"), |it| {
        it.batch = batch();
        it.is_edited = true;
    });
    make(run, 7, (MEM, "search_nodes"), |it| {
        it.batch = batch();
        it.access = Access::ReadOnly;
        it.let_go = Some(LetGo::AgentWouldGiveUp);
    });
    make(run, 8, (GIT, "git_status"), |it| {
        it.held = Some(you());
        it.patience = Patience::default();
        it.stage = ProxiedStage::AnswerHeld(HeldAnswer {
            is_error: false,
            bytes: 1_229,
            result: Some(Arc::new(
                json!({"content": [{"type": "text", "text": "clean"}]}),
            )),
        });
    });
    make(run, 9, (GEMINI_MEM, "open_nodes"), |it| {
        it.stage = ProxiedStage::Stopping {
            since: NOW.saturating_sub(ms(400)),
        };
    });
    make(run, 11, (MEM, "create_entities"), |it| {
        it.stage = ProxiedStage::Waiting;
        it.held = Some(you());
        it.transcript_id = Some("toolu_01A".into());
        it.batch = Some(Batch {
            number: 4,
            turn: Some("12".into()),
        });
        it.meta = Some(Arc::new(json!({"claudecode/toolUseId": "toolu_01A"})));
    });
    make(run, 12, (MEM, "create_entities"), |it| {
        it.stage = ProxiedStage::Waiting;
        it.batch = Some(Batch {
            number: 4,
            turn: Some("12".into()),
        });
    });
    make(run, 13, (GEMINI_MEM, "open_nodes"), |it| {
        it.stage = ProxiedStage::Waiting;
        it.patience = Patience::default();
    });
}

/// Adds the agents and their servers.
fn tell_of_servers(run: &mut Snapshot) {
    let mut mem = server(MEM, 48);
    mem.wire = Arc::new(wire());
    let mut git = server(GIT, 7);
    git.lost = LostMessages {
        frames: 12,
        bytes: 9_000,
    };
    run.agents = Arc::new(Agents {
        mode: AgentMode::Govern,
        intercept: Intercept {
            pattern: InterceptPattern::parse("mem.create_*").ok(),
            is_on: true,
        },
        held: 2,
        agents: vec![
            agent("cc1", "Claude Code", "2.1.332", 4711),
            agent("gm1", "Gemini CLI", "0.61.0", 4800),
        ],
        servers: vec![
            Arc::new(mem),
            Arc::new(git),
            Arc::new(server(GEMINI_MEM, 5)),
        ],
        forgotten_calls: 0,
        problem: None,
    });
}

pub(crate) fn change(run: &Snapshot, edit: impl FnOnce(&mut Agents)) -> Arc<Snapshot> {
    let mut run = run.clone();
    run.revision += 1;
    edit(Arc::make_mut(&mut run.agents));
    Arc::new(run)
}

pub(crate) fn with_call(number: usize, edit: impl FnOnce(&mut ProxiedCall)) -> Arc<Snapshot> {
    let mut run = (*run()).clone();
    let row: &mut Arc<CallRow> = run.calls.get_mut(number - 1).expect("a call");
    let call = Arc::make_mut(row).proxied.as_mut().expect("an agent's");
    edit(Arc::make_mut(call));
    Arc::new(run)
}

pub(crate) fn shown(pane: Pane, (width, height): (u16, u16)) -> State {
    let mut state = fixtures::state(run(), size(width, height));
    state.show(Screen::Agents);
    state.select_agent_item(1);
    state.settle();
    state.focus_on(pane);
    state
}

pub(crate) fn hold(name: &str, state: &State) {
    insta::assert_snapshot!(name, dump::with_styles(&draw(state)));
}

#[test]
fn the_agents_at_every_size() {
    for (width, height) in SIZES {
        hold(
            &format!("list-{width}x{height}"),
            &shown(Pane::Agents, (width, height)),
        );
    }
    for (name, pane) in [
        ("calls", Pane::AgentCalls),
        ("wire", Pane::Wire),
        ("detail", Pane::Detail),
    ] {
        for (width, height) in [(120, 36), (80, 24), (60, 12)] {
            hold(
                &format!("{name}-{width}x{height}"),
                &shown(pane, (width, height)),
            );
        }
    }
}

#[test]
fn each_agent_stands_before_its_servers_in_whatever_order_they_came() {
    let turned = change(&run(), |agents| agents.agents.reverse());
    let mut last = None;
    let mut servers = 0;
    for item in AgentItem::all(&turned.agents) {
        match item {
            AgentItem::Agent(mark) => last = Some(mark),
            AgentItem::Server(proxy) => {
                let server = turned.agents.server(proxy).expect("a server");
                assert_eq!(Some(&server.agent), last.as_ref());
                servers += 1;
            }
        }
    }
    assert_eq!(servers, turned.agents.servers.len());
}

#[test]
fn calls_of_agents_among_others() {
    for (width, height) in [(120, 36), (100, 30), (80, 24), (60, 12)] {
        let mut state = fixtures::state(run(), size(width, height));
        hold(&format!("lanes-{width}x{height}"), &state);
        state.show(Screen::Queue);
        state.is_table_full = true;
        state.settle();
        hold(&format!("table-{width}x{height}"), &state);
    }
}

#[test]
fn calls_that_only_pass_are_over_the_cap() {
    let mut run = (*run()).clone();
    for number in [6, 7, 8, 9] {
        let row = run.calls.get_mut(number - 1).expect("a call");
        let call = Arc::make_mut(row).proxied.as_mut().expect("an agent's");
        Arc::make_mut(call).is_watched = true;
    }
    let run = change(&run, |agents| agents.mode = AgentMode::Watch);
    let text = dump::text(&draw(&fixtures::state(run, size(120, 36))));
    assert!(text.contains("Lanes 5/4 over cap 4"), "{text}");
    assert!(
        text.contains("watch, 2 held") && !text.contains("draining"),
        "{text}"
    );
}

#[test]
fn the_states_of_agents_calls_are_told_apart_without_colours() {
    let theme = builtin("mono", Depth::Mono).expect("a built-in theme");
    for (name, glyphs) in [("unicode", Glyphs::Unicode), ("ascii", Glyphs::Ascii)] {
        let buffer = draw_with(&shown(Pane::AgentCalls, (120, 36)), &theme, glyphs);
        let text = dump::text(&buffer);
        assert!(glyphs == Glyphs::Unicode || text.is_ascii(), "{text}");
        insta::assert_snapshot!(format!("mono-{name}"), dump::with_styles(&buffer));
    }
}

#[test]
fn without_agents_it_is_said_how_to_begin() {
    for (width, height) in [(120, 36), (80, 24), (60, 12)] {
        let run = change(&fixtures::nothing(), |agents| {
            agents.problem = (width == 80).then(|| "/tmp/fanout-7 can be written by others".into());
        });
        let mut state = fixtures::state(run, size(width, height));
        state.show(Screen::Agents);
        let text = dump::text(&draw(&state));
        assert!(text.contains("fanout wrap"), "{text}");
        insta::assert_snapshot!(format!("none-{width}x{height}"), text);
    }
}
