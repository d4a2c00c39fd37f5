//! `compare`: times of several caps, and results that are the same or not.

use serde_json::Value;

use crate::bench::Bench;

/// Two calls that read a number, wait and write it back changed.
const LOST_UPDATE: &str = r#"
name = "lost update"
[[call]]
id = "one"
tool = "add"
args = { path = "run:sum", amount = 40, ms = 300 }
LOCKS
[[call]]
id = "beside"
tool = "fetch"
args = { url = "https://a.example", ms = 10 }
[[call]]
id = "two"
tool = "add"
args = { path = "run:sum", amount = 2, ms = 300 }
LOCKS
[[call]]
id = "sum"
tool = "read-file"
args = { path = "run:sum" }
verify = true
"#;

const WORDS: [&str; 6] = ["compare", "plan.toml", "--repeats", "1", "--caps", "1,3"];

#[test]
fn a_lost_update_is_a_hazard_until_the_lock_that_is_named_is_there() {
    let bench = Bench::new();
    bench.file("plan.toml", &LOST_UPDATE.replace("LOCKS", ""));
    let words: Vec<&str> = WORDS.into_iter().chain(["--json"]).collect();
    let answer = bench.run(&words).with_code(1).json();
    assert_eq!(answer["version"], 1);
    assert_eq!(answer["hazards"][0]["id"], "sum");
    assert_eq!(answer["hazards"][0]["expected"]["output"], "42");
    let cause = &answer["cause"];
    assert_eq!(cause["calls"], serde_json::json!(["one", "two"]));
    let line = cause["remedies"][0]["line"].as_str().expect("a line");
    assert_eq!(line, r#"locks = { write = ["file:run:sum"] }"#);

    bench.file("plan.toml", &LOST_UPDATE.replace("LOCKS", line));
    let answer = bench.run(&words).with_code(0).json();
    assert_eq!(answer["hazards"], Value::Array(Vec::new()));
    assert_eq!(answer["cause"], Value::Null);
    bench.assert_nobody_is_left();
}

#[test]
fn a_person_reads_the_calls_and_the_line() {
    let bench = Bench::new();
    bench.file("plan.toml", &LOST_UPDATE.replace("LOCKS", ""));
    let answer = bench.run(&WORDS).with_code(1);
    for text in [
        "Parallel hazard: results differ between the caps.",
        "sum prints something else in",
        "It takes these 2 calls at the same time",
        r#"locks = { write = ["file:run:sum"] }"#,
        "in one, two",
    ] {
        assert!(answer.stdout.contains(text), "{text}: {answer:#?}");
    }
}

#[test]
fn one_cap_is_nothing_to_compare() {
    let bench = Bench::new();
    bench.file("plan.toml", &LOST_UPDATE.replace("LOCKS", ""));
    let words = ["compare", "plan.toml", "--caps", "4"];
    let answer = bench.run(&words).with_code(2);
    assert!(answer.stderr.contains("at least two caps"), "{answer:#?}");
}

#[test]
fn calls_that_fail_at_every_cap_fail_the_comparison_without_a_hazard() {
    let bench = Bench::new();
    bench.file("plan.toml", "[[call]]\ntool = \"fail\"\nargs = {}\n");
    let words: Vec<&str> = WORDS.into_iter().chain(["--json"]).collect();
    let answer = bench.run(&words).with_code(1).json();
    assert_eq!(answer["hazards"], Value::Array(Vec::new()));
}
