//! `load`: steps, percentiles, conditions and files.

use roxmltree::Document;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::bench::{Answer, Bench};

/// A tool that prints its argument, and fails for 3 and above.
const TOOLS: &str = r#"
[[tool]]
name = "say"
command = ["sh", "-c", "echo $1; test $1 -lt 3", "sh", "{{n}}"]
[tool.input_schema]
type = "object"
required = ["n"]
properties.n = { type = "integer" }
properties.text = { type = "string" }
[[tool]]
name = "alone"
command = ["sleep", "0.05"]
locks = { write = ["one"] }
[[tool]]
name = "mark"
command = ["sh", "-c", "echo called >> calls.txt"]
"#;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.file("tools.toml", TOOLS);
    bench
}

fn words<'w>(more: &[&'w str]) -> Vec<&'w str> {
    [&["load"][..], more, &["--catalogue", "tools.toml"]].concat()
}

#[test]
fn steps_are_measured_and_written_in_every_form() {
    let bench = bench();
    let files = [
        "--csv", "out.csv", "--svg", "out.svg", "--report", "out.json",
    ];
    let asked = ["say", "n=1", "-n", "6", "--caps", "1,3", "--json"];
    let answer = bench.run(&words(&[&asked[..], &files].concat()));
    let document = answer.with_code(0).json();
    assert_eq!(document["version"], 1);
    let steps = document["steps"].as_array().expect("steps");
    let caps: Vec<&Value> = steps.iter().map(|step| &step["level"]["cap"]).collect();
    assert_eq!(caps, [&json!(1), &json!(3)]);
    for step in steps {
        assert_eq!((&step["calls"], &step["errors"]), (&json!(6), &json!([])));
        let time = |kind: &str, part: &str| step[kind][part].as_f64().expect("a time");
        assert!(time("latency_ms", "p50") > 0.0 && time("service_ms", "p50") > 0.0);
        assert!(time("latency_ms", "p50") <= time("latency_ms", "max"));
        assert!(step["memory_bytes"].is_number() || step["memory_bytes"].is_null());
        assert!(step["cpu_cores"].is_number());
    }
    assert!(steps[1]["in_flight"]["most"].as_u64() <= Some(3));
    assert!(document["own_cost_ms"].as_f64() > Some(0.0));
    let read = |name: &str| std::fs::read_to_string(bench.folder().join(name)).expect("a file");
    let report: Value = serde_json::from_str(&read("out.json")).expect("JSON");
    assert_eq!(report, document);
    assert_eq!(read("out.csv").lines().count(), 3);
    let svg = read("out.svg");
    Document::parse(&svg).expect("XML");
    let plain = bench
        .run(&words(&["say", "n=1", "-n", "6", "--plain"]))
        .with_code(0);
    assert!(plain.stdout.contains("fanout itself: "), "{}", plain.stdout);
    bench.assert_nobody_is_left();
}

#[test]
fn arguments_come_from_numbers_and_from_files() {
    let bench = bench();
    let errors = |more: &[&str]| {
        let asked = [&["say", "-n", "6", "--json"][..], more].concat();
        let document = bench.run(&words(&asked)).with_code(0).json();
        document["steps"][0]["errors"][0].clone()
    };
    // Calls 3 to 6 fail.
    let error = errors(&["n={{i}}"]);
    assert_eq!(
        (&error["kind"], &error["count"]),
        (&json!("failed"), &json!(4))
    );
    assert_eq!(error["first"], "exit code 1");
    bench.file(
        "rows.jsonl",
        "{\"n\": 1}\n\n{\"n\": 5, \"text\": \"{{i}}\"}\n",
    );
    assert_eq!(errors(&["--args-from", "rows.jsonl"])["count"], 3);
    bench.file("rows.csv", "n,text\n1,\n2,\"a, b\"\n7,c\n");
    assert_eq!(errors(&["--args-from", "rows.csv"])["count"], 2);
    for (name, rows, place) in [
        ("bad.jsonl", "{\"n\": 1}\n{\"n\": \"x\"}\n", "bad.jsonl:2"),
        ("worse.jsonl", "{\"n\": 1}\n[]\n", "worse.jsonl:2"),
        ("bad.csv", "n\n1\nx\n", "bad.csv:3"),
        ("none.jsonl", "\n", "none.jsonl"),
    ] {
        bench.file(name, rows);
        let answer = bench
            .run(&words(&["say", "--args-from", name]))
            .with_code(2);
        assert!(answer.stderr.contains(place), "{}", answer.stderr);
    }
    bench.assert_nobody_is_left();
}

#[test]
fn a_plan_is_a_mix_and_its_limits_bind_unless_they_are_lifted() {
    let bench = bench();
    bench.file(
        "mix.toml",
        "[[call]]\ntool = \"say\"\nargs = { n = 1 }\n[[call]]\ntool = \"say\"\nargs = { n = 9 }\n",
    );
    let asked = ["mix.toml", "-n", "8", "--cap", "2", "--json"];
    let document = bench.run(&words(&asked)).with_code(0).json();
    assert_eq!(document["steps"][0]["errors"][0]["count"], 4);
    bench.file(
        "chain.toml",
        "[[call]]\nid = \"a\"\ntool = \"say\"\nargs = { n = 1 }\n[[call]]\ntool = \"say\"\nargs = { n = \"{{a.output}}\" }\n",
    );
    let answer = bench.run(&words(&["chain.toml"])).with_code(3);
    assert!(answer.stderr.contains("needs the output of another call"));

    let step = |more: &[&str]| {
        let asked = [&["alone", "-n", "8", "--cap", "4", "--json"][..], more].concat();
        bench.run(&words(&asked)).with_code(0).json()["steps"][0].clone()
    };
    let bound = step(&[]);
    assert_eq!(bound["in_flight"]["most"], 1);
    assert!(bound["waited_ms"]["lock"].as_f64() > Some(40.0), "{bound}");
    let lifted = step(&["--ignore-limits"]);
    assert!(lifted["in_flight"]["most"].as_u64() > Some(1), "{lifted}");
    assert_eq!(lifted["waited_ms"]["lock"], 0.0);
    bench.assert_nobody_is_left();
}

#[test]
fn conditions_decide_the_exit_code() {
    let bench = bench();
    let code = |more: &[&str], code: i32| {
        let asked = [&["say", "n={{i}}", "-n", "6"][..], more].concat();
        bench.run(&words(&asked)).with_code(code)
    };
    code(&["--budget", "p95<1h", "--budget", "errors<90%"], 0);
    let broken = code(&["--budget", "errors<1%"], 1);
    assert!(
        broken.stdout.contains("broken: errors<1 %"),
        "{}",
        broken.stdout
    );
    code(&["--fail-fast"], 1);
    let none = code(&["--find", "p95<1ms"], 1);
    assert!(
        none.stdout
            .contains("Nothing keeps p95<1.00 ms: not even 1 lane.")
    );
    for wrong in [
        &["--budget", "p95"][..],
        &["--budget", "p95<fast"],
        &["--cap", "2", "--rate", "5"],
        &["--rate", "5", "--think", "1s"],
        &["--rate", "0"],
        &["--for", "0s"],
        &["-n", "0"],
        &["--caps", "2..1"],
        &["--report", "tools.toml"],
    ] {
        code(wrong, 2);
    }
    bench.run(&words(&["sya", "n=1"])).with_code(3);
    bench.assert_nobody_is_left();
}

#[test]
fn open_loop_keeps_its_schedule_and_an_interrupt_keeps_what_is_known() {
    let bench = bench();
    let asked = ["say", "n=1", "--rate", "20/s", "--for", "1s", "--events"];
    let answer = bench.run(&words(&asked)).with_code(0);
    let events = answer.json_lines();
    let due = events.iter().filter(|it| it["event"] == "call-ended");
    let mut due: Vec<f64> = due
        .map(|it| it["due_ms"].as_f64().expect("a time"))
        .collect();
    due.sort_by(f64::total_cmp);
    let schedule: Vec<f64> = (0..20).map(|call| f64::from(call) * 50.0).collect();
    let is_near = |(due, at): (&f64, &f64)| (due - at).abs() < 0.01;
    assert!(
        due.len() == 20 && due.iter().zip(&schedule).all(is_near),
        "{due:?}"
    );
    assert_eq!(
        events.last().map(|it| &it["event"]),
        Some(&json!("load-ended"))
    );

    let child = bench.start(&words(&["mark", "--for", "1h", "--json"]));
    bench.wait_for_line("calls.txt");
    kill_process(Pid::from_child(&child), Signal::INT).expect("a signal");
    let answer = Answer::of(child.wait_with_output().expect("it ends")).with_code(130);
    assert_eq!(answer.json()["stopped"], true);
    bench.assert_nobody_is_left();
}
