//! What the tests of this room share.

use std::collections::BTreeMap;

use crate::model::{Action, Annotations, OutputKind, StdinKind, Timeouts, Tool, ToolName};

/// A tool with this command and nothing else.
pub(crate) fn tool(argv: &[&str]) -> Tool {
    Tool {
        name: ToolName::new("tool"),
        description: String::new(),
        action: Action::Command {
            argv: argv.iter().map(|&element| element.to_owned()).collect(),
            cwd: None,
            stdin: StdinKind::None,
            env: BTreeMap::new(),
            env_pass: Vec::new(),
            dash: Vec::new(),
        },
        input_schema: None,
        annotations: Annotations::default(),
        output: OutputKind::Auto,
        timeouts: Timeouts::default(),
        max_parallel: None,
        rate: None,
        write_locks: Vec::new(),
        read_locks: Vec::new(),
        estimate: None,
        origin: None,
    }
}
