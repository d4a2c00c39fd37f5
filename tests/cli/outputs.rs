//! Files that are written: whole or not at all, and never onto what is read.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;

use crate::bench::{Answer, Bench, PATIENCE};

/// Has a child that works for more than a second, and ignores its end.
const BUSY: &str = "\
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    end = time.time() + 1.5
    while time.time() < end:
        pass
    os._exit(0)
time.sleep(2)
";

const PLAN: &str = "[[call]]\ntool = \"echo\"\nargs = { text = \"x\" }\n";

#[test]
fn no_output_is_written_over_an_input_or_another_output() {
    let bench = Bench::new();
    bench.file("plan.toml", PLAN);
    let tools = "[[tool]]\nname = \"echo\"\ncommand = [\"echo\", \"{{text}}\"]\n";
    bench.file("tools.toml", tools);
    std::os::unix::fs::symlink("plan.toml", bench.folder().join("link")).expect("linked");
    let run = ["run", "plan.toml", "--plain", "--catalogue", "tools.toml"];
    for outputs in [
        &["--report", "plan.toml"][..],
        &["--report", "link"],
        &["--record", "./plan.toml"],
        &["--report", "tools.toml"],
        &["--report", "both", "--record", "both"],
    ] {
        let words = [&run[..], outputs].concat();
        let answer = bench.run(&words).with_code(2);
        assert!(answer.stderr.contains(outputs[0]), "{answer:?}");
    }
    for words in [
        ["compare", "plan.toml", "--csv", "plan.toml"],
        ["sweep", "plan.toml", "--svg", "plan.toml"],
    ] {
        bench.run(&words).with_code(2);
    }
    let text = |name| fs::read_to_string(bench.folder().join(name)).expect("there");
    assert_eq!(
        (text("plan.toml"), text("tools.toml")),
        (PLAN.to_owned(), tools.to_owned())
    );
    assert!(!bench.folder().join("both").exists());
}

#[test]
fn a_record_is_whole_once_the_run_has_ended_and_no_pipe() {
    let bench = Bench::new();
    bench.file("plan.toml", PLAN);
    bench.file("record", "old");
    bench
        .run(&["run", "plan.toml", "--plain", "--record", "record"])
        .with_code(0);
    let record = fs::read_to_string(bench.folder().join("record")).expect("a record");
    assert!(record.lines().count() > 3);
    for line in record.lines() {
        serde_json::from_str::<Value>(line).expect("JSON");
    }
    let pipe = bench.folder().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    let answer = bench.run(&["run", "plan.toml", "--plain", "--record", "pipe"]);
    let answer = answer.with_code(4);
    assert!(answer.stderr.contains("not a regular file"), "{answer:?}");
}

#[test]
fn a_killed_run_leaves_a_whole_report_that_says_so_and_the_one_before() {
    let bench = Bench::new();
    bench.file("fast.toml", PLAN);
    bench.file("slow.toml", "[[call]]\ntool = \"hang\"\n");
    let report = |name: &str| -> Value {
        let text = fs::read_to_string(bench.folder().join(name)).expect("a report");
        serde_json::from_str(&text).expect("JSON")
    };
    bench
        .run(&["run", "fast.toml", "--plain", "--report", "r.json"])
        .with_code(0);
    let before = report("r.json");
    assert_eq!(before["state"], "ended");
    for after_ms in [0_u64, 20, 60, 120, 250, 500] {
        let mut run = bench.start(&["run", "slow.toml", "--plain", "--report", "r.json"]);
        // At some moment of the start or of the run, on purpose.
        std::thread::sleep(Duration::from_millis(after_ms));
        run.kill().expect("killed");
        run.wait().expect("gone");
        let now = report("r.json");
        if now["run_id"] == before["run_id"] {
            // Killed before it had begun.
            assert_eq!(now, before);
        } else {
            assert_eq!(now["state"], "running");
            report("r.json.previous");
        }
    }
    bench.assert_nobody_is_left();
}

#[test]
fn a_report_that_has_no_room_at_the_end_leaves_none_that_runs_for_ever() {
    let bench = Bench::new();
    bench.file("small.toml", PLAN);
    bench.file("long.toml", "[[call]]\ntool = \"zeros\"\n");
    let tools = "[[tool]]\nname = \"zeros\"\ncommand = [\"printf\", \"%060000d\", \"0\"]\n";
    bench.file("tools.toml", tools);
    let report = |name: &str| fs::read_to_string(bench.folder().join(name));
    let words = ["--plain", "--no-history", "--report", "r.json"];
    bench
        .run(&[&["run", "small.toml"], &words[..]].concat())
        .with_code(0);
    let before = report("r.json").expect("a report");
    let long = ["run", "long.toml", "--catalogue", "tools.toml"];
    let asked = bench.command(&[&long, &words[..]].concat());
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -f 40; exec \"$0\" \"$@\""])
        .arg(asked.get_program())
        .args(asked.get_args());
    for (name, value) in asked.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited.current_dir(asked.get_current_dir().unwrap_or(bench.folder()));
    let answer = Answer::of(limited.output().expect("started")).with_code(4);
    let told = answer.stderr.matches("the report is missing").count();
    assert_eq!(told, 1, "{answer:?}");
    assert!(report("r.json").is_err(), "it is not there");
    assert_eq!(report("r.json.previous").expect("a report"), before);
}

#[test]
fn a_cpu_time_below_what_was_sampled_is_not_called_exact() {
    let bench = Bench::new();
    // The system accounts for no child of a process that ignores them.
    bench.file("busy.py", BUSY);
    let tools =
        "[[tool]]\nname = \"busy\"\ncommand = [\"sh\", \"-c\", \"python3 busy.py; true\"]\n";
    bench.file("tools.toml", tools);
    bench.file("plan.toml", "[[call]]\ntool = \"busy\"\n");
    let words = ["run", "plan.toml", "--plain", "--report", "r.json"];
    let catalogue = ["--catalogue", "tools.toml"];
    bench.run(&[&words[..], &catalogue].concat()).with_code(0);
    let text = fs::read_to_string(bench.folder().join("r.json")).expect("a report");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let call = &report["calls"][0];
    assert_eq!(call["cpu_ms_source"], "sampled", "{call}");
    assert!(call["cpu_ms"].as_u64() > Some(100), "{call}");
}

#[test]
fn a_run_whose_reader_has_gone_is_stopped() {
    for form in ["--events", "--plain"] {
        let bench = Bench::new();
        bench.file("plan.toml", &format!("{PLAN}[[call]]\ntool = \"hang\"\n"));
        let mut run = bench
            .command(&["run", "plan.toml", form, "--report", "r.json"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut line = String::new();
        let mut reader = BufReader::new(run.stdout.take().expect("a pipe"));
        reader.read_line(&mut line).expect("a line");
        drop(reader);
        let begun = Instant::now();
        let status = loop {
            match run.try_wait().expect("asked") {
                Some(status) => break status,
                None => assert!(begun.elapsed() < PATIENCE, "{form}: it runs on"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(status.code(), Some(1), "{form}");
        let text = fs::read_to_string(bench.folder().join("r.json")).expect("a report");
        let report: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(report["calls"][1]["outcome"], "cancelled", "{form}");
        bench.assert_nobody_is_left();
    }
}

#[test]
fn a_pipe_as_a_file_of_the_user_is_an_error_at_once() {
    let bench = Bench::new();
    let config = bench.folder().join("config").join("fanout");
    fs::create_dir_all(config.join("themes")).expect("folders");
    for name in ["config.toml", "keys.toml", "themes/mine.toml"] {
        let pipe = config.join(name);
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    }
    let checked = bench.run(&["config", "check"]).with_code(3);
    for name in ["config.toml", "keys.toml", "mine.toml"] {
        assert!(checked.stderr.contains(name), "{name}: {checked:?}");
    }
    bench.run(&["keys", "--check"]).with_code(3);
    bench.run(&["doctor"]);
    bench.run(&["theme", "list"]);
    bench.run(&["call", "echo", "text=x"]).with_code(0);
    bench.file("plan.toml", PLAN);
    bench.run(&["run", "plan.toml", "--plain"]).with_code(0);
}

#[test]
fn a_call_whose_output_is_cut_exits_with_1_and_says_what_is_missing() {
    let bench = Bench::new();
    let tools = "[[tool]]\nname = \"long\"\noutput = \"text\"\n\
                 command = [\"head\", \"-c\", \"{{n}}\", \"/dev/zero\"]\n";
    bench.file("tools.toml", tools);
    let call = |bytes: &str| {
        let argument = format!("n={bytes}");
        let inner = bench.command(&["call", "long", &argument, "--catalogue", "tools.toml"]);
        // No file may be longer, and so no output is kept whole.
        let mut limited = std::process::Command::new("prlimit");
        limited.arg("--fsize=1000000").arg(inner.get_program());
        limited.args(inner.get_args()).current_dir(bench.folder());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        let limited = limited.stdin(Stdio::null()).output();
        crate::bench::Answer::of(limited.expect("prlimit runs"))
    };
    assert_eq!(call("500000").with_code(0).stdout.len(), 500_000);
    let answer = call("30000000").with_code(1);
    let told = "bytes were dropped, where a line says so";
    assert!(answer.stderr.contains(told), "{}", answer.stderr);
    assert!(
        answer.stderr.contains("of its 30000000"),
        "{}",
        answer.stderr
    );
}
