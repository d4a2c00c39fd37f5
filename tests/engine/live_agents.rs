//! Calls of agents at work, with the real `fanout mcp` before the sample
//! server.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command as Program, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use fanout::engine::{AgentCommand, Command};
use fanout::model::{
    AgentMode, CallRow, CallState, Intercept, InterceptPattern, Outcome, OutputKind, ProxiedStage,
    Snapshot, WaitReason,
};
use serde_json::{Value, json};

use crate::office::Office;
use crate::shim::PATIENCE;

/// An agent that calls tools of the sample server through the proxy.
struct LiveAgent {
    child: Child,
    stdin: Option<ChildStdin>,
    answers: Receiver<Value>,
    last_id: u64,
}

impl LiveAgent {
    fn start(office: &Office, client: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_fanout");
        let mut child = Program::new(program)
            .args(["mcp", "--name", "notes", "--via"])
            .arg(office.via.path().join("meeting"))
            .args(["--", program, "sample-tool", "notebook"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the proxy");
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let message: Value = serde_json::from_str(&line).expect("a message");
                // Signs of life and progress are no answers.
                if message.get("id").is_some() && sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut agent = Self {
            stdin: child.stdin.take(),
            child,
            answers,
            last_id: 0,
        };
        let hello = json!({
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": client, "version": "1.0"},
        });
        agent.asks("initialize", &hello);
        agent.answer();
        agent.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        agent.asks("tools/list", &json!({}));
        agent.answer();
        agent
    }

    fn send(&mut self, message: &Value) {
        let stdin = self.stdin.as_mut().expect("it is open");
        stdin
            .write_all(format!("{message}\n").as_bytes())
            .expect("a reader");
    }

    fn asks(&mut self, method: &str, params: &Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    fn calls(&mut self, tool: &str, arguments: &Value) -> u64 {
        self.asks("tools/call", &json!({"name": tool, "arguments": arguments}))
    }

    fn answer(&self) -> Value {
        self.answers.recv_timeout(PATIENCE).expect("an answer")
    }
}

impl Drop for LiveAgent {
    fn drop(&mut self) {
        self.stdin = None;
        // It ends by itself: its input has ended, and so does its server.
        let _ended = self.child.wait();
    }
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"]
        .as_str()
        .unwrap_or_default()
}

fn is_held(row: &CallRow) -> bool {
    matches!(row.wait, Some(WaitReason::Held { .. }))
}

async fn attached(office: &Office) {
    let all = |it: &Snapshot| it.agents.servers.iter().any(|it| !it.tools.is_empty());
    office.until("attached", all).await;
}

fn hold_pattern(text: &str) -> AgentCommand {
    AgentCommand::SetIntercept(Intercept {
        pattern: Some(InterceptPattern::parse(text).expect("a pattern")),
        is_on: true,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_live_call_is_held_edited_released_and_answered_by_hand() {
    let office = Office::open(4);
    let mut agent = LiveAgent::start(&office, "claude-code");
    attached(&office).await;
    // Watched first.
    agent.calls("add-note", &json!({"text": "watched", "ms": 1}));
    assert!(agent.answer()["error"].is_null());
    office.until_ended("cc1-1").await;

    office.orders(hold_pattern("notes.add-note"));
    let governed = |it: &Snapshot| it.agents.servers[0].mode == AgentMode::Govern;
    office.until("governed", governed).await;
    let held = agent.calls("add-note", &json!({"text": "one", "ms": 1}));
    agent.calls("notes", &json!({}));
    // The other one passes at once, and shows that nothing was stored.
    let notes = agent.answer();
    assert!(
        text(&notes).contains("watched") && !text(&notes).contains("one"),
        "{notes}"
    );
    let row = office.until_row("cc1-2", "held", is_held).await;
    office.orders(AgentCommand::EditArguments {
        call: row.id,
        args: Arc::new(json!({"text": "two", "ms": 1})),
        is_released: true,
    });
    let answer = agent.answer();
    assert_eq!(answer["id"], held);
    let row = office.until_ended("cc1-2").await;
    assert_eq!(row.state, CallState::Ended(Outcome::Succeeded));
    agent.calls("notes", &json!({}));
    let notes = agent.answer();
    assert!(
        text(&notes).contains("two") && !text(&notes).contains("one"),
        "{notes}"
    );

    // By hand: the server sees nothing of it.
    let by_hand = agent.calls("add-note", &json!({"text": "three", "ms": 1}));
    let row = office.until_row("cc1-5", "held", is_held).await;
    let result = json!({"content": [{"type": "text", "text": "mine"}]});
    office.orders(AgentCommand::Answer {
        call: row.id,
        result: Arc::new(result),
    });
    let answer = agent.answer();
    assert_eq!(
        (answer["id"].as_u64(), text(&answer)),
        (Some(by_hand), "mine")
    );
    let row = office.until_ended("cc1-5").await;
    assert_eq!(row.state, CallState::Ended(Outcome::Answered));
    let output = office.store.output_value(row.id, OutputKind::Auto).value;
    assert_eq!(output, json!("mine"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_live_call_is_cancelled_wherever_it_stands_and_its_answer_is_held() {
    let office = Office::open(4);
    let mut agent = LiveAgent::start(&office, "claude-code");
    attached(&office).await;
    office.orders(hold_pattern("notes.add-note"));
    let governed = |it: &Snapshot| it.agents.servers[0].mode == AgentMode::Govern;
    office.until("governed", governed).await;

    // Cancelled while it is held, then while it runs.
    agent.calls("add-note", &json!({"text": "four", "ms": 1}));
    let row = office.until_row("cc1-1", "held", is_held).await;
    office.sends(Command::Cancel(vec![row.id]));
    let answer = agent.answer();
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let row = office.until_ended("cc1-1").await;
    assert_eq!(row.state, CallState::Ended(Outcome::Cancelled));
    agent.calls("summarise", &json!({"steps": 100, "ms": 60_000}));
    let runs = |row: &CallRow| matches!(row.state, CallState::Running { .. });
    let row = office.until_row("cc1-2", "runs", runs).await;
    let begun = Instant::now();
    office.sends(Command::Cancel(vec![row.id]));
    let answer = agent.answer();
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    let row = office.until_ended("cc1-2").await;
    assert_eq!(row.state, CallState::Ended(Outcome::Cancelled));

    // The answer of a call that was sent is held, changed, and let go.
    agent.calls("summarise", &json!({"steps": 2, "ms": 400}));
    let row = office.until_row("cc1-3", "runs", runs).await;
    office.orders(AgentCommand::Hold(vec![row.id]));
    let answer_held = |row: &CallRow| {
        let stage = row.proxied.as_ref().map(|it| &it.stage);
        matches!(stage, Some(ProxiedStage::AnswerHeld(_)))
    };
    office
        .until_row("cc1-3", "has its answer held", answer_held)
        .await;
    office.orders(AgentCommand::EditAnswer {
        call: row.id,
        result: Arc::new(json!({"content": [{"type": "text", "text": "changed"}]})),
        is_released: true,
    });
    assert_eq!(text(&agent.answer()), "changed");
    let row = office.until_ended("cc1-3").await;
    let output = office.store.output_value(row.id, OutputKind::Auto).value;
    assert_eq!(output, json!("changed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn calls_that_a_left_dashboard_kept_back_go_on_at_once() {
    for is_cut in [false, true] {
        let mut office = Office::open(4);
        let mut agent = LiveAgent::start(&office, "codex-mcp-client");
        attached(&office).await;
        office.orders(hold_pattern("notes"));
        let governed = |it: &Snapshot| it.agents.servers[0].mode == AgentMode::Govern;
        office.until("governed", governed).await;
        for _ in 0..5 {
            agent.calls("notes", &json!({}));
        }
        office.until("held", |it| it.agents.held == 5).await;
        office.sends(Command::Pause);
        for _ in 0..5 {
            agent.calls("add-note", &json!({"text": "x", "ms": 1}));
        }
        let waiting = |it: &Snapshot| it.counts.queued == 10;
        office.until("waiting", waiting).await;
        let begun = Instant::now();
        if is_cut {
            // As a dashboard that is killed: nothing more is said.
            let engine = std::mem::replace(&mut office, Office::open(1));
            drop(engine.engine);
            drop(engine.handle);
        } else {
            office.sends(Command::Shutdown);
        }
        for _ in 0..10 {
            assert!(agent.answer()["error"].is_null());
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
}
