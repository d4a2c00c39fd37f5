//! The README's plan, catalogue and commands work as written.

use crate::bench::Bench;

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

#[test]
fn the_commands_of_the_readme_succeed_with_its_files() {
    let bench = Bench::new();
    let [plan, catalogue] = blocks("toml")[..] else {
        panic!("the README has a plan and a catalogue");
    };
    bench.file("plan.toml", plan);
    bench.file("fanout.toml", catalogue);
    bench.file("README.md", "one two three\n");
    let lines = blocks("sh").into_iter().flat_map(str::lines);
    let commands: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix("fanout "))
        .collect();
    assert!(commands.len() >= 6, "{commands:?}");
    for command in commands {
        let command = command.split('#').next().unwrap_or_default();
        let words: Vec<&str> = command.split_whitespace().collect();
        bench.run(&words).with_code(0);
    }
    let answer = bench.run(&["run", "plan.toml"]).with_code(0);
    assert!(
        answer.stdout.ends_with("== report (succeeded)\n3 words\n"),
        "{answer:#?}"
    );
    assert!(bench.folder().join("run.json").exists());
}
