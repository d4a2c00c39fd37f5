//! A queue of ten thousand calls on the dashboard.

use std::time::Duration;

use serde_json::json;

use crate::SIZE;
use crate::harness::OnTerminal;

/// Recorded calls, which wait and start no process.
#[test]
fn torture_15_ten_thousand_calls_come_to_their_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.json");
    let calls = (0..10_000).map(|call| json!({ "name": "t", "id": format!("t{call}") }));
    let times = (0..10_000).map(|call| json!({ "id": format!("t{call}"), "runtimeInSeconds": 0 }));
    let workflow = json!({
        "name": "many",
        "schemaVersion": "1.5",
        "workflow": {
            "specification": { "tasks": calls.collect::<Vec<_>>(), "files": [] },
            "execution": { "makespanInSeconds": 1, "tasks": times.collect::<Vec<_>>() },
        },
    });
    std::fs::write(&plan, workflow.to_string()).expect("a plan");
    let plan = plan.display().to_string();
    let mut fanout = OnTerminal::fanout(&["run", &plan, "--cap", "64"], SIZE, &[]);
    let patience = Duration::from_mins(2);
    let is_over = |screen: &vt100::Screen, _: &[u8]| screen.contents().contains("✓10000 done");
    assert!(
        fanout.holds_within(patience, is_over),
        "{}",
        fanout.contents()
    );
    fanout.keys("q");
    assert_eq!(fanout.exit_code(), 0);
    fanout.assert_restored();
}
