//! The picture of the agents' screen: two agents that share a file, at one
//! moment. It is posed, since no agent is here to be recorded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use serde_json::{Value, json};

use crate::catalogue::Catalogue;
use crate::model::{
    Access, AgentMark, AgentMode, AgentRow, Agents, AskedTime, AttemptNo, AttemptRecord, Batch,
    Call, CallCounts, CallId, CallName, CallOrigin, CallRow, CallSample, CallState, Cap, Direction,
    Epoch, History, Hold, Intercept, InterceptPattern, LaneId, LockKey, LostMessages,
    MachineSample, Outcome, Patience, Policy, ProxiedCall, ProxiedRoute, ProxiedServer,
    ProxiedServerState, ProxiedStage, ProxyControl, ProxyId, RunId, RunPhase, ServerName,
    SharedVec, Snapshot, ToolName, WaitReason, WireKind, WireMessage,
};
use crate::theme::Theme;
use crate::tui::dialogs::Layers;
use crate::tui::state::{Pane, Screen, State};
use crate::tui::text::glyphs::Glyphs;

/// The run's clock at the moment of the picture.
const NOW: Duration = Duration::from_millis(94_300);
/// The time of day at which the run started: 16:02.
const STARTED: Duration = Duration::from_hours(16).saturating_add(Duration::from_mins(2));

/// The servers: agent, name, command, calls so far.
const SERVERS: [(&str, &str, &str, u64); 3] = [
    ("cc1", "git", "uvx mcp-server-git", 7),
    (
        "cc1",
        "mem",
        "npx -y @modelcontextprotocol/server-memory",
        32,
    ),
    (
        "cx1",
        "mem",
        "npx -y @modelcontextprotocol/server-memory",
        31,
    ),
];
const GIT: u32 = 0;
const CLAUDE: u32 = 1;
const CODEX: u32 = 2;

/// So many milliseconds before the moment of the picture.
const fn before(ms: u64) -> Duration {
    NOW.saturating_sub(Duration::from_millis(ms))
}

/// Draws the screen.
pub(super) fn picture(theme: &Theme, (width, height): (u16, u16)) -> Buffer {
    let size = Size { width, height };
    let mut state = State::new(
        Scene::played().snapshot(),
        Arc::new(Catalogue::default()),
        size,
    );
    state.show(Screen::Agents);
    // Codex, with its only server.
    state.select_agent_item(3);
    state.focus_on(Pane::AgentCalls);
    let layers = Layers::default();
    let view = layers.view(&state, theme, Glyphs::Unicode);
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    layers.render(&view, buffer.area, &mut buffer);
    buffer
}

/// Fate of a call.
enum Fate {
    /// It ended, after so many milliseconds.
    Ended(u64),
    /// Its server has had it for so many milliseconds.
    Sent(u64),
    /// It waits for this.
    Waits(WaitReason),
    /// The user holds it.
    Held,
}

/// A run that is put together.
#[derive(Default)]
struct Scene {
    rows: Vec<CallRow>,
    counts: CallCounts,
    lanes: Vec<Option<CallId>>,
    queue: Vec<CallId>,
    finished: Vec<CallId>,
}

impl Scene {
    fn played() -> Self {
        let entity = |name: &str| json!({"entities": [{"name": name, "entityType": "module"}]});
        let mut scene = Self::default();
        scene.call(CLAUDE, "read_graph", json!({}), Fate::Ended(12));
        scene.call(
            CODEX,
            "search_nodes",
            json!({"query": "cart"}),
            Fate::Ended(9),
        );
        scene.call(CODEX, "create_entities", entity("cart"), Fate::Ended(6));
        scene.call(GIT, "git_log", json!({"max_count": 20}), Fate::Ended(140));
        scene.call(
            CLAUDE,
            "create_entities",
            entity("checkout"),
            Fate::Ended(7),
        );
        let running = scene.call(CLAUDE, "add_observations", entity("pool"), Fate::Sent(420));
        scene.call(
            GIT,
            "git_diff",
            json!({"target": "main"}),
            Fate::Sent(1_900),
        );
        let lock = Fate::Waits(WaitReason::Lock {
            key: LockKey::new("server:mem-1f0c77ab"),
            holder: running,
        });
        scene.call(CODEX, "create_entities", entity("payment"), lock);
        scene.call(
            CODEX,
            "delete_entities",
            json!({"entityNames": ["cart"]}),
            Fate::Held,
        );
        scene
    }

    fn call(&mut self, proxy: u32, tool: &str, args: Value, fate: Fate) -> CallId {
        let id = CallId::from_index(self.rows.len());
        let (agent, server, ..) = SERVERS[proxy as usize];
        let lane = LaneId(self.lanes.len() as u32);
        let (state, wait, span) = match fate {
            Fate::Ended(for_ms) => {
                let end = before(60_000 - 7_000 * id.index() as u64);
                let span = (end.saturating_sub(Duration::from_millis(for_ms)), Some(end));
                (CallState::Ended(Outcome::Succeeded), None, Some(span))
            }
            Fate::Sent(for_ms) => {
                let epoch = Epoch::default();
                let span = (before(for_ms), None);
                (CallState::Running { lane, epoch }, None, Some(span))
            }
            Fate::Waits(reason) => (CallState::Queued, Some(reason), None),
            Fate::Held => (
                CallState::Queued,
                Some(WaitReason::Held { by: "you".into() }),
                None,
            ),
        };
        match state {
            CallState::Ended(_) => self.finished.insert(0, id),
            CallState::Queued => self.queue.push(id),
            _ => self.lanes.push(Some(id)),
        }
        *self.counts.slot(&state) += 1;
        let is_held = matches!(wait, Some(WaitReason::Held { .. }));
        let name = CallName::new(format!("{agent}-{}", id.index() + 1));
        let tool_name = ToolName::new(format!("{server}.{tool}"));
        let mut call = Call::new(id, name, tool_name, args.clone());
        call.origin = CallOrigin::Agent;
        let mut row = row(call, args, state);
        row.wait = wait;
        row.started = span.map(|(from, _)| from);
        row.ended = span.and_then(|(_, to)| to);
        row.attempts = span
            .map(|(from, to)| attempt(lane, from, to))
            .into_iter()
            .collect();
        row.proxied = Some(Arc::new(proxied(proxy, tool, span.is_none(), is_held)));
        self.rows.push(row);
        id
    }

    fn snapshot(self) -> Arc<Snapshot> {
        let cap = Cap::default();
        let mut lanes = self.lanes;
        lanes.resize(cap.get() as usize, None);
        let calls: SharedVec<Arc<CallRow>> = self.rows.into_iter().map(Arc::new).collect();
        Arc::new(Snapshot {
            revision: 1,
            now: NOW,
            run: RunId::new("screenshot"),
            plan: "agents".into(),
            started_at: SystemTime::UNIX_EPOCH + STARTED,
            phase: RunPhase::Open,
            is_suspended: false,
            suspended_for: Duration::ZERO,
            policy: Policy {
                cap,
                ..Policy::default()
            },
            highest_cap: cap,
            auto: None,
            cap_changes: Arc::new(History::new(1)),
            learned: Arc::default(),
            load_samples: Arc::new(History::new(1)),
            counts: self.counts,
            calls,
            lanes: Arc::new(lanes),
            lane_time: Duration::ZERO,
            queue: Arc::new(self.queue),
            finished: Arc::new(self.finished),
            machine: Arc::new(machine()),
            cores: 4,
            missed_samples: 0,
            hazards: Arc::default(),
            servers: Arc::default(),
            server_gauges: Arc::new(BTreeMap::new()),
            agents: Arc::new(agents()),
            round: 0,
            planned: Arc::default(),
            inspection: None,
            notice: None,
        })
    }
}

fn row(call: Call, args: Value, state: CallState) -> CallRow {
    let samples = Arc::new(History::new(1));
    CallRow {
        args: Arc::new(args),
        are_args_resolved: true,
        state,
        ..CallRow::new(Arc::new(call), samples, Duration::ZERO)
    }
}

fn attempt(lane: LaneId, started: Duration, ended: Option<Duration>) -> AttemptRecord {
    AttemptRecord {
        attempt: AttemptNo(1),
        lane,
        lane_taken: started,
        started,
        asked: AskedTime::default(),
        stop_ordered: None,
        ended,
        argv: None,
        ending: None,
        outcome: ended.map(|_| Outcome::Succeeded),
    }
}

fn proxied(proxy: u32, tool: &str, is_waiting: bool, is_held: bool) -> ProxiedCall {
    let (agent, server, ..) = SERVERS[proxy as usize];
    let (by, since) = ("you".into(), before(13_000));
    let limit = match agent {
        "cc1" => Duration::from_hours(28),
        _ => Duration::from_mins(1),
    };
    let route = ProxiedRoute {
        agent: AgentMark::new(agent),
        proxy: ProxyId(proxy),
        server: ServerName::new(server),
    };
    ProxiedCall {
        request_id: "7".into(),
        access: Access::NotReadOnly,
        is_watched: false,
        batch: is_waiting.then(|| Batch {
            number: 4,
            turn: Some("12".into()),
        }),
        stage: if is_waiting {
            ProxiedStage::Waiting
        } else {
            ProxiedStage::Sent
        },
        held: is_held.then_some(Hold { by, since }),
        patience: Patience {
            limit: Some(limit),
            is_prolonged: false,
            gives_up_at: Some(since + limit),
            let_go_at: is_waiting.then_some((since + limit).saturating_sub(Duration::from_secs(5))),
        },
        ..ProxiedCall::new(route, tool)
    }
}

fn agents() -> Agents {
    let agent = |mark: &str, title: &str, version: &str, pid| {
        Arc::new(AgentRow {
            mark: AgentMark::new(mark),
            title: title.into(),
            version: Some(version.into()),
            pid: Some(pid),
            cwd: "~/src/shop".into(),
            session: Some("3d3dc3d5".into()),
            left: None,
        })
    };
    Agents {
        mode: AgentMode::Govern,
        intercept: Intercept {
            pattern: InterceptPattern::parse("mem.delete_*").ok(),
            is_on: true,
        },
        held: 1,
        agents: vec![
            agent("cc1", "Claude Code", "2.1.332", 4711),
            agent("cx1", "Codex", "0.171.0", 4800),
        ],
        servers: (0..SERVERS.len() as u32)
            .map(|it| Arc::new(server(it)))
            .collect(),
        forgotten_calls: 0,
        problem: None,
    }
}

fn server(proxy: u32) -> ProxiedServer {
    let (agent, name, command, calls) = SERVERS[proxy as usize];
    let mut samples = History::new(16);
    for step in 0..12_u32 {
        let busy = ((step * 7 + proxy * 5) % 9) as f32;
        samples.push(Some(CallSample {
            cpu_cores: Some(busy / 40.0),
            rss_bytes: (38 + u64::from(proxy) * 6) << 20,
            processes: 1,
            ..CallSample::default()
        }));
    }
    ProxiedServer {
        proxy: ProxyId(proxy),
        agent: AgentMark::new(agent),
        name: ServerName::new(name),
        command: command.into(),
        proxy_pid: 4720 + proxy,
        pid: Some(4730 + proxy),
        protocol: Some("2025-11-25".into()),
        state: ProxiedServerState::Running,
        mode: AgentMode::Govern,
        control: ProxyControl::Ours,
        lock: None,
        same_lock_as: (proxy == CODEX).then(|| "cc1/mem".into()),
        tools: Arc::default(),
        calls,
        open_calls: if proxy == CODEX { 2 } else { 1 },
        held: usize::from(proxy == CODEX),
        lost: LostMessages::default(),
        samples: Arc::new(samples),
        wire: Arc::new(wire(proxy)),
    }
}

/// The messages of Codex and its server.
fn wire(proxy: u32) -> History<Arc<WireMessage>> {
    let mut wire = History::new(ProxiedServer::WIRE_KEPT);
    let (there, back) = (Direction::ToServer, Direction::ToAgent);
    let call = |number: usize| Some(CallId::from_index(number - 1));
    let messages = [
        (0, there, WireKind::Request, "initialize", None),
        (31, back, WireKind::Answer, "initialize", None),
        (32, there, WireKind::Note, "notifications/initialized", None),
        (35, there, WireKind::Request, "tools/list", None),
        (39, back, WireKind::Answer, "tools/list", None),
        (41_300, there, WireKind::Call, "search_nodes", call(2)),
        (41_309, back, WireKind::Answer, "search_nodes", call(2)),
        (48_294, there, WireKind::Call, "create_entities", call(3)),
        (48_300, back, WireKind::Answer, "create_entities", call(3)),
        (81_290, there, WireKind::Call, "create_entities", call(8)),
        (81_291, there, WireKind::Call, "delete_entities", call(9)),
    ];
    for (at, direction, kind, text, call) in messages {
        if proxy == CODEX {
            wire.push(Some(Arc::new(WireMessage {
                at: SystemTime::UNIX_EPOCH + STARTED + Duration::from_millis(at),
                direction,
                kind,
                text: text.into(),
                call,
                bytes: 214 + text.len() as u64,
            })));
        }
    }
    wire
}

fn machine() -> History<MachineSample> {
    let mut machine = History::new(8);
    for cores in [0.5, 0.7, 0.6, 0.9, 1.1, 0.8] {
        machine.push(Some(MachineSample {
            cpu_cores: Some(cores),
            memory_used_bytes: 6_200 << 20,
            memory_total_bytes: 16 << 30,
            ..MachineSample::default()
        }));
    }
    machine
}
