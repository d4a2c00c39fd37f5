//! Servers that do not connect, and servers that do not go.

use super::shell::place;
use crate::bench::Bench;

fn look(bench: &Bench, mode: &str) -> crate::bench::Answer {
    place(bench, &[mode]);
    let tool = format!("{mode}.look");
    let answer = bench.run(&["call", &tool, "--catalogue", "servers.toml"]);
    bench.assert_nobody_is_left();
    answer
}

#[test]
fn a_server_deaf_to_end_of_file_and_sigterm_is_killed() {
    let bench = Bench::new();
    assert_eq!(look(&bench, "deaf").with_code(0).stdout, "seen\n");
}

#[test]
fn a_server_that_hangs_before_it_connects_is_given_up_in_time() {
    let bench = Bench::new();
    let answer = look(&bench, "mute").with_code(3);
    let told = "server `mute` did not connect: no connection within 1s: it has sent nothing; \
                its last words: it begins";
    assert!(answer.stderr.contains(told), "{answer:?}");
}

#[test]
fn a_server_that_ends_before_it_connects_is_told_in_its_last_words() {
    let bench = Bench::new();
    let answer = look(&bench, "gone").with_code(3);
    let told = "it ended: exit code 7; its last words: no licence found";
    assert!(answer.stderr.contains(told), "{answer:?}");
}

#[test]
fn a_server_silent_on_the_newer_era_is_spoken_to_in_the_older() {
    let bench = Bench::new();
    assert_eq!(look(&bench, "silent").with_code(0).stdout, "seen\n");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let bench = Bench::new();
    bench.file("servers.toml", "[mcp.x]\ncommand = [\"no-such-server\"]\n");
    let answer = bench.run(&["call", "x.y", "--catalogue", "servers.toml"]);
    let answer = answer.with_code(3);
    assert!(
        answer.stderr.contains("program not found: no-such-server"),
        "{answer:?}"
    );
}

#[test]
fn a_run_that_is_interrupted_takes_its_servers_with_it() {
    let bench = Bench::new();
    place(&bench, &["deaf"]);
    bench.file(
        "plan.toml",
        "[[call]]\nid = \"a\"\ntool = \"deaf.slow\"\ngrace = \"500ms\"\n",
    );
    let mut child = bench.start(&[
        "run",
        "plan.toml",
        "--plain",
        "--catalogue",
        "servers.toml",
        "--report",
        "report.json",
    ]);
    let mut started = std::io::BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    while !line.contains("start") {
        line.clear();
        let read = std::io::BufRead::read_line(&mut started, &mut line).expect("its output");
        assert!(read > 0, "it ended before it started anything");
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it lives");
    assert_eq!(child.wait().expect("its end").code(), Some(130));
    bench.assert_nobody_is_left();
    let report = std::fs::read_to_string(bench.folder().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["calls"][0]["outcome"], "unconfirmed");
    assert_eq!(report["calls"][0]["cancel"], "still-working");
}
