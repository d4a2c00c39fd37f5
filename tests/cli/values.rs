//! Outputs as commands hand them on: whole, or with a word about what is not.

use serde_json::{Value, json};

use crate::bench::Bench;

const TOOLS: &str = r#"
[[tool]]
name = "traceback"
command = ["printf", "Traceback: no\\n"]
output = "json"
[[tool]]
name = "half"
command = ["printf", "%s", '["a\ud83d"]']
output = "json"
[[tool]]
name = "picture"
command = ["printf", '\211PNG\000\377']
[[tool]]
name = "second"
command = ["sh", "-c", 'echo "try $FANOUT_ATTEMPT"; echo "why" >&2; test "$FANOUT_ATTEMPT" = 2']
"#;

/// Runs one call of each tool. Returns the plain lines and the report.
fn run(bench: &Bench) -> (String, Value) {
    bench.file("tools.toml", TOOLS);
    bench.file(
        "plan.toml",
        "[[call]]\nid = \"traceback\"\ntool = \"traceback\"\n\
         [[call]]\nid = \"half\"\ntool = \"half\"\n\
         [[call]]\nid = \"picture\"\ntool = \"picture\"\n\
         [[call]]\nid = \"second\"\ntool = \"second\"\nretries = 1\n",
    );
    let words = [
        "run",
        "plan.toml",
        "--catalogue",
        "tools.toml",
        "--plain",
        "--report",
        "report.json",
    ];
    let answer = bench.run(&words).with_code(1);
    let report = std::fs::read_to_string(bench.folder().join("report.json")).expect("a report");
    let report = serde_json::from_str(&report).expect("a report is JSON");
    (answer.stdout, report)
}

#[test]
fn reports_and_plain_lines_have_outputs_in_every_form_and_say_which() {
    let bench = Bench::new();
    let (plain, report) = run(&bench);
    let [traceback, half, picture, second] = [0, 1, 2, 3].map(|at| &report["calls"][at]);
    assert_eq!(traceback["outcome"], "failed", "{report:#}");
    assert_eq!(traceback["output"], "Traceback: no");
    assert_eq!(traceback["output_encoding"], "text");
    assert!(plain.contains("\nTraceback: no\nreason: "), "{plain}");

    assert_eq!(half["outcome"], "succeeded", "{half:#}");
    assert_eq!(half["output"], json!(["a\u{fffd}"]));
    assert_eq!(
        (&half["output_encoding"], &half["output_lossy"]),
        (&json!("json"), &json!(true))
    );

    assert_eq!(picture["output"], "iVBORwD/");
    assert_eq!(picture["output_encoding"], "base64");
    assert_eq!(picture["output_lossy"], false);
    assert!(
        plain.contains("== picture (succeeded, base64)\niVBORwD/\n"),
        "{plain}"
    );

    let [first, last] = [0, 1].map(|at| &second["attempts"][at]);
    assert_eq!(first["outcome"], "failed", "{second:#}");
    assert_eq!(first["reason"], "exit code 1");
    assert_eq!(
        (&first["output"], &first["stderr"]),
        (&json!("try 1\n"), &json!("why\n"))
    );
    assert_eq!(
        (&last["outcome"], &second["output"]),
        (&json!("succeeded"), &json!("try 2"))
    );
    assert!(plain.contains("attempt 1 stdout: try 1\n"), "{plain}");
}

#[test]
fn a_call_prints_bytes_that_are_no_text_as_they_are() {
    let bench = Bench::new();
    bench.file("tools.toml", TOOLS);
    let output = bench
        .start(&["call", "picture", "--catalogue", "tools.toml"])
        .wait_with_output()
        .expect("it ends");
    assert!(output.status.success());
    assert_eq!(output.stdout, b"\x89PNG\x00\xff");
}
