//! What a controller does to calls, and what the agent, the server and the
//! others see of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use fanout::exec::proxy::frames::{
    Command, EditCall, GoCall, HoldCalls, Mode, ProxiedOutcome, ProxiedState, RefusedWhy,
    ReleaseCalls, Role, ShimCall, ShimFrame, Side, Which,
};

use crate::agent::{CLAUDE, CODEX, OPENCODE};
use crate::dashboard::{Dashboard, connect, sockets};
use crate::stage::Stage;

/// Time in which nothing may come.
const QUIET: Duration = Duration::from_millis(150);

fn hold(dashboard: &mut Dashboard, call: Which, what: Side) -> Result<(), RefusedWhy> {
    let n = dashboard.number();
    let why = None;
    dashboard.command(Command::Hold(HoldCalls { n, call, what, why }), None)
}

fn release(dashboard: &mut Dashboard, call: Which, what: Side) -> Result<(), RefusedWhy> {
    let n = dashboard.number();
    dashboard.command(Command::Release(ReleaseCalls { n, call, what }), None)
}

fn go(dashboard: &mut Dashboard, call: u64) -> Result<(), RefusedWhy> {
    let n = dashboard.number();
    let call = ShimCall(call);
    let unlocked = false;
    dashboard.command(Command::Go(GoCall { n, call, unlocked }), None)
}

fn edit(dashboard: &mut Dashboard, call: u64, what: Side, body: &str) -> Result<(), RefusedWhy> {
    let n = dashboard.number();
    let call = ShimCall(call);
    let release = false;
    let edit = EditCall {
        n,
        call,
        what,
        release,
    };
    dashboard.command(Command::Edit(edit), Some(body))
}

/// Changes what is held, and lets it go with that.
fn edit_and_release(dashboard: &mut Dashboard, call: u64, body: &str) -> Result<(), RefusedWhy> {
    let edit = EditCall {
        n: dashboard.number(),
        call: ShimCall(call),
        what: Side::Call,
        release: true,
    };
    dashboard.command(Command::Edit(edit), Some(body))
}

const fn one(call: u64) -> Which {
    Which::One(ShimCall(call))
}

#[test]
fn a_held_call_waits_and_everything_else_overtakes_it() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CLAUDE, &[]);
    let mut dashboard = stage.controller();
    let held = agent.call("look", &json!({ "n": 1 }));
    let other = agent.call("look", &json!({ "n": 2 }));
    dashboard.state(2, ProxiedState::Waiting);
    assert_eq!(hold(&mut dashboard, one(1), Side::Call), Ok(()));
    let why = dashboard.state(1, ProxiedState::Held);
    assert_eq!(why.as_deref(), Some("held by you"));
    assert_eq!(
        hold(&mut dashboard, one(1), Side::Call),
        Err(RefusedWhy::NotHeld)
    );
    assert_eq!(
        hold(&mut dashboard, one(9), Side::Call),
        Err(RefusedWhy::Gone)
    );

    assert_eq!(go(&mut dashboard, 2), Ok(()));
    let request = server.expect("tools/call");
    assert_eq!(request["params"]["arguments"]["n"], 2);
    server.answer(&request, "second");
    assert_eq!(agent.text_of(other), "second");
    let ping = agent.request("ping", &json!({}));
    assert_eq!(server.expect("ping")["id"], ping);
    assert_eq!(server.received.within(QUIET), None);

    assert_eq!(release(&mut dashboard, Which::All, Side::Call), Ok(()));
    dashboard.state(1, ProxiedState::Waiting);
    assert_eq!(go(&mut dashboard, 1), Ok(()));
    let request = server.expect("tools/call");
    assert_eq!(request["params"]["arguments"]["n"], 1);
    assert_eq!(go(&mut dashboard, 1), Err(RefusedWhy::NotHeld));
    server.answer(&request, "first");
    assert_eq!(agent.text_of(held), "first");
    assert_eq!(dashboard.end(1).0, ProxiedOutcome::Succeeded);
    agent.close();
}

#[test]
fn an_edited_call_is_let_go_with_its_edit_or_stays_held() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CLAUDE, &[]);
    let mut dashboard = stage.controller();
    let watcher = stage.watcher();
    let call = agent.call("look", &json!({ "say": "one" }));
    dashboard.state(1, ProxiedState::Waiting);
    assert_eq!(hold(&mut dashboard, one(1), Side::Call), Ok(()));
    let refused = edit_and_release(&mut dashboard, 1, "{\"arguments\":[]}");
    assert_eq!(refused, Err(RefusedWhy::Invalid));
    assert_eq!(server.received.within(QUIET), None);
    let changed = "{\"arguments\":{\"say\":\"two\"}}";
    assert_eq!(edit_and_release(&mut dashboard, 1, changed), Ok(()));
    dashboard.state(1, ProxiedState::Waiting);
    assert_eq!(go(&mut dashboard, 1), Ok(()));
    let request = server.expect("tools/call");
    assert_eq!(request["params"]["arguments"]["say"], "two");
    // Everyone who watches sees what was written here.
    let own = watcher.find("the edited request", |(frame, body)| match frame {
        ShimFrame::Msg(message) if message.own => body.clone(),
        _ => None,
    });
    let own: Value = serde_json::from_slice(&own).expect("JSON");
    assert_eq!(own, request);
    server.answer(&request, "seen");
    assert_eq!(agent.text_of(call), "seen");
    agent.close();
}

#[test]
fn an_edit_changes_the_arguments_and_nothing_else() {
    let stage = Stage::new();
    let recording = stage.living.folder().join("wire.ndjson");
    let record = recording.to_str().expect("text");
    let (mut agent, mut server) = stage.session("server", CODEX, &["--record", record]);
    let mut dashboard = stage.controller();
    let call = b"{\"jsonrpc\":\"2.0\", \"params\" : {\"arguments\":{\"say\": \"one\"},\"name\":\"look\",\"_meta\":{\"callId\":\"c1\",\"x\":1.50}},\"id\":77,\"method\":\"tools/call\"}\r\n";
    agent.write(call);
    agent.write(b"{\"id\":78,\"method\":\"tools/call\",\"params\":{\"name\":\"look\"}}\n");
    dashboard.state(2, ProxiedState::Waiting);
    for call in [1, 2] {
        assert_eq!(hold(&mut dashboard, one(call), Side::Call), Ok(()));
    }
    for (bad, why) in [
        ("{\"arguments\":[]}", RefusedWhy::Invalid),
        (
            "{\"arguments\":{},\"name\":\"change\"}",
            RefusedWhy::Invalid,
        ),
        ("{\"arguments\":{}", RefusedWhy::Invalid),
        ("{}", RefusedWhy::Invalid),
    ] {
        assert_eq!(edit(&mut dashboard, 1, Side::Call, bad), Err(why), "{bad}");
    }
    let changed = "{\"name\":\"look\",\"arguments\":{\n\"say\": \"two\"\r\n}}";
    for call in [1, 2] {
        assert_eq!(edit(&mut dashboard, call, Side::Call, changed), Ok(()));
        assert_eq!(go(&mut dashboard, call), Ok(()));
    }
    let received = String::from_utf8(server.received.next()).expect("text");
    let expected =
        String::from_utf8_lossy(call).replace("{\"say\": \"one\"}", "{ \"say\": \"two\"  }");
    assert_eq!(received, expected);
    let received = server.received.next_json();
    assert_eq!(
        received["params"],
        json!({ "name": "look", "arguments": { "say": "two" } })
    );
    server.answer(&json!({ "id": 77 }), "two");
    assert_eq!(agent.text_of(77), "two");
    agent.close();
    agent.wait();
    let recorded = std::fs::read_to_string(recording).expect("a recording");
    let notes = recorded.lines().filter(|line| line.contains("\"d\":\"x\""));
    assert_eq!(
        notes.filter(|line| line.contains("edited")).count(),
        2,
        "{recorded}"
    );
    assert!(recorded.contains("\\\"say\\\": \\\"one\\\""), "{recorded}");
}

#[test]
fn an_answer_by_hand_is_marked_and_the_server_never_knew() {
    let stage = Stage::new();
    let (mut agent, server) = stage.session("server", CLAUDE, &[]);
    let mut dashboard = stage.controller();
    let call = agent.call("look", &json!({}));
    let newer = agent.request(
        "tools/call",
        &json!({ "name": "look", "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } }),
    );
    dashboard.state(2, ProxiedState::Waiting);
    for bad in [
        "",
        "[]",
        "{}",
        "{\"content\":1}",
        "{\"content\":[],\"isError\":1}",
    ] {
        assert_eq!(dashboard.answer(1, bad), Err(RefusedWhy::Invalid), "{bad}");
    }
    let body =
        "{\"content\":[{\"type\":\"text\",\"text\":\"mine\"}],\n\"structuredContent\":{\"n\":1}}";
    assert_eq!(dashboard.answer(1, body), Ok(()));
    let answer = agent.received.next_json();
    assert_eq!(answer["id"], call);
    assert_eq!(answer["result"]["structuredContent"]["n"], 1);
    assert_eq!(answer["result"]["_meta"]["fanout/origin"], "user");
    assert_eq!(answer["result"]["resultType"], Value::Null);
    assert_eq!(dashboard.end(1).0, ProxiedOutcome::Answered);
    assert_eq!(dashboard.answer(2, body), Ok(()));
    let answer = agent.received.next_json();
    assert_eq!(answer["id"], newer);
    assert_eq!(answer["result"]["resultType"], "complete");
    assert_eq!(server.received.within(QUIET), None);
    agent.close();
}

#[test]
fn a_cancel_tells_the_truth_about_each_of_its_three_cases() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CLAUDE, &[]);
    let mut dashboard = stage.controller();
    for number in 1..=3 {
        agent.call("look", &json!({ "n": number }));
    }
    dashboard.state(3, ProxiedState::Waiting);
    assert_eq!(hold(&mut dashboard, one(2), Side::Call), Ok(()));
    assert_eq!(go(&mut dashboard, 3), Ok(()));
    let request = server.expect("tools/call");
    for (call, text) in [
        (1, "[fanout] cancelled by the user before the server got it"),
        (2, "[fanout] cancelled by the user before the server got it"),
        (
            3,
            "[fanout] cancelled by the user; the server was told to stop",
        ),
    ] {
        let asked = Instant::now();
        assert_eq!(dashboard.cancel(call), Ok(()));
        let answer = agent.received.next_json();
        assert!(
            asked.elapsed() < Duration::from_secs(1),
            "{:?}",
            asked.elapsed()
        );
        assert_eq!(answer["id"], json!(call + 2), "{answer}");
        assert_eq!(answer["result"]["isError"], true);
        assert_eq!(answer["result"]["content"][0]["text"], text);
        if call != 3 {
            let (outcome, reason) = dashboard.end(call);
            assert_eq!(outcome, ProxiedOutcome::Cancelled);
            assert_eq!(reason.as_deref(), Some("the server never got it"));
        }
    }
    assert_eq!(dashboard.cancel(3), Err(RefusedWhy::NotHeld));
    let cancelled = server.expect("notifications/cancelled");
    assert_eq!(cancelled["params"]["requestId"], request["id"]);
    assert_eq!(server.received.within(QUIET), None);
    server.answer(&request, "too late");
    let bytes = dashboard.find("a late answer", |(frame, _)| match frame {
        ShimFrame::Late(late) => Some(late.bytes),
        _ => None,
    });
    assert!(bytes > 10);
    assert_eq!(dashboard.end(3).0, ProxiedOutcome::Cancelled);
    assert_eq!(agent.received.within(QUIET), None);
    agent.close();
}

#[test]
fn the_agents_cancel_of_a_held_call_reaches_nobody() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CODEX, &[]);
    let mut dashboard = stage.controller();
    let held = agent.call("look", &json!({}));
    let sent = agent.call("look", &json!({}));
    dashboard.state(2, ProxiedState::Waiting);
    assert_eq!(hold(&mut dashboard, one(1), Side::Call), Ok(()));
    assert_eq!(go(&mut dashboard, 2), Ok(()));
    let request = server.expect("tools/call");
    agent.cancel(held, "MCP request cancelled by caller");
    let (outcome, reason) = dashboard.end(1);
    assert_eq!(outcome, ProxiedOutcome::AgentCancelled);
    assert_eq!(reason.as_deref(), Some("MCP request cancelled by caller"));
    agent.cancel(sent, "McpError: MCP error -32001: Request timed out");
    assert_eq!(dashboard.end(2).0, ProxiedOutcome::GivenUp);
    let cancelled = server.expect("notifications/cancelled");
    assert_eq!(cancelled["params"]["requestId"], sent);
    // As without a proxy, a late answer comes; and a cancel of what has ended
    // passes.
    server.answer(&request, "late");
    assert_eq!(agent.text_of(sent), "late");
    agent.cancel(sent, "again");
    assert_eq!(
        server.expect("notifications/cancelled")["params"]["reason"],
        "again"
    );
    assert_eq!(agent.received.within(QUIET), None);
    agent.close();
}

#[test]
fn an_answer_can_be_held_and_edited() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", OPENCODE, &[]);
    let mut dashboard = stage.controller();
    let call = agent.call("look", &json!({}));
    dashboard.state(1, ProxiedState::Waiting);
    assert_eq!(hold(&mut dashboard, one(1), Side::Answer), Ok(()));
    assert_eq!(go(&mut dashboard, 1), Ok(()));
    let request = server.expect("tools/call");
    server.answer(&request, "true");
    dashboard.state(1, ProxiedState::AnswerHeld);
    assert_eq!(agent.received.within(QUIET), None);
    let body = "{\"content\":[{\"type\":\"text\",\"text\":\"changed\"}]}";
    assert_eq!(
        edit(&mut dashboard, 1, Side::Answer, "{}"),
        Err(RefusedWhy::Invalid)
    );
    assert_eq!(edit(&mut dashboard, 1, Side::Answer, body), Ok(()));
    assert_eq!(release(&mut dashboard, one(1), Side::Answer), Ok(()));
    assert_eq!(agent.text_of(call), "changed");
    assert_eq!(dashboard.end(1).0, ProxiedOutcome::Succeeded);
    agent.close();
}

#[test]
fn one_controls_and_others_watch() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CLAUDE, &[]);
    let mut first = stage.controller();
    let mut second = stage.watcher();
    let call = agent.call("look", &json!({}));
    second.state(1, ProxiedState::Waiting);
    assert_eq!(go(&mut second, 1), Err(RefusedWhy::NotController));
    let refused = |dashboard: &Dashboard, number| {
        dashboard.find("a refusal", |(frame, _)| match frame {
            ShimFrame::No(refused) if refused.n == number => Some(refused.clone()),
            _ => None,
        })
    };
    let n = second.introduce(Role::Control, false, 1);
    let text = refused(&second, n).text;
    assert_eq!(text, format!("controlled by pid {}", std::process::id()));
    assert_eq!(go(&mut first, 99), Err(RefusedWhy::Gone));

    // What the first decided stays as it is.
    second.introduce(Role::Control, true, 1);
    first.closed();
    second.beat();
    assert_eq!(server.received.within(QUIET), None);
    assert_eq!(go(&mut second, 1), Ok(()));
    let request = server.expect("tools/call");
    server.answer(&request, "seen");
    assert_eq!(agent.text_of(call), "seen");

    // One that attaches later is told what was.
    let third = stage.watcher();
    assert_eq!(third.end(1).0, ProxiedOutcome::Succeeded);
    agent.close();
}

#[test]
fn other_versions_of_the_protocol_watch_and_are_told_why() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", CLAUDE, &[]);
    for version in [0, 2] {
        let socket = &sockets(&stage.via())[0];
        let mut dashboard = Dashboard::of(connect(&stage.via(), socket));
        let n = dashboard.introduce(Role::Control, false, version);
        let text = dashboard.find("a refusal", |(frame, _)| match frame {
            ShimFrame::No(refused) if refused.n == n => Some(refused.text.clone()),
            _ => None,
        });
        assert_eq!(
            text,
            format!("protocol version {version}; this proxy speaks 1")
        );
        let call = agent.call("look", &json!({}));
        let request = server.expect("tools/call");
        server.answer(&request, "seen");
        assert_eq!(agent.text_of(call), "seen");
        dashboard.find("the end", |(frame, _)| {
            matches!(frame, ShimFrame::End(_)).then_some(())
        });
        assert_eq!(go(&mut dashboard, 1), Err(RefusedWhy::NotController));
    }
    agent.close();
}

#[test]
fn watch_only_cannot_be_overridden() {
    let stage = Stage::new();
    let (mut agent, server) = stage.session("server", CLAUDE, &["--watch-only"]);
    let mut dashboard = stage.watcher();
    let n = dashboard.introduce(Role::Control, true, 1);
    dashboard.find("a refusal", |(frame, _)| match frame {
        ShimFrame::No(refused) if refused.n == n => Some(()),
        _ => None,
    });
    assert_eq!(dashboard.mode(Mode::Govern), Err(RefusedWhy::NotController));
    agent.call("change", &json!({}));
    server.expect("tools/call");
    agent.close();
}

#[test]
fn watching_again_sends_what_waits_in_its_order() {
    let stage = Stage::new();
    let (mut agent, server) = stage.session("server", CLAUDE, &[]);
    let mut dashboard = stage.controller();
    for number in 1..=5 {
        agent.call("change", &json!({ "n": number }));
    }
    dashboard.state(5, ProxiedState::Waiting);
    assert_eq!(dashboard.mode(Mode::Watch), Ok(()));
    for number in 1..=5 {
        let request = server.expect("tools/call");
        assert_eq!(request["params"]["arguments"]["n"], number);
    }
    agent.close();
}

#[test]
fn too_many_waiting_calls_are_refused_and_never_dropped() {
    let stage = Stage::new();
    let (mut agent, _server) = stage.session("server", CLAUDE, &[]);
    let dashboard = stage.controller();
    let mut last = 0;
    for number in 0..1025 {
        last = agent.call("look", &json!({ "n": number }));
    }
    // Signs of life of those that wait come between.
    let refusal = loop {
        let answer = agent.received.next_json();
        if answer["method"] != "notifications/progress" {
            break answer;
        }
    };
    assert_eq!(refusal["id"], last);
    assert_eq!(refusal["error"]["code"], 1003);
    assert_eq!(dashboard.end(1025).0, ProxiedOutcome::Failed);
    agent.close();
}

#[test]
fn the_server_can_be_killed() {
    let stage = Stage::new();
    let (mut agent, _server) = stage.session("server", CLAUDE, &[]);
    let mut dashboard = stage.controller();
    agent.call("look", &json!({}));
    dashboard.state(1, ProxiedState::Waiting);
    let n = dashboard.number();
    assert_eq!(dashboard.command(Command::Kill { n }, None), Ok(()));
    assert_eq!(dashboard.end(1).0, ProxiedOutcome::ServerDied);
    assert_eq!(agent.wait().code(), Some(137));
    dashboard.closed();
    stage.assert_nothing_is_left();
}
