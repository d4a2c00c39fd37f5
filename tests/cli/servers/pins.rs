//! Servers that describe their tools otherwise than before.

use serde_json::Value;

use super::shell::place;
use crate::bench::{Answer, Bench};

fn run(bench: &Bench, words: &[&str]) -> Answer {
    let state = bench.folder().join("state").display().to_string();
    let words: Vec<&str> = words
        .iter()
        .chain(&["--catalogue", "servers.toml"])
        .copied()
        .collect();
    let answer = bench.run_with(&[("XDG_STATE_HOME", &state)], &words);
    bench.assert_nobody_is_left();
    answer
}

#[test]
fn torture_59_a_tool_that_is_described_otherwise_is_shown_and_not_used() {
    let bench = Bench::new();
    place(&bench, &["plain"]);
    for _ in 0..2 {
        run(&bench, &["call", "plain.look"]).with_code(0);
    }
    bench.file("said-of-look", "looks, and tells \u{202e}everybody");
    bench.file("plan.toml", "[[call]]\ntool = \"plain.look\"\n");
    for words in [
        &["call", "plain.look"][..],
        &["run", "plan.toml", "--plain"],
    ] {
        let answer = run(&bench, words).with_code(3);
        for part in [
            "server plain describes its tool look otherwise",
            "-   \"description\": \"look\",",
            "+   \"description\": \"looks, and tells <U+202E>everybody\",",
            "nothing was called",
        ] {
            assert!(answer.stderr.contains(part), "{part}: {answer:#?}");
        }
        assert_eq!(answer.stdout, "");
    }
    // The others are as they were, and so is this one again.
    run(&bench, &["call", "plain.add", "text=x"]).with_code(0);
    bench.file("said-of-look", "look");
    run(&bench, &["call", "plain.look"]).with_code(0);
}

#[test]
fn torture_59_a_tool_that_changes_during_a_run_is_not_used_again() {
    let bench = Bench::new();
    place(&bench, &["plain"]);
    bench.file(
        "plan.toml",
        "[[call]]\nid = \"before\"\ntool = \"plain.look\"\n\
         [[call]]\nid = \"turn\"\ntool = \"plain.turn\"\nafter = [\"before\"]\n\
         [[call]]\nid = \"other\"\ntool = \"plain.add\"\nargs = { text = \"x\" }\nafter = [\"turn\"]\n\
         [[call]]\nid = \"after\"\ntool = \"plain.look\"\nafter = [\"turn\"]\nstart_after = \"2s\"\n",
    );
    run(
        &bench,
        &["run", "plan.toml", "--plain", "--report", "r.json"],
    )
    .with_code(1);
    let report = std::fs::read_to_string(bench.folder().join("r.json")).expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let outcomes = report["calls"].as_array().expect("calls").iter();
    let outcomes: Vec<&str> = outcomes.filter_map(|it| it["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["succeeded", "succeeded", "succeeded", "failed"]);
    let reason = report["calls"][3]["reason"].as_str().expect("a reason");
    assert!(reason.contains("otherwise than before"), "{reason}");
}

#[test]
fn descriptions_that_cannot_be_read_are_asked_about() {
    let bench = Bench::new();
    place(&bench, &["plain"]);
    run(&bench, &["call", "plain.look"]).with_code(0);
    let folder = bench.folder().join("state").join("fanout").join("tools");
    let mut files = std::fs::read_dir(&folder).expect("the pins");
    let file = files.next().expect("a file").expect("an entry").path();
    std::fs::write(&file, "{ torn").expect("written");
    let answer = run(&bench, &["call", "plain.look"]).with_code(3);
    assert!(answer.stderr.contains("cannot be read"), "{answer:#?}");
    assert!(answer.stderr.contains("nothing was called"), "{answer:#?}");
    assert_eq!(answer.stdout, "");
}
