//! Runs where the system gives little: open files, processes, file sizes.

use std::time::Duration;

use rustix::process::geteuid;

use crate::confined::Confined;

#[test]
fn torture_51_few_open_files_are_few_lanes() {
    let answer = Confined {
        limit: "--nofile=40",
        cap: "64",
        ..Confined::default()
    }
    .run();
    let stderr = &answer.stderr;
    assert!(
        stderr.contains("open files leave room for 2 lanes, not 64"),
        "{stderr}"
    );
    assert!(stderr.contains("ulimit -n"), "{stderr}");
    assert_eq!(answer.field("outcome"), ["succeeded"; 10], "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn torture_51_few_processes_are_failures_and_no_panic() {
    // Enough for the program's threads, its warden and a few lanes, by far not
    // for thirty.
    let answer = Confined {
        limit: "--nproc=14",
        cap: "32",
        ..Confined::default()
    }
    .run();
    let (outcomes, stderr) = (answer.field("outcome"), &answer.stderr);
    assert_eq!(outcomes.len(), 10, "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    for outcome in &outcomes {
        assert!(
            ["succeeded", "failed"].contains(&outcome.as_str()),
            "{outcomes:?}"
        );
    }
}

#[test]
fn fewer_processes_than_the_program_itself_needs_are_exit_4_with_the_remedy() {
    if !geteuid().is_root() {
        return;
    }
    for processes in 2..9 {
        let answer = Confined {
            limit: &format!("--nproc={processes}"),
            ..Confined::default()
        }
        .run();
        let stderr = &answer.stderr;
        assert_eq!(answer.signal, None, "{processes}: {stderr}");
        assert!(!stderr.contains("panicked"), "{processes}: {stderr}");
        if processes < 7 {
            assert_eq!(answer.code, Some(4), "{processes}: {stderr}");
            assert!(stderr.contains("too many processes"), "{stderr}");
            assert!(stderr.contains("ulimit -u"), "{processes}: {stderr}");
        }
    }
}

#[test]
fn fewer_open_files_than_the_program_itself_needs_are_exit_4_with_the_remedy() {
    for files in [6, 8, 10] {
        let answer = Confined {
            limit: &format!("--nofile={files}"),
            ..Confined::default()
        }
        .run();
        let stderr = &answer.stderr;
        assert_eq!(answer.code, Some(4), "{files}: {stderr}");
        assert!(!stderr.contains("panicked"), "{files}: {stderr}");
        let lower = stderr.to_lowercase();
        assert!(lower.contains("too many open files"), "{files}: {stderr}");
    }
}

#[test]
fn little_address_space_is_fewer_lanes_or_exit_4_and_no_abort() {
    // From what the program's own file takes to more than it needs.
    for mebibytes in [160, 200, 250, 300, 400, 600, 1000] {
        let answer = Confined {
            limit: &format!("--as={}", mebibytes << 20),
            tool: "head -c 20000000 /dev/zero | tr '\\0' x",
            cap: "64",
            ..Confined::default()
        }
        .run();
        let stderr = &answer.stderr;
        assert_eq!(answer.signal, None, "{mebibytes}: {stderr}");
        match answer.code {
            Some(0) => {}
            Some(4) => assert!(stderr.contains("ulimit -v"), "{mebibytes}: {stderr}"),
            other => panic!("{mebibytes}: {other:?} {stderr}"),
        }
    }
}

#[test]
fn lanes_follow_the_limit_on_processes() {
    if !geteuid().is_root() {
        return;
    }
    let answer = Confined {
        limit: "--nproc=40",
        cap: "60",
        tool: "sleep 0.05; echo on",
        calls: 60,
        ..Confined::default()
    }
    .run();
    let stderr = &answer.stderr;
    assert!(stderr.contains("processes leave room for "), "{stderr}");
    assert!(stderr.contains(" lanes, not 60"), "{stderr}");
    assert_eq!(answer.field("outcome"), ["succeeded"; 60], "{stderr}");
}

#[test]
fn a_start_refused_for_want_of_processes_is_a_failure_and_no_death() {
    if !geteuid().is_root() {
        return;
    }
    // The first call takes every process that there is for three seconds.
    let answer = Confined {
        limit: "--nproc=40",
        cap: "60",
        tool: "mkdir hog 2>/dev/null || exec sleep 0.1
            f() { [ $1 -gt 0 ] && { ( f $(($1 - 1)) ) & }; exec sleep 3; }
            f 60",
        calls: 30,
        later: "start_after = \"1s\"",
        ..Confined::default()
    }
    .run();
    let reasons = answer.field("reason");
    for (outcome, reason) in answer.field("outcome").iter().zip(&reasons) {
        match outcome.as_str() {
            "succeeded" | "leaked" => {}
            "failed" => assert!(reason.contains("too many processes"), "{reason}"),
            other => panic!("{other}: {reason}"),
        }
    }
    let is_refused = |reason: &String| reason.contains("could not start after 4 tries");
    let refused = reasons.iter().filter(|it| is_refused(it)).count();
    assert!(refused > 0, "{reasons:?}");
    assert!(answer.took < Duration::from_secs(30), "{:?}", answer.took);
}

#[test]
fn lanes_follow_the_process_limit_of_a_control_group() {
    let Some(group) = crate::groups::Group::make("pids", &[("pids.max", "40")]) else {
        return;
    };
    let answer = Confined {
        before: &format!("echo $$ > {}/cgroup.procs;", group.path().display()),
        cap: "60",
        tool: "sleep 0.05; echo on",
        calls: 20,
        ..Confined::default()
    }
    .run();
    let stderr = &answer.stderr;
    assert!(stderr.contains("processes leave room for "), "{stderr}");
    assert_eq!(answer.field("outcome"), ["succeeded"; 20], "{stderr}");
}

#[test]
fn a_limit_on_file_sizes_ends_no_run() {
    let answer = Confined {
        // More than the report needs, and less than an output.
        limit: "--fsize=8000000",
        tool: "head -c 30000000 /dev/zero | tr '\\0' x",
        calls: 2,
        ..Confined::default()
    }
    .run();
    let stderr = &answer.stderr;
    assert_eq!((answer.code, answer.signal), (Some(0), None), "{stderr}");
    assert_eq!(answer.field("outcome"), ["succeeded"; 2], "{stderr}");
    assert_eq!(answer.field("truncated"), ["true"; 2], "{stderr}");
    assert!(stderr.contains("File too large"), "{stderr}");
}

#[test]
fn standard_output_beyond_the_limit_on_file_sizes_is_told() {
    let answer = Confined {
        limit: "--fsize=100000",
        tool: "head -c 60000 /dev/zero | tr '\\0' x",
        redirection: "> out.txt",
        ..Confined::default()
    }
    .run();
    let stderr = &answer.stderr;
    assert_eq!((answer.code, answer.signal), (Some(4), None), "{stderr}");
    assert!(
        stderr.contains("standard output: File too large"),
        "{stderr}"
    );
}

#[test]
fn a_tool_beyond_the_limit_on_file_sizes_is_killed_as_anywhere() {
    let answer = Confined {
        limit: "--fsize=1000000",
        tool: "exec dd if=/dev/zero of=big bs=65536 count=100",
        calls: 1,
        ..Confined::default()
    }
    .run();
    assert_eq!(answer.field("reason"), ["killed by SIGXFSZ"]);
}
