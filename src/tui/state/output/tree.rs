//! A JSON document as a tree, of which only the visible rows are drawn.
//!
//! The rows are a flat list that is rebuilt when a node is opened or closed.
//! A widget that takes every item ready-made and styled would cost each frame
//! the whole document.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::CallId;
use crate::output::{Printed, Safe};

/// Largest document that is shown as a tree, in bytes: it is read between two
/// frames.
const MOST_BYTES: u64 = 1 << 20;

/// Output of a call, as one document.
#[derive(Debug)]
pub enum Tree {
    /// It is one.
    Document(Value),
    /// It is none, or none that is shown as a tree.
    None(NoTree),
}

/// Why output is not shown as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoTree {
    /// Nothing was printed.
    Empty,
    /// It is larger than is read between two frames: its size in bytes.
    TooLarge(u64),
    /// It is not one JSON document, and why.
    Otherwise(Safe),
}

impl Tree {
    /// Reads a document.
    pub fn read(printed: &Printed) -> Self {
        if printed.total == 0 {
            return Self::None(NoTree::Empty);
        }
        if printed.is_truncated || printed.total > MOST_BYTES {
            return Self::None(NoTree::TooLarge(printed.total));
        }
        let error = match serde_json::from_slice(&printed.bytes) {
            Ok(value) => return Self::Document(value),
            Err(error) => Safe::new(&error.to_string()),
        };
        let lines = json_lines(&printed.bytes).map(|it| Self::Document(Value::Array(it)));
        lines.unwrap_or(Self::None(NoTree::Otherwise(error)))
    }
}

/// Returns the documents of JSON Lines: several lines, each a document of its
/// own but for empty ones.
fn json_lines(bytes: &[u8]) -> Option<Vec<Value>> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.trim_ascii().is_empty());
    let read: Result<Vec<Value>, _> = lines.map(serde_json::from_slice).collect();
    read.ok().filter(|documents| documents.len() > 1)
}

/// A row of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRow {
    /// Depth of nesting.
    pub depth: usize,
    /// Its key, as JSON, or its index.
    pub key: Option<Safe>,
    /// Value of the node.
    pub holds: NodeValue,
    /// Its number among all nodes, the parents first.
    node: usize,
}

/// Value of a node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeValue {
    /// An object or an array with something in it.
    Branch {
        /// How many members.
        members: usize,
        /// Whether it is an array.
        is_array: bool,
        /// Whether they are shown.
        is_open: bool,
    },
    /// A string, as JSON.
    String(Safe),
    /// A number.
    Number(Safe),
    /// `true`, `false`, `null`, `{}` or `[]`.
    Literal(Safe),
}

/// State of a tree.
#[derive(Debug, Default)]
pub struct TreeView {
    read: Option<((CallId, u64), Tree)>,
    closed: BTreeSet<usize>,
    rows: Vec<TreeRow>,
    /// The row with the cursor.
    pub cursor: usize,
    /// The first visible row.
    pub first: usize,
}

impl TreeView {
    /// Whether the document was read as far as it had grown.
    pub fn has(&self, of: (CallId, u64)) -> bool {
        self.read.as_ref().is_some_and(|(read, _)| *read == of)
    }

    /// The document of a call.
    pub fn of(&self, call: CallId) -> Option<&Tree> {
        let read = self.read.as_ref().filter(|((of, _), _)| *of == call);
        read.map(|(_, tree)| tree)
    }

    /// Takes a document that was read.
    pub(in crate::tui) fn take(&mut self, of: (CallId, u64), tree: Tree) {
        let is_same_call = self
            .read
            .as_ref()
            .is_some_and(|((call, _), _)| *call == of.0);
        if !is_same_call {
            self.closed.clear();
            (self.cursor, self.first) = (0, 0);
        }
        self.read = Some((of, tree));
        self.flatten();
    }

    /// The rows that are not inside a closed node.
    pub fn rows(&self) -> &[TreeRow] {
        &self.rows
    }

    /// Moves the cursor, and keeps it among the `visible` rows.
    pub(in crate::tui) fn step(&mut self, by: isize, visible: usize) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
        let lowest = (self.cursor + 1).saturating_sub(visible.max(1));
        self.first = self.first.clamp(lowest, self.cursor);
    }

    /// Opens or closes the node at the cursor.
    pub(in crate::tui) fn toggle(&mut self) {
        let Some(row) = self.rows.get(self.cursor) else {
            return;
        };
        if matches!(row.holds, NodeValue::Branch { .. }) {
            if !self.closed.remove(&row.node) {
                self.closed.insert(row.node);
            }
            self.flatten();
        }
    }

    /// Opens the node at the cursor.
    pub(in crate::tui) fn open(&mut self) {
        if self.branch() == Some(false) {
            self.toggle();
        }
    }

    /// Closes the node at the cursor, or goes to the one it is in.
    pub(in crate::tui) fn close(&mut self) {
        if self.branch() == Some(true) {
            self.toggle();
            return;
        }
        let depth = self.rows.get(self.cursor).map_or(0, |row| row.depth);
        let above = self.rows.iter().take(self.cursor);
        let parent = above.enumerate().rev().find(|(_, row)| row.depth < depth);
        if let Some((index, _)) = parent {
            self.cursor = index;
            self.first = self.first.min(index);
        }
    }

    /// Whether the node at the cursor is open, if it can be.
    fn branch(&self) -> Option<bool> {
        match self.rows.get(self.cursor)?.holds {
            NodeValue::Branch { is_open, .. } => Some(is_open),
            _ => None,
        }
    }

    /// The value at the cursor.
    pub fn value(&self) -> Option<&Value> {
        let (_, Tree::Document(document)) = self.read.as_ref()? else {
            return None;
        };
        let node = self.rows.get(self.cursor)?.node;
        nth(document, &mut { node })
    }

    fn flatten(&mut self) {
        self.rows.clear();
        if let Some((_, Tree::Document(document))) = &self.read {
            let mut flat = Flat {
                closed: &self.closed,
                rows: &mut self.rows,
                next: 0,
            };
            flat.add(document, None, 0, true);
        }
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
        self.first = self.first.min(self.cursor);
    }
}

/// The value with a number, counted with the parents first.
fn nth<'v>(value: &'v Value, left: &mut usize) -> Option<&'v Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter().find_map(|item| nth(item, left)),
        Value::Object(table) => table.values().find_map(|item| nth(item, left)),
        _ => None,
    }
}

/// Makes the flat list.
struct Flat<'t> {
    closed: &'t BTreeSet<usize>,
    rows: &'t mut Vec<TreeRow>,
    next: usize,
}

impl Flat<'_> {
    fn add(&mut self, value: &Value, key: Option<Safe>, depth: usize, is_shown: bool) {
        let node = self.next;
        self.next += 1;
        let is_open = !self.closed.contains(&node);
        if is_shown {
            let holds = holds(value, is_open);
            self.rows.push(TreeRow {
                depth,
                key,
                holds,
                node,
            });
        }
        // Closed nodes are walked too, for the numbers of those behind them.
        let is_shown = is_shown && is_open;
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let key = is_shown.then(|| Safe::new(&index.to_string()));
                    self.add(item, key, depth + 1, is_shown);
                }
            }
            Value::Object(table) => {
                for (name, item) in table {
                    let key = is_shown.then(|| Safe::new(&Value::from(name.as_str()).to_string()));
                    self.add(item, key, depth + 1, is_shown);
                }
            }
            _ => {}
        }
    }
}

fn holds(value: &Value, is_open: bool) -> NodeValue {
    let text = |value: &Value| Safe::new(&value.to_string());
    match value {
        Value::Array(items) if !items.is_empty() => NodeValue::Branch {
            members: items.len(),
            is_array: true,
            is_open,
        },
        Value::Object(table) if !table.is_empty() => NodeValue::Branch {
            members: table.len(),
            is_array: false,
            is_open,
        },
        Value::String(_) => NodeValue::String(text(value)),
        Value::Number(_) => NodeValue::Number(text(value)),
        _ => NodeValue::Literal(text(value)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tui::state::output::tree::*;

    fn view(value: Value) -> TreeView {
        let mut view = TreeView::default();
        view.take((CallId::from_index(0), 1), Tree::Document(value));
        view
    }

    #[test]
    fn nodes_are_closed_opened_and_found_again() {
        let mut view = view(json!({"a": [1, {"b": null}], "c": "x"}));
        assert_eq!(view.rows().len(), 6);
        view.step(1, 10);
        view.toggle();
        assert_eq!(view.rows().len(), 3);
        view.step(1, 10);
        assert_eq!(view.value(), Some(&json!("x")));
        view.close();
        assert_eq!(view.cursor, 0, "to the node it is in");
        view.step(1, 10);
        view.open();
        view.step(3, 10);
        assert_eq!(view.value(), Some(&json!(null)));
    }

    fn read(text: &str) -> Tree {
        Tree::read(&Printed {
            bytes: text.into(),
            is_truncated: false,
            total: text.len() as u64,
            missing: 0,
        })
    }

    #[test]
    fn lines_that_are_documents_are_one_tree() {
        let Tree::Document(lines) = read("{\"a\": 1}\n\n[2]\r\n\"x\"") else {
            panic!("no tree");
        };
        assert_eq!(lines, json!([{"a": 1}, [2], "x"]));
    }

    #[test]
    fn what_is_no_document_says_why() {
        assert!(matches!(read(""), Tree::None(NoTree::Empty)));
        assert!(matches!(read("{"), Tree::None(NoTree::Otherwise(_))));
        assert!(matches!(read("{}\n{"), Tree::None(NoTree::Otherwise(_))));
        let large = format!("\"{}\"", "x".repeat(1 << 20));
        assert!(matches!(read(&large), Tree::None(NoTree::TooLarge(_))));
    }
}
