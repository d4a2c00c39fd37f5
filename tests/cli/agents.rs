//! `fanout agents`: who is at work, in words and as JSON.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bench::Bench;

const PATIENCE: Duration = Duration::from_secs(30);

/// A proxy before the sample server, and an agent that has said hello.
struct Proxy(Child);

impl Proxy {
    fn start(bench: &Bench) -> Self {
        let program = env!("CARGO_BIN_EXE_fanout");
        let mut command = bench.command(&["mcp", "--name", "notes", "--via", "meeting", "--"]);
        command.args([program, "sample-tool", "notebook"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the proxy");
        let hello = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
                "protocolVersion": "2025-06-18", "capabilities": {},
                "clientInfo": {"name": "claude-code\u{1b}[31m", "version": "9.9"},
            },
        });
        let stdin = child.stdin.as_mut().expect("its input");
        stdin
            .write_all(format!("{hello}\n").as_bytes())
            .expect("a reader");
        let stdout = child.stdout.as_mut().expect("its output");
        let mut answer = String::new();
        BufReader::new(stdout)
            .read_line(&mut answer)
            .expect("an answer");
        assert!(answer.contains("fanout-notebook"), "{answer}");
        Self(child)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.0.stdin = None;
        let _ended = self.0.wait();
    }
}

#[test]
fn agents_are_listed_in_words_and_as_json() {
    let bench = Bench::new();
    let none = bench.run(&["agents", "--via", "meeting"]).with_code(0);
    assert!(
        none.stdout.starts_with("no agent is at work here"),
        "{none:#?}"
    );
    let _proxy = Proxy::start(&bench);
    let words = bench.run(&["agents", "--via", "meeting"]).with_code(0);
    for said in ["9.9 (pid ", "notes: ", "0 calls, watch"] {
        assert!(words.stdout.contains(said), "{said}: {words:#?}");
    }
    assert!(!words.stdout.contains('\u{1b}'), "{words:#?}");
    let listed = bench
        .run(&["agents", "--via", "meeting", "--json"])
        .with_code(0);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(listed["version"], 1);
    let proxy = &listed["proxies"][0];
    assert_eq!(
        (&proxy["server"]["name"], &proxy["mode"]),
        (&json!("notes"), &json!("watch"))
    );
    assert_eq!(proxy["controller"], Value::Null);
}

#[test]
fn a_folder_that_others_can_use_is_refused_by_name() {
    let bench = Bench::new();
    let folder = bench.folder().join("meeting");
    std::fs::create_dir(&folder).expect("a folder");
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(&folder, open).expect("ours");
    let refused = bench.run(&["agents", "--via", "meeting"]).with_code(4);
    assert!(refused.stderr.contains("chmod 700"), "{refused:#?}");
}

/// How often the threads of a process woke up by themselves so far.
fn wake_ups(pid: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it runs");
    let counts = threads.flatten().map(|task| {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse().ok())
            .unwrap_or(0)
    });
    counts.sum()
}

#[test]
fn nothing_wakes_up_while_nobody_is_at_work() {
    let bench = Bench::new();
    let mut command = bench.command(&["agents", "--follow", "--via", "meeting"]);
    let mut child = command.stdout(Stdio::null()).spawn().expect("the program");
    let deadline = Instant::now() + PATIENCE;
    while !Path::new(&bench.folder().join("meeting/agents")).exists() {
        assert!(Instant::now() < deadline, "it never looks");
        std::thread::yield_now();
    }
    // Once it has settled, a second goes by like nothing.
    let mut before = wake_ups(child.id());
    loop {
        let second = Instant::now() + Duration::from_secs(1);
        std::thread::sleep(second.saturating_duration_since(Instant::now()));
        let now = wake_ups(child.id());
        if now == before {
            break;
        }
        assert!(Instant::now() < deadline, "it never rests");
        before = now;
    }
    child.kill().expect("it runs");
    child.wait().expect("it ended");
}
