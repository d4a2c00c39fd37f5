//! How long files and functions are, what they begin with, and what stands in
//! the package's folder.

use crate::source::{Source, Violation};

/// Most lines of one file.
const FILE: usize = 500;
/// Most lines of half of the files.
const MEDIAN: usize = 150;
/// Most lines of one function.
const FUNCTION: usize = 60;

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
    let lines = source.text.lines().count();
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

/// Functions of the program with too many lines, from `fn` to the last brace.
pub(crate) fn long_functions(source: &Source) -> Vec<Violation> {
    if source.module().is_none() {
        return Vec::new();
    }
    let long = source.code.functions.iter();
    long.filter(|function| function.lines > FUNCTION)
        .map(|it| source.violation(it.line, format!("`{}` has {} lines", it.name, it.lines)))
        .collect()
}
