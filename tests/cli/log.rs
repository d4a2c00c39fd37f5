//! The log for bug reports.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::bench::Bench;

#[test]
fn a_log_tells_attempts_and_no_argument_or_secret() {
    let bench = Bench::new();
    let path = bench.folder().join("log.txt");
    let log = path.to_str().expect("text");
    let run = bench.run(&["call", "echo", "text=hunter2-argument", "--log", log]);
    run.with_code(0);
    let text = fs::read_to_string(&path).expect("the log");
    for wanted in ["started", "attempt started", "call ended", "run ended"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("hunter2-argument"), "{text}");
    let mode = fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_log_that_cannot_be_written_ends_the_program_before_anything_starts() {
    let bench = Bench::new();
    let run = bench.run(&["tools", "--log", "/dev/null"]).with_code(4);
    assert!(run.stderr.contains("no regular file"), "{}", run.stderr);
}
