//! How long files and functions are, what they begin with, and what stands in
//! the package's folder.

use crate::source::{Source, Violation};
use crate::tokens::Function;

/// Most lines of one file, its module of tests left out.
const FILE: usize = 500;
/// Most lines of half of the files.
const MEDIAN: usize = 150;
/// Most lines of a function, but for [`MOST_LONG`] of them.
const FUNCTION: usize = 60;
/// Number of functions that may be longer. It only falls.
pub(crate) const MOST_LONG: usize = 6;
/// Most lines of any function.
const LONGEST_FUNCTION: usize = 120;

/// What may stand in the package's folder, besides names that begin with a
/// dot and the folder that cargo builds in.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE",
    "README.md",
    "src",
    "themes",
    "sample-tools",
    "tests",
    "target",
];

pub(crate) fn strangers(names: &[String]) -> Vec<Violation> {
    let known = |name: &&String| !TOP_LEVEL.contains(&name.as_str());
    let strangers = names.iter().filter(known);
    strangers
        .map(|name| Source::new(name, "").violation(0, "does not belong in the package's folder"))
        .collect()
}

pub(crate) fn missing_purpose(source: &Source) -> Vec<Violation> {
    if source.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![source.violation(1, "does not begin with `//!` and what it is for")]
}

pub(crate) fn long_files(source: &Source) -> Vec<Violation> {
    let tests = source.text.find("\n#[cfg(test)]\nmod tests {");
    let code = source
        .text
        .get(..tests.map_or(source.text.len(), |at| at + 1));
    let lines = code.unwrap_or_default().lines().count();
    if lines <= FILE {
        return Vec::new();
    }
    vec![source.violation(lines, format!("more than {FILE} lines"))]
}

pub(crate) fn long_median(sources: &[Source]) -> Vec<Violation> {
    let program = sources.iter().filter(|source| source.module().is_some());
    let mut lengths: Vec<usize> = program.map(|source| source.text.lines().count()).collect();
    lengths.sort_unstable();
    match lengths.get(lengths.len() / 2) {
        Some(median) if *median > MEDIAN => {
            let says = format!("half of the files have more than {MEDIAN} lines: {median}");
            vec![Source::new("src", "").violation(0, says)]
        }
        _ => Vec::new(),
    }
}

/// Functions of the program that are too long even for a table.
pub(crate) fn long_functions(source: &Source) -> Vec<Violation> {
    functions_above(source, LONGEST_FUNCTION)
}

/// Functions of the program that are long, if they are not rare.
pub(crate) fn rare_functions(sources: &[Source]) -> Vec<Violation> {
    let long = sources.iter().flat_map(|it| functions_above(it, FUNCTION));
    let mut long: Vec<Violation> = long.collect();
    if long.len() > MOST_LONG {
        long.drain(..MOST_LONG);
        return long;
    }
    Vec::new()
}

fn functions_above(source: &Source, most: usize) -> Vec<Violation> {
    if source.module().is_none() {
        return Vec::new();
    }
    let long = source.code.functions.iter().filter(|it| it.lines > most);
    let says = |it: &Function| format!("`{}` has {} lines", it.name, it.lines);
    long.map(|it| source.violation(it.line, says(it))).collect()
}
