//! A value with its span, and what stands in it.

use std::ops::Range;

use serde_json::{Map, Number, Value};

/// A value and its span in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) item: Item,
}

/// A value of either language.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Table(Vec<KeyValue>),
    /// A value that cannot be used, which has been reported.
    Unusable,
}

/// Deepest nesting of tables and arrays. Deeper ones are an error, so that no
/// reader needs to guard its stack.
pub(super) const DEEPEST: usize = 128;

/// One key of a table with its value.
#[derive(Debug, Clone)]
pub(crate) struct KeyValue {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) node: Node,
}

impl Node {
    /// The keys, if it is a table.
    pub(crate) fn as_table(&self) -> Option<&[KeyValue]> {
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
    pub(crate) fn entry(&self, key: &str) -> Option<&KeyValue> {
        self.as_table()?.iter().find(|entry| entry.key == key)
    }

    /// Returns the value at the parts of a JSON pointer, or the nearest one above
    /// it.
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

    /// Kind of the value, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.item {
            Item::Null => "null",
            Item::Bool(_) => "a boolean",
            Item::Number(_) => "a number",
            Item::Text(_) => "a string",
            Item::List(_) => "an array",
            Item::Table(_) => "a table",
            Item::Unusable => "an unusable value",
        }
    }

    /// Returns the value without its spans.
    pub(crate) fn to_json(&self) -> Value {
        match &self.item {
            Item::Null | Item::Unusable => Value::Null,
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
