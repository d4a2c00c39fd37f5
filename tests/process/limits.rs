//! What is left to do where the system gives little.

use std::fs;
use std::process::Command;

use rustix::process::geteuid;

use crate::living::Living;

/// Ten calls of a tool that does nothing, and the report's outcomes.
fn outcomes_under(limit: &str, cap: &str) -> (String, Vec<String>) {
    let living = Living::new();
    let folder = living.folder();
    let catalogue =
        "[[tool]]\nname = \"t\"\ndescription = \"does nothing\"\ncommand = [\"true\"]\n";
    fs::write(folder.join("tools.toml"), catalogue).expect("a catalogue");
    fs::write(
        folder.join("plan.toml"),
        "[[call]]\ntool = \"t\"\n".repeat(10),
    )
    .expect("a plan");
    let program = folder.join("program");
    fs::copy(env!("CARGO_BIN_EXE_fanout"), &program).expect("a copy");
    let text = format!(
        "{limit} ./program run plan.toml --plain --catalogue tools.toml --cap {cap} \
         --report report.json"
    );
    // A limit on processes does not bind the superuser.
    let user = "setpriv --reuid=54321 --regid=54321 --clear-groups";
    let mut command = if geteuid().is_root() {
        let own = Command::new("chown")
            .arg("-R")
            .arg("54321")
            .arg(folder)
            .status();
        assert!(own.expect("chown runs").success());
        let mut command = Command::new("sh");
        command.args(["-c", &format!("exec {user} sh -c '{text}'")]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", &text]);
        command
    };
    let output = command
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder)
        .env("TMPDIR", folder)
        .output()
        .expect("sh runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = fs::read(folder.join("report.json")).unwrap_or_else(|_| panic!("{stderr}"));
    let report: serde_json::Value = serde_json::from_slice(&report).expect("a report");
    let calls = report["calls"].as_array().expect("calls");
    let outcomes = calls
        .iter()
        .map(|call| call["outcome"].as_str().unwrap_or("").to_owned());
    let outcomes = outcomes.collect();
    living.wait_for_count(0, crate::attempt::PATIENCE);
    (stderr, outcomes)
}

#[test]
fn torture_51_few_open_files_are_few_lanes() {
    let (stderr, outcomes) = outcomes_under("ulimit -n 40;", "64");
    assert!(
        stderr.contains("open files leave room for 2 lanes, not 64"),
        "{stderr}"
    );
    assert_eq!(outcomes, ["succeeded"; 10], "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn torture_51_few_processes_are_failures_and_no_panic() {
    // Enough for the program's threads, its warden and a few lanes, by far not
    // for thirty: some calls wait in vain, and the rest succeed.
    let (stderr, outcomes) = outcomes_under("ulimit -u 14;", "32");
    assert_eq!(outcomes.len(), 10, "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    for outcome in &outcomes {
        assert!(
            ["succeeded", "failed"].contains(&outcome.as_str()),
            "{outcomes:?}"
        );
    }
}
