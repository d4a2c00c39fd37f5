//! Every file and every command of the README works as written.

use std::path::{Path, PathBuf};

use crate::bench::{Bench, PATIENCE};

const README: &str = include_str!("../../README.md");

/// The README's blocks of code in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let after = README.split(fence.as_str()).skip(1);
    let blocks: Vec<&str> = after
        .filter_map(|rest| rest.split_once("\n```").map(|(block, _)| block))
        .collect();
    assert!(!blocks.is_empty(), "no {language} in the README");
    blocks
}

/// A folder with the files of the README, and with what it names of this
/// project.
fn with_files() -> Bench {
    let bench = Bench::new();
    for block in blocks("toml") {
        let (first, _) = block.split_once('\n').expect("lines");
        let name = first.strip_prefix("# ").expect("the name of the file");
        let path = place(bench.folder(), name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, block).expect("a file");
    }
    bench.file("README.md", "one two three\n");
    let plans = bench.folder().join("sample-tools/plans");
    std::fs::create_dir_all(&plans).expect("a folder");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-tools/plans");
    for entry in std::fs::read_dir(own).expect("the plans") {
        let from = entry.expect("an entry").path();
        let name = from.file_name().expect("a name");
        std::fs::copy(&from, plans.join(name)).expect("a copy");
    }
    bench
}

fn place(folder: &Path, name: &str) -> PathBuf {
    match name.strip_prefix("~/") {
        Some(name) => folder.join("home").join(name),
        None => folder.join(name),
    }
}

/// Has a shell run a block in the folder, with this program on its path.
fn run(bench: &Bench, block: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_fanout"));
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", program.parent().expect("a folder").display());
    let output = assert_cmd::Command::new("sh")
        .args(["-euc", block])
        .current_dir(bench.folder())
        .env("PATH", path)
        .env("HOME", bench.folder().join("home"))
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_STATE_HOME")
        .timeout(PATIENCE)
        .output()
        .expect("a shell");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{block}\n{printed}\n{said}");
    printed
}

#[test]
fn the_first_commands_are_those_of_the_project() {
    assert_eq!(blocks("sh")[0], "cargo run -- demo\ncargo test");
}

#[test]
fn every_command_of_the_readme_succeeds_with_its_files() {
    let bench = with_files();
    let commands = &blocks("sh")[1..];
    assert!(commands.len() >= 8, "{commands:?}");
    std::thread::scope(|scope| {
        for block in commands {
            scope.spawn(|| run(&bench, block));
        }
    });
    let report = std::fs::read_to_string(bench.folder().join("sequential.json"));
    let report: serde_json::Value = serde_json::from_str(&report.expect("a report")).expect("JSON");
    assert_eq!(
        (&report["cap"], &report["binding"]),
        (&1.into(), &"slots".into())
    );
    for field in ["wall_ms", "lower_bound_ms", "efficiency"] {
        assert!(report[field].is_number(), "{field}");
    }
    assert!(bench.folder().join("run.json").exists());
}

#[test]
fn the_plan_of_the_readme_hands_an_output_on() {
    let printed = run(&with_files(), "fanout run plan.toml --plain");
    assert!(
        printed.contains("== report (succeeded)\n3 words\n"),
        "{printed}"
    );
}

#[test]
fn every_link_of_the_readme_leads_somewhere() {
    let links = README
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    let links: Vec<&str> = links.map(|(link, _)| link).collect();
    assert!(links.len() >= 8, "{links:?}");
    for link in links.iter().filter(|link| !link.contains("://")) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(link);
        assert!(path.exists(), "{link}");
    }
}
