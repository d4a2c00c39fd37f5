//! Agents at work and who controls their proxies; bounds and endings of that.

use std::time::Duration;

use fanout::engine::{AgentCommand, Command};
use fanout::exec::proxy::frames::{
    By, Command as Order, Controller, DashboardFrame, Mode, ProxiedState, ShimFrame,
};
use fanout::model::{
    AgentMode, CallRow, CallState, Cap, LetGo, Outcome, OutputKind, ProxyControl, Snapshot,
    WaitReason,
};
use serde_json::json;

use crate::office::{Office, go};
use crate::shim::PlayedShim;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_that_another_takes_leaves_the_calls_to_it() {
    let office = Office::open(1);
    let mut shim = office.shim(1, "claude-code", "ev");
    office.governs(&mut [&mut shim]).await;
    let first = shim.call("slow", &json!({}), Some(true));
    shim.moves(first, ProxiedState::Waiting);
    assert_eq!(go(&shim.command()), first.0);
    shim.moves(first, ProxiedState::Sent);
    let second = shim.call("slow", &json!({}), Some(true));
    shim.moves(second, ProxiedState::Waiting);
    let by_cap = |row: &CallRow| matches!(row.wait, Some(WaitReason::Slot { .. }));
    office.until_row("cc1-2", "waits for a lane", by_cap).await;

    // Another dashboard takes over: this one is shown out, and comes back.
    shim.hello.controller = Some(Controller {
        pid: 1,
        name: "another".to_owned(),
    });
    shim.say(&ShimFrame::Bye, None);
    shim.cut();
    shim.accept();
    let at_proxy = |row: &CallRow| matches!(row.wait, Some(WaitReason::AtProxy { .. }));
    office
        .until_row("cc1-2", "is left to its proxy", at_proxy)
        .await;
    let snapshot = office.handle.latest();
    let server = &snapshot.agents.servers[0];
    assert_eq!((snapshot.agents.servers.len(), server.calls), (1, 2));
    let others = ProxyControl::Others { by: "pid 1".into() };
    assert_eq!(server.control, others);
    // What the other one decides is shown.
    shim.moves(second, ProxiedState::Sent);
    shim.answers(second, "two");
    shim.answers(first, "one");
    let row = office.until_ended("cc1-2").await;
    assert_eq!(row.state, CallState::Ended(Outcome::Succeeded));
    office.until_ended("cc1-1").await;

    // A takeover brings it back; the same calls, no rows twice.
    office.orders(AgentCommand::TakeControl);
    let mode = shim.command();
    assert!(matches!(mode, Order::Mode(_)), "{mode:?}");
    office
        .until("ours", |it| {
            it.agents.servers[0].control == ProxyControl::Ours
        })
        .await;
    assert_eq!(office.handle.latest().calls.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_before_its_turn_is_marked_and_a_watched_mode_lets_all_go() {
    let office = Office::open(1);
    let mut shim = office.shim(1, "codex-mcp-client", "ev");
    office
        .until("attached", |it| it.agents.present() == 1)
        .await;
    // A cap that is turned while agents are on the screen is meant for them.
    office.sends(Command::SetCap(Cap::ONE));
    shim.is_governed();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let call = shim.call_with("slow", &json!({}), Some(true), Some(8_000));
            shim.moves(call, ProxiedState::Waiting);
            call
        })
        .collect();
    assert_eq!(go(&shim.command()), calls[0].0);
    shim.moves(calls[0], ProxiedState::Sent);
    let by_cap = |row: &CallRow| matches!(row.wait, Some(WaitReason::Slot { .. }));
    let waits = office.until_row("cx1-2", "waits", by_cap).await;
    let patience = waits
        .proxied
        .as_ref()
        .map(|it| it.patience)
        .expect("its patience");
    assert_eq!(patience.limit, Some(Duration::from_secs(8)));
    let gives_up = waits.queued + Duration::from_secs(8);
    assert_eq!(patience.gives_up_at, Some(gives_up));
    let why = "let go: the agent would give up";
    shim.moves_because(calls[1], ProxiedState::Sent, Some(why), Some(By::Clock));
    let runs = |row: &CallRow| matches!(row.state, CallState::Running { .. });
    let sent = office.until_row("cx1-2", "runs", runs).await;
    let let_go = sent.proxied.as_ref().and_then(|it| it.let_go);
    assert_eq!(let_go, Some(LetGo::AgentWouldGiveUp));
    let lanes = office.handle.latest().lanes.iter().flatten().count();
    assert_eq!(lanes, 2, "over the cap, and shown");

    office.orders(AgentCommand::SetMode(AgentMode::Watch));
    let mode = shim.command();
    assert!(matches!(mode, Order::Mode(order) if order.mode == Mode::Watch));
    shim.moves(calls[2], ProxiedState::Sent);
    office.until_row("cx1-3", "runs", runs).await;
    for call in calls {
        shim.answers(call, "done");
    }
    office
        .until("all ended", |it| it.counts.succeeded == 3)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_are_not_shown_and_other_versions_are_only_watched() {
    let office = Office::open(4);
    let via = office.via.path().join("meeting");
    let mut probe = PlayedShim::new(&via, 1, "sdk", 10, "ev");
    probe.hello.in_use = false;
    probe.accept();
    probe.dies();
    for (number, version) in [(2, 0), (3, 2)] {
        let mut other = PlayedShim::new(&via, number, "opencode", number * 10, "ev");
        other.hello.v = version;
        other.accept();
        let attached = |it: &Snapshot| it.agents.servers.iter().any(|it| it.proxy_pid == number);
        let snapshot = office.until("attached", attached).await;
        let mut servers = snapshot.agents.servers.iter();
        let server = servers.find(|it| it.proxy_pid == number).expect("it");
        match &server.control {
            ProxyControl::WatchOnly { why } => {
                assert!(why.contains(&format!("version {version}")), "{why}");
            }
            role => panic!("only watched, not {role:?}"),
        }
        let call = other.call("echo", &json!({}), None);
        other.moves(call, ProxiedState::Sent);
        let name = format!("oc{}-1", number - 1);
        let row = office
            .until_row(&name, "runs", |row| row.started.is_some())
            .await;
        office.orders(AgentCommand::Hold(vec![row.id]));
        office
            .until("refused", |it| {
                let notice = it.notice.as_ref();
                notice.is_some_and(|(_, text)| text.contains(&format!("version {version}")))
            })
            .await;
    }
    let snapshot = office.handle.latest();
    assert!(
        snapshot
            .agents
            .agents
            .iter()
            .all(|it| it.mark.as_str().starts_with("oc")),
        "the probe was not shown"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_ended_calls_are_bounded_and_calls_go_on() {
    // The last ones are governed: the scheduler takes numbers again, too.
    const CALLS: u64 = 1_040;
    const GOVERNED: u64 = 1_020;
    let office = Office::open(4);
    let mut shim = office.shim(1, "claude-code", "ev");
    for number in 0..CALLS {
        if number == GOVERNED {
            office.governs(&mut [&mut shim]).await;
        }
        let call = shim.call("echo", &json!({"number": number}), Some(true));
        if number >= GOVERNED {
            shim.moves(call, ProxiedState::Waiting);
            assert_eq!(go(&shim.command()), call.0);
        }
        shim.moves(call, ProxiedState::Sent);
        shim.answers(call, &number.to_string());
    }
    let last = format!("cc1-{CALLS}");
    let row = office.until_ended(&last).await;
    let output = office.store.output_value(row.id, OutputKind::Auto).value;
    assert_eq!(output, json!(CALLS - 1));
    let snapshot = office
        .until("all counted", |it| {
            it.counts.open() == 0 && it.agents.servers[0].calls == CALLS
        })
        .await;
    let rows = snapshot.calls.len();
    assert!((1_000..1_030).contains(&rows), "{rows} rows");
    assert_eq!(snapshot.agents.forgotten_calls, CALLS - rows as u64);
    assert_eq!(snapshot.finished.len(), rows);
    assert_eq!(snapshot.counts.succeeded, rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dashboard_that_is_left_cancels_nothing_of_agents() {
    let mut office = Office::open(4);
    let mut shim = office.shim(1, "claude-code", "ev");
    office.governs(&mut [&mut shim]).await;
    let sent = shim.call("slow", &json!({}), Some(true));
    shim.moves(sent, ProxiedState::Waiting);
    assert_eq!(go(&shim.command()), sent.0);
    shim.moves(sent, ProxiedState::Sent);
    let held = shim.call("slow", &json!({}), Some(true));
    shim.moves_because(
        held,
        ProxiedState::Held,
        Some("held by you"),
        Some(By::User),
    );
    office.until("held", |it| it.agents.held == 1).await;
    office.sends(Command::CancelAll);
    office.sends(Command::Shutdown);
    let last = office.engine.ended().await.expect("no panic");
    assert_eq!(last.counts.lost, 2);
    // The connection is closed, and nothing was said about the calls.
    let said = shim.rest();
    assert!(
        said.iter()
            .all(|heard| matches!(heard.frame, DashboardFrame::Beat)),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_arguments_are_kept_of_the_latest_ended_calls() {
    const CALLS: usize = 70;
    const KEPT: usize = 64;
    let office = Office::open(4);
    let mut shim = office.shim(1, "claude-code", "ev");
    let large = json!({"text": "x".repeat(10_000)});
    for _ in 0..CALLS {
        let call = shim.call("echo", &large, Some(true));
        shim.moves(call, ProxiedState::Sent);
        shim.answers(call, "done");
    }
    let has_ended = |it: &Snapshot| it.counts.open() == 0 && it.calls.len() == CALLS;
    let snapshot = office.until("every call ended", has_ended).await;
    let left_out = snapshot.calls.iter().filter(|row| row.args.is_string());
    assert_eq!(left_out.count(), CALLS - KEPT);
    let last = office.until_ended("cc1-70").await;
    assert_eq!(*last.args, large);
}
