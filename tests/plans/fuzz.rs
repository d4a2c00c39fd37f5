//! Mutated plans, catalogues and files of other programs: each is read or
//! refused, never a panic, and every error has its file, line and column.
//!
//! Inputs that once failed belong into the folders beside this file, which the
//! mutations begin with. A test tries inputs for two seconds, times
//! `FANOUT_TEST_SCALE`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fanout::catalogue::{Catalogue, Problems};
use fanout::plan;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use super::{CATALOGUE, report};

/// Pieces of text that mean something in one of the files.
const PIECES: [&str; 40] = [
    "{{a.output}}",
    "{{",
    "}}",
    "${HOME}",
    "${",
    "}",
    "{",
    "[",
    "]",
    "[[call]]\n",
    "[[tool]]\n",
    "[mcp.x]\n",
    "\"",
    "'",
    "\"\"\"",
    "\\",
    "\\ud83d",
    "\u{202e}",
    "\0",
    "\r",
    "\n",
    "é",
    "=",
    ":",
    ",",
    "#",
    "//",
    "null",
    "true",
    "-0",
    "1e400",
    "18446744073709551616",
    "0.12345678901234567890",
    "1979-05-27",
    "\"command\": ",
    "\"url\": ",
    "\"mcpServers\": ",
    "$ref",
    "5s",
    "file:",
];

/// One change of a text; positions are fractions of its length, in 1/65536.
#[derive(Debug, Clone)]
enum Mutation {
    Insert(u16, usize),
    Delete(u16, u8),
    Repeat(u16, u8),
    Truncate(u16),
    /// Puts a part of another file in.
    Splice(u16, usize, u16, u8),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<u16>();
    prop_oneof![
        4 => (at, 0..PIECES.len()).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        3 => (at, any::<u8>()).prop_map(|(at, length)| Mutation::Delete(at, length)),
        2 => (at, any::<u8>()).prop_map(|(at, length)| Mutation::Repeat(at, length)),
        1 => at.prop_map(Mutation::Truncate),
        2 => (at, any::<usize>(), any::<u16>(), any::<u8>())
            .prop_map(|(at, file, from, length)| Mutation::Splice(at, file, from, length)),
    ]
}

/// The start of a character near a fraction of a text.
fn offset(text: &str, at: u16) -> usize {
    text.floor_char_boundary(text.len() * usize::from(at) / 65_536)
}

fn part(text: &str, from: usize, length: u8) -> &str {
    let end = text.floor_char_boundary((from + usize::from(length)).min(text.len()));
    text.get(from..end.max(from)).unwrap_or_default()
}

fn apply(text: &mut String, mutation: &Mutation, corpus: &[Input]) {
    match *mutation {
        Mutation::Insert(at, piece) => text.insert_str(offset(text, at), PIECES[piece]),
        Mutation::Delete(at, length) => {
            let from = offset(text, at);
            let length = part(text, from, length).len();
            text.replace_range(from..from + length, "");
        }
        Mutation::Repeat(at, length) => {
            let from = offset(text, at);
            let copy = part(text, from, length).to_owned();
            text.insert_str(from, &copy);
        }
        Mutation::Truncate(at) => text.truncate(offset(text, at)),
        Mutation::Splice(at, file, from, length) => {
            let other = &corpus[file % corpus.len()].text;
            let copy = part(other, offset(other, from), length);
            text.insert_str(offset(text, at), copy);
        }
    }
}

struct Input {
    path: PathBuf,
    text: String,
}

/// The text files at or under a folder.
fn corpus(folders: &[&str]) -> Vec<Input> {
    let mut open: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    let mut inputs = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("a folder of the corpus");
            open.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            inputs.push(Input { path, text });
        }
    }
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!inputs.is_empty(), "{folders:?}");
    inputs
}

/// Tries mutated inputs until the time is up; a failure is shrunk.
fn try_all(inputs: &[Input], check: impl Fn(&Path, &str) -> Result<(), TestCaseError>) {
    let scale = std::env::var("FANOUT_TEST_SCALE").ok();
    let scale: f64 = scale.and_then(|it| it.parse().ok()).unwrap_or(1.0);
    let end = Instant::now() + Duration::from_secs(2).mul_f64(scale);
    for input in inputs {
        check(&input.path, &input.text).expect("the corpus itself");
    }
    let strategy = (0..inputs.len(), prop::collection::vec(mutation(), 1..6));
    while Instant::now() < end {
        let mut runner = TestRunner::new(ProptestConfig {
            cases: 32,
            failure_persistence: None,
            max_shrink_time: 10_000,
            ..ProptestConfig::default()
        });
        let outcome = runner.run(&strategy, |(at, mutations)| {
            let input = &inputs[at];
            let mut text = input.text.clone();
            for mutation in &mutations {
                apply(&mut text, mutation, inputs);
            }
            check(&input.path, &text)
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
    }
}

/// Checks that each problem has a position within the text, and can be shown.
fn are_located(problems: &Problems, text: &str) -> Result<(), TestCaseError> {
    let lines = text.split('\n').count();
    for problem in problems {
        prop_assert!(!problem.file().is_empty());
        let Some(at) = problem.position() else {
            return Err(TestCaseError::fail(format!(
                "no position: {problem}\n{text}"
            )));
        };
        prop_assert!(
            at.line >= 1 && at.line <= lines && at.column >= 1,
            "{problem}\n{text}"
        );
    }
    report(problems);
    Ok(())
}

#[test]
fn mutated_plans_are_read_or_refused_with_positions() {
    let inputs = corpus(&[
        "tests/plans/valid",
        "tests/plans/invalid",
        "sample-tools/plans",
    ]);
    try_all(&inputs, |path, text| {
        let name = path.display().to_string();
        match plan::from_text(&name, text, &CATALOGUE) {
            Ok(loaded) => are_located(&loaded.warnings, text),
            Err(problems) => are_located(&problems, text),
        }
    });
}

/// Reads a text as a file of this name.
fn read(folder: &Path, name: &Path, text: &str) -> (Catalogue, Problems) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("its folder");
    std::fs::write(&path, text).expect("the file");
    Catalogue::read(&[path])
}

#[test]
fn mutated_catalogues_are_read_or_refused_with_positions() {
    let inputs = corpus(&[
        "tests/plans/catalogues",
        "tests/plans/tools.toml",
        "sample-tools/sh",
    ]);
    let inputs: Vec<Input> = inputs
        .into_iter()
        .filter(|it| {
            it.path
                .extension()
                .is_some_and(|it| it == "toml" || it == "json")
        })
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    try_all(&inputs, |path, text| {
        let (_, problems) = read(folder.path(), path, text);
        are_located(&problems, text)
    });
}

#[test]
fn mutated_files_of_other_programs_lose_no_more_than_what_is_wrong() {
    let inputs = corpus(&["tests/plans/foreign"]);
    let folder = tempfile::tempdir().expect("a folder");
    try_all(&inputs, |path, text| {
        let (catalogue, problems) = read(folder.path(), path, text);
        for (name, reason) in catalogue.unusable_servers() {
            prop_assert!(!reason.is_empty(), "{name}");
        }
        are_located(&problems, text)
    });
}
