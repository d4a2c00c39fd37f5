//! Reads the keys of one table, strictly: each key is asked for by name, and a
//! key that was never asked for is an error that names the nearest known one.

use std::time::Duration;

use super::document::{Item, KeyValue, Node};
use super::findings::Findings;
use super::quantity::parse_duration;
use super::text::nearest;

/// The keys of one table that have not been asked for yet.
pub(crate) struct Fields<'n> {
    /// The thing that the table describes, with its article.
    what: &'static str,
    node: &'n Node,
    left: Vec<&'n KeyValue>,
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Takes the keys of a table that describes `what`; reports any other value.
    pub(crate) fn of(
        node: &'n Node,
        what: &'static str,
        findings: &mut Findings<'_>,
    ) -> Option<Self> {
        let Some(entries) = node.as_table() else {
            wrong_kind(node, &format!("a table for {what}"), findings);
            return None;
        };
        Some(Self {
            what,
            node,
            left: entries.iter().collect(),
            known: Vec::new(),
        })
    }

    /// Whether the table has a key that has not been asked for yet.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.left.iter().any(|entry| entry.key == key)
    }

    /// Returns a key with its value.
    pub(crate) fn entry(&mut self, key: &'static str) -> Option<&'n KeyValue> {
        self.known.push(key);
        let at = self.left.iter().position(|entry| entry.key == key)?;
        Some(self.left.remove(at))
    }

    /// Returns the value of a key.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// Returns the value of a required key; reports that it is missing.
    pub(crate) fn need(
        &mut self,
        key: &'static str,
        findings: &mut Findings<'_>,
    ) -> Option<&'n Node> {
        let found = self.take(key);
        if found.is_none() {
            findings.error(&self.node.span, format!("{} needs `{key}`", self.what));
        }
        found
    }

    /// Reads the value of a key with `read`.
    pub(crate) fn read<T>(
        &mut self,
        key: &'static str,
        findings: &mut Findings<'_>,
        read: impl FnOnce(&'n Node, &mut Findings<'_>) -> Option<T>,
    ) -> Option<T> {
        self.take(key).and_then(|node| read(node, findings))
    }

    /// Reports a key that is reserved for a later version.
    pub(crate) fn refuse(&mut self, key: &'static str, findings: &mut Findings<'_>) {
        if let Some(entry) = self.entry(key) {
            let problem = findings
                .at(&entry.key_span, format!("`{key}` is not supported yet"))
                .with_help("remove it: this version would have to ignore it");
            findings.push(problem);
        }
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(self, findings: &mut Findings<'_>) {
        for entry in &self.left {
            if findings.is_full() {
                findings.error(&entry.key_span, "unknown key");
                continue;
            }
            let message = format!("{} has no key `{}`", self.what, entry.key);
            let problem = findings.at(&entry.key_span, message);
            let problem = match nearest(&entry.key, self.known.iter().copied()) {
                Some(key) => problem.with_help(format!("did you mean `{key}`?")),
                None => problem.with_help(format!("its keys are {}", listed(&self.known))),
            };
            findings.push(problem);
        }
    }
}

/// Joins words as "`a`, `b` and `c`".
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Reports that something else was expected.
pub(crate) fn wrong_kind(node: &Node, expected: &str, findings: &mut Findings<'_>) {
    if let Item::Unusable = node.item {
        return;
    }
    let message = format!("expected {expected}, found {}", node.kind());
    findings.error(&node.span, message);
}

/// Reads a string.
pub(crate) fn text<'n>(node: &'n Node, findings: &mut Findings<'_>) -> Option<&'n str> {
    let text = node.as_text();
    if text.is_none() {
        wrong_kind(node, "a string", findings);
    }
    text
}

/// Reads `true` or `false`.
pub(crate) fn boolean(node: &Node, findings: &mut Findings<'_>) -> Option<bool> {
    if let Item::Bool(is_true) = node.item {
        return Some(is_true);
    }
    wrong_kind(node, "`true` or `false`", findings);
    None
}

/// Reads a whole number in a range.
pub(crate) fn whole(
    node: &Node,
    range: std::ops::RangeInclusive<i64>,
    findings: &mut Findings<'_>,
) -> Option<i64> {
    let (least, most) = (*range.start(), *range.end());
    let expected = match (least, most) {
        (least, i64::MAX) => format!("a whole number of at least {least}"),
        _ => format!("a whole number from {least} to {most}"),
    };
    let Item::Number(number) = &node.item else {
        wrong_kind(node, &expected, findings);
        return None;
    };
    let found = number.as_i64().filter(|number| range.contains(number));
    if found.is_none() {
        findings.error(&node.span, format!("expected {expected}, found {number}"));
    }
    found
}

/// Reads a duration; 0 is allowed.
pub(crate) fn duration(node: &Node, findings: &mut Findings<'_>) -> Option<Duration> {
    let Some(text) = node.as_text() else {
        wrong_kind(node, "a duration such as \"1.5s\"", findings);
        return None;
    };
    match parse_duration(text) {
        Ok(time) => Some(time),
        Err(problem) => {
            findings.error(&node.span, format!("{text:?} is {problem}"));
            None
        }
    }
}

/// Reads a duration of more than 0.
pub(crate) fn some_time(node: &Node, findings: &mut Findings<'_>) -> Option<Duration> {
    let time = duration(node, findings)?;
    if time.is_zero() {
        findings.error(&node.span, "must be more than 0");
        return None;
    }
    Some(time)
}

/// Reads an array, each item with `read`; items that it refuses are left out.
pub(crate) fn list<'n, T>(
    node: &'n Node,
    findings: &mut Findings<'_>,
    mut read: impl FnMut(&'n Node, &mut Findings<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let Item::List(items) = &node.item else {
        let help = match &node.item {
            Item::Unusable => return None,
            Item::Text(text) => Some(format!("write it in brackets: [{text:?}]")),
            Item::Table(_) => Some("an array of tables is written `[[name]]` in TOML".to_owned()),
            _ => None,
        };
        let message = format!("expected an array, found {}", node.kind());
        let problem = findings.at(&node.span, message);
        findings.push(match help {
            Some(help) => problem.with_help(help),
            None => problem,
        });
        return None;
    };
    let read = items.iter().filter_map(|item| read(item, findings));
    Some(read.collect())
}

/// Reads an array of strings.
pub(crate) fn texts(node: &Node, findings: &mut Findings<'_>) -> Option<Vec<String>> {
    list(node, findings, |item, findings| {
        text(item, findings).map(str::to_owned)
    })
}

/// Reads one of a few words.
pub(crate) fn choice<T: Copy>(
    node: &Node,
    choices: &[(&'static str, T)],
    findings: &mut Findings<'_>,
) -> Option<T> {
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    let written = text(node, findings)?;
    let found = choices.iter().find(|(word, _)| *word == written);
    if let Some((_, value)) = found {
        return Some(*value);
    }
    let one_of = if words.len() > 1 { "one of " } else { "" };
    let message = format!("expected {one_of}{}, found {written:?}", listed(&words));
    let mut problem = findings.at(&node.span, message);
    if let Some(word) = nearest(written, words) {
        problem = problem.with_help(format!("did you mean `{word}`?"));
    }
    findings.push(problem);
    None
}
