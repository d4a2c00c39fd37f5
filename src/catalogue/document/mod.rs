//! A file as a tree of values that know where they stand.
//!
//! TOML and JSON are both read into it, so that everything after this point
//! has one path and every problem a place.

mod json;
mod toml;

use std::ops::Range;

use serde_json::{Map, Number, Value};

use super::findings::Findings;

/// A value and the bytes it stands at.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) item: Item,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// One key of a table with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) node: Node,
}

/// Reads a file: JSON if its name ends in `.json`, or if it starts with `{`,
/// which TOML cannot; else TOML. `None` where its syntax is broken.
pub(crate) fn parse(findings: &mut Findings<'_>) -> Option<Node> {
    let source = findings.source();
    let is_json = source.name().to_ascii_lowercase().ends_with(".json")
        || source.text().trim_start().starts_with('{');
    if is_json {
        json::parse(findings)
    } else {
        toml::parse(findings)
    }
}

impl Node {
    /// The keys, if it is a table.
    pub(crate) fn as_table(&self) -> Option<&[Entry]> {
        match &self.item {
            Item::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.item {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key, if it is a table that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// A key with its value, if it is a table that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_table()?.iter().find(|entry| entry.key == key)
    }

    /// The value at a JSON pointer's parts, or the nearest one above it.
    pub(crate) fn nearest_to(&self, parts: impl IntoIterator<Item = String>) -> &Node {
        let mut node = self;
        for part in parts {
            let inner = match &node.item {
                Item::Table(_) => node.get(&part),
                Item::List(items) => part.parse::<usize>().ok().and_then(|at| items.get(at)),
                _ => None,
            };
            let Some(inner) = inner else { break };
            node = inner;
        }
        node
    }

    /// What it is, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.item {
            Item::Null => "null",
            Item::Bool(_) => "a boolean",
            Item::Number(_) => "a number",
            Item::Text(_) => "a string",
            Item::List(_) => "an array",
            Item::Table(_) => "a table",
        }
    }

    /// The value without its places.
    pub(crate) fn to_json(&self) -> Value {
        match &self.item {
            Item::Null => Value::Null,
            Item::Bool(is_true) => Value::Bool(*is_true),
            Item::Number(number) => Value::Number(number.clone()),
            Item::Text(text) => Value::String(text.clone()),
            Item::List(items) => items.iter().map(Self::to_json).collect(),
            Item::Table(entries) => {
                let pairs = entries.iter();
                let pairs = pairs.map(|entry| (entry.key.clone(), entry.node.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }
}
