//! Bad input: exit 3, every error located in one report, nothing started.

use crate::bench::Bench;

/// Puts a call in front of bad text, that would leave a file if it were run.
fn after_a_good_call(bad: &str) -> String {
    format!(
        "[[call]]\nid = \"good\"\ntool = \"append\"\nargs = {{ path = \"started\", text = \"x\" }}\n{bad}"
    )
}

/// Runs a plan that must be refused: each of `expected` must be in the report.
fn assert_refused(bad: &str, expected: &[&str]) {
    let bench = Bench::new();
    bench.file("plan.toml", &after_a_good_call(bad));
    for command in ["run", "check"] {
        let answer = bench.run(&[command, "plan.toml"]).with_code(3);
        for text in expected {
            assert!(answer.stderr.contains(text), "{text} is not in {answer:#?}");
        }
        assert_eq!(answer.stdout, "", "results are for valid plans");
    }
    assert!(!bench.folder().join("started").exists(), "{bad}");
}

#[test]
fn torture_09_an_unknown_tool_is_refused_with_a_suggestion() {
    assert_refused(
        "[[call]]\ntool = \"ecoh\"\nargs = { text = \"a\" }\n",
        &[
            "there is no tool `ecoh`",
            "plan.toml:6:8",
            "did you mean `echo`",
        ],
    );
}

#[test]
fn torture_11_unknown_and_doubled_ids_are_refused() {
    assert_refused(
        "[[call]]\nid = \"good\"\ntool = \"echo\"\nargs = { text = \"a\" }\nafter = [\"goof\"]\n",
        &["plan.toml:6:6", "plan.toml:9:10", "`goof`"],
    );
}

#[test]
fn torture_12_cycles_are_refused_and_printed() {
    assert_refused(
        "[[call]]\nid = \"a\"\ntool = \"echo\"\nargs = { text = \"{{b.output}}\" }\n\
         [[call]]\nid = \"b\"\ntool = \"echo\"\nargs = { text = \"b\" }\nafter = [\"a\"]\n",
        &["a -> b -> a", "plan.toml:"],
    );
    assert_refused(
        "[[call]]\nid = \"own\"\ntool = \"echo\"\nargs = { text = \"a\" }\nafter = [\"own\"]\n",
        &["own -> own", "plan.toml:9:10"],
    );
}

#[test]
fn arguments_that_do_not_fit_the_schema_are_refused() {
    assert_refused(
        "[[call]]\ntool = \"burn\"\nargs = { cores = 0, wrok = 3 }\n",
        &["plan.toml:7:18", "`cores`", "plan.toml:7:21", "wrok"],
    );
}

#[test]
fn torture_14_caps_that_are_none_are_refused_and_one_too_high_is_lowered() {
    let bench = Bench::new();
    let call = "[[call]]\ntool = \"sleep\"\nargs = { ms = 0 }\n";
    for cap in ["0", "-1"] {
        bench.file("cap.toml", &format!("cap = {cap}\n{call}"));
        let answer = bench.run(&["run", "cap.toml"]).with_code(3);
        assert!(answer.stderr.contains("cap.toml:1:7"), "{answer:#?}");
    }
    bench.file("plan.toml", call);
    for cap in ["--cap=0", "--cap=-1"] {
        bench.run(&["run", "plan.toml", cap]).with_code(2);
    }
    let high = "the cap is 1000000000; 1024 is taken, the most";
    bench.file("cap.toml", &format!("cap = 1000000000\n{call}"));
    let answer = bench.run(&["run", "cap.toml"]).with_code(0);
    assert!(answer.stderr.contains(high), "{answer:#?}");
    let answer = bench
        .run(&["run", "plan.toml", "--cap", "1000000000"])
        .with_code(0);
    assert!(answer.stdout.contains("cap 1024"), "{answer:#?}");
}

#[test]
fn torture_10_broken_files_are_refused_with_the_place() {
    let bench = Bench::new();
    bench.file("broken.toml", "[[call]]\ntool = \n");
    let answer = bench.run(&["run", "broken.toml"]).with_code(3);
    assert!(answer.stderr.contains("broken.toml:2:"), "{answer:#?}");
    bench.file("broken.json", "{\n  \"call\": [}\n");
    let answer = bench.run(&["run", "broken.json"]).with_code(3);
    assert!(answer.stderr.contains("broken.json:2:"), "{answer:#?}");
    for words in [
        &["call", "echo", "--args", "{\"text\": }"][..],
        &["call", "echo", "text:=[1,"],
    ] {
        let answer = bench.run(words).with_code(2);
        assert!(answer.stderr.contains("line 1 column"), "{answer:#?}");
    }
    bench.run(&["run", "nowhere.toml"]).with_code(3);
}

#[test]
fn an_empty_plan_is_refused() {
    let bench = Bench::new();
    bench.file("empty.toml", "name = \"nothing\"\n");
    let answer = bench.run(&["run", "empty.toml"]).with_code(3);
    assert!(answer.stderr.contains("empty.toml"), "{answer:#?}");
}

#[test]
fn all_errors_of_the_plan_and_its_catalogues_stand_in_one_report() {
    let bench = Bench::new();
    bench.file("plan.toml", "[[call]]\ntool = \"missing\"\nretires = 2\n");
    bench.file(
        "one.toml",
        "[[tool]]\nname = \"twice\"\ncommand = [\"true\"]\ntimeot = \"1s\"\n",
    );
    bench.file(
        "two.toml",
        "[[tool]]\nname = \"twice\"\ncommand = [\"true\"]\n",
    );
    let answer = bench.run(&[
        "run",
        "plan.toml",
        "--catalogue",
        "one.toml",
        "--catalogue",
        "two.toml",
    ]);
    let answer = answer.with_code(3);
    for place in [
        "plan.toml:2:8",
        "plan.toml:3:1",
        "one.toml:4:1",
        "two.toml:2:8",
    ] {
        assert!(
            answer.stderr.contains(place),
            "{place} is not in {answer:#?}"
        );
    }
}
