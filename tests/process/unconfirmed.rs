//! A process that fanout may not kill: it has become another user's.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rustix::process::geteuid;

use crate::attempt::PATIENCE;
use crate::living::Living;

/// Nobody that any machine knows.
const USER: &str = "54321";

/// Only the superuser can make a program that becomes another user's, and a
/// user's fanout that must not kill it: elsewhere there is nothing to try, as
/// nothing there outlives SIGKILL.
#[test]
fn what_cannot_be_killed_is_unconfirmed_with_pid_and_reason() {
    if !geteuid().is_root() {
        return;
    }
    let living = Living::new();
    let folder = living.folder();
    place(folder);
    let program = format!(
        "exec setpriv --reuid={USER} --regid={USER} --clear-groups ./program \
         run plan.toml --plain --catalogue tools.toml --report report.json"
    );
    let output = Command::new("sh")
        .args(["-c", &program])
        .current_dir(folder)
        .env("HOME", folder)
        .env("XDG_STATE_HOME", folder)
        .env("TMPDIR", folder)
        .output()
        .expect("sh runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let left: Vec<u32> = living
        .processes()
        .into_iter()
        .filter_map(|(pid, name)| (name == "sleep").then_some(pid))
        .collect();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let report = fs::read(folder.join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    let call = &report["calls"][0];
    assert_eq!(call["outcome"], "unconfirmed", "{call}");
    assert_eq!(left.len(), 1, "{call}");
    let reason = call["reason"].as_str().unwrap_or_default();
    let named = format!("sleep (pid {}), it belongs to another user", left[0]);
    assert!(reason.ends_with(&named), "{reason}");
    // Somebody who may kills it; those who waited for that end by themselves.
    crate::runner::Runner::send(left[0], rustix::process::Signal::KILL);
    living.wait_for_count(0, PATIENCE);
}

/// A program with the superuser's rights that sleeps as the superuser, and a
/// plan that gives it no time.
fn place(folder: &Path) {
    let found = Command::new("sh")
        .args(["-c", "command -v setpriv"])
        .output()
        .expect("sh runs");
    let found = String::from_utf8(found.stdout).expect("a path");
    let raised = folder.join("raised");
    fs::copy(found.trim_end(), &raised).expect("a copy");
    fs::copy(env!("CARGO_BIN_EXE_fanout"), folder.join("program")).expect("a copy");
    let catalogue = "[[tool]]\nname = \"t\"\ndescription = \"stays\"\n\
        command = [\"./raised\", \"--reuid=0\", \"--regid=0\", \"--clear-groups\", \"sleep\", \"60\"]\n";
    fs::write(folder.join("tools.toml"), catalogue).expect("a catalogue");
    let plan = "[[call]]\ntool = \"t\"\ntimeout = \"500ms\"\ngrace = \"100ms\"\n";
    fs::write(folder.join("plan.toml"), plan).expect("a plan");
    let owned = Command::new("chown")
        .args(["-R", USER])
        .arg(folder)
        .status();
    assert!(owned.expect("chown runs").success());
    let owned = Command::new("chown").arg("0:0").arg(&raised).status();
    assert!(owned.expect("chown runs").success());
    fs::set_permissions(&raised, fs::Permissions::from_mode(0o4755)).expect("its rights");
}
