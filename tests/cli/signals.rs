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
    assert!(bench.folder().join("report.json").exists());
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
