//! One attempt: its end, its stops, its pipes.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::attempt::{PATIENCE, feed, launch, script, start};
use crate::contained::containment;
use crate::living::Living;
use fanout::exec::{AttemptEvent, StopTokens, wait_attempt};
use fanout::model::{CallId, Epoch, MeasureSource, Outcome};
use tokio::sync::mpsc;

#[tokio::test]
async fn an_exit_code_and_both_outputs_are_told() {
    let living = Living::new();
    let mut run = start(
        &containment(),
        script(&living, "echo out; echo err >&2; exit 3"),
    );
    let ending = run.ended().await;
    assert_eq!(ending.outcome, Outcome::Failed, "{ending:?}");
    assert_eq!(ending.exit_code, Some(3));
    assert_eq!(ending.reason.as_deref(), Some("exit code 3"));
    assert!(ending.is_retryable);
    assert_eq!(run.stdout(), "out\n");
    let stat = run.store.stat(run.call);
    assert_eq!((stat.stdout_bytes, stat.stderr_bytes), (4, 4));
}

#[tokio::test]
async fn a_signal_is_told_by_name() {
    let living = Living::new();
    let mut run = start(&containment(), script(&living, "kill -SEGV $$"));
    let ending = run.ended().await;
    assert_eq!(ending.signal, Some(11));
    assert_eq!(ending.reason.as_deref(), Some("killed by SIGSEGV"));
}

#[tokio::test]
async fn only_the_given_environment_reaches_the_tool() {
    let living = Living::new();
    let mut run = start(&containment(), launch(&living, &["env"]));
    run.ended().await;
    let names: Vec<String> = run
        .stdout()
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
        .collect();
    assert_eq!(names, [crate::living::MARKER, "PATH"]);
}

#[tokio::test]
async fn torture_16_what_cannot_start_is_told_apart() {
    let living = Living::new();
    let plain = living.folder().join("plain");
    std::fs::write(&plain, "no program").expect("a file");
    let orphan_script = living.folder().join("orphan");
    std::fs::write(&orphan_script, "#!/nowhere/interpreter\n").expect("a script");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&orphan_script, executable).expect("permissions");

    let mut missing_folder = launch(&living, &["true"]);
    missing_folder.cwd = living.folder().join("nowhere");
    let cases = [
        (
            launch(&living, &["no-such-program"]),
            "program not found: no-such-program",
        ),
        (launch(&living, &["./plain"]), "program is not executable"),
        (
            launch(&living, &["./orphan"]),
            "the interpreter of the program is missing",
        ),
        (missing_folder, "working directory does not exist"),
        (launch(&living, &[]), "the command is empty"),
    ];
    for (launch, expected) in cases {
        let mut run = start(&containment(), launch);
        let ending = run.ended().await;
        let reason = ending.reason.unwrap_or_default();
        assert!(
            reason.starts_with(expected),
            "{reason:?} is not {expected:?}"
        );
        assert_eq!(ending.outcome, Outcome::Failed);
        assert!(!ending.is_retryable);
    }
}

#[tokio::test]
async fn torture_17_nul_and_oversized_arguments_are_refused() {
    let living = Living::new();
    let mut run = start(&containment(), launch(&living, &["echo", "a\0b"]));
    let reason = run.ended().await.reason.unwrap_or_default();
    assert_eq!(reason, "a NUL byte in argument 1");

    let long = "x".repeat(200_000);
    let mut run = start(&containment(), launch(&living, &["echo", &long]));
    let ending = run.ended().await;
    let reason = ending.reason.unwrap_or_default();
    assert!(
        reason.starts_with("the argument list is too long"),
        "{reason}"
    );
    assert!(reason.contains("200000"), "{reason}");
    assert!(!ending.is_retryable);
}

#[tokio::test]
async fn torture_18_shell_characters_stay_one_argument() {
    let living = Living::new();
    for hostile in [
        "; touch owned",
        "$(touch owned)",
        "`touch owned`",
        "--flag",
        "a  b\n*",
    ] {
        let mut run = start(&containment(), launch(&living, &["printf", "%s", hostile]));
        assert_eq!(run.ended().await.outcome, Outcome::Succeeded);
        assert_eq!(run.stdout(), hostile);
    }
    assert!(!living.folder().join("owned").exists());
}

#[tokio::test]
async fn torture_19_a_tool_that_never_reads_is_no_deadlock() {
    let living = Living::new();
    let input = vec![b'x'; 10 << 20];
    let mut run = start(&containment(), feed(script(&living, "echo done"), &input));
    assert_eq!(run.ended().await.outcome, Outcome::Succeeded);
    assert_eq!(run.stdout(), "done\n");
}

#[tokio::test]
async fn torture_20_a_tool_that_closes_its_input_early_succeeds() {
    let living = Living::new();
    let input = vec![b'x'; 1 << 20];
    let text = "head -c 10; exec <&-; echo; echo done";
    let mut run = start(&containment(), feed(script(&living, text), &input));
    assert_eq!(run.ended().await.outcome, Outcome::Succeeded);
    assert_eq!(run.stdout(), "xxxxxxxxxx\ndone\n");
}

#[tokio::test]
async fn a_large_input_comes_back_whole() {
    let living = Living::new();
    let input: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let mut run = start(&containment(), feed(launch(&living, &["cksum"]), &input));
    run.ended().await;
    let direct = run.stdout();
    let mut run = start(&containment(), feed(script(&living, "cat | cksum"), &input));
    run.ended().await;
    assert_eq!(run.stdout(), direct);
    assert!(direct.contains("3000000"), "{direct}");
}

#[tokio::test]
async fn torture_21_a_tool_that_sleeps_for_ever_is_ended_softly() {
    let living = Living::new();
    let mut run = start(
        &containment(),
        script(&living, "echo on; sleep 1000 & wait"),
    );
    let main = run.started().await;
    run.printed("on").await;
    living.wait_for_count(2, PATIENCE);
    assert!(living.processes().iter().any(|(pid, _)| *pid == main));
    run.stop.soft.cancel();
    let ending = run.ended().await;
    assert_eq!(ending.signal, Some(15));
    assert_eq!(living.processes(), []);
}

#[tokio::test]
async fn torture_22_a_tool_that_ignores_sigterm_is_ended_hard() {
    let living = Living::new();
    let text = "trap '' TERM; echo on; while :; do sleep 1000; done";
    let mut run = start(&containment(), script(&living, text));
    run.printed("on").await;
    run.stop.soft.cancel();
    // The inner sleep takes the signal, and the next one replaces it: the tool
    // is seen to have outlived the soft stop.
    let outlived = tokio::time::timeout(Duration::from_millis(100), run.events.recv());
    assert!(!matches!(
        outlived.await,
        Ok(Some(AttemptEvent::Ended { .. }))
    ));
    run.stop.hard.cancel();
    let ending = run.ended().await;
    assert_eq!(ending.signal, Some(9));
    assert_eq!(living.processes(), []);
}

#[tokio::test]
async fn torture_24_the_end_of_the_main_process_is_the_end() {
    let living = Living::new();
    let text = "(trap '' TERM HUP; exec sleep 1000) & echo done";
    let mut run = start(&containment(), script(&living, text));
    let ending = run.ended().await;
    assert_eq!(ending.outcome, Outcome::Leaked);
    assert_eq!(ending.exit_code, Some(0));
    let names: Vec<&str> = ending.leaked.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["sleep"]);
    assert_eq!(run.stdout(), "done\n");
    assert_eq!(living.processes(), []);
}

#[tokio::test]
async fn a_failure_stays_a_failure_and_lists_its_leftovers() {
    let living = Living::new();
    let mut run = start(&containment(), script(&living, "sleep 1000 & exit 7"));
    let ending = run.ended().await;
    assert_eq!(ending.outcome, Outcome::Failed);
    assert_eq!(ending.exit_code, Some(7));
    assert_eq!(ending.leaked.len(), 1);
    assert_eq!(living.processes(), []);
}

#[tokio::test]
async fn the_cpu_time_of_children_that_nobody_reaps_is_not_called_exact() {
    let living = Living::new();
    for (prefix, source) in [
        (vec!["env"], MeasureSource::Exact),
        (vec!["env", "--ignore-signal=CHLD"], MeasureSource::Sampled),
    ] {
        let argv = [prefix, vec!["cat", "/dev/null"]].concat();
        let ending = start(&containment(), launch(&living, &argv)).ended().await;
        assert_eq!(ending.outcome, Outcome::Succeeded, "{ending:?}");
        assert_eq!(ending.cpu_ms.map(|cpu| cpu.source), Some(source));
    }
}

#[tokio::test]
async fn torture_25_a_stopped_tool_dies() {
    let living = Living::new();
    let mut run = start(
        &containment(),
        script(&living, "echo on; kill -STOP $$; sleep 1000"),
    );
    run.printed("on").await;
    run.stop.soft.cancel();
    let ending = run.ended().await;
    assert_eq!(ending.signal, Some(15));
    assert_eq!(living.processes(), []);
}

#[tokio::test]
async fn a_stop_before_the_start_starts_nothing() {
    let living = Living::new();
    let mut run = start(&containment(), script(&living, "touch started"));
    run.stop.soft.cancel();
    run.stop.hard.cancel();
    let ending = run.ended().await;
    assert_eq!(ending.outcome, Outcome::Failed);
    assert!(!living.folder().join("started").exists());
}

#[tokio::test]
async fn a_flood_keeps_its_tail_and_its_count() {
    let living = Living::new();
    let text = "yes 0123456789abcde | head -c 67108864; echo THE END";
    let mut run = start(&containment(), script(&living, text));
    assert_eq!(run.ended().await.outcome, Outcome::Succeeded);
    assert!(run.stdout().ends_with("THE END\n"));
    let stat = run.store.stat(run.call);
    assert_eq!(stat.stdout_bytes, 67_108_864 + 8);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_attempt_takes_its_time_or_is_stopped() {
    let call = CallId::from_index(4);
    for is_stopped in [false, true] {
        let (sender, mut events) = mpsc::channel(4);
        let stop = StopTokens::default();
        let before = tokio::time::Instant::now();
        let run = Duration::from_hours(1);
        let (_pause, paused) = tokio::sync::watch::channel(false);
        wait_attempt(call, Epoch(9), run, paused, stop.clone(), sender);
        let started = events.recv().await;
        assert_eq!(
            started,
            Some(AttemptEvent::Started {
                call,
                epoch: Epoch(9),
                pid: None
            })
        );
        if is_stopped {
            stop.soft.cancel();
        }
        let Some(AttemptEvent::Ended { ending, .. }) = events.recv().await else {
            panic!("no end");
        };
        assert_eq!(ending.outcome == Outcome::Succeeded, !is_stopped);
        assert_eq!(before.elapsed() >= run, !is_stopped);
        assert_eq!(events.recv().await, None);
    }
}
