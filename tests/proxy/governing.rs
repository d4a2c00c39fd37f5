//! A proxy that governs by itself: the cap within it, and locks among all.

use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use fanout::exec::proxy::frames::{
    Command, HoldCalls, Mode, ProxiedOutcome, ProxiedState, ShimCall, ShimFrame, Side, Which,
};

use crate::agent::{Agent, CLAUDE, CODEX, GEMINI, OPENCODE};
use crate::server::Server;
use crate::stage::Stage;

/// Time in which nothing may come.
const QUIET: Duration = Duration::from_millis(150);

#[test]
fn the_cap_bounds_the_calls_at_the_server() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", OPENCODE, &["--govern=3"]);
    let dashboard = stage.watcher();
    for number in 0..12 {
        agent.call("look", &json!({ "n": number }));
    }
    let why = dashboard.find("a reason", |(frame, _)| match frame {
        ShimFrame::State(moved) => moved.why.clone(),
        _ => None,
    });
    assert_eq!(why, "slot 3/3");
    let mut open: Vec<Value> = (0..3).map(|_| server.expect("tools/call")).collect();
    for answered in 0..12 {
        assert_eq!(server.received.within(Duration::from_millis(20)), None);
        let request = open.remove(0);
        server.answer(&request, "seen");
        agent.text_of(request["id"].as_u64().expect("a number"));
        if answered < 9 {
            open.push(server.expect("tools/call"));
        }
    }
    agent.close();
}

#[test]
fn what_waits_when_its_agent_has_said_all_is_sent_and_answered() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CODEX, &["--govern=1"]);
    let calls: Vec<u64> = (0..3)
        .map(|number| agent.call("look", &json!({ "n": number })))
        .collect();
    let first = server.expect("tools/call");
    agent.close();
    for (place, call) in calls.iter().enumerate() {
        let request = match place {
            0 => first.clone(),
            _ => server.expect("tools/call"),
        };
        assert_eq!(request["id"], *call);
        server.answer(&request, "seen");
        assert_eq!(agent.text_of(*call), "seen");
    }
    server.received.wait_for_end();
}

#[test]
fn a_held_call_whose_agent_has_said_all_is_answered_all_the_same() {
    let stage = Stage::new();
    let (mut agent, server) = stage.session("server", CODEX, &["--govern"]);
    let mut dashboard = stage.controller();
    assert_eq!(dashboard.mode(Mode::Govern), Ok(()));
    let call = agent.call("look", &json!({}));
    dashboard.state(1, ProxiedState::Waiting);
    let n = dashboard.number();
    let (call_1, why) = (Which::One(ShimCall(1)), None);
    let hold = HoldCalls {
        n,
        call: call_1,
        what: Side::Call,
        why,
    };
    assert_eq!(dashboard.command(Command::Hold(hold), None), Ok(()));
    agent.close();
    let text = agent.text_of(call);
    assert!(text.contains("before the server got the call"), "{text}");
    assert_eq!(dashboard.end(1).0, ProxiedOutcome::AgentLeft);
    server.received.wait_for_end();
}

#[test]
fn one_call_changes_or_several_look() {
    let stage = Stage::new();
    let options = ["--govern", "--lock", "mem"];
    let (mut agent, mut server) = stage.session("server", GEMINI, &options);
    let dashboard = stage.watcher();
    for tool in ["look", "look", "change", "change"] {
        agent.call(tool, &json!({}));
    }
    let looks = [server.expect("tools/call"), server.expect("tools/call")];
    let why = dashboard.find("a reason", |(frame, _)| match frame {
        ShimFrame::State(moved) if moved.call.0 == 3 => moved.why.clone(),
        _ => None,
    });
    assert!(why.starts_with("lock server:mem held by #"), "{why}");
    for look in &looks {
        assert_eq!(server.received.within(QUIET), None);
        assert_eq!(look["params"]["name"], "look");
        server.answer(look, "seen");
    }
    for number in 0..2 {
        if number == 0 {
            agent.call("look", &json!({}));
        }
        let request = server.expect("tools/call");
        assert_eq!(request["params"]["name"], "change");
        assert_eq!(server.received.within(QUIET), None);
        server.answer(&request, "done");
    }
    assert_eq!(server.expect("tools/call")["params"]["name"], "look");
    agent.close();
}

#[test]
fn tools_that_are_said_to_run_beside_others_do() {
    let stage = Stage::new();
    let options = ["--govern", "--parallel", "change"];
    let (mut agent, server) = stage.session("server", GEMINI, &options);
    for _call in 0..3 {
        agent.call("change", &json!({}));
    }
    for _call in 0..3 {
        server.expect("tools/call");
    }
    agent.close();
}

#[test]
fn a_lock_is_shared_with_other_proxies_and_its_holder_is_named() {
    let stage = Stage::new();
    let options = ["--govern", "--lock", "mem-0011aabb", "--limit", "8000"];
    let (mut one, mut first) = stage.session("first", CLAUDE, &options);
    let call = one.call("change", &json!({}));
    let request = first.expect("tools/call");
    // The same digest under another name is the same lock.
    let options = ["--govern", "--lock", "memory-0011aabb", "--limit", "8000"];
    let (mut two, mut second) = stage.session("second", CODEX, &options);
    let dashboard = attach_to(&stage, two.proxy.id());
    let waiting = two.call("change", &json!({}));
    let why = dashboard.find("a holder", |(frame, _)| match frame {
        ShimFrame::State(moved) => moved.why.clone(),
        _ => None,
    });
    let holder = format!(
        "lock server:memory-0011aabb held by pid {} (",
        one.proxy.id()
    );
    assert!(why.starts_with(&holder), "{why}");
    assert_eq!(second.received.within(QUIET), None);
    first.answer(&request, "done");
    assert_eq!(one.text_of(call), "done");
    let request = second.expect("tools/call");
    second.answer(&request, "done too");
    assert_eq!(two.text_of(waiting), "done too");

    // A long one does not hold others beyond their agents' patience.
    one.call("change", &json!({}));
    first.expect("tools/call");
    two.call("change", &json!({}));
    let sent = dashboard.find("letting go", |(frame, _)| match frame {
        ShimFrame::State(moved) if moved.unlocked => Some(moved.clone()),
        _ => None,
    });
    assert_eq!(sent.state, ProxiedState::Sent);
    let why = sent.why.unwrap_or_default();
    assert_eq!(why, "let go: the agent would give up, without the lock");
    second.expect("tools/call");

    // The kernel frees the lock of a proxy that is killed.
    two.call("change", &json!({}));
    one.proxy.kill().expect("a child");
    second.answer(&json!({ "id": 5 }), "long");
    two.text_of(5);
    second.expect("tools/call");
    two.close();
}

fn attach_to(stage: &Stage, proxy: u32) -> crate::dashboard::Dashboard {
    use crate::dashboard::{Dashboard, connect, sockets};
    let sockets = sockets(&stage.via());
    let socket = sockets
        .iter()
        .find(|socket| socket.pid() == proxy)
        .expect("its socket");
    let mut dashboard = Dashboard::of(connect(&stage.via(), socket));
    let n = dashboard.introduce(fanout::exec::proxy::frames::Role::Watch, false, 1);
    assert_eq!(dashboard.answer_to(n), Ok(()));
    dashboard
}

#[test]
fn a_call_that_the_server_needs_to_go_on_does_not_wait_for_it() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CLAUDE, &["--govern=1"]);
    let outer = agent.call("change", &json!({}));
    let request = server.expect("tools/call");
    server
        .send(&json!({ "jsonrpc": "2.0", "id": 0, "method": "elicitation/create", "params": {} }));
    assert_eq!(agent.received.next_json()["method"], "elicitation/create");
    let inner = agent.call("change", &json!({}));
    let needed = server.expect("tools/call");
    server.answer(&needed, "inner");
    assert_eq!(agent.text_of(inner), "inner");
    agent.send(&json!({ "jsonrpc": "2.0", "id": 0, "result": {} }));
    assert_eq!(server.received.next_json()["id"], 0);
    // Answered, it is like any other.
    agent.call("change", &json!({}));
    assert_eq!(server.received.within(QUIET), None);
    server.answer(&request, "outer");
    assert_eq!(agent.text_of(outer), "outer");
    server.expect("tools/call");
    agent.close();
}

/// Adds one to the number in a file, as programs do that lose updates.
fn add_one(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let number: u32 = text.trim().parse().unwrap_or(0);
    thread::sleep(Duration::from_millis(2));
    std::fs::write(file, (number + 1).to_string()).expect("a file");
}

/// Two agents of which each makes its calls one after the other, as careful
/// ones do; their servers share one file. Returns how many calls are in it.
fn two_agents(options: &[&str], calls: u32) -> u32 {
    let stage = Stage::new();
    let file: PathBuf = stage.living.folder().join("count");
    let mut sessions: Vec<(Agent, Server)> = [("first", CLAUDE), ("second", CODEX)]
        .map(|(name, habits)| stage.session(name, habits, options))
        .into();
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for (agent, server) in &mut sessions {
            let (barrier, file) = (&barrier, &file);
            scope.spawn(move || {
                barrier.wait();
                for _call in 0..calls {
                    let request = server.expect("tools/call");
                    add_one(file);
                    server.answer(&request, "stored");
                }
            });
            scope.spawn(move || {
                barrier.wait();
                for _call in 0..calls {
                    let id = agent.call("change", &json!({}));
                    assert_eq!(agent.text_of(id), "stored");
                }
            });
        }
    });
    for (agent, _) in &mut sessions {
        agent.close();
        agent.wait();
    }
    let text = std::fs::read_to_string(file).expect("a file");
    text.trim().parse().expect("a number")
}

#[test]
fn two_careful_agents_lose_updates_unless_they_are_governed() {
    const CALLS: u32 = 30;
    assert!(two_agents(&[], CALLS) < 2 * CALLS);
    assert_eq!(two_agents(&["--govern", "--lock", "mem"], CALLS), 2 * CALLS);
}
