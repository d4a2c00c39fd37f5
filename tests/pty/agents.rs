//! An agent behind a real proxy, seen and steered from a real dashboard.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::{fs, thread};

use serde_json::{Value, json};

use crate::SIZE;
use crate::harness::{OnTerminal, PATIENCE};

/// A scripted agent: it speaks to a sample server through `fanout mcp`.
struct Agent {
    proxy: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<Value>,
}

impl Agent {
    fn start(via: &Path) -> Self {
        let fanout = env!("CARGO_BIN_EXE_fanout");
        let mut command = Command::new(fanout);
        command.args(["mcp", "--name", "book", "--via"]).arg(via);
        command.args(["--", fanout, "sample-tool", "notebook"]);
        command.current_dir(via).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut proxy = command.spawn().expect("the proxy starts");
        let (told, answers) = channel();
        let lines = BufReader::new(proxy.stdout.take().expect("a pipe")).lines();
        thread::spawn(move || {
            let read = lines.map_while(Result::ok);
            for answer in read.filter_map(|line| serde_json::from_str(&line).ok()) {
                if told.send(answer).is_err() {
                    return;
                }
            }
        });
        let requests = proxy.stdin.take();
        let mut agent = Self {
            proxy,
            requests,
            answers,
        };
        let about = json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "claude-code", "version": "2.1.332"},
        });
        agent.ask(1, "initialize", &about);
        agent.answer(1);
        agent.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        agent.ask(2, "tools/list", &json!({}));
        agent.answer(2);
        agent
    }

    fn send(&mut self, message: &Value) {
        let requests = self.requests.as_mut().expect("it has not left");
        writeln!(requests, "{message}").expect("the proxy reads");
    }

    fn ask(&mut self, id: u32, method: &str, params: &Value) {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.send(&request);
    }

    fn call(&mut self, id: u32, tool: &str, args: &Value) {
        self.ask(id, "tools/call", &json!({"name": tool, "arguments": args}));
    }

    /// The answer to a request, in the order in which it was waited for.
    fn answer(&self, id: u32) -> Value {
        loop {
            let next = self.answers.recv_timeout(PATIENCE);
            let next = next.expect("an answer in time");
            if next["id"] == id {
                return next;
            }
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // The end of its input ends a proxy; one that hangs is killed.
        self.requests = None;
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

#[test]
fn calls_of_an_agent_are_seen_held_changed_and_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let via = folder.path();
    fs::set_permissions(via, fs::Permissions::from_mode(0o700)).expect("a mode");
    let mut agent = Agent::start(via);
    let place = via.display().to_string();
    let mut fanout = OnTerminal::fanout(&["--via", &place], SIZE, &[]);
    fanout.keys("9");
    fanout.wait_for("Claude Code 2.1.332");
    fanout.wait_for("8 tools");
    fanout.keys("iadd-note\r");
    fanout.wait_for("hold add-note on");
    fanout.wait_for("Agents govern");

    // What the pattern names is held; everything else passes.
    agent.call(3, "add-note", &json!({"text": "one", "ms": 0}));
    fanout.wait_for("held by you");
    agent.call(4, "notes", &json!({}));
    assert_eq!(agent.answer(4)["result"]["structuredContent"]["count"], 0);

    // It is sent as the user changed it.
    fanout.wait_for("#2  ✓");
    fanout.keys("\tgg");
    fanout.wait_for("▌#1");
    fanout.keys("E");
    fanout.wait_for("Change #");
    fanout.keys(" and more\x1bOQ");
    assert_ne!(agent.answer(3)["result"]["isError"], true);
    agent.call(5, "notes", &json!({}));
    let notes = agent.answer(5);
    assert_eq!(
        notes["result"]["structuredContent"]["notes"],
        json!(["one and more"]),
        "{notes}"
    );

    // It is answered by hand, and its server does not get it.
    agent.call(6, "add-note", &json!({"text": "two", "ms": 0}));
    fanout.wait_for("#4 ");
    fanout.keys("gg");
    fanout.wait_for("▌#4");
    fanout.keys("R");
    fanout.wait_for("Answer #");
    fanout.keys("not today\x1bOQ");
    let answer = agent.answer(6);
    assert_eq!(answer["result"]["content"][0]["text"], "not today");
    fanout.wait_for("answered by you");
    agent.call(7, "notes", &json!({}));
    assert_eq!(agent.answer(7)["result"]["structuredContent"]["count"], 1);

    // The details of a call have its messages.
    fanout.keys("d");
    fanout.wait_for("\"id\": 6,");
    fanout.wait_for("\"method\": \"tools/call\"");
    drop(agent);
    fanout.wait_for("left");
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
    fanout.assert_restored();
}
