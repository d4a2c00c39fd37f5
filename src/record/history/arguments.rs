//! The arguments that tools were called with last by a person.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{HistoryError, HistoryStore, fingerprint};
use crate::model::Tool;

/// Number of tools whose last arguments are kept; the longest unused go first.
const MOST_TOOLS: usize = 200;

/// Length of the arguments of one tool, in bytes of JSON, that are kept.
const MOST_BYTES: usize = 64 << 10;

/// Name of their file.
const FILE: &str = "arguments.json";

/// The arguments that tools were called with last, the latest last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LastArguments(VecDeque<(String, Value)>);

impl LastArguments {
    /// Arguments that a tool was called with last.
    pub fn of(&self, tool: &Tool) -> Option<&Value> {
        let key = key(tool);
        self.0.iter().find(|it| it.0 == key).map(|it| &it.1)
    }

    /// Keeps the arguments of a call; over `MOST_BYTES` they are not kept.
    pub fn put(&mut self, tool: &Tool, args: Value) {
        let key = key(tool);
        self.0.retain(|it| it.0 != key);
        if args.to_string().len() <= MOST_BYTES {
            self.0.push_back((key, args));
        }
        let over = self.0.len().saturating_sub(MOST_TOOLS);
        self.0.drain(..over);
    }
}

/// Tools are the same here if they are called the same and take the same.
fn key(tool: &Tool) -> String {
    let schema = tool.input_schema.as_ref().map(Value::to_string);
    fingerprint(&[tool.name.as_str(), &schema.unwrap_or_default()])
}

impl HistoryStore {
    /// Arguments that tools were called with last in earlier sessions.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not what this version writes.
    pub fn arguments(&self) -> Result<LastArguments, HistoryError> {
        let kept = self.whole.read(FILE, |text| serde_json::from_str(text))?;
        Ok(kept.unwrap_or_default())
    }

    /// Keeps the arguments that a tool is called with, beside those that other
    /// sessions have kept meanwhile. A file that cannot be understood is set
    /// aside.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be written.
    pub fn keep_arguments(&self, tool: &Tool, args: Value) -> Result<(), HistoryError> {
        let parse = |text: &str| serde_json::from_str::<LastArguments>(text);
        let put = |kept: Option<LastArguments>| {
            let mut kept = kept.unwrap_or_default();
            kept.put(tool, args);
            kept
        };
        self.whole.update(FILE, parse, put).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;
    use crate::model::{ToolAction, ToolName};

    fn tool(name: &str) -> Tool {
        let run = std::time::Duration::ZERO;
        Tool::new(ToolName::new(name), ToolAction::Wait { run })
    }

    #[test]
    fn the_last_arguments_outlive_a_session_in_a_file_for_their_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = HistoryStore::at(&folder.path().join("state"));
        assert_eq!(history.arguments().expect("none yet").of(&tool("a")), None);
        for (name, text) in [("a", "one"), ("b", "two"), ("a", "three")] {
            let kept = history.keep_arguments(&tool(name), json!({ "text": text }));
            kept.expect("written");
        }
        let kept = history.arguments().expect("read");
        assert_eq!(kept.of(&tool("a")), Some(&json!({"text": "three"})));
        assert_eq!(kept.of(&tool("b")), Some(&json!({"text": "two"})));
        let mut other = tool("a");
        other.input_schema = Some(json!({"type": "object"}));
        assert_eq!(kept.of(&other), None, "it takes other arguments");
        let file = folder.path().join("state").join(FILE);
        let mode = std::fs::metadata(file)
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn sessions_that_keep_arguments_at_the_same_time_lose_none() {
        const SESSIONS: usize = 8;
        let folder = tempfile::tempdir().expect("a folder");
        std::thread::scope(|scope| {
            for at in 0..SESSIONS {
                let history = HistoryStore::at(folder.path());
                scope.spawn(move || {
                    let name = format!("t{at}");
                    let kept = history.keep_arguments(&tool(&name), json!(at));
                    kept.expect("written");
                });
            }
        });
        let kept = HistoryStore::at(folder.path()).arguments().expect("read");
        assert_eq!(kept.0.len(), SESSIONS);
    }

    #[test]
    fn a_file_that_is_no_text_is_set_aside_and_written_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = HistoryStore::at(folder.path());
        let path = folder.path().join(FILE);
        std::fs::write(&path, b"{\xff}").expect("written");
        history.arguments().expect_err("no text");
        history.keep_arguments(&tool("a"), json!(1)).expect("anew");
        let kept = history.arguments().expect("read");
        assert_eq!(kept.of(&tool("a")), Some(&json!(1)));
        let aside = path.with_extension("json.unreadable");
        assert_eq!(std::fs::read(aside).expect("set aside"), b"{\xff}");
    }

    #[test]
    fn they_are_bounded() {
        let mut kept = LastArguments::default();
        for at in 0..MOST_TOOLS + 5 {
            kept.put(&tool(&format!("t{at}")), json!(at));
        }
        assert_eq!(kept.0.len(), MOST_TOOLS);
        assert_eq!(kept.of(&tool("t4")), None);
        kept.put(&tool("t9"), json!("x".repeat(MOST_BYTES)));
        assert_eq!(kept.of(&tool("t9")), None);
    }
}
