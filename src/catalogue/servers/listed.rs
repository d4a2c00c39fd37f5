//! Turns the tools that a server lists into tools of the catalogue: annotations
//! become locks, and the settings of the user win over those of the server.

use crate::model::{
    Access, Annotations, ListedTool, McpOperation, McpServer, OutputKind, Timeouts, Tool,
    ToolAction, ToolName, ToolOverride,
};

/// Prefix of the name of the lock on a whole server.
const LOCK: &str = "mcp:";

/// A listed tool as one of the catalogue; `None` where the user left it out.
pub(in crate::catalogue) fn tool_of(server: &McpServer, listed: &ListedTool) -> Option<Tool> {
    let is_wanted = server
        .only
        .as_ref()
        .is_none_or(|only| only.contains(&listed.name));
    let is_tool = listed.operation == McpOperation::CallTool;
    if is_tool && (!is_wanted || server.except.contains(&listed.name)) {
        return None;
    }
    let mut tool = tool(server, &listed.name, listed.annotations, listed.operation);
    tool.description.clone_from(&listed.description);
    tool.input_schema = Some(listed.input_schema.clone());
    if let ToolAction::Mcp {
        output_schema,
        is_listed,
        ..
    } = &mut tool.action
    {
        output_schema.clone_from(&listed.output_schema);
        *is_listed = true;
    }
    if listed.output_schema.is_some() {
        tool.output = OutputKind::Json;
    }
    Some(tool)
}

/// A tool that a plan names, of a server that nobody has asked yet.
pub(in crate::catalogue) fn assumed(server: &McpServer, name: &str) -> Tool {
    tool(server, name, Annotations::default(), McpOperation::CallTool)
}

/// An operation of a server that nobody has asked yet; `None` where none is
/// called so.
pub(in crate::catalogue) fn assumed_operation(server: &McpServer, name: &str) -> Option<Tool> {
    let annotations = Annotations {
        read_only: Some(true),
        ..Annotations::default()
    };
    let operation = McpOperation::named(name)?;
    Some(tool(server, name, annotations, operation))
}

fn tool(server: &McpServer, name: &str, annotations: Annotations, operation: McpOperation) -> Tool {
    let overrides = server.tools.get(name).cloned().unwrap_or_default();
    let access = access(server, &overrides, annotations);
    let (write_locks, read_locks) = locks(server, &overrides, access);
    Tool {
        name: ToolName::new(format!("{}{}{name}", server.name, operation.separator())),
        description: String::new(),
        action: ToolAction::Mcp {
            server: server.name.clone(),
            tool: name.to_owned(),
            operation,
            output_schema: None,
            access,
            is_listed: false,
        },
        input_schema: None,
        annotations,
        output: OutputKind::Auto,
        timeouts: Timeouts {
            run: overrides
                .timeout
                .or(server.timeout)
                .or(Some(McpServer::CALL_TIMEOUT)),
            queue: None,
            idle: overrides.idle_timeout,
            grace: overrides.grace.unwrap_or(Timeouts::DEFAULT_GRACE),
        },
        max_parallel: overrides.max_parallel,
        rate: overrides.rate,
        write_locks,
        read_locks,
        estimate: overrides.estimate,
        origin: server.origin.clone(),
    }
}

/// Returns the calls that a call may overlap with. A hint of MCP that is absent
/// counts as the worse value.
fn access(server: &McpServer, overrides: &ToolOverride, hints: Annotations) -> Access {
    if hints.read_only == Some(true) {
        return Access::ReadOnly;
    }
    if overrides.is_parallel || server.is_parallel {
        return Access::Relaxed;
    }
    if overrides
        .write_locks
        .as_ref()
        .is_some_and(|keys| !keys.is_empty())
    {
        return Access::Keyed;
    }
    match (hints.read_only, hints.destructive) {
        (None, None) => Access::Unannotated,
        (_, Some(false)) => Access::NotReadOnly,
        (_, _) => Access::Destructive,
    }
}

/// The locks that follow. A call that has only its keys for itself shares the
/// server with others, but not with one that needs the whole of it.
fn locks(
    server: &McpServer,
    overrides: &ToolOverride,
    access: Access,
) -> (Vec<String>, Vec<String>) {
    let whole = format!("{LOCK}{}", server.name);
    let mut write = overrides.write_locks.clone().unwrap_or_default();
    let mut read = overrides.read_locks.clone();
    match access {
        Access::ReadOnly | Access::Keyed | Access::Relaxed => read.push(whole),
        Access::NotReadOnly | Access::Destructive | Access::Unannotated => write.push(whole),
    }
    (write, read)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::model::{ProtocolChoice, ServerName, ServerTransport, SignIn};

    fn server() -> McpServer {
        McpServer {
            name: ServerName::new("s"),
            transport: ServerTransport::Stdio {
                argv: vec!["x".to_owned()],
                env: BTreeMap::new(),
                env_pass: Vec::new(),
                cwd: None,
            },
            protocol: ProtocolChoice::Auto,
            sign_in: SignIn::default(),
            startup_timeout: Duration::from_secs(10),
            timeout: None,
            is_parallel: false,
            only: None,
            except: vec!["hidden".to_owned()],
            tools: BTreeMap::new(),
            client: crate::model::ClientSettings::default(),
            secrets: Vec::new(),
            origin: None,
        }
    }

    fn listed(name: &str, read_only: Option<bool>, destructive: Option<bool>) -> ListedTool {
        ListedTool {
            operation: crate::model::McpOperation::CallTool,
            name: name.to_owned(),
            description: String::new(),
            input_schema: json!({"type": "object"}),
            output_schema: None,
            annotations: Annotations {
                read_only,
                destructive,
                ..Annotations::default()
            },
        }
    }

    fn overrides(server: &McpServer, listed: &ListedTool) -> (Access, Vec<String>, Vec<String>) {
        let tool = tool_of(server, listed).expect("taken over");
        let ToolAction::Mcp { access, .. } = tool.action else {
            panic!("a server's tool");
        };
        (access, tool.write_locks, tool.read_locks)
    }

    #[test]
    fn annotations_become_locks_and_silence_is_the_worst() {
        let whole = || vec!["mcp:s".to_owned()];
        let cases = [
            (Some(true), None, Access::ReadOnly, vec![], whole()),
            (
                Some(false),
                Some(false),
                Access::NotReadOnly,
                whole(),
                vec![],
            ),
            (None, Some(true), Access::Destructive, whole(), vec![]),
            (Some(false), None, Access::Destructive, whole(), vec![]),
            (None, None, Access::Unannotated, whole(), vec![]),
        ];
        for (read_only, destructive, access, write, read) in cases {
            let listed = listed("t", read_only, destructive);
            assert_eq!(overrides(&server(), &listed), (access, write, read));
        }
    }

    #[test]
    fn the_user_stands_over_the_hints() {
        let mut server = server();
        let keys = ToolOverride {
            write_locks: Some(vec!["graph".to_owned()]),
            ..ToolOverride::default()
        };
        let parallel = ToolOverride {
            is_parallel: true,
            ..ToolOverride::default()
        };
        server.tools = BTreeMap::from([("k".to_owned(), keys), ("p".to_owned(), parallel)]);
        let whole = vec!["mcp:s".to_owned()];
        let graph = vec!["graph".to_owned()];
        assert_eq!(
            overrides(&server, &listed("k", None, None)),
            (Access::Keyed, graph, whole.clone())
        );
        assert_eq!(
            overrides(&server, &listed("p", None, None)),
            (Access::Relaxed, vec![], whole)
        );
        assert!(tool_of(&server, &listed("hidden", None, None)).is_none());
    }
}
