//! SIGINT and SIGTERM: everything is stopped, and the exit code says so.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::bench::{Answer, Bench, PATIENCE};

/// Says that it runs, in a file, and then waits.
const PLAN: &str = r#"
[[call]]
id = "sign"
tool = "append"
args = { path = "signs", text = "on" }

[[call]]
id = "hang"
tool = "hang"
grace = "30s"
after = ["sign"]

[[call]]
id = "stubborn"
tool = "stubborn"
args = { ms = 60000 }
grace = "GRACE"
after = ["sign"]

[[call]]
id = "queued"
tool = "echo"
args = { text = "never" }
after = ["hang"]
"#;

/// Starts the plan; comes back when its first call has been run.
fn start(bench: &Bench, grace: &str) -> Child {
    bench.file("plan.toml", &PLAN.replace("GRACE", grace));
    let child = bench.start(&["run", "plan.toml", "--report", "report.json"]);
    assert_eq!(bench.wait_for_line("signs"), "on");
    child
}

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_child(child);
    kill_process(pid, signal).expect("it lives");
}

fn answer(child: Child) -> Answer {
    Answer::of(child.wait_with_output().expect("it ends"))
}

#[test]
fn torture_31_sigterm_stops_every_call_by_the_ladder() {
    let bench = Bench::new();
    let child = start(&bench, "200ms");
    send(&child, Signal::TERM);
    let answer = answer(child).with_code(143);
    assert!(answer.stdout.contains("hang cancelled"), "{answer:#?}");
    assert!(answer.stdout.contains("stubborn cancelled"), "{answer:#?}");
    assert!(answer.stdout.contains("queued cancelled"), "{answer:#?}");
    bench.assert_nobody_is_left();
    assert_eq!(report(&bench)["state"], "interrupted");
}

fn report(bench: &Bench) -> serde_json::Value {
    let path = bench.folder().join("report.json");
    let text = std::fs::read_to_string(path).expect("a report");
    serde_json::from_str(&text).expect("a report is whole at every moment")
}

#[test]
fn a_killed_run_leaves_a_whole_report_that_says_running_and_the_one_before() {
    let bench = Bench::new();
    bench.file("report.json", "{\"state\": \"ended\", \"run_id\": \"old\"}");
    let mut child = start(&bench, "200ms");
    let begin = Instant::now();
    while report(&bench)["state"] != "running" {
        assert!(begin.elapsed() < PATIENCE, "{:#}", report(&bench));
        std::thread::sleep(Duration::from_millis(5));
    }
    send(&child, Signal::KILL);
    child.wait().expect("it ends");
    let left = report(&bench);
    assert_eq!(left["state"], "running");
    assert_eq!(left["calls"][0]["id"], "sign");
    assert_ne!(left["run_id"], "old");
    let before = bench.folder().join("report.json.previous");
    let before = std::fs::read_to_string(before).expect("the old report");
    assert!(before.contains("\"old\""), "{before}");
}

#[test]
fn torture_32_a_second_sigint_kills_at_once() {
    let bench = Bench::new();
    let mut child = start(&bench, "30s");
    let begin = Instant::now();
    // Two that come at once may count as one, so more are sent until it ends.
    while child.try_wait().expect("it can be asked").is_none() {
        assert!(begin.elapsed() < PATIENCE, "still there");
        send(&child, Signal::INT);
        std::thread::sleep(Duration::from_millis(20));
    }
    answer(child).with_code(130);
    assert!(
        begin.elapsed() < Duration::from_secs(20),
        "it waited for the grace"
    );
    bench.assert_nobody_is_left();
}

#[test]
fn a_reader_that_does_not_read_keeps_nobody_from_leaving() {
    let bench = Bench::new();
    let flood = "[[call]]\ntool = \"flood\"\nargs = { bytes = 1000000 }\n";
    let echo = "[[call]]\ntool = \"echo\"\nargs = { text = \"a\" }\n";
    // Either form has more to say than a pipe holds.
    bench.file("plan.toml", &format!("{flood}{}", echo.repeat(300)));
    for (form, last_read) in [("--plain", "done"), ("--events", "run-started")] {
        let mut child = bench.start(&["run", "plan.toml", form]);
        let stdout = child.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(stdout).lines();
        let is_read = lines.any(|line| line.expect("text").contains(last_read));
        assert!(is_read, "{form}");
        let begin = Instant::now();
        while child.try_wait().expect("it can be asked").is_none() {
            assert!(begin.elapsed() < PATIENCE, "still there with {form}");
            send(&child, Signal::INT);
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(child.wait().expect("it has ended").code(), Some(130));
    }
    bench.assert_nobody_is_left();
}
