//! Fixtures of the tests of this room.

use std::collections::BTreeMap;

use crate::model::{StdinKind, Tool, ToolAction, ToolName};

/// A tool with this command and nothing else.
pub(crate) fn tool(argv: &[&str]) -> Tool {
    let action = ToolAction::Command {
        argv: argv.iter().map(|&element| element.to_owned()).collect(),
        cwd: None,
        stdin: StdinKind::None,
        env: BTreeMap::new(),
        env_pass: Vec::new(),
        dash: Vec::new(),
    };
    Tool::new(ToolName::new("tool"), action)
}
