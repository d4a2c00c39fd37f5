//! What no file may contain, or only files of one room.

use crate::source::{Source, Violation};
use crate::tokens::Token;

/// Words that would let time, chance, other threads or the order of a hash map
/// into the scheduler. They may not stand there even in comments.
const IMPURE: &[&str] = &[
    "tokio",
    "Instant::now",
    "SystemTime",
    "std::process",
    "std::thread",
    "mpsc",
    "HashMap",
    "HashSet",
    "async ",
    "rand::",
];

pub(crate) fn impure_words(source: &Source) -> Vec<Violation> {
    if !source.path.starts_with("src/sched/") {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        for word in IMPURE.iter().filter(|word| line.contains(**word)) {
            violations.push(source.violation(index + 1, format!("`{word}` in the scheduler")));
        }
    }
    violations
}

/// Places where these words and signs follow one another in the code.
fn sequences<'a>(source: &'a Source, words: &[&str]) -> Vec<&'a Token> {
    let mut found = Vec::new();
    for window in source.code.tokens.windows(words.len()) {
        if window
            .iter()
            .map(|token| token.text.as_str())
            .eq(words.iter().copied())
        {
            found.extend(window.first());
        }
    }
    found
}

fn all(source: &Source, forbidden: &[&[&str]]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for words in forbidden {
        for token in sequences(source, words) {
            violations.push(source.violation(token.line, format!("`{}`", words.concat())));
        }
    }
    violations
}

/// Whether a file belongs to the program, not to its tests.
fn is_program(source: &Source) -> bool {
    source.module().is_some()
}

pub(crate) fn prints(source: &Source) -> Vec<Violation> {
    if !is_program(source) {
        return Vec::new();
    }
    all(
        source,
        &[
            &["println", "!"],
            &["eprintln", "!"],
            &["print", "!"],
            &["eprint", "!"],
            &["dbg", "!"],
        ],
    )
}

pub(crate) fn allowed_lints(source: &Source) -> Vec<Violation> {
    all(
        source,
        &[&["#", "[", "allow", "("], &["#", "!", "[", "allow", "("]],
    )
}

pub(crate) fn unbounded_channels(source: &Source) -> Vec<Violation> {
    if !is_program(source) {
        return Vec::new();
    }
    let mut violations = all(
        source,
        &[
            &["unbounded_channel"],
            &["UnboundedSender"],
            &["UnboundedReceiver"],
            &["unbounded", "("],
        ],
    );
    for (at, words) in source.code.tokens.windows(3).enumerate() {
        let is_channel = words
            .iter()
            .map(|it| it.text.as_str())
            .eq(["channel", "(", ")"]);
        let before = at.checked_sub(2).and_then(|at| source.code.tokens.get(at));
        // One that carries a single value has a bound.
        if is_channel && before.is_none_or(|it| it.text != "oneshot") {
            violations.push(source.violation(words[0].line, "`channel()`"));
        }
    }
    // `channel::<T>()`: the bound would stand between the last two signs.
    for start in sequences(source, &["channel", "::", "<"]) {
        let after = source
            .code
            .tokens
            .iter()
            .skip_while(|token| !std::ptr::eq(*token, start));
        let mut closing = after.skip_while(|token| token.text != "(");
        if closing.nth(1).is_some_and(|token| token.text == ")") {
            violations.push(source.violation(start.line, "`channel::<_>()`"));
        }
    }
    violations
}

pub(crate) fn unsafe_code(source: &Source) -> Vec<Violation> {
    let mut violations = Vec::new();
    for token in source
        .code
        .tokens
        .iter()
        .filter(|token| token.text == "unsafe")
    {
        if !source.path.starts_with("src/exec/") {
            violations.push(source.violation(token.line, "unsafe code outside of exec"));
        } else if !has_safety_note(source, token.line) {
            violations.push(source.violation(token.line, "no `// SAFETY:` above it"));
        }
    }
    violations
}

/// Whether one of the five lines above, or the line itself, says why it is safe.
fn has_safety_note(source: &Source, line: usize) -> bool {
    let mut near = source.code.comments.iter();
    near.any(|it| it.line + 5 >= line && it.line <= line && it.text.starts_with("SAFETY:"))
}

pub(crate) fn left_for_later(source: &Source) -> Vec<Violation> {
    let mut violations = all(
        source,
        &[
            &["#", "[", "ignore"],
            &["todo", "!"],
            &["unimplemented", "!"],
        ],
    );
    for comment in &source.code.comments {
        let mut words = ["FIXME", "TODO", "XXX"].iter();
        if words.any(|word| comment.text.contains(word)) {
            violations.push(source.violation(comment.line, "a comment that puts something off"));
        }
    }
    violations
}

/// Words that the glossary replaces: a call is no job, a lane no worker, and
/// tasks belong to the runtime.
const FOREIGN: &[&str] = &[
    "job", "jobs", "worker", "workers", "task", "tasks", "util", "utils", "helper", "manager",
];

/// Names given in the code that use a word of another glossary.
pub(crate) fn foreign_words(source: &Source) -> Vec<Violation> {
    let declares = |word: &str| {
        matches!(
            word,
            "fn" | "struct"
                | "enum"
                | "trait"
                | "mod"
                | "type"
                | "const"
                | "static"
                | "let"
                | "mut"
        )
    };
    let mut violations = Vec::new();
    for pair in source.code.tokens.windows(2) {
        let [keyword, name] = pair else { continue };
        let words = parts_of(&name.text);
        if declares(&keyword.text) && words.iter().any(|word| FOREIGN.contains(&word.as_str())) {
            violations.push(source.violation(name.line, format!("the name `{}`", name.text)));
        }
    }
    violations
}

/// The words of a name in snake or camel case, in small letters.
fn parts_of(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| letter != '_') {
            part.extend(letter.to_lowercase());
        }
    }
    parts
}
