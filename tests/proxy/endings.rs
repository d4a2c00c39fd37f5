//! Whoever dies, and however: the agent is answered, and nothing of the server
//! is left.

use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use fanout::exec::proxy::frames::{ProxiedState, Role};

use crate::agent::{Agent, CLAUDE};
use crate::dashboard::sockets;
use crate::lines::wait_until;
use crate::living::living_name;
use crate::stage::{GONE_WITHIN, Stage};

/// Time in which everything of a server must be gone, on a busy machine.
const GONE_SOON: Duration = Duration::from_secs(4);

/// A grandchild that ignores every polite signal and left the session.
const STUBBORN: &str = "setsid sh -c 'trap \"\" TERM HUP INT; echo up > here; \
                        while :; do sleep 1; done' & ";

/// Servers: plain, with a child, with a stubborn grandchild, and one that is
/// stubborn itself.
fn servers() -> [(&'static str, String); 4] {
    let up = "echo up > here; ";
    [
        ("plain", format!("{up}exec cat")),
        ("child", format!("sleep 1000 & {up}exec cat")),
        ("grandchild", format!("{STUBBORN}exec cat")),
        (
            "stubborn",
            format!("trap '' TERM HUP INT; {STUBBORN}while :; do read x || sleep 1; done"),
        ),
    ]
}

/// The processes of the test by their names.
fn named(stage: &Stage, name: &str) -> Option<u32> {
    let processes = stage.living.processes();
    processes
        .into_iter()
        .find(|(_, it)| it == name)
        .map(|(pid, _)| pid)
}

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.cast_signed()).expect("a pid");
    kill_process(pid, signal).expect("a process");
}

/// The child that a process has.
fn child_of(pid: u32) -> u32 {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.expect("a process");
    children
        .split_whitespace()
        .next()
        .expect("a child")
        .parse()
        .expect("a pid")
}

#[test]
fn nothing_is_left_whoever_is_killed() {
    for victim in ["agent", "shim", "supervisor", "server"] {
        for (kind, script) in servers() {
            let stage = Stage::new();
            let server = ["sh", "-c", &script].map(str::to_owned);
            let mut agent = stage.agent_of(CLAUDE, &[], &server);
            wait_until("the server", || stage.living.folder().join("here").exists());
            // Its socket is there once it knows that the server runs.
            wait_until("the proxy", || !sockets(&stage.via()).is_empty());
            let proxy = agent.proxy.id();
            let begun = Instant::now();
            match victim {
                // Its end of the pipes goes with it.
                "agent" => agent.close(),
                "shim" => signal(proxy, Signal::KILL),
                "supervisor" => {
                    signal(
                        named(&stage, "lane-supervisor").expect("it lives"),
                        Signal::KILL,
                    );
                }
                _ => {
                    let supervisor = named(&stage, "lane-supervisor").expect("it lives");
                    signal(child_of(supervisor), Signal::KILL);
                }
            }
            let status = agent.wait();
            stage.living.wait_for_count(0, GONE_WITHIN);
            let took = begun.elapsed();
            assert!(took < GONE_SOON, "{victim}, {kind}: {took:?}");
            if matches!(victim, "supervisor" | "server") {
                assert_eq!(status.code(), Some(137), "{victim}, {kind}");
            }
        }
    }
}

#[test]
fn signals_reach_the_server_before_the_ladder_begins() {
    for (sent, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let stage = Stage::new();
        let server = ["sh", "-c", "echo up > here; exec cat"].map(str::to_owned);
        let mut agent = stage.agent_of(CLAUDE, &[], &server);
        wait_until("the server", || stage.living.folder().join("here").exists());
        // Its handlers are set once it relays.
        agent.write(b"{}\n");
        agent.received.next();
        signal(agent.proxy.id(), sent);
        let code_now = agent.wait().code();
        assert!(
            code_now == Some(code) || code_now == Some(0),
            "{sent:?}: {code_now:?}"
        );
        stage.assert_nothing_is_left();
    }
}

#[test]
fn a_server_that_ends_by_itself_at_the_end_of_its_input_has_its_time() {
    let stage = Stage::new();
    let script = "while read x; do :; done; sleep 0.3; echo '{\"last\":1}'; exit 5";
    let server = ["sh", "-c", script].map(str::to_owned);
    let mut agent = stage.agent_of(CLAUDE, &[], &server);
    agent.close();
    assert_eq!(agent.received.next_json()["last"], 1);
    assert_eq!(agent.wait().code(), Some(5));
}

/// An agent with calls that wait and one that is at the server.
fn with_open_calls(
    stage: &Stage,
    options: &[&str],
) -> (Agent, crate::server::Server, crate::dashboard::Dashboard) {
    let (mut agent, server) = stage.session("server", CLAUDE, options);
    let mut dashboard = stage.watcher();
    dashboard.introduce(Role::Control, false, 1);
    assert_eq!(
        dashboard.mode(fanout::exec::proxy::frames::Mode::Govern),
        Ok(())
    );
    for number in 1..=5 {
        agent.call("look", &json!({ "n": number }));
    }
    dashboard.state(5, ProxiedState::Waiting);
    (agent, server, dashboard)
}

#[test]
fn a_dashboard_that_is_gone_or_frozen_holds_nothing_up() {
    for is_frozen in [false, true] {
        let stage = Stage::new();
        let (mut agent, mut server, dashboard) = with_open_calls(&stage, &[]);
        let lost = Instant::now();
        // A frozen one stays connected, and gives no sign of life.
        let kept = is_frozen.then_some(dashboard);
        for number in 1..=5 {
            let request = server.expect("tools/call");
            assert_eq!(request["params"]["arguments"]["n"], number);
            server.answer(&request, "answered");
        }
        for id in 3..=7 {
            assert_eq!(agent.text_of(id), "answered");
        }
        assert!(
            lost.elapsed() < Duration::from_secs(6),
            "{:?}",
            lost.elapsed()
        );
        if let Some(dashboard) = kept {
            dashboard.closed();
        }
        // Another one controls from now on.
        let _next = stage.controller();
        agent.close();
    }
}

#[test]
fn who_holds_for_safety_has_what_waits_answered_with_errors() {
    let stage = Stage::new();
    let (mut agent, server, dashboard) = with_open_calls(&stage, &["--on-lost", "fail"]);
    drop(dashboard);
    for id in 3..=7 {
        let text = agent.text_of(id);
        assert!(text.starts_with("[fanout] the dashboard"), "{text}");
    }
    assert_eq!(server.received.within(Duration::from_millis(100)), None);
    agent.close();
    assert!(agent.wait().success());
}

#[test]
fn a_flood_of_waiting_calls_is_let_go_by_and_by() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CLAUDE, &[]);
    let dashboard = stage.controller();
    for number in 0..100 {
        agent.call("look", &json!({ "n": number }));
    }
    dashboard.state(100, ProxiedState::Waiting);
    drop(dashboard);
    let first: Vec<_> = (0..64).map(|_| server.expect("tools/call")).collect();
    assert_eq!(server.received.within(Duration::from_millis(100)), None);
    for (number, request) in first.iter().enumerate() {
        assert_eq!(request["params"]["arguments"]["n"], number);
        server.answer(request, "answered");
    }
    for number in 64..100 {
        let request = server.expect("tools/call");
        assert_eq!(request["params"]["arguments"]["n"], number);
    }
    agent.close();
}

#[test]
fn the_program_is_no_shell_away_from_its_server() {
    // The server's parent is the supervisor, and nothing else stands between.
    let stage = Stage::new();
    let server = ["sh", "-c", "echo up > here; exec cat"].map(str::to_owned);
    let mut agent = stage.agent_of(CLAUDE, &[], &server);
    wait_until("the server", || named(&stage, "cat").is_some());
    let mut names: Vec<String> = stage
        .living
        .processes()
        .into_iter()
        .map(|it| it.1)
        .collect();
    names.sort();
    assert_eq!(names, ["cat", "fanout", "lane-supervisor", "lane-warden"]);
    let supervisor = named(&stage, "lane-supervisor").expect("it lives");
    assert_eq!(living_name(child_of(supervisor)).as_deref(), Some("cat"));
    agent.close();
    agent.wait();
    stage.assert_nothing_is_left();
    // Nothing is left in the folder either.
    let agents = stage.via().join("agents");
    let left = Command::new("ls").arg(agents).output().expect("ls").stdout;
    assert_eq!(String::from_utf8_lossy(&left), "");
}
