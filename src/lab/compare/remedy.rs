//! Locks that could keep calls apart: guessed from what they have in common,
//! and worth nothing until they have been tried.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::model::{CallId, LockKey, Plan};

/// A lock to be written into a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// Its key.
    pub key: LockKey,
    /// The calls that are to hold it alone.
    pub calls: Vec<CallId>,
}

impl Remedy {
    /// The line that each of the calls is to have.
    pub fn line(&self) -> String {
        format!("locks = {{ write = [{:?}] }}", self.key.as_str())
    }

    /// The plan with the lock in it.
    #[must_use]
    pub(super) fn applied(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        for id in &self.calls {
            if let Some(call) = plan.calls.get_mut(id.index()) {
                let locks = &mut Arc::make_mut(call).locks;
                locks.read.retain(|key| *key != self.key);
                if !locks.write.contains(&self.key) {
                    locks.write.push(self.key.clone());
                }
            }
        }
        plan
    }
}

/// A text in the arguments of a call, with the name it stands under.
type Word = (String, String);

/// Returns the locks that could keep `calls` apart, the likeliest first: a lock
/// on what their arguments have in common, on them alone and then on every call
/// that names the same; else a lock with a name of its own.
pub(super) fn remedies(plan: &Plan, calls: &[CallId]) -> Vec<Remedy> {
    let words: Vec<BTreeSet<Word>> = calls.iter().map(|id| words(plan, *id)).collect();
    let mut common = words.first().cloned().unwrap_or_default();
    for others in &words {
        common.retain(|word| others.contains(word));
    }
    let mut common: Vec<Word> = common.into_iter().collect();
    common.sort_by_key(|word| !is_path(word));
    let mut remedies = Vec::new();
    for word in &common {
        let key = key_of(word);
        let all: Vec<CallId> = plan
            .calls
            .iter()
            .filter(|call| call.is_measured() && self::words(plan, call.id).contains(word))
            .map(|call| call.id)
            .collect();
        for calls in [calls.to_vec(), all] {
            let remedy = Remedy {
                key: key.clone(),
                calls,
            };
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
            }
        }
    }
    remedies.push(Remedy {
        key: LockKey::new(&own_name(plan, calls)),
        calls: calls.to_vec(),
    });
    remedies
}

/// Pairs of calls whose arguments name the same thing: where a search for two
/// calls that disturb one another looks first.
pub(super) fn suspects(plan: &Plan) -> Vec<[CallId; 2]> {
    let calls = plan.calls.iter().filter(|call| call.is_measured());
    let each: Vec<(CallId, BTreeSet<Word>)> =
        calls.map(|call| (call.id, words(plan, call.id))).collect();
    let mut all: Vec<&Word> = each.iter().flat_map(|(_, words)| words).collect();
    all.sort_by_key(|word| (!is_path(word), *word));
    all.dedup();
    let mut pairs: Vec<[CallId; 2]> = Vec::new();
    for word in all {
        let mut sharing = each.iter().filter(|(_, words)| words.contains(word));
        if let (Some((one, _)), Some((two, _))) = (sharing.next(), sharing.next())
            && !pairs.contains(&[*one, *two])
        {
            pairs.push([*one, *two]);
        }
    }
    pairs
}

fn words(plan: &Plan, id: CallId) -> BTreeSet<Word> {
    let mut found = BTreeSet::new();
    if let Some(call) = plan.calls.get(id.index()) {
        collect(&call.args, "", &mut found);
    }
    found
}

fn collect(value: &Value, name: &str, found: &mut BTreeSet<Word>) {
    match value {
        Value::String(text) if !text.trim().is_empty() && !text.contains("{{") => {
            found.insert((name.to_owned(), text.clone()));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, found)),
        Value::Object(entries) => {
            for (name, value) in entries {
                collect(value, name, found);
            }
        }
        _ => {}
    }
}

fn is_path((name, text): &Word) -> bool {
    let name = name.to_ascii_lowercase();
    let names = ["path", "file", "folder", "dir"];
    names.iter().any(|part| name.contains(part))
        || (text.contains('/') && !text.contains("://") && !text.contains(' '))
}

fn key_of(word: &Word) -> LockKey {
    let (name, text) = word;
    if is_path(word) {
        LockKey::new(&format!("{}{text}", LockKey::FILE))
    } else {
        LockKey::new(&format!("{name}:{text}"))
    }
}

/// A name that nothing else has.
fn own_name(plan: &Plan, calls: &[CallId]) -> String {
    let called = calls.iter().filter_map(|id| plan.calls.get(id.index()));
    let tools: BTreeSet<&str> = called.map(|call| call.tool.as_str()).collect();
    tools.into_iter().collect::<Vec<_>>().join("+")
}
