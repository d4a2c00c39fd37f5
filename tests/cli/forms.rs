//! What a run prints and writes: plain lines, events, the report.

use serde_json::{Value, json};

use crate::bench::{Answer, Bench};

/// Text made in one call, counted by two, told by a fourth; one call fails
/// once, one fails for good.
const PLAN: &str = r#"
name = "forms"

[[call]]
id = "late"
tool = "echo"
args = { text = "late but first", ms = 150 }

[[call]]
id = "write"
tool = "append"
args = { path = "run:a.txt", text = "one two three" }

[[call]]
id = "count"
tool = "word-count"
args = { path = "{{write.output.path}}" }

[[call]]
id = "again"
tool = "flaky"
args = { ms = 0 }
retries = 3

[[call]]
id = "tell"
tool = "echo"
args = { text = "{{count.output.words}} words, {{again.output}}" }

[[call]]
id = "broken"
tool = "fail"
args = { message = "no such luck", code = 3 }
expect = "failed"

[[call]]
id = "never"
tool = "echo"
args = { text = "{{broken.output}}" }
"#;

const IDS: [&str; 7] = ["late", "write", "count", "again", "tell", "broken", "never"];

fn run(bench: &Bench, words: &[&str]) -> Answer {
    bench.file("plan.toml", PLAN);
    let words: Vec<&str> = ["run", "plan.toml"].iter().chain(words).copied().collect();
    bench.run(&words).with_code(0)
}

fn report(bench: &Bench, name: &str) -> Value {
    let text = std::fs::read_to_string(bench.folder().join(name)).expect("a report");
    serde_json::from_str(&text).expect("a report is JSON")
}

#[test]
fn plain_tells_starts_and_ends_and_then_all_outputs_in_plan_order() {
    let bench = Bench::new();
    let answer = run(&bench, &["--plain"]);
    let (lines, outputs) = answer.stdout.split_once("\n\n").expect("two parts");
    let count = |word: &str| lines.matches(&format!("  {word}  ")).count();
    // Six calls start, one of them twice; seven end, one attempt besides.
    assert_eq!((count("start"), count("end  ")), (7, 8), "{lines}");
    assert!(lines.ends_with('s') && lines.contains("done   5 succeeded, 1 failed, 1 skipped"));
    let headings = outputs.lines().filter_map(|line| line.strip_prefix("== "));
    let ids: Vec<&str> = headings.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(ids, IDS);
    assert!(outputs.contains("\n3 words, connected\n"), "{outputs}");
    assert!(outputs.contains("stderr: error: no such luck"), "{outputs}");
}

#[test]
fn the_cap_changes_the_time_and_not_the_outputs() {
    let bench = Bench::new();
    let outputs = ["1", "8"].map(|cap| {
        let answer = run(
            &bench,
            &["--plain", "--cap", cap, "--report", "report.json"],
        );
        let (_, outputs) = answer.stdout.split_once("\n\n").expect("two parts");
        let report = report(&bench, "report.json");
        assert_eq!(report["cap"].to_string(), cap);
        // Behind them stands the sum of the run, which is told in times.
        let (outputs, sum) = outputs.rsplit_once("\n\n").expect("a sum");
        let one_lane = ["one lane would take ~", "one lane took"];
        assert!(one_lane.iter().any(|it| sum.contains(it)), "{sum}");
        (outputs.to_owned(), essence(&report))
    });
    let [one, eight] = outputs;
    assert_eq!(one, eight);
}

/// What must not depend on the cap, of each call in the report's order.
fn essence(report: &Value) -> Vec<Value> {
    let calls = report["calls"].as_array().expect("calls");
    let names = [
        "id",
        "tool",
        "args",
        "outcome",
        "reason",
        "output",
        "stderr",
        "stdout_bytes",
    ];
    let kept = |call: &Value| names.map(|name| (name.to_owned(), call[name].clone()));
    calls
        .iter()
        .map(|call| Value::from_iter(kept(call)))
        .collect()
}

#[test]
fn the_report_has_the_figures_of_the_run() {
    let bench = Bench::new();
    run(&bench, &["--plain", "--report", "report.json"]);
    let report = report(&bench, "report.json");
    let figure = |name: &str| {
        report[name]
            .as_f64()
            .unwrap_or_else(|| panic!("{name}: {report:#}"))
    };
    assert_eq!(
        (&report["version"], &report["plan"]),
        (&json!(1), &json!("forms"))
    );
    assert!(figure("critical_path_ms") <= figure("lower_bound_ms"));
    assert!(figure("lower_bound_ms") <= figure("wall_ms"));
    assert!(figure("wall_ms") >= 150.0);
    let efficiency = figure("lower_bound_ms") / figure("wall_ms");
    assert!((figure("efficiency") - efficiency).abs() < 1e-5);
    let times = report["calls"]
        .as_array()
        .expect("calls")
        .iter()
        .flat_map(|call| {
            call["attempts"]
                .as_array()
                .expect("attempts")
                .iter()
                .map(|attempt| {
                    attempt["ended_ms"].as_f64().expect("an end")
                        - attempt["started_ms"].as_f64().expect("a start")
                })
        });
    assert!((times.sum::<f64>() - figure("sum_run_ms")).abs() < 0.1);
    let of = |index: usize| &report["calls"][index];
    assert_eq!(of(1)["output"], json!({ "path": "run:a.txt", "bytes": 14 }));
    assert_eq!(of(2)["args"], json!({ "path": "run:a.txt" }));
    assert_eq!(of(3)["attempts"].as_array().map(Vec::len), Some(2));
    assert_eq!(of(5)["attempts"][0]["exit_code"], 3);
    assert_eq!(
        (&of(6)["outcome"], &of(6)["args"]),
        (&json!("skipped"), &Value::Null)
    );
    let counts = json!({
        "succeeded": 5, "failed": 1, "timed-out": 0, "cancelled": 0,
        "skipped": 1, "leaked": 0, "unconfirmed": 0, "lost": 0,
    });
    assert_eq!(report["outcome_counts"], counts);
}

#[test]
fn events_tell_the_run_from_start_to_end() {
    let bench = Bench::new();
    let events = run(&bench, &["--events"]).json_lines();
    let of = |word: &str| {
        events
            .iter()
            .filter(|event| event["event"] == word)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        events.first().map(|event| &event["event"]),
        Some(&json!("run-started"))
    );
    assert_eq!(
        events.last().map(|event| &event["event"]),
        Some(&json!("run-ended"))
    );
    let ids = |events: &[&Value]| {
        events
            .iter()
            .map(|event| event["id"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&of("call-queued")), IDS.map(Value::from));
    let mut ended = ids(&of("call-ended"));
    ended.sort_by_key(ToString::to_string);
    let mut all = IDS.map(Value::from);
    all.sort_by_key(ToString::to_string);
    assert_eq!(ended, all, "each call ends exactly once");
    assert_eq!(of("call-started").len(), 7);
    let times = events
        .iter()
        .map(|event| event["t_ms"].as_f64().expect("a time"));
    assert!(times.is_sorted(), "{events:#?}");
    let printed = of("output");
    let tell = printed
        .iter()
        .filter(|event| event["id"] == "tell" && event["stream"] == "stdout");
    let text: String = tell.filter_map(|event| event["text"].as_str()).collect();
    assert_eq!(text, "3 words, connected\n");
    let waits = of("call-waiting");
    let has_reason = |id: &str, reason: &str| {
        let mut waits = waits.iter().filter(|event| event["id"] == id);
        waits.any(|event| {
            event["reason"]
                .as_str()
                .is_some_and(|text| text.starts_with(reason))
        })
    };
    assert!(has_reason("count", "after write"), "{waits:#?}");
    assert!(has_reason("again", "retry in"), "{waits:#?}");
}

#[test]
fn a_long_output_in_events_is_bounded_and_what_is_left_out_is_counted() {
    let bench = Bench::new();
    bench.file(
        "flood.toml",
        "[[call]]\nid = \"flood\"\ntool = \"flood\"\nargs = { bytes = 3000000 }\n",
    );
    let events = bench
        .run(&["run", "flood.toml", "--events"])
        .with_code(0)
        .json_lines();
    let mut bytes = 0;
    for event in events.iter().filter(|event| event["event"] == "output") {
        let text = event["text"].as_str().expect("a text");
        assert!(text.len() <= 8 * 1024, "{}", text.len());
        bytes += text.len() as u64 + event["left_out_bytes"].as_u64().expect("a count");
    }
    assert_eq!(bytes, 3_000_000);
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_anything_starts() {
    let bench = Bench::new();
    bench.file(
        "plan.toml",
        "[[call]]\ntool = \"echo\"\nargs = { text = \"a\" }\n",
    );
    let answer = bench.run(&["run", "plan.toml", "--report", "nowhere/report.json"]);
    assert_eq!(answer.code, Some(4), "{answer:#?}");
    assert!(answer.stderr.contains("nowhere/report.json"), "{answer:#?}");
    assert_eq!(answer.stdout, "");
}

#[test]
fn a_report_into_a_pipe_that_nobody_reads_is_an_error_at_once() {
    let bench = Bench::new();
    bench.file(
        "plan.toml",
        "[[call]]\ntool = \"echo\"\nargs = { text = \"a\" }\n",
    );
    let made = std::process::Command::new("mkfifo")
        .arg(bench.folder().join("pipe"))
        .status();
    assert!(made.expect("mkfifo runs").success());
    let answer = bench.run(&["run", "plan.toml", "--plain", "--report", "pipe"]);
    assert_eq!(answer.code, Some(4), "{answer:#?}");
    assert!(answer.stderr.contains("nobody reads"), "{answer:#?}");
    assert_eq!(answer.stdout, "");
}

#[test]
fn a_recorded_run_replays_exactly() {
    let bench = Bench::new();
    let plan = bench.file("plan.toml", PLAN);
    let record = bench.folder().join("record.ndjson");
    let words = [
        "run",
        &plan.to_string_lossy(),
        "--plain",
        "--record",
        &record.to_string_lossy(),
    ];
    bench.run(&words).with_code(0);
    let text = std::fs::read_to_string(&record).expect("a record");
    let mut replay = fanout::sched::Replay::default();
    for line in text.lines() {
        let step = serde_json::from_str(line).expect("a step");
        replay.step(step).expect("the same effects");
    }
    // Each of the six calls that ran was at least started and ended.
    assert!(replay.steps() > 12, "{} steps", replay.steps());
}
