//! What documentation begins with, what screens must not show, and the list of
//! torture numbers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::source::{Source, Violation, package};

/// Lines of documentation in `src` that may begin with one of [`OPENERS`].
/// This number only falls.
pub(crate) const MOST_OPENERS: usize = 4;

/// They make a sentence of what a noun phrase or a verb says shorter.
const OPENERS: &[&str] = &["What ", "Who ", "Whether what "];

/// Lines of documentation that begin with a word of [`OPENERS`].
pub(crate) fn openers(source: &Source) -> Vec<Violation> {
    let lines = source.text.lines().enumerate();
    let is_opener = |line: &str| {
        let line = line.trim_start();
        let text = line
            .strip_prefix("/// ")
            .or_else(|| line.strip_prefix("//! "));
        text.is_some_and(|text| OPENERS.iter().any(|opener| text.starts_with(opener)))
    };
    lines
        .filter(|(_, line)| source.path.starts_with("src/") && is_opener(line))
        .map(|(at, _)| source.violation(at + 1, "documentation begins with What or Who"))
        .collect()
}

/// Sentences that puzzled readers of the screen and of the README. Each has a
/// plainer one in its place, and does not come back.
const PUZZLING: &[&str] = &[
    "bench for such calls",
    "turn the cap",
    "the one reason that binds now",
    "shows it no more",
    "can be gone on with",
    "writes the one in sight",
    "depend on nothing.",
    "is called like that",
    "the search went on at the",
    "servers at rest:",
    "run beside others and",
    "from the first whole block on",
    "of the best with 100 %",
    "nothing left a lane stood empty",
    "Foretell",
    "the whole screen anew",
    "Everything that was said",
];

/// Lines of texts that say a sentence of [`PUZZLING`].
pub(crate) fn puzzling(path: &str, text: &str) -> Vec<Violation> {
    let source = Source::new(path, "");
    let lines = text.lines().enumerate();
    let found = lines.filter(|(_, line)| PUZZLING.iter().any(|told| line.contains(told)));
    found
        .map(|(at, _)| source.violation(at + 1, "a sentence that puzzles readers"))
        .collect()
}

/// Pictures of screens and of files that the tests compare with, without what
/// insta writes above them.
pub(crate) fn snapshots() -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&package().join("tests"), &mut found);
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder of the tests") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "snap") {
            let text = fs::read_to_string(&path).expect("snapshots are UTF-8");
            let shown = text
                .splitn(3, "---\n")
                .nth(2)
                .unwrap_or_default()
                .to_owned();
            found.push((path.display().to_string(), shown));
        }
    }
}

/// What tools print in the tests, which is not fanout's to change.
const OF_TOOLS: &[&str] = &["codec::round_trip"];

/// Places of a text that look like a path of the code: two names with `::`
/// between them.
pub(crate) fn rust_paths(path: &str, text: &str) -> Vec<Violation> {
    let is_name =
        |letter: Option<char>| letter.is_some_and(|it| it.is_ascii_alphabetic() || it == '_');
    let mut violations = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if OF_TOOLS.iter().any(|told| line.contains(told)) {
            continue;
        }
        for (sign, _) in line.match_indices("::") {
            let (before, after) = line.split_at(sign);
            if is_name(before.chars().next_back()) && is_name(after.chars().nth(2)) {
                let source = Source::new(path, "");
                violations.push(source.violation(at + 1, "a path of the code on a screen"));
            }
        }
    }
    violations
}

/// Numbers that the names of tests carry: 45 of `torture_45_…`, 37 and 39 of
/// `torture_37_and_39_…`, 37 up to 40 of `torture_37_to_40_…`.
pub(crate) fn torture_numbers(sources: &[Source]) -> BTreeSet<u32> {
    let functions = sources.iter().flat_map(|source| &source.code.functions);
    let names = functions.filter_map(|it| it.name.strip_prefix("torture_"));
    names.flat_map(numbers).collect()
}

fn numbers(name: &str) -> Vec<u32> {
    let mut words = name.split('_');
    let mut number = || words.next().and_then(|word| word.parse::<u32>().ok());
    let Some(first) = number() else {
        return Vec::new();
    };
    match (
        words.next(),
        words.next().and_then(|word| word.parse().ok()),
    ) {
        (Some("to"), Some(last)) => (first..=last).collect(),
        (Some("and"), Some(other)) => vec![first, other],
        _ => vec![first],
    }
}

/// Numbers of the rows of the list: `| 45 | … |`.
pub(crate) fn listed_numbers(list: &str) -> BTreeSet<u32> {
    let number = |line: &str| line.strip_prefix("| ")?.split(' ').next()?.parse().ok();
    list.lines().filter_map(number).collect()
}
