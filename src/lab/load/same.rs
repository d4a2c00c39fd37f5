//! Whether outputs stay what they are at one lane.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::LoadLevel;
use crate::lab::CallResult;
use crate::model::{ArgsFingerprint, CallRow, Cap, ToolName};

/// Different arguments whose outputs are kept.
const MOST_ARGUMENTS: usize = 10_000;
/// Different outputs that are kept of the same arguments.
const MOST_ANSWERS: usize = 8;
/// Differences that are kept.
const MOST_DIFFERENCES: usize = 8;

/// A call whose output differs from all those that the same arguments gave at
/// one lane: a parallel hazard.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Its tool.
    pub tool: ToolName,
    /// Its arguments. Untrusted text.
    pub args: Arc<Value>,
    /// The level at which it was seen first.
    pub level: LoadLevel,
    /// How often it was seen.
    pub seen: u64,
    /// An output at one lane.
    pub expected: CallResult,
    /// The output.
    pub found: CallResult,
}

type Key = (ToolName, ArgsFingerprint);

/// The outputs at one lane, and those that differ.
#[derive(Debug, Default)]
pub(super) struct Answers {
    alone: BTreeMap<Key, Vec<CallResult>>,
    differing: BTreeMap<Key, Difference>,
}

impl Answers {
    /// Takes the output of a call.
    pub(super) fn add(&mut self, level: LoadLevel, row: &CallRow, result: CallResult) {
        let key = (row.call.tool.clone(), ArgsFingerprint::of(&row.call.args));
        if level == LoadLevel::Cap(Cap::ONE) {
            self.alone(key, result);
            return;
        }
        let Some(expected) = self.alone.get(&key) else {
            return;
        };
        if expected.contains(&result) {
            return;
        }
        if let Some(difference) = self.differing.get_mut(&key) {
            difference.seen += 1;
        } else if let Some(expected) = expected.first()
            && self.differing.len() < MOST_DIFFERENCES
        {
            let difference = Difference {
                tool: row.call.tool.clone(),
                args: Arc::clone(&row.call.args),
                level,
                seen: 1,
                expected: expected.clone(),
                found: result,
            };
            self.differing.insert(key, difference);
        }
    }

    fn alone(&mut self, key: Key, result: CallResult) {
        // One that one lane gives as well is no hazard.
        let is_same = |it: &Difference| it.found == result;
        if self.differing.get(&key).is_some_and(is_same) {
            self.differing.remove(&key);
        }
        if self.alone.len() >= MOST_ARGUMENTS && !self.alone.contains_key(&key) {
            return;
        }
        let answers = self.alone.entry(key).or_default();
        if answers.len() < MOST_ANSWERS && !answers.contains(&result) {
            answers.push(result);
        }
    }

    /// Whether an output differs.
    pub(super) fn is_any_different(&self) -> bool {
        !self.differing.is_empty()
    }

    /// Returns the outputs that differ.
    pub(super) fn differences(&self) -> Vec<Difference> {
        self.differing.values().cloned().collect()
    }
}
