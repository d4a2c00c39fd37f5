//! Calls of agents at work: watched, governed, steered, ended.

use std::sync::Arc;

use fanout::engine::{AgentCommand, Command};
use fanout::exec::proxy::frames::{
    By, Command as Order, Lost, ProxiedOutcome, ProxiedState, ShimFrame, Side,
};
use fanout::model::{
    CallRow, CallState, Cap, EndedBy, Intercept, InterceptPattern, LostMessages, Outcome,
    OutputKind, ProxiedServerState, Snapshot, WaitReason,
};
use serde_json::json;

use crate::office::{Office, go, row};
use crate::shim::PlayedShim;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watched_call_is_a_row_with_its_answer_and_counts_towards_no_cap() {
    let office = Office::open(1);
    let mut shim = office.shim(1, "claude-code", "mem");
    let names = ["cc1-1", "cc1-2"];
    let calls = [
        shim.call("echo", &json!({"text": "one"}), Some(true)),
        shim.call("write", &json!({"text": "two"}), None),
    ];
    for call in calls {
        shim.moves(call, ProxiedState::Sent);
    }
    let both = |it: &Snapshot| it.counts.running == 2;
    let snapshot = office.until("running", both).await;
    let lanes: Vec<_> = snapshot.lanes.iter().flatten().collect();
    assert_eq!(lanes.len(), 2, "as many lanes as calls");
    let first = row(&snapshot, names[0]).expect("a row");
    assert_eq!(first.tool.as_str(), "mem.echo");
    assert_eq!(*first.args, json!({"text": "one"}));
    let batch = |row: &CallRow| row.proxied.as_ref().and_then(|it| it.batch.clone());
    let second = row(&snapshot, names[1]).expect("a row");
    assert_eq!(batch(&first), batch(&second), "asked for together");
    shim.answers(calls[0], "said one");
    let ended = office.until_ended(names[0]).await;
    assert_eq!(ended.state, CallState::Ended(Outcome::Succeeded));
    assert_eq!(
        office.store.output_value(ended.id, OutputKind::Auto).value,
        json!("said one")
    );
    let messages = office.log.exchange(ended.id).expect("its messages");
    assert_eq!(messages.messages.len(), 2);
    let mark = snapshot.agents.agents[0].mark.clone();
    assert_eq!(
        (mark.as_str(), &*snapshot.agents.agents[0].title),
        ("cc1", "Claude Code")
    );

    // What this end was too slow for is counted.
    for frames in [12, 30] {
        let lost = Lost { frames, bytes: 100 };
        shim.say(&ShimFrame::Lost(lost), None);
    }
    let lost = LostMessages {
        frames: 42,
        bytes: 200,
    };
    office
        .until("lost", |it| it.agents.servers[0].lost == lost)
        .await;

    // The server dies, and the proxy with it.
    shim.ends(
        calls[1],
        ProxiedOutcome::ServerDied,
        Some("exit code 1"),
        None,
    );
    let ended = office.until_ended(names[1]).await;
    assert_eq!(ended.state, CallState::Ended(Outcome::ServerDied));
    shim.dies();
    let left = office.until("left", |it| it.agents.present() == 0).await;
    let state = &left.agents.servers[0].state;
    assert!(
        matches!(state, ProxiedServerState::Gone { .. }),
        "{state:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn governed_calls_of_two_agents_share_one_cap_and_one_writer() {
    let office = Office::open(2);
    let mut one = office.shim(1, "claude-code", "mem");
    let mut two = office.shim(2, "codex-mcp-client", "memory");
    office.governs(&mut [&mut one, &mut two]).await;
    let write = |shim: &mut PlayedShim| {
        let call = shim.call("write", &json!({}), Some(false));
        shim.moves(call, ProxiedState::Waiting);
        call
    };
    // The same lock, whatever its name: one writer, though two lanes are free.
    let first = write(&mut one);
    assert_eq!(go(&one.command()), first.0);
    one.moves(first, ProxiedState::Sent);
    let running = office
        .until_row("cc1-1", "runs", |row| {
            matches!(row.state, CallState::Running { .. })
        })
        .await;
    let second = write(&mut two);
    let waits = office
        .until_row("cx1-1", "waits", |row| row.wait.is_some())
        .await;
    match &waits.wait {
        Some(WaitReason::Lock { key, holder }) => {
            assert_eq!((key.as_str(), *holder), ("server:mem-00000000", running.id));
        }
        other => panic!("the lock, not {other:?}"),
    }
    one.answers(first, "done");
    assert_eq!(go(&two.command()), second.0);
    two.moves(second, ProxiedState::Sent);
    two.answers(second, "done");
    office.until_ended("cx1-1").await;

    // Readers share the lock: the cap binds, turned while they run.
    let read = |shim: &mut PlayedShim| {
        let call = shim.call("read", &json!({}), Some(true));
        shim.moves(call, ProxiedState::Waiting);
        call
    };
    let of_one: Vec<_> = (0..3).map(|_| read(&mut one)).collect();
    for call in &of_one[..2] {
        assert_eq!(go(&one.command()), call.0);
        one.moves(*call, ProxiedState::Sent);
    }
    let waits = office
        .until_row("cc1-4", "waits", |row| row.wait.is_some())
        .await;
    assert_eq!(waits.wait, Some(WaitReason::Slot { busy: 2, cap: 2 }));
    let of_two = read(&mut two);
    office.sends(Command::SetCap(Cap::new(4).expect("a cap")));
    assert_eq!(go(&one.command()), of_one[2].0);
    one.moves(of_one[2], ProxiedState::Sent);
    assert_eq!(go(&two.command()), of_two.0);
    two.moves(of_two, ProxiedState::Sent);
    // Lowered, it drains and kills nothing.
    office.sends(Command::SetCap(Cap::ONE));
    let last = read(&mut two);
    for call in of_one {
        one.answers(call, "read");
    }
    let waits = |row: &CallRow| row.wait == Some(WaitReason::Slot { busy: 1, cap: 1 });
    office.until_row("cx1-3", "waits", waits).await;
    two.answers(of_two, "read");
    assert_eq!(go(&two.command()), last.0);
    two.moves(last, ProxiedState::Sent);
    two.answers(last, "read");
    let ended = office.until_ended("cx1-3").await;
    assert_eq!(ended.attempts.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_held_by_a_pattern_edited_released_and_its_answer_held() {
    let office = Office::open(4);
    let mut shim = office.shim(1, "opencode", "ev");
    let pattern = InterceptPattern::parse("*.echo").expect("a pattern");
    office
        .until("attached", |it| it.agents.present() == 1)
        .await;
    office.orders(AgentCommand::SetIntercept(Intercept {
        pattern: Some(pattern),
        is_on: true,
    }));
    shim.is_governed();
    let echo = shim.call("echo", &json!({"text": "one"}), Some(true));
    shim.moves(echo, ProxiedState::Waiting);
    match shim.command() {
        Order::Hold(hold) => assert_eq!(
            (hold.what, hold.why.as_deref()),
            (Side::Call, Some("held by you (*.echo)"))
        ),
        other => panic!("a hold, not {other:?}"),
    }
    shim.moves_because(
        echo,
        ProxiedState::Held,
        Some("held by you (*.echo)"),
        Some(By::User),
    );
    let sum = shim.call("sum", &json!({}), Some(true));
    shim.moves(sum, ProxiedState::Waiting);
    assert_eq!(go(&shim.command()), sum.0, "the other one overtakes");
    shim.moves(sum, ProxiedState::Sent);
    let held = office
        .until_row("oc1-1", "held", |row| {
            matches!(row.wait, Some(WaitReason::Held { .. }))
        })
        .await;
    assert_eq!(office.handle.latest().agents.held, 1);

    let args = Arc::new(json!({"text": "two"}));
    office.orders(AgentCommand::EditArguments {
        call: held.id,
        args: Arc::clone(&args),
        is_released: false,
    });
    let (order, body) = shim.command_with_body();
    assert!(matches!(order, Order::Edit(_)), "{order:?}");
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body, json!({"arguments": {"text": "two"}}));
    office.orders(AgentCommand::Release(vec![held.id]));
    assert!(matches!(shim.command(), Order::Release(_)));
    shim.moves(echo, ProxiedState::Waiting);
    assert_eq!(go(&shim.command()), echo.0, "held once, not twice");
    shim.moves(echo, ProxiedState::Sent);
    let sent = office
        .until_row("oc1-1", "runs", |row| {
            matches!(row.state, CallState::Running { .. })
        })
        .await;
    assert_eq!(sent.args, args);
    assert!(sent.proxied.as_ref().is_some_and(|it| it.is_edited));

    office.orders(AgentCommand::Hold(vec![held.id]));
    match shim.command() {
        Order::Hold(order) => assert_eq!(order.what, Side::Answer),
        other => panic!("a hold, not {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_cancels_and_endings_say_who_and_why() {
    let office = Office::open(4);
    let mut shim = office.shim(1, "claude-code", "ev");
    office.governs(&mut [&mut shim]).await;
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let call = shim.call("slow", &json!({}), Some(true));
            shim.moves(call, ProxiedState::Waiting);
            assert_eq!(go(&shim.command()), call.0);
            shim.moves(call, ProxiedState::Sent);
            call
        })
        .collect();
    let fourth = office
        .until_row("cc1-4", "runs", |row| row.started.is_some())
        .await;
    let id = |index: u32| fanout::model::CallId::from_index(index as usize - 1);
    // By hand.
    let result = Arc::new(json!({"content": []}));
    office.orders(AgentCommand::Answer {
        call: id(1),
        result,
    });
    assert!(matches!(shim.command(), Order::Answer(_)));
    shim.ends(calls[0], ProxiedOutcome::Answered, None, Some(By::User));
    let row = office.until_ended("cc1-1").await;
    assert_eq!(row.state, CallState::Ended(Outcome::Answered));
    assert_eq!(
        row.proxied.as_ref().and_then(|it| it.by),
        Some(EndedBy::User)
    );
    // A cancel goes to the proxy, and its truth comes from there.
    office.sends(Command::Cancel(vec![id(2)]));
    assert!(matches!(shim.command(), Order::Cancel(_)));
    shim.moves(calls[1], ProxiedState::Stopping);
    office
        .until_row("cc1-2", "stops", |row| {
            matches!(row.state, CallState::Stopping { .. })
        })
        .await;
    let truth = "told to stop, no answer";
    shim.ends(
        calls[1],
        ProxiedOutcome::Cancelled,
        Some(truth),
        Some(By::User),
    );
    let row = office.until_ended("cc1-2").await;
    assert_eq!(row.state, CallState::Ended(Outcome::Cancelled));
    assert_eq!(row.reason.as_deref(), Some(truth));
    // The agent gives up; then it leaves.
    shim.ends(
        calls[2],
        ProxiedOutcome::GivenUp,
        Some("Request timed out"),
        Some(By::Agent),
    );
    let row = office.until_ended("cc1-3").await;
    assert_eq!(row.state, CallState::Ended(Outcome::GivenUp));
    shim.ends(calls[3], ProxiedOutcome::AgentLeft, None, None);
    let row = office.until_ended("cc1-4").await;
    assert_eq!(
        (row.id, row.state),
        (fourth.id, CallState::Ended(Outcome::AgentLeft))
    );
    let counts = office.handle.latest().counts;
    assert_eq!(
        (counts.succeeded, counts.cancelled, counts.open()),
        (1, 3, 0)
    );
}
