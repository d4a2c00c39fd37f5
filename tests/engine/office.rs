//! A run with the shims of agents that a test plays.

use std::sync::Arc;
use std::time::Duration;

use fanout::catalogue::Catalogue;
use fanout::engine::{
    self, AgentCommand, AgentFeed, Command, Engine, EngineHandle, Lifetime, RunSurroundings, Setup,
};
use fanout::exec::proxy::attach::Attachments;
use fanout::exec::proxy::frames::Command as Order;
use fanout::model::{AgentMode, CallRow, Cap, Plan, Policy, RunId, Snapshot};
use fanout::output::{Bounds, ProtocolLog, Store};
use fanout::probe;
use tempfile::TempDir;

use crate::scripted::Scripted;
use crate::shim::{PATIENCE, PlayedShim};

/// A run with nothing in it but agents.
pub(crate) struct Office {
    pub(crate) via: TempDir,
    pub(crate) handle: EngineHandle,
    pub(crate) store: Store,
    pub(crate) log: ProtocolLog,
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
            load: None,
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

    pub(crate) fn shim(&self, number: u32, agent: &str, server: &str) -> PlayedShim {
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
        let found = tokio::time::timeout(PATIENCE, found).await;
        let Ok(found) = found else {
            panic!("never {what}: {:#?}", self.handle.latest().calls);
        };
        Arc::clone(&found.expect("the engine lives"))
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

    pub(crate) async fn governs(&self, shims: &mut [&mut PlayedShim]) {
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

/// Returns the row of a call.
pub(crate) fn row(snapshot: &Snapshot, name: &str) -> Option<Arc<CallRow>> {
    let mut rows = snapshot.calls.iter();
    rows.find(|row| row.name.as_str() == name).cloned()
}

/// Returns the call that is let go.
pub(crate) fn go(order: &Order) -> u64 {
    match order {
        Order::Go(go) => go.call.0,
        other => panic!("a go, not {other:?}"),
    }
}
