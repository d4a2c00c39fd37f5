//! Commands that start work elsewhere: on another machine, or under a daemon of
//! this one. Their processes are not below fanout, which can neither measure
//! nor end them.

use crate::model::{McpServer, ServerTransport, Tool, ToolAction};

/// Programs known to start work elsewhere.
const PROGRAMS: [&str; 8] = [
    "ssh",
    "srun",
    "salloc",
    "kubectl",
    "docker",
    "podman",
    "apptainer",
    "nomad",
];

/// A program that starts work elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere(&'static str);

impl Elsewhere {
    /// Returns the program of a tool's command, if it is one of these.
    pub fn of_tool(tool: &Tool) -> Option<Self> {
        match &tool.action {
            ToolAction::Command { argv, .. } => Self::of_argv(argv),
            ToolAction::Mcp { .. } | ToolAction::Http { .. } | ToolAction::Wait { .. } => None,
        }
    }

    /// Returns the program of a server's command, if it is one of these.
    pub fn of_server(server: &McpServer) -> Option<Self> {
        match &server.transport {
            ServerTransport::Stdio { argv, .. } => Self::of_argv(argv),
            ServerTransport::Http { .. } => None,
        }
    }

    fn of_argv(argv: &[String]) -> Option<Self> {
        let program = argv.first()?.rsplit('/').next()?;
        let known = PROGRAMS.into_iter().find(|known| *known == program);
        known.map(Self)
    }
}

impl std::fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let program = self.0;
        write!(
            f,
            "`{program}` starts work elsewhere, which is neither contained nor measured"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{StdinKind, ToolName};

    #[test]
    fn the_program_decides_whatever_its_folder_or_arguments() {
        let said = |argv: &[&str]| {
            let action = ToolAction::Command {
                argv: argv.iter().map(ToString::to_string).collect(),
                cwd: None,
                stdin: StdinKind::None,
                env: BTreeMap::default(),
                env_pass: Vec::new(),
                dash: Vec::new(),
            };
            let tool = Tool::new(ToolName::new("x"), action);
            Elsewhere::of_tool(&tool).map(|it| it.to_string())
        };
        let ssh = "`ssh` starts work elsewhere, which is neither contained nor measured";
        assert_eq!(
            said(&["/usr/bin/ssh", "host", "true"]).as_deref(),
            Some(ssh)
        );
        for program in PROGRAMS {
            assert!(said(&[program]).is_some(), "{program}");
        }
        assert_eq!(said(&["ssh-keygen"]), None);
        assert_eq!(said(&["echo", "ssh"]), None);
        assert_eq!(said(&[]), None);
    }
}
