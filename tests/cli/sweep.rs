//! `sweep`: the cap that is worth using, and going on after a stop.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::bench::{Bench, PATIENCE};

const PLAN: &str = "[[call]]\ntool = \"sleep\"\nargs = { ms = 300 }\n";

#[test]
fn the_caps_are_measured_and_one_is_recommended_or_it_says_why_not() {
    let bench = Bench::new();
    bench.file("plan.toml", &PLAN.repeat(3));
    let words = [
        "sweep",
        "plan.toml",
        "--caps",
        "1,3",
        "--blocks",
        "1",
        "--json",
    ];
    let answer = bench.run(&words).with_code(0).json();
    assert_eq!(answer["version"], 1);
    assert!(answer["blocks"].as_u64() >= Some(1), "{answer}");
    let median = |place: usize| answer["caps"][place]["wall_ms"]["median"].as_f64();
    assert!(
        median(0) >= Some(900.0) && median(1) >= Some(300.0),
        "{answer}"
    );
    assert!(answer["usl"].is_null());
    let answer = bench.run(&words[..6]).with_code(0);
    assert!(
        answer.stdout.contains("this machine, this plan.")
            || answer.stdout.contains("Inconclusive")
    );
    bench.assert_nobody_is_left();
}

#[test]
fn a_stopped_sweep_tells_what_it_knows_and_goes_on() {
    let bench = Bench::new();
    bench.file("plan.toml", &PLAN.repeat(2));
    let state = bench.folder().join("state");
    let state = [("XDG_STATE_HOME", state.to_str().expect("UTF-8"))];
    let words = [
        "sweep",
        "plan.toml",
        "--caps",
        "1,2",
        "--blocks",
        "2",
        "--json",
    ];
    let child = bench.start_with(&state, &words);
    let deadline = Instant::now() + PATIENCE;
    let runs = || -> usize {
        let folder = bench.folder().join("state/fanout/sweeps");
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        texts.map(|text| text.lines().count()).sum()
    };
    while runs() < 2 {
        assert!(Instant::now() < deadline, "no run was kept");
        std::thread::sleep(Duration::from_millis(5));
    }
    kill_process(Pid::from_child(&child), Signal::INT).expect("a signal");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let kept = runs();
    assert!(kept >= 2);
    let resumed: Vec<&str> = words.into_iter().chain(["--resume"]).collect();
    let answer = bench.run_with(&state, &resumed).with_code(0);
    assert!(!answer.stderr.contains("no unfinished"), "{answer:#?}");
    let all = answer.json()["runs"].as_array().map_or(0, Vec::len);
    assert!(all > 2 && all + 1 >= kept, "{answer:#?}");
    assert_eq!(runs(), 0);
    let answer = bench.run_with(&state, &resumed).with_code(0);
    assert!(answer.stderr.contains("no unfinished"), "{answer:#?}");
    bench.assert_nobody_is_left();
}

#[test]
fn what_fails_cannot_be_timed() {
    let bench = Bench::new();
    bench.file("plan.toml", "[[call]]\ntool = \"fail\"\nargs = {}\n");
    let answer = bench
        .run(&["sweep", "plan.toml", "--caps", "1,2"])
        .with_code(1);
    assert!(
        answer.stderr.contains("what fails cannot be timed"),
        "{answer:#?}"
    );
}
