//! Calls of agents at work, with shims that the test plays.

use std::sync::Arc;
use std::time::Duration;

use fanout::catalogue::Catalogue;
use fanout::engine::{
    self, AgentCommand, AgentFeed, Command, Engine, EngineHandle, Lifetime, RunSurroundings, Setup,
};
use fanout::exec::proxy::attach::Attachments;
use fanout::exec::proxy::frames::{
    By, Command as Order, Controller, DashboardFrame, Lost, Mode, ProxiedOutcome, ProxiedState,
    ShimFrame, Side,
};
use fanout::model::{
    AgentMode, CallRow, CallState, Cap, EndedBy, Intercept, InterceptPattern, LetGo, LostMessages,
    Outcome, OutputKind, Plan, Policy, ProxiedServerState, ProxyControl, RunId, Snapshot,
    WaitReason,
};
use fanout::output::{Bounds, ProtocolLog, Store};
use fanout::probe;
use serde_json::json;
use tempfile::TempDir;

use crate::scripted::Scripted;
use crate::shim::{PATIENCE, PlayedShim};

/// A run with nothing in it but agents.
pub(crate) struct Office {
    pub(crate) via: TempDir,
    pub(crate) handle: EngineHandle,
    pub(crate) store: Store,
    log: ProtocolLog,
    pub(crate) engine: Engine,
}

impl Office {
    pub(crate) fn open(cap: u32) -> Self {
        let via = tempfile::tempdir().expect("a folder");
        let store = Store::new(None, Bounds::default());
        let log = ProtocolLog::default();
        let (attachments, news) = Attachments::begin(Some(via.path().join("meeting")));
        let engine = engine::start(Setup {
            run: RunId::new("r"),
            plan: Plan {
                name: "agents".to_owned(),
                cap: None,
                on_failure: None,
                calls: Vec::new(),
                expected_failures: Vec::new(),
            },
            policy: Policy {
                cap: Cap::new(cap).expect("a cap above 0"),
                ..Policy::default()
            },
            seed: 7,
            time_scale: 1.0,
            lifetime: Lifetime::UntilAsked,
            catalogue: Arc::new(Catalogue::sample().expect("the sample tools")),
            cores: 2,
            spawner: Arc::new(Scripted::default()),
            store: store.clone(),
            probe: probe::start(Duration::from_hours(1)).expect("a probe"),
            learned: Vec::new(),
            surroundings: RunSurroundings {
                started_in: "/".into(),
                own_program: "/fanout".into(),
                inherited_env: [("PATH".to_owned(), "/bin".to_owned())].into(),
                run_dir: "/run".into(),
            },
            agents: Some(AgentFeed {
                attachments,
                news,
                protocol_log: log.clone(),
                lets_go: true,
            }),
            recorder: None,
            tape: None,
        });
        Self {
            via,
            handle: engine.handle(),
            store,
            log,
            engine,
        }
    }

    fn shim(&self, number: u32, agent: &str, server: &str) -> PlayedShim {
        let via = self.via.path().join("meeting");
        let mut shim = PlayedShim::new(&via, number, agent, number * 10, server);
        shim.accept();
        shim
    }

    pub(crate) fn orders(&self, command: AgentCommand) {
        self.sends(Command::Agents(command));
    }

    pub(crate) fn sends(&self, command: Command) {
        self.handle.send(command).expect("a free queue");
    }

    /// Waits for a snapshot of which this is true.
    pub(crate) async fn until(&self, what: &str, is: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let mut snapshots = self.handle.snapshots();
        let found = snapshots.wait_for(|snapshot| is(snapshot));
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(found) => Arc::clone(&found.expect("the engine lives")),
            Err(_late) => panic!("never {what}: {:#?}", self.handle.latest().calls),
        }
    }

    pub(crate) async fn until_row(
        &self,
        name: &str,
        what: &str,
        is: impl Fn(&CallRow) -> bool,
    ) -> Arc<CallRow> {
        let found = |snapshot: &Snapshot| row(snapshot, name).is_some_and(|row| is(&row));
        let snapshot = self.until(&format!("{name} {what}"), found).await;
        row(&snapshot, name).expect("it was there")
    }

    pub(crate) async fn until_ended(&self, name: &str) -> Arc<CallRow> {
        self.until_row(name, "ended", |row| row.state.is_ended())
            .await
    }

    async fn governs(&self, shims: &mut [&mut PlayedShim]) {
        let count = shims.len();
        self.until("attached", |it| it.agents.servers.len() == count)
            .await;
        self.orders(AgentCommand::SetMode(AgentMode::Govern));
        for shim in shims {
            shim.is_governed();
        }
        self.until("governed", |it| {
            let mut servers = it.agents.servers.iter();
            servers.all(|it| it.mode == AgentMode::Govern)
        })
        .await;
    }
}

fn row(snapshot: &Snapshot, name: &str) -> Option<Arc<CallRow>> {
    let mut rows = snapshot.calls.iter();
    rows.find(|row| row.name.as_str() == name).cloned()
}

fn go(order: &Order) -> u64 {
    match order {
        Order::Go(go) => go.call.0,
        other => panic!("a go, not {other:?}"),
    }
}

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
    for number in 0..2 {
        assert_eq!(go(&one.command()), of_one[number].0);
        one.moves(of_one[number], ProxiedState::Sent);
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
        Order::Hold(hold) => assert_eq!(hold.what, Side::Answer),
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
    assert!(matches!(mode, Order::Mode(set) if set.mode == Mode::Watch));
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
    let office = Office::open(4);
    let mut shim = office.shim(1, "claude-code", "ev");
    // The last ones are governed: the scheduler takes numbers again, too.
    const CALLS: u64 = 1_040;
    const GOVERNED: u64 = 1_020;
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
