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
fn a_log_goes_on_after_a_log_and_never_into_another_file() {
    let bench = Bench::new();
    for _ in 0..2 {
        bench.run(&["tools", "--log", "log.txt"]).with_code(0);
    }
    let log = fs::read_to_string(bench.folder().join("log.txt")).expect("the log");
    assert_eq!(log.matches(" started version=").count(), 2, "{log}");
    let plan = "[[call]]\ntool = \"echo\"\nargs = { text = \"x\" }\n";
    bench.file("plan.toml", plan);
    let path = bench.folder().join("plan.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    let run = bench.run(&["run", "plan.toml", "--plain", "--log", "plan.toml"]);
    let run = run.with_code(4);
    assert!(
        run.stderr.contains("holds something else than a log"),
        "{run:?}"
    );
    assert_eq!(fs::read_to_string(&path).expect("the plan"), plan);
    let mode = fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn a_log_that_cannot_be_written_ends_the_program_before_anything_starts() {
    let bench = Bench::new();
    let run = bench.run(&["tools", "--log", "/dev/null"]).with_code(4);
    assert!(run.stderr.contains("no regular file"), "{}", run.stderr);
}
