//! Catalogues that were found and not given, where nobody can be asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::bench::{Answer, Bench};

/// A tool that would leave a file if it were run.
const HOSTILE: &str = "[[tool]]\nname = \"ours\"\n\
    command = [\"sh\", \"-c\", \"touch started\\u202e\"]\n\
    [mcp.evil]\ncommand = [\"touch\", \"started\"]\n";

const PLAN: &str = "[[call]]\ntool = \"ours\"\n";

/// Runs the program with a state folder of its own.
fn run(bench: &Bench, words: &[&str]) -> Answer {
    let state = bench.folder().join("state").display().to_string();
    bench.run_with(&[("XDG_STATE_HOME", &state)], words)
}

#[test]
fn torture_6_an_untrusted_catalogue_is_listed_and_nothing_is_started() {
    let bench = Bench::new();
    bench.file("fanout.toml", HOSTILE);
    bench.file(
        ".mcp.json",
        r#"{"mcpServers": {"also": {"command": "touch", "args": ["started"]}}}"#,
    );
    fs::create_dir(bench.folder().join("deep")).expect("a folder");
    bench.file("deep/plan.toml", PLAN);
    for words in [
        &["run", "deep/plan.toml"][..],
        &["check", "deep/plan.toml"],
        &["simulate", "deep/plan.toml"],
        &["compare", "deep/plan.toml"],
        &["sweep", "deep/plan.toml"],
        &["call", "ours"],
        &["tools", "--connect"],
    ] {
        let answer = run(&bench, words).with_code(3);
        for part in [
            "you have not trusted it yet",
            "tool ours",
            r#"runs   sh -c "touch started\u{202e}""#,
            "server evil",
            "runs   touch started",
            "nothing was started",
        ] {
            assert!(answer.stderr.contains(part), "{part}: {answer:#?}");
        }
        assert_eq!(answer.stdout, "");
    }
    assert!(!bench.folder().join("started").exists());
    bench.assert_nobody_is_left();
}

#[test]
fn a_catalogue_that_is_given_needs_no_trust() {
    let bench = Bench::new();
    bench.file("fanout.toml", HOSTILE);
    bench.file("plan.toml", PLAN);
    run(&bench, &["run", "plan.toml", "--catalogue", "fanout.toml"]).with_code(0);
    assert!(!bench.folder().join("state/fanout/trust").exists());
}

#[test]
fn torture_8_a_catalogue_cannot_trust_itself() {
    let bench = Bench::new();
    bench.file("plan.toml", PLAN);
    for key in ["trust = true", "trusted_paths = [\"/\"]"] {
        bench.file("fanout.toml", &format!("{key}\n{HOSTILE}"));
        let answer = run(&bench, &["run", "plan.toml"]).with_code(3);
        assert!(answer.stderr.contains("has no key `trust"), "{answer:#?}");
    }
    // Nor can it bring along the state of somebody who did.
    let state = bench.folder().join("state/fanout");
    fs::create_dir_all(state.join("trust")).expect("folders");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).expect("permissions");
    bench.file("fanout.toml", HOSTILE);
    let answer = run(&bench, &["run", "plan.toml"]).with_code(3);
    assert!(answer.stderr.contains("not trusted it yet"), "{answer:#?}");
}

#[test]
fn a_found_catalogue_may_not_change_which_code_programs_load() {
    let bench = Bench::new();
    bench.file("plan.toml", PLAN);
    let env = "env = { LD_PRELOAD = \"./evil.so\", LC_ALL = \"C\" }\n";
    let text = format!("[[tool]]\nname = \"ours\"\ncommand = [\"true\"]\n{env}");
    bench.file("fanout.toml", &text);
    let answer = run(&bench, &["run", "plan.toml"]).with_code(3);
    let told = "`ours` sets LD_PRELOAD";
    assert!(answer.stderr.contains(told), "{answer:#?}");
    assert!(!answer.stderr.contains("LC_ALL"), "{answer:#?}");
}

#[test]
fn a_found_file_of_another_program_is_not_read() {
    let bench = Bench::new();
    let text = r#"{"mcpServers": {"x": {"command": "${HOME}"}}}"#;
    bench.file("fanout.toml", text);
    let answer = run(&bench, &["tools"]).with_code(3);
    assert!(answer.stderr.contains("no key `mcpServers`"), "{answer:#?}");
}

#[test]
fn the_users_own_catalogue_is_taken_where_none_is_found() {
    let bench = Bench::new();
    bench.file("plan.toml", PLAN);
    let own = bench.folder().join("config/fanout");
    fs::create_dir_all(&own).expect("folders");
    let text = "[[tool]]\nname = \"ours\"\ncommand = [\"true\"]\n";
    fs::write(own.join("fanout.toml"), text).expect("a file");
    run(&bench, &["run", "plan.toml"]).with_code(0);
    assert_eq!(
        run(&bench, &["tools"]).with_code(0).stdout.trim_end(),
        "ours"
    );
}
