//! Exit codes.

use crate::bench::{Answer, Bench};

#[test]
fn success_is_zero_and_a_failed_call_is_one() {
    let bench = Bench::new();
    bench.file(
        "good.toml",
        "[[call]]\ntool = \"echo\"\nargs = { text = \"a\" }\n",
    );
    bench.run(&["run", "good.toml"]).with_code(0);
    bench.file("bad.toml", "[[call]]\ntool = \"fail\"\n");
    bench.run(&["run", "bad.toml"]).with_code(1);
    bench.file(
        "late.toml",
        "[[call]]\ntool = \"hang\"\ntimeout = \"50ms\"\n",
    );
    let answer = bench.run(&["run", "late.toml"]).with_code(1);
    assert!(answer.stdout.contains("timed-out"), "{answer:#?}");
    bench.assert_nobody_is_left();
}

#[test]
fn a_planned_failure_is_no_failure_of_the_run() {
    let bench = Bench::new();
    let plan = "[[call]]\nid = \"planned\"\ntool = \"fail\"\nexpect = \"failed\"\n\
                [[call]]\ntool = \"echo\"\nargs = { text = \"a\" }\nafter = [\"planned\"]\n";
    bench.file("planned.toml", plan);
    let answer = bench.run(&["run", "planned.toml"]).with_code(0);
    assert!(answer.stdout.contains("1 failed, 1 skipped"), "{answer:#?}");
    // One that was to fail and succeeds did not end as planned either.
    bench.file(
        "unplanned.toml",
        "[[call]]\ntool = \"echo\"\nargs = { text = \"a\" }\nexpect = \"failed\"\n",
    );
    bench.run(&["run", "unplanned.toml"]).with_code(1);
}

#[test]
fn output_that_cannot_be_written_is_no_success() {
    let bench = Bench::new();
    bench.file(
        "plan.toml",
        "[[call]]\ntool = \"echo\"\nargs = { text = \"a\" }\n",
    );
    for words in [
        &["call", "echo", "text=a"][..],
        &["run", "plan.toml", "--plain"],
        &["run", "plan.toml", "--events"],
        &["tools"],
    ] {
        let full = std::fs::File::create("/dev/full").expect("a full disk");
        let output = bench.command(words).stdout(full).output();
        let answer = Answer::of(output.expect("it can be run")).with_code(4);
        assert!(answer.stderr.contains("standard output"), "{answer:#?}");
    }
}

#[test]
fn wrong_command_lines_are_two() {
    let bench = Bench::new();
    bench.file(
        "plan.toml",
        "[[call]]\ntool = \"echo\"\nargs = { text = \"a\" }\n",
    );
    for words in [
        &["run"][..],
        &["run", "plan.toml", "--cap", "0"],
        &["run", "plan.toml", "--cap", "many"],
        &["run", "plan.toml", "--on-failure", "hope"],
        &["run", "plan.toml", "--time-scale", "1e300"],
        &["simulate", "plan.toml", "--time-scale", "-1"],
        &["sweep", "plan.toml", "--time-scale", "NaN"],
        &["run", "plan.toml", "--plain", "--events"],
        &["run", "plan.toml", "--colour"],
        &["wish"],
        &["call"],
        &["call", "echo", "text"],
    ] {
        let answer = bench.run(words).with_code(2);
        assert!(
            !answer.stderr.is_empty() && answer.stdout.is_empty(),
            "{answer:#?}"
        );
    }
    bench.run(&["--help"]).with_code(0);
    bench.run(&["--version"]).with_code(0);
}

#[test]
fn torture_13_dependents_of_a_failure_are_skipped_with_the_culprit_named() {
    let bench = Bench::new();
    let plan = "[[call]]\nid = \"bad\"\ntool = \"fail\"\n\
                [[call]]\nid = \"next\"\ntool = \"echo\"\nargs = { text = \"a\" }\nafter = [\"bad\"]\n\
                [[call]]\nid = \"last\"\ntool = \"echo\"\nargs = { text = \"{{next.output}}\" }\n";
    bench.file("plan.toml", plan);
    bench
        .run(&["run", "plan.toml", "--report", "report.json"])
        .with_code(1);
    let report = std::fs::read_to_string(bench.folder().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    for call in [1, 2] {
        let call = &report["calls"][call];
        assert_eq!(call["outcome"], "skipped", "{call}");
        let reason = call["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("bad"), "{call}");
    }
}

#[test]
fn the_failure_policy_of_the_command_line_wins() {
    let bench = Bench::new();
    let plan = "on_failure = \"skip\"\n\
                [[call]]\nid = \"bad\"\ntool = \"fail\"\n\
                [[call]]\nid = \"next\"\ntool = \"echo\"\nargs = { text = \"a\" }\nafter = [\"bad\"]\n";
    bench.file("plan.toml", plan);
    let skipped = bench.run(&["run", "plan.toml"]).with_code(1);
    assert!(skipped.stdout.contains("next skipped"), "{skipped:#?}");
    let goes_on = bench
        .run(&["run", "plan.toml", "--on-failure", "continue"])
        .with_code(1);
    assert!(goes_on.stdout.contains("next succeeded"), "{goes_on:#?}");
}
