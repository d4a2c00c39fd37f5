//! Agents at work: their screen, their calls among the others, and the keys
//! that hold, change, answer and end these.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fanout::engine::{AgentCommand, Command};
use fanout::model::{
    Access, AgentMark, AgentMode, AgentRow, Agents, Annotations, Batch, CallRow, CallSample,
    Direction, EndedBy, HeldAnswer, History, Hold, Intercept, InterceptPattern, LetGo, ListedTool,
    LockKey, LostMessages, Outcome, Patience, ProxiedCall, ProxiedServer, ProxiedServerState,
    ProxiedStage, ProxyControl, ProxyId, ServerName, Snapshot, WaitReason, WireKind, WireMessage,
};
use fanout::output::Side;
use fanout::theme::{Depth, builtin};
use fanout::tui::state::{Pane, Screen, State};
use fanout::tui::text::glyphs::Glyphs;
use fanout::tui::{DashboardSettings, Leave, SavedSession};
use serde_json::{Value, json};

use crate::dump;
use crate::fixtures::{self, NOW, Run, id, ms, tools};
use crate::looks::{draw, draw_with, size};
use crate::stage::{Stage, play_on};

const SIZES: [(u16, u16); 6] = [(200, 60), (120, 36), (100, 30), (80, 24), (60, 12), (40, 8)];

const MEM: ProxyId = ProxyId(0);
const GIT: ProxyId = ProxyId(1);
const GEMINI_MEM: ProxyId = ProxyId(2);

fn proxied(proxy: ProxyId, tool: &str) -> ProxiedCall {
    let (agent, server) = match proxy {
        MEM => ("cc1", "mem"),
        GIT => ("cc1", "git"),
        _ => ("gm1", "mem"),
    };
    ProxiedCall {
        agent: AgentMark::new(agent),
        proxy,
        server: ServerName::new(server),
        tool: tool.into(),
        request_id: "48".into(),
        access: Access::Unannotated,
        is_watched: false,
        batch: None,
        stage: ProxiedStage::Sent,
        held: None,
        patience: Patience {
            limit: Some(Duration::from_secs(60)),
            is_prolonged: false,
            gives_up_at: Some(NOW + ms(47_000)),
            let_go_at: Some(NOW + ms(42_000)),
        },
        let_go: None,
        holds_answer: false,
        is_edited: false,
        is_answer_edited: false,
        by: None,
        late_answers: 0,
        transcript_id: None,
        meta: None,
    }
}

fn you() -> Option<Hold> {
    let by = "you".into();
    Some(Hold { by, since: NOW })
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

fn server(proxy: ProxyId, calls: u64) -> ProxiedServer {
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

fn agent(mark: &str, title: &str, version: &str, pid: u32) -> Arc<AgentRow> {
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
    let batch = || {
        Some(Batch {
            number: 3,
            turn: None,
        })
    };
    make(&mut run, 1, (MEM, "read_graph"), |_| {});
    make(&mut run, 2, (MEM, "create_entities"), |it| {
        it.by = Some(EndedBy::User)
    });
    make(&mut run, 3, (GIT, "git_log"), |it| {
        it.by = Some(EndedBy::Agent)
    });
    make(&mut run, 4, (GEMINI_MEM, "search_nodes"), |it| {
        it.late_answers = 1
    });
    make(&mut run, 5, (GIT, "git_diff"), |_| {});
    make(&mut run, 6, (MEM, "create_entities"), |it| {
        it.batch = batch();
        it.is_edited = true;
    });
    make(&mut run, 7, (MEM, "search_nodes"), |it| {
        it.batch = batch();
        it.access = Access::ReadOnly;
        it.let_go = Some(LetGo::AgentWouldGiveUp);
    });
    make(&mut run, 8, (GIT, "git_status"), |it| {
        it.held = you();
        it.patience = Patience::default();
        it.stage = ProxiedStage::AnswerHeld(HeldAnswer {
            is_error: false,
            bytes: 1_229,
            result: Some(Arc::new(
                json!({"content": [{"type": "text", "text": "clean"}]}),
            )),
        });
    });
    make(&mut run, 9, (GEMINI_MEM, "open_nodes"), |it| {
        it.stage = ProxiedStage::Stopping {
            since: NOW - ms(400),
        };
    });
    make(&mut run, 11, (MEM, "create_entities"), |it| {
        it.stage = ProxiedStage::Waiting;
        it.held = you();
        it.transcript_id = Some("toolu_01A".into());
        it.batch = Some(Batch {
            number: 4,
            turn: Some("12".into()),
        });
        it.meta = Some(Arc::new(json!({"claudecode/toolUseId": "toolu_01A"})));
    });
    make(&mut run, 12, (MEM, "create_entities"), |it| {
        it.stage = ProxiedStage::Waiting;
        it.batch = Some(Batch {
            number: 4,
            turn: Some("12".into()),
        });
    });
    make(&mut run, 13, (GEMINI_MEM, "open_nodes"), |it| {
        it.stage = ProxiedStage::Waiting;
        it.patience = Patience::default();
    });
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
    Arc::new(run)
}

fn change(run: &Snapshot, edit: impl FnOnce(&mut Agents)) -> Arc<Snapshot> {
    let mut run = run.clone();
    run.revision += 1;
    edit(Arc::make_mut(&mut run.agents));
    Arc::new(run)
}

fn with_call(number: usize, edit: impl FnOnce(&mut ProxiedCall)) -> Arc<Snapshot> {
    let mut run = (*run()).clone();
    let row: &mut Arc<CallRow> = run.calls.get_mut(number - 1).expect("a call");
    let call = Arc::make_mut(row).proxied.as_mut().expect("an agent's");
    edit(Arc::make_mut(call));
    Arc::new(run)
}

fn shown(pane: Pane, (width, height): (u16, u16)) -> State {
    let mut state = fixtures::state(run(), size(width, height));
    state.show(Screen::Agents);
    state.select_agent_item(1);
    state.settle();
    state.focus_on(pane);
    state
}

fn hold(name: &str, state: &State) {
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

#[test]
fn many_agents_are_scrolled() {
    let run = change(&run(), |agents| {
        let first = server(MEM, 48);
        agents.agents.clear();
        agents.servers.clear();
        for number in 0..200_u32 {
            let mark = AgentMark::new(format!("oc{number}"));
            let row = agent(mark.as_str(), "opencode", "1.18.33", 5_000 + number);
            agents.agents.push(row);
            agents.servers.push(Arc::new(ProxiedServer {
                proxy: ProxyId(number),
                agent: mark,
                ..first.clone()
            }));
        }
    });
    play(run, async |stage| {
        stage.keys("9G").await;
        let text = stage.text();
        assert!(text.contains("▌ └ mem") && text.contains("oc199"), "{text}");
        stage.keys("k<ret>").await;
        assert!(stage.text().contains("Calls of oc199"), "{}", stage.text());
    });
}

fn play(run: Arc<Snapshot>, script: impl AsyncFnOnce(&mut Stage)) -> Option<Leave> {
    let around = (
        DashboardSettings::default(),
        SavedSession::default(),
        tools(),
    );
    play_on(around, run, (120, 36), script)
}

fn ask(command: AgentCommand) -> Command {
    Command::Agents(command)
}

#[test]
fn agents_are_governed_and_watched() {
    play(run(), async |stage| {
        stage.keys("V").await;
        assert_eq!(
            stage.commands(),
            [ask(AgentCommand::SetMode(AgentMode::Watch))]
        );
        let watched = change(&run(), |agents| agents.mode = AgentMode::Watch);
        stage.publish(Arc::clone(&watched)).await;
        assert!(stage.text().contains("watch, 2 held"), "{}", stage.text());
        stage.keys("<C-g>").await;
        assert_eq!(
            stage.commands(),
            [ask(AgentCommand::SetMode(AgentMode::Govern))]
        );
    });
    play(fixtures::everything(), async |stage| {
        stage.keys("V").await;
        assert_eq!(stage.commands(), []);
        assert!(stage.text().contains("no agent is here: `fanout wrap`"));
    });
}

#[test]
fn calls_and_answers_are_held_and_let_go() {
    play(run(), async |stage| {
        // The first lane is a call that was sent: its answer is held.
        stage.keys("h").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::Hold(vec![id(6)]))]);
        let promised = with_call(6, |call| call.holds_answer = true);
        stage.publish(promised).await;
        assert!(
            stage.text().contains("its answer will be held"),
            "{}",
            stage.text()
        );
        stage.keys("h").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::Release(vec![id(6)]))]);
        stage.keys("jjh").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::Release(vec![id(8)]))]);
        stage.keys("jh").await;
        assert_eq!(stage.commands(), []);
        assert!(stage.text().contains("told to stop"), "{}", stage.text());
        stage.keys("jh").await;
        assert!(
            stage.text().contains("no agent made this call"),
            "{}",
            stage.text()
        );
        stage.keys("<tab>ggh").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::Release(vec![id(11)]))]);
        stage.keys("H").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::ReleaseAll)]);
        let none = change(&run(), |agents| agents.held = 0);
        stage.publish(none).await;
        stage.keys("H").await;
        assert_eq!(stage.commands(), []);
        assert!(stage.text().contains("nothing is held"), "{}", stage.text());
    });
}

#[test]
fn calls_that_another_dashboard_controls_are_only_looked_at() {
    let run = change(&run(), |agents| {
        for server in &mut agents.servers {
            let by = "pid 7".into();
            Arc::make_mut(server).control = ProxyControl::Others { by };
        }
    });
    play(run, async |stage| {
        stage.keys("hxV").await;
        assert_eq!(stage.commands(), []);
        let text = stage.text();
        assert!(text.contains("another dashboard controls it"), "{text}");
        stage.keys("9").await;
        assert!(stage.text().contains("pid 7 controls"), "{}", stage.text());
        stage.keys("t").await;
        assert!(stage.text().contains("Take control?"), "{}", stage.text());
        stage.keys("y").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::TakeControl)]);
    });
}

#[test]
fn control_is_asked_for_once_where_nobody_has_it() {
    let free = change(&run(), |agents| {
        Arc::make_mut(&mut agents.servers[0]).control = ProxyControl::Free;
    });
    play(Arc::clone(&free), async |stage| {
        stage.pass(ms(500)).await;
        assert_eq!(stage.commands(), [], "the screen is not shown yet");
        stage.keys("9jk").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::RequestControl)]);
        stage.publish(change(&free, |_| {})).await;
        assert_eq!(stage.commands(), []);
        let more = change(&free, |agents| {
            Arc::make_mut(&mut agents.servers[1]).control = ProxyControl::Free;
        });
        stage.publish(more).await;
        assert_eq!(stage.commands(), [ask(AgentCommand::RequestControl)]);
    });
}

#[test]
fn the_pattern_is_typed_checked_and_switched() {
    play(run(), async |stage| {
        stage.keys("i").await;
        assert!(
            stage.text().contains("hold calls: mem.create_*"),
            "{}",
            stage.text()
        );
        stage.keys(" tool:x<ret>").await;
        assert_eq!(stage.commands(), []);
        assert!(
            stage.text().contains("`tool:x` is no kind of term"),
            "{}",
            stage.text()
        );
        stage.keys("<bs><bs><bs><bs><bs><bs>!ro<ret>").await;
        let pattern = InterceptPattern::parse("mem.create_* !ro").ok();
        let is_on = true;
        let set = AgentCommand::SetIntercept(Intercept { pattern, is_on });
        assert_eq!(stage.commands(), [ask(set)]);
        stage.keys("9I").await;
        let pattern = InterceptPattern::parse("mem.create_*").ok();
        let is_on = false;
        let set = AgentCommand::SetIntercept(Intercept { pattern, is_on });
        assert_eq!(stage.commands(), [ask(set)]);
        stage.keys("i").await;
        for _ in 0..12 {
            stage.keys("<bs>").await;
        }
        stage.keys("<ret>").await;
        let set = AgentCommand::SetIntercept(Intercept::default());
        assert_eq!(stage.commands(), [ask(set)]);
    });
}

#[test]
fn arguments_of_a_held_call_are_changed_and_sent() {
    play(run(), async |stage| {
        stage.keys("E").await;
        assert!(
            stage.text().contains("its server has it already"),
            "{}",
            stage.text()
        );
        stage.keys("<tab>jE").await;
        assert!(stage.text().contains("hold it first"), "{}", stage.text());
        stage.keys("kE").await;
        insta::assert_snapshot!("edit", dump::text(&stage.screen()));
        stage.keys("s<tab><bs>x<f2>").await;
        assert_eq!(stage.commands(), []);
        assert!(
            stage.text().contains("`x` is not a whole number"),
            "{}",
            stage.text()
        );
        stage.keys("<bs>7<f2>").await;
        let args = Arc::new(json!({"name": "shops", "count": 7}));
        let edit = AgentCommand::EditArguments { call: id(11), args };
        assert_eq!(
            stage.commands(),
            [ask(edit), ask(AgentCommand::Release(vec![id(11)]))]
        );
        stage.keys("E<bs>x<f3>").await;
        let args = Arc::new(json!({"name": "shox", "count": 3}));
        let edit = AgentCommand::EditArguments { call: id(11), args };
        assert_eq!(stage.commands(), [ask(edit)], "it is held further");
        // The clock lets it go while the form is open.
        stage.keys("E").await;
        let gone = with_call(11, |call| {
            call.stage = ProxiedStage::Sent;
            call.held = None;
        });
        stage.publish(gone).await;
        stage.keys("<f2>").await;
        assert_eq!(stage.commands(), []);
        assert!(stage.text().contains("too late"), "{}", stage.text());
    });
}

#[test]
fn a_call_is_answered_by_hand() {
    play(run(), async |stage| {
        stage.keys("R").await;
        assert!(stage.text().contains("hold its answer"), "{}", stage.text());
        stage.keys("<tab>ggR").await;
        insta::assert_snapshot!("answer", dump::text(&stage.screen()));
        stage.keys("later<f2>").await;
        let answer = |text: &str, is_error| {
            json!({
                "content": [{"type": "text", "text": text}],
                "isError": is_error,
                "_meta": {"fanout/origin": "user"},
            })
        };
        let sent = |result| {
            ask(AgentCommand::Answer {
                call: id(11),
                result: Arc::new(result),
            })
        };
        assert_eq!(stage.commands(), [sent(answer("later", false))]);
        stage.keys("Rno<tab><space><f2>").await;
        assert_eq!(stage.commands(), [sent(answer("no", true))]);
    });
}

#[test]
fn an_answer_by_hand_fits_the_output_schema() {
    play(run(), async |stage| {
        stage.keys("<tab>GR-3<f2>").await;
        assert_eq!(stage.commands(), []);
        let text = stage.text();
        assert!(
            text.contains("stored") && text.contains("less than"),
            "{text}"
        );
        // The same as JSON: the path is named.
        stage.keys("<f4><f2>").await;
        assert!(stage.text().contains("`stored`: "), "{}", stage.text());
        stage.keys("<f4>").await;
        for _ in 0..4 {
            stage.keys("<bs>").await;
        }
        stage.keys("2<f2>").await;
        let result = json!({
            "content": [{"type": "text", "text": "{\"stored\":2}"}],
            "structuredContent": {"stored": 2},
            "isError": false,
            "_meta": {"fanout/origin": "user"},
        });
        let answer = |result| {
            ask(AgentCommand::Answer {
                call: id(13),
                result: Arc::new(result),
            })
        };
        assert_eq!(stage.commands(), [answer(result)]);
        // An error needs no result, but a text.
        stage.keys("R<tab><space><f2>").await;
        assert!(
            stage.text().contains("an error needs a text"),
            "{}",
            stage.text()
        );
        stage.keys("<tab>full<f2>").await;
        let result = json!({
            "content": [{"type": "text", "text": "full"}],
            "isError": true,
            "_meta": {"fanout/origin": "user"},
        });
        assert_eq!(stage.commands(), [answer(result)]);
    });
}

#[test]
fn a_held_answer_is_changed() {
    play(run(), async |stage| {
        stage.keys("jjE").await;
        let text = stage.text();
        assert!(
            text.contains("Change the answer of #8") && text.contains("clean"),
            "{text}"
        );
        stage.keys("er<f2>").await;
        let result = json!({
            "content": [{"type": "text", "text": "ercleaner"}],
            "isError": false,
            "_meta": {"fanout/origin": "user"},
        });
        let [
            Command::Agents(AgentCommand::EditAnswer { call, result: sent }),
            release,
        ] = &*stage.commands()
        else {
            panic!("{}", stage.text());
        };
        assert_eq!(*call, id(8));
        assert_eq!(sent["isError"], result["isError"]);
        assert_eq!(sent["_meta"], result["_meta"]);
        let text = sent["content"][0]["text"].as_str().expect("a text");
        assert!(text.contains("er") && text.contains("clean"), "{text}");
        assert_eq!(*release, ask(AgentCommand::Release(vec![id(8)])));
    });
}

#[test]
fn an_agents_call_is_cancelled_and_its_server_killed_after_a_question() {
    play(run(), async |stage| {
        stage.keys("xx").await;
        assert_eq!(stage.commands(), [Command::Cancel(vec![id(6)])]);
        stage.keys("X").await;
        let text = stage.text();
        assert!(
            text.contains("Kill the server?") && text.contains("3 calls on it"),
            "{text}"
        );
        stage.keys("<ret>").await;
        assert_eq!(stage.commands(), [], "the harmless answer is marked");
        stage.keys("Xy").await;
        let kill = || ask(AgentCommand::KillServer(MEM));
        assert_eq!(stage.commands(), [Command::Cancel(vec![id(6)]), kill()]);
        // The screen begins with the server of the call.
        stage.keys("9Xy").await;
        assert_eq!(stage.commands(), [kill()]);
        stage.keys("kX").await;
        assert!(
            stage.text().contains("no server is selected"),
            "{}",
            stage.text()
        );
        stage.keys("1<tab><tab>r").await;
        assert_eq!(stage.commands(), []);
        assert!(
            stage.text().contains("only it can ask again"),
            "{}",
            stage.text()
        );
    });
}

#[test]
fn leaving_with_calls_held_asks_what_becomes_of_them() {
    play(run(), async |stage| {
        stage.keys("q").await;
        assert!(
            stage.text().contains("2 calls held for agents."),
            "{}",
            stage.text()
        );
        stage.keys("<ret>").await;
        assert_eq!(stage.commands(), []);
        stage.keys("q<tab><ret>").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::RefuseAll)]);
        // A call of one's own runs on.
        let none = change(&run(), |agents| agents.held = 0);
        stage.publish(none).await;
        assert_eq!(stage.commands(), [Command::Drain]);
    });
    let held = only_agents();
    let left = play(Arc::clone(&held), async |stage| {
        stage.keys("qy").await;
        assert_eq!(stage.commands(), [ask(AgentCommand::ReleaseAll)]);
        let none = change(&held, |agents| agents.held = 0);
        stage.publish(none).await;
    });
    assert_eq!(left, Some(Leave::Quit));
}

/// The run without its only call that no agent made.
fn only_agents() -> Arc<Snapshot> {
    let mut run = (*run()).clone();
    let lanes = run.lanes.iter();
    run.lanes = Arc::new(lanes.map(|it| it.filter(|it| *it != id(10))).collect());
    Arc::new(run)
}

#[test]
fn calls_of_agents_that_are_not_held_keep_nobody_here() {
    let run = change(&only_agents(), |agents| agents.held = 0);
    let left = play(run, async |stage| stage.keys("q").await);
    assert_eq!(left, Some(Leave::Quit));
}

#[test]
fn the_messages_of_a_call_stand_in_its_details() {
    play(run(), async |stage| {
        stage.protocol_log.add_message(
            id(11),
            Side::Agent,
            r#"{"jsonrpc":"2.0","id":48,"method":"tools/call"}"#,
        );
        stage.keys("9j<tab>ggjd").await;
        stage.pass(ms(200)).await;
        stage.keys("G").await;
        let text = stage.text();
        for part in [
            "→ agent",
            r#""method":"tools/call""#,
            "in the transcript toolu_01A",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    });
}

#[test]
fn actions_about_agents_are_found_by_other_names() {
    play(run(), async |stage| {
        for (typed, label) in [("resume", "let all go"), ("intercept", "intercept")] {
            stage.keys(":").await;
            stage.keys(typed).await;
            let text = stage.text();
            assert!(text.contains(label), "{typed}: {text}");
            stage.keys("<esc>").await;
        }
    });
}

#[test]
fn nothing_is_drawn_where_only_gauges_of_servers_change_and_nobody_looks() {
    let idle = change(&fixtures::over(), |agents| {
        *agents = (*run().agents).clone()
    });
    play(Arc::clone(&idle), async |stage| {
        stage.pass(Duration::from_secs(31)).await;
        let frames = stage.frames();
        let busier = change(&idle, |agents| {
            let server = Arc::make_mut(&mut agents.servers[0]);
            server.samples = Arc::new(History::new(60));
        });
        stage.publish(busier).await;
        stage.pass(Duration::from_secs(1)).await;
        assert_eq!(stage.frames(), frames);
    });
}
