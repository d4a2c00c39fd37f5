//! The arguments that tools were called with last by a person.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Notebook, NotebookError, fingerprint};
use crate::model::Tool;

/// Tools whose last arguments are kept; the longest unused go first.
const MOST_TOOLS: usize = 200;

/// Bytes of arguments, as JSON, that are kept of one tool.
const MOST_BYTES: usize = 64 << 10;

/// The file they stand in.
const FILE: &str = "arguments.json";

/// The arguments that tools were called with last, the latest last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LastArguments(VecDeque<(String, Value)>);

impl LastArguments {
    /// What a tool was called with last.
    pub fn of(&self, tool: &Tool) -> Option<&Value> {
        let key = key(tool);
        self.0.iter().find(|it| it.0 == key).map(|it| &it.1)
    }

    /// Keeps what a tool is called with; too much of it is not kept.
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

impl Notebook {
    /// What tools were called with last in earlier sessions.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not what this version writes.
    pub fn arguments(&self) -> Result<LastArguments, NotebookError> {
        let Some(text) = self.whole.read(FILE)? else {
            return Ok(LastArguments::default());
        };
        let read = serde_json::from_str(&text);
        read.map_err(|source| self.whole.malformed(FILE, source))
    }

    /// Keeps what a tool is called with, beside what other sessions have kept
    /// meanwhile. What cannot be read is written anew.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be written.
    pub fn keep_arguments(&self, tool: &Tool, args: Value) -> Result<(), NotebookError> {
        let mut kept = self.arguments().unwrap_or_default();
        kept.put(tool, args);
        let text = serde_json::to_string(&kept);
        let text = text.map_err(|source| self.whole.malformed(FILE, source))?;
        self.whole.write(FILE, &text)
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
        let notebook = Notebook::at(&folder.path().join("state"));
        assert_eq!(notebook.arguments().expect("none yet").of(&tool("a")), None);
        for (name, text) in [("a", "one"), ("b", "two"), ("a", "three")] {
            let kept = notebook.keep_arguments(&tool(name), json!({ "text": text }));
            kept.expect("written");
        }
        let kept = notebook.arguments().expect("read");
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
