//! The agent's clock: signs of life, and letting go before it gives up.

use std::time::{Duration, Instant};

use serde_json::json;

use fanout::exec::proxy::frames::{
    By, Command, Mode, ProxiedOutcome, ProxiedState, SetMode, ShimFrame,
};

use crate::agent::{CODEX, GEMINI, OPENCODE};
use crate::stage::Stage;

#[test]
fn a_call_is_let_go_before_its_agent_gives_up() {
    let stage = Stage::new();
    // 5 s before the limit would be too early: a tenth of it has passed then.
    let (mut agent, mut server) = stage.session("server", GEMINI, &["--limit", "5500"]);
    let dashboard = stage.controller();
    let begun = Instant::now();
    let call = agent.call("look", &json!({}));
    let until = dashboard.find("the time of letting go", |(frame, _)| match frame {
        ShimFrame::State(moved) if moved.state == ProxiedState::Waiting => moved.until,
        _ => None,
    });
    let sent = dashboard.find("letting go", |(frame, _)| match frame {
        ShimFrame::State(moved) if moved.state == ProxiedState::Sent => Some(moved.clone()),
        _ => None,
    });
    assert!(
        begun.elapsed() >= Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
    assert!(sent.t >= until);
    assert_eq!(sent.by, Some(By::Clock));
    assert_eq!(sent.why.as_deref(), Some("let go: the agent would give up"));
    let request = server.expect("tools/call");
    server.answer(&request, "in time");
    assert_eq!(agent.text_of(call), "in time");
    agent.close();
}

#[test]
fn without_that_the_agent_gives_up_and_its_reason_is_told() {
    let stage = Stage::new();
    let (mut agent, server) = stage.session("server", CODEX, &["--limit", "600"]);
    let mut dashboard = stage.controller();
    let n = dashboard.number();
    let keep = SetMode {
        n,
        mode: Mode::Govern,
        on_lost: None,
        auto_release: Some(false),
    };
    assert_eq!(dashboard.command(Command::Mode(keep), None), Ok(()));
    let call = agent.call("look", &json!({}));
    dashboard.state(1, ProxiedState::Waiting);
    assert_eq!(server.received.within(Duration::from_millis(700)), None);
    agent.cancel(call, "MCP request cancelled by caller");
    let (outcome, reason) = dashboard.end(1);
    assert_eq!(outcome, ProxiedOutcome::GivenUp);
    assert_eq!(reason.as_deref(), Some("MCP request cancelled by caller"));
    agent.close();
}

#[test]
fn signs_of_life_keep_an_agent_waiting_that_heeds_them() {
    let stage = Stage::new();
    let (mut agent, mut server) = stage.session("server", OPENCODE, &["--limit", "900"]);
    let mut dashboard = stage.controller();
    let call = agent.call("look", &json!({}));
    // One each third of the limit, for longer than the limit.
    let mut last = None;
    for _sign in 0..5 {
        let sign = agent.received.next_json();
        assert_eq!(sign["method"], "notifications/progress");
        assert_eq!(sign["params"]["progressToken"], call);
        assert_eq!(sign["params"]["message"], "held in fanout");
        let progress = sign["params"]["progress"].as_i64().expect("a number");
        assert!(
            progress < 0 && last.is_none_or(|last| progress > last),
            "{progress}"
        );
        last = Some(progress);
    }
    assert_eq!(server.received.within(Duration::from_millis(10)), None);
    assert_eq!(dashboard.mode(Mode::Watch), Ok(()));
    let request = server.expect("tools/call");
    // None after it was sent: the server's own begin at 0.
    while agent.received.within(Duration::from_millis(400)).is_some() {
        assert!(last.is_some_and(|last| last < 0));
        last = None;
    }
    server.answer(&request, "at last");
    assert_eq!(agent.text_of(call), "at last");
    agent.close();
}

#[test]
fn a_call_without_a_token_gets_no_signs_of_life() {
    let stage = Stage::new();
    let (mut agent, server) = stage.session("server", OPENCODE, &[]);
    let dashboard = stage.controller();
    agent.request("tools/call", &json!({ "name": "look", "arguments": {} }));
    dashboard.state(1, ProxiedState::Waiting);
    assert_eq!(agent.received.within(Duration::from_millis(1500)), None);
    assert_eq!(server.received.within(Duration::from_millis(1)), None);
    agent.close();
}
