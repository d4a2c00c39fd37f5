//! An engine under test: its tools, its start, and waiting for what it shows.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fanout::catalogue::Catalogue;
use fanout::engine::{
    self, Command, Engine, EngineHandle, Lifetime, Recorder, RunSurroundings, Setup,
};
use fanout::model::{CallState, Cap, Outcome, Policy, RunId, Snapshot};
use fanout::output::{Bounds, Store};
use fanout::sched::DecisionRecord;
use fanout::{plan, probe};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::scripted::{Scripted, id};

/// In the test's own time.
pub(crate) const PATIENCE: Duration = Duration::from_mins(10);

const TOOLS: &str = r#"
[[tool]]
name = "say"
description = "Says something"
command = ["say", "{{text}}"]
[tool.input_schema]
type = "object"
properties.text = { type = "string" }

[[tool]]
name = "count"
description = "Counts something"
command = ["count"]
output = "json"

[[tool]]
name = "fed"
description = "Reads its arguments"
command = ["fed"]
stdin = "json"

[[tool]]
name = "matched"
description = "Takes text of a form that takes long to check"
command = ["matched", "{{text}}"]
[tool.input_schema]
type = "object"
properties.text = { type = "string", pattern = '(?=(a+)+$)(a+)+b|!$' }

[[tool]]
name = "write"
description = "Writes a file"
command = ["write", "{{path}}"]
locks = { write = ["file:{{path}}"] }
[tool.input_schema]
type = "object"
properties.path = { type = "string" }
"#;

/// An engine whose attempts the test plays itself.
pub(crate) struct Trial {
    pub(crate) engine: Engine,
    pub(crate) handle: EngineHandle,
    pub(crate) spawner: Scripted,
    /// Holds the catalogue as long as the engine may read it.
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn trial(calls: &str, cap: u32, lifetime: Lifetime) -> Trial {
    recorded_trial(calls, cap, lifetime, None)
}

pub(crate) fn recorded_trial(
    calls: &str,
    cap: u32,
    lifetime: Lifetime,
    recorder: Option<Recorder>,
) -> Trial {
    taped_trial(calls, cap, lifetime, recorder, None)
}

pub(crate) fn taped_trial(
    calls: &str,
    cap: u32,
    lifetime: Lifetime,
    recorder: Option<Recorder>,
    tape: Option<mpsc::Sender<DecisionRecord>>,
) -> Trial {
    let store = Store::new(None, Bounds::default());
    stored_trial(calls, cap, lifetime, recorder, tape, store)
}

pub(crate) fn stored_trial(
    calls: &str,
    cap: u32,
    lifetime: Lifetime,
    recorder: Option<Recorder>,
    tape: Option<mpsc::Sender<DecisionRecord>>,
    store: Store,
) -> Trial {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fanout.toml");
    std::fs::write(&file, TOOLS).expect("a catalogue");
    let catalogue = Catalogue::load(&[file]).expect("a valid catalogue");
    let loaded = plan::from_text("plan.toml", calls, &catalogue).expect("a valid plan");
    let spawner = Scripted::default();
    let engine = engine::start(Setup {
        run: RunId::new("r"),
        plan: loaded.plan,
        policy: Policy {
            cap: Cap::new(cap).expect("a cap above 0"),
            ..Policy::default()
        },
        seed: 7,
        time_scale: 1.0,
        lifetime,
        catalogue: Arc::new(catalogue),
        cores: 2,
        spawner: Arc::new(spawner.clone()),
        store,
        probe: probe::start(Duration::from_hours(1)).expect("a probe"),
        learned: Vec::new(),
        surroundings: RunSurroundings {
            started_in: PathBuf::from("/"),
            own_program: PathBuf::from("/fanout"),
            inherited_env: [("PATH".to_owned(), "/bin".to_owned())].into(),
            run_dir: PathBuf::from("/run"),
        },
        load: None,
        recorder,
        agents: None,
        tape,
    });
    Trial {
        handle: engine.handle(),
        engine,
        spawner,
        folder,
    }
}

impl Trial {
    /// Waits until a snapshot shows what is wanted.
    pub(crate) async fn until(&self, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let mut snapshots = self.handle.snapshots();
        let seen = timeout(PATIENCE, snapshots.wait_for(|snapshot| wanted(snapshot))).await;
        match seen {
            Ok(Ok(snapshot)) => Arc::clone(&snapshot),
            _ => panic!("not seen; last: {:#?}", self.handle.latest().calls),
        }
    }

    pub(crate) async fn until_starting(&self, call: u32) {
        let is_starting = |snapshot: &Snapshot| {
            snapshot
                .row(id(call))
                .is_some_and(|row| matches!(row.state, CallState::Starting { .. }))
        };
        self.until(is_starting).await;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.spawner.stops(call).is_none() {
            assert!(tokio::time::Instant::now() < deadline, "never launched");
            // The clock is not the real one: it only moves while everything waits.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until a call is launched, in real time.
    pub(crate) async fn until_launched(&self, call: u32) {
        let deadline = std::time::Instant::now() + Duration::from_mins(1);
        while self.spawner.stops(call).is_none() {
            assert!(std::time::Instant::now() < deadline, "never launched");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn until_ended(&self, call: u32, outcome: Outcome) -> Arc<Snapshot> {
        self.until(|snapshot| state(snapshot, call) == CallState::Ended(outcome))
            .await
    }

    pub(crate) fn send(&self, command: Command) {
        self.handle.send(command).expect("room for a command");
    }

    /// The last snapshot of a run that ends, its account checked.
    pub(crate) async fn last(mut self) -> Arc<Snapshot> {
        let last = timeout(PATIENCE, self.engine.ended())
            .await
            .expect("an end")
            .expect("no panic");
        assert_eq!(fanout::lab::balance(&last), Ok(()));
        last
    }
}

pub(crate) fn state(snapshot: &Snapshot, call: u32) -> CallState {
    snapshot.row(id(call)).expect("a row").state
}

pub(crate) fn reason(snapshot: &Snapshot, call: u32) -> String {
    let row = snapshot.row(id(call)).expect("a row");
    row.reason.as_deref().unwrap_or_default().to_owned()
}
