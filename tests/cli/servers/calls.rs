//! Calls of a server's tools: from the command line and from a plan, and the
//! kinds of failure told apart.

use serde_json::Value;

use super::shell::place;
use crate::bench::Bench;

const CATALOGUE: [&str; 2] = ["--catalogue", "servers.toml"];

pub(super) fn report_of(bench: &Bench) -> Value {
    let text = std::fs::read_to_string(bench.folder().join("report.json")).expect("a report");
    serde_json::from_str(&text).expect("JSON")
}

pub(super) fn call<'r>(report: &'r Value, id: &str) -> &'r Value {
    let calls = report["calls"].as_array().expect("calls");
    calls
        .iter()
        .find(|call| call["id"] == id)
        .expect("the call")
}

fn run(bench: &Bench, plan: &str, code: i32) -> Value {
    bench.file("plan.toml", plan);
    let words = ["run", "plan.toml", "--plain", "--report", "report.json"];
    let words: Vec<&str> = words.iter().chain(&CATALOGUE).copied().collect();
    bench.run(&words).with_code(code);
    bench.assert_nobody_is_left();
    report_of(bench)
}

#[test]
fn one_call_prints_its_output_and_leaves_nothing() {
    let bench = Bench::new();
    place(&bench, &["plain"]);
    let answer = bench.run(&["call", "plain.look", CATALOGUE[0], CATALOGUE[1]]);
    assert_eq!(answer.with_code(0).stdout, "seen\n");
    let answer = bench.run(&["call", "plain.lok", CATALOGUE[0], CATALOGUE[1]]);
    let answer = answer.with_code(3);
    assert!(
        answer.stderr.contains("did you mean \"plain.look\"?"),
        "{answer:?}"
    );
    bench.assert_nobody_is_left();
}

#[test]
fn lines_that_are_no_message_stand_in_the_output_of_the_only_call_in_flight() {
    let bench = Bench::new();
    place(&bench, &["plain"]);
    let answer = bench.run(&["call", "plain.noise", CATALOGUE[0], CATALOGUE[1]]);
    let answer = answer.with_code(0);
    assert_eq!(answer.stdout, "after the noise\n");
    let told = "no message, on standard output: Listening on nothing";
    assert!(answer.stderr.contains(told), "{answer:?}");
}

#[test]
fn the_kinds_of_failure_are_told_apart() {
    let bench = Bench::new();
    place(&bench, &["plain", "other", "third"]);
    let plan: String = ["fail", "refuse", "shape", "noise"]
        .map(|tool| format!("[[call]]\nid = \"{tool}\"\ntool = \"plain.{tool}\"\n"))
        .concat()
        + "[[call]]\nid = \"long\"\ntool = \"third.long\"\n\
           [[call]]\nid = \"slow\"\ntool = \"plain.slow\"\ntimeout = \"500ms\"\ngrace = \"700ms\"\n\
           [[call]]\nid = \"obey\"\ntool = \"plain.obey\"\ntimeout = \"500ms\"\n\
           [[call]]\nid = \"die\"\ntool = \"other.die\"\n\
           [[call]]\nid = \"late\"\ntool = \"other.look\"\nafter = [{ call = \"die\", on = \"done\" }]\n";
    let report = run(&bench, &plan, 1);
    let told = |id: &str| {
        let call = call(&report, id);
        let word = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
        (word("outcome"), word("reason"), word("cancel"))
    };
    let failed = |id: &str, reason: &str| {
        let (outcome, told, _) = told(id);
        assert_eq!(outcome, "failed", "{id}: {told}");
        assert!(told.contains(reason), "{id}: {told}");
    };
    failed("fail", "tool error: no such thing");
    failed("refuse", "protocol error -32602: not like this");
    failed("shape", "output does not fit the tool's schema: `n`");
    failed("long", "is longer than 16 MiB");
    failed(
        "die",
        "transport: exit code 3; its last words: out of everything",
    );
    failed("late", "transport: server other is gone");
    assert_eq!(told("noise").0, "succeeded");
    assert_eq!(call(&report, "noise")["output"], "after the noise");
    let (outcome, _, cancel) = told("slow");
    assert_eq!(
        (outcome.as_str(), cancel.as_str()),
        ("timed-out", "still-working")
    );
    let stderr = call(&report, "slow")["stderr"].as_str().expect("text");
    assert!(
        stderr.starts_with("progress 1/600\nprogress 2/600\n"),
        "{stderr}"
    );
    let (outcome, _, cancel) = told("obey");
    assert_eq!(
        (outcome.as_str(), cancel.as_str()),
        ("timed-out", "confirmed")
    );
}

#[test]
fn writers_are_alone_on_their_server_and_readers_are_not_between_them() {
    let bench = Bench::new();
    place(&bench, &["plain"]);
    let plan: Vec<String> = (0..8)
        .map(|n| {
            let tool = if n % 2 == 0 { "add" } else { "look" };
            format!("[[call]]\nid = \"c{n}\"\ntool = \"plain.{tool}\"\nargs = {{ text = \"x\" }}\n")
        })
        .collect();
    let report = run(&bench, &format!("cap = 8\n{}", plan.concat()), 0);
    let span = |id: &str| {
        let call = call(&report, id);
        let ms = |key: &str| call[key].as_f64().expect("a time");
        (ms("started_ms"), ms("ended_ms"))
    };
    for writer in (0..8).step_by(2) {
        for other in (0..8).filter(|other| *other != writer) {
            let (a, b) = (span(&format!("c{writer}")), span(&format!("c{other}")));
            assert!(
                a.1 <= b.0 || b.1 <= a.0,
                "c{writer} and c{other}: {report:#}"
            );
        }
    }
    let added = std::fs::read_to_string(bench.folder().join("added")).expect("what was added");
    assert_eq!(added.lines().count(), 4);
}

#[test]
fn arguments_are_checked_once_the_tools_are_known() {
    let bench = Bench::new();
    place(&bench, &["plain"]);
    bench.file("plan.toml", "[[call]]\ntool = \"plain.add\"\n");
    let answer = bench.run(&["run", "plan.toml", "--plain", CATALOGUE[0], CATALOGUE[1]]);
    let answer = answer.with_code(3);
    assert!(answer.stderr.contains("\"text\" is missing"), "{answer:?}");
    bench.assert_nobody_is_left();
}

#[test]
fn checking_starts_nothing_and_says_what_it_does_not_know() {
    let bench = Bench::new();
    place(&bench, &["plain"]);
    bench.file(
        "plan.toml",
        "[[call]]\ntool = \"plain.add\"\nargs = { text = 1 }\n",
    );
    for command in ["check", "simulate"] {
        let answer = bench.run(&[command, "plan.toml", CATALOGUE[0], CATALOGUE[1]]);
        let answer = answer.with_code(0);
        assert!(
            answer.stderr.contains("server `plain` is not"),
            "{answer:?}"
        );
    }
    // A plan that is wrong whatever the tools are starts nothing either.
    bench.file(
        "plan.toml",
        "[[call]]\ntool = \"plain.add\"\nafter = [\"no\"]\n",
    );
    let answer = bench.run(&["run", "plan.toml", "--plain", CATALOGUE[0], CATALOGUE[1]]);
    answer.with_code(3);
    assert!(!bench.folder().join("started-plain").exists());
}

#[test]
fn writers_that_the_user_lets_overlap_are_named() {
    let bench = Bench::new();
    place(&bench, &["plain"]);
    let servers = std::fs::read_to_string(bench.folder().join("servers.toml")).expect("servers");
    let relaxed = "[mcp.plain.tools]\nwait = { parallel = true }\nadd = { parallel = true }\n";
    bench.file("servers.toml", &(servers + relaxed));
    // The first stays at work until it is given up, so that they do overlap.
    let plan = "[[call]]\nid = \"a\"\ntool = \"plain.wait\"\ntimeout = \"600ms\"\ngrace = \"0s\"\n\
                [[call]]\nid = \"b\"\ntool = \"plain.add\"\nargs = { text = \"x\" }\n\
                start_after = \"200ms\"\n";
    let report = run(&bench, plan, 1);
    assert_eq!(report["hazards"][0]["server"], "plain");
    assert_eq!(report["hazards"][0]["calls"], serde_json::json!(["a", "b"]));
    let reason = call(&report, "b")["reason"].as_str().expect("a reason");
    assert_eq!(reason, "overlapped a: your order");
}
