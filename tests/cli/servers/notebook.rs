//! The sample server: what each of its tools is there to show.

use serde_json::Value;

use super::calls::{call, report_of};
use crate::bench::Bench;

fn run(bench: &Bench, plan: &str, words: &[&str], code: i32) -> Value {
    bench.file("plan.toml", plan);
    let given = ["run", "plan.toml", "--plain", "--report", "report.json"];
    let words: Vec<&str> = given.iter().chain(words).copied().collect();
    bench.run(&words).with_code(code);
    bench.assert_nobody_is_left();
    report_of(bench)
}

fn text<'r>(report: &'r Value, id: &str, key: &str) -> &'r str {
    call(report, id)[key].as_str().unwrap_or_default()
}

#[test]
fn the_three_truths_of_a_cancel_are_told_apart() {
    let bench = Bench::new();
    let call = |id: &str, tool: &str, grace: &str| {
        format!(
            "[[call]]\nid = \"{id}\"\ntool = \"notebook.{tool}\"\n\
             timeout = \"400ms\"\ngrace = \"{grace}\"\n"
        )
    };
    let plan = call("listens", "summarise", "30s")
        + "args = { ms = 60000, steps = 600 }\n"
        + &call("ignores", "reindex", "1s")
        + "args = { ms = 60000, steps = 600 }\n"
        + &call("stalls", "stall", "100ms");
    let report = run(&bench, &plan, &[], 1);
    for (id, truth) in [
        ("listens", "confirmed"),
        ("ignores", "still-working"),
        ("stalls", "unknown"),
    ] {
        assert_eq!(text(&report, id, "outcome"), "timed-out", "{id}");
        assert_eq!(text(&report, id, "cancel"), truth, "{id}");
    }
}

#[test]
fn every_kind_of_error_is_of_its_kind() {
    let bench = Bench::new();
    let plan = ["refuse", "garble", "notes", "crash"].map(|tool| {
        format!(
            "[[call]]\nid = \"{tool}\"\ntool = \"notebook.{tool}\"\n{}",
            if tool == "crash" {
                "after = [{ call = \"refuse\", on = \"done\" }, \
                 { call = \"garble\", on = \"done\" }, \"notes\"]\n"
            } else {
                ""
            }
        )
    });
    let report = run(&bench, &plan.concat(), &[], 1);
    assert_eq!(
        text(&report, "refuse", "reason"),
        "tool error: this page is torn out"
    );
    assert_eq!(
        text(&report, "garble", "reason"),
        "protocol error -32603: the ink has run"
    );
    assert_eq!(
        text(&report, "crash", "reason"),
        "transport: exit code 70; its last words: the binding is torn"
    );
    let notes = serde_json::json!({ "count": 0, "notes": [] });
    assert_eq!(call(&report, "notes")["output"], notes);
}

/// Eight notes at once, and then how many there are.
fn eight() -> String {
    let notes = (0..8).map(|note| {
        format!(
            "[[call]]\nid = \"n{note}\"\ntool = \"notebook.add-note\"\n\
             args = {{ text = \"note {note}\", ms = 300 }}\n"
        )
    });
    let notes: Vec<String> = notes.collect();
    let ids = (0..8).map(|note| format!("\"n{note}\""));
    let ids: Vec<String> = ids.collect();
    format!(
        "cap = 8\n{}[[call]]\nid = \"all\"\ntool = \"notebook.notes\"\nafter = [{}]\n",
        notes.concat(),
        ids.join(", ")
    )
}

#[test]
fn notes_taken_one_after_another_are_all_kept() {
    let bench = Bench::new();
    let report = run(&bench, &eight(), &[], 0);
    assert_eq!(call(&report, "all")["output"]["count"], 8);
    assert_eq!(report["hazards"], serde_json::json!([]));
}

#[test]
fn notes_taken_at_once_on_the_users_order_are_lost_and_that_is_told() {
    let bench = Bench::new();
    let program = env!("CARGO_BIN_EXE_fanout");
    bench.file(
        "relaxed.toml",
        &format!(
            "[mcp.notebook]\ncommand = [\"{program}\", \"sample-tool\", \"notebook\"]\n\
             startup_timeout = \"40s\"\n\
             [mcp.notebook.tools]\nadd-note = {{ parallel = true }}\n"
        ),
    );
    let report = run(&bench, &eight(), &["--catalogue", "relaxed.toml"], 0);
    let kept = call(&report, "all")["output"]["count"].as_u64();
    assert!(kept.is_some_and(|kept| kept < 8), "{report:#}");
    assert_eq!(report["hazards"][0]["server"], "notebook");
    let reasons = (0..8).map(|note| text(&report, &format!("n{note}"), "reason").to_owned());
    let told = reasons.filter(|reason| reason.starts_with("overlapped "));
    assert!(told.count() > 0, "{report:#}");
}

#[test]
fn progress_starts_the_idle_timeout_anew_and_never_the_whole_one() {
    let bench = Bench::new();
    let plan = "[[call]]\nid = \"tells\"\ntool = \"notebook.summarise\"\n\
                args = { ms = 3000, steps = 60 }\nidle_timeout = \"2s\"\n\
                [[call]]\nid = \"long\"\ntool = \"notebook.summarise\"\n\
                args = { ms = 60000, steps = 1200 }\nidle_timeout = \"20s\"\ntimeout = \"1s\"\n\
                [[call]]\nid = \"silent\"\ntool = \"notebook.stall\"\n\
                idle_timeout = \"500ms\"\ngrace = \"0s\"\n";
    let report = run(&bench, plan, &[], 1);
    let outcome = |id| text(&report, id, "outcome");
    assert_eq!(outcome("tells"), "succeeded", "{report:#}");
    assert_eq!(outcome("long"), "timed-out");
    assert!(text(&report, "long", "reason").starts_with("ran longer than 1s"));
    assert_eq!(outcome("silent"), "timed-out");
}
