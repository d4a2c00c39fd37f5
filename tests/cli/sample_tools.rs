//! The sample tools that only show themselves as processes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bench::Bench;

#[test]
fn a_tree_has_the_asked_shape_and_ends() {
    let bench = Bench::new();
    let words = [
        "sample-tool",
        "tree",
        "--depth",
        "2",
        "--width",
        "2",
        "--ms",
        "50",
    ];
    let lines = bench.run(&words).with_code(0).json_lines();
    let at = |depth: u64| {
        lines
            .iter()
            .filter(move |line| line["depth"] == depth)
            .count()
    };
    assert_eq!((at(2), at(1), at(0)), (1, 2, 4));
    let pids: BTreeSet<u64> = lines
        .iter()
        .filter_map(|line| line["pid"].as_u64())
        .collect();
    assert_eq!(pids.len(), 7);
    bench.assert_nobody_is_left();
}

#[test]
fn a_line_is_added_to_no_file_elsewhere() {
    let bench = Bench::new();
    for path in ["run:../../x", "../x", "/tmp/x"] {
        let path = format!("path={path}");
        let answer = bench.run(&["call", "append", &path, "text=y"]).with_code(1);
        assert!(answer.stderr.contains("writes only under"), "{answer:?}");
    }
    let words = ["call", "append", "path=x", "text=y"];
    bench.run(&words).with_code(0);
    let text = std::fs::read_to_string(bench.folder().join("x"));
    assert_eq!(text.expect("a file"), "y\n");
}

#[test]
fn what_is_left_behind_ends_by_itself() {
    let bench = Bench::new();
    for name in ["daemonise", "hold-stdout"] {
        let answer = bench
            .run(&["sample-tool", name, "--ms", "300"])
            .with_code(0);
        assert!(answer.json()["left"].is_u64(), "{answer:#?}");
    }
    bench.assert_nobody_is_left();
}

#[test]
fn the_attempt_decides_whether_flaky_fails() {
    let bench = Bench::new();
    bench.file(
        "plan.toml",
        "[[call]]\ntool = \"flaky\"\nargs = { fails = 2, ms = 0 }\nretries = 2\n",
    );
    bench
        .run(&["run", "plan.toml", "--report", "report.json"])
        .with_code(0);
    let text = std::fs::read_to_string(bench.folder().join("report.json")).expect("a report");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let attempts = report["calls"][0]["attempts"].as_array().expect("attempts");
    let outcomes: Vec<&str> = attempts
        .iter()
        .filter_map(|it| it["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["failed", "failed", "succeeded"]);
}
