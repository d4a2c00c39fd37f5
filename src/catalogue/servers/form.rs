//! Forms in which other programs write down their servers: the one description
//! that reading, wrapping and unwrapping go by.

use std::path::Path;

use super::expand::{VariableSyntax, VariableValues, expand};
use super::projects::SERVERS;
use super::{projects, secrets};
use crate::catalogue::document::{Item, KeyValue, Node};

/// Form of the files of one program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServerFileForm {
    /// Key of the table of servers.
    pub(crate) root: &'static str,
    /// Key of the environment, in the entry of a server.
    pub(crate) env: &'static str,
    pub(super) variables: VariableSyntax,
    /// Limit of a call that the program keeps to, where an entry can set it.
    pub(crate) limit: Option<LimitKey>,
}

/// Key of a limit of calls, and the number of milliseconds of its unit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LimitKey {
    pub(crate) key: &'static str,
    pub(crate) unit_ms: u32,
}

const fn form(root: &'static str, variables: VariableSyntax) -> ServerFileForm {
    ServerFileForm {
        root,
        env: "env",
        variables,
        limit: None,
    }
}

const fn limit(key: &'static str, unit_ms: u32) -> LimitKey {
    LimitKey { key, unit_ms }
}

/// Claude Code's `.mcp.json` and `.claude.json`.
pub(crate) static CLAUDE: ServerFileForm = ServerFileForm {
    limit: Some(limit("timeout", 1)),
    ..form(SERVERS, VariableSyntax::Braces)
};
/// Files that hold `mcpServers` and no variables, such as Claude Desktop's.
pub(crate) static PLAIN: ServerFileForm = form(SERVERS, VariableSyntax::Literal);
/// Codex's `config.toml`.
pub(crate) static CODEX: ServerFileForm = ServerFileForm {
    limit: Some(limit("tool_timeout_sec", 1000)),
    ..form("mcp_servers", VariableSyntax::Literal)
};
/// Gemini CLI's `settings.json`.
pub(crate) static GEMINI: ServerFileForm = ServerFileForm {
    limit: Some(limit("timeout", 1)),
    ..form(SERVERS, VariableSyntax::Dollar)
};
/// opencode's `opencode.json`.
pub(crate) static OPENCODE: ServerFileForm = ServerFileForm {
    env: "environment",
    limit: Some(limit("timeout", 1)),
    ..form("mcp", VariableSyntax::Literal)
};
/// Cursor's and Windsurf's files.
pub(crate) static CURSOR: ServerFileForm = form(SERVERS, VariableSyntax::Prefixed);
/// VS Code's `mcp.json`.
pub(crate) static VSCODE: ServerFileForm = form("servers", VariableSyntax::Prefixed);
/// Zed's `settings.json`.
pub(crate) static ZED: ServerFileForm = form("context_servers", VariableSyntax::Literal);
/// The files of Cline and of Roo Code, whose limits are in seconds.
pub(crate) static CLINE: ServerFileForm = ServerFileForm {
    limit: Some(limit("timeout", 1000)),
    ..form(SERVERS, VariableSyntax::Literal)
};

/// Returns the form of a file by its place and its keys; `None` where it
/// holds no servers.
pub(crate) fn form_of(root: &Node, path: &Path) -> Option<&'static ServerFileForm> {
    let lies_in = |folder: &str| path.components().any(|part| part.as_os_str() == folder);
    let is_named = |name: &str| path.file_name().is_some_and(|it| it == name);
    let has = |form: &ServerFileForm| root.get(form.root).is_some();
    if has(&PLAIN) {
        return Some(match () {
            () if is_named("claude_desktop_config.json") => &PLAIN,
            () if is_named("cline_mcp_settings.json") || is_named("mcp_settings.json") => &CLINE,
            () if lies_in(".cursor") || lies_in(".codeium") => &CURSOR,
            () if lies_in(".gemini") => &GEMINI,
            () if lies_in(".copilot") => &PLAIN,
            () => &CLAUDE,
        });
    }
    if projects::others(root).next().is_some() {
        return Some(&CLAUDE);
    }
    if let Some(form) = [&VSCODE, &CODEX, &ZED].into_iter().find(|form| has(form)) {
        return Some(form);
    }
    // Our own catalogues have that key, too, and no such kinds.
    let is_opencode = |entry: &KeyValue| {
        let kind = entry.node.get("type").and_then(Node::as_text);
        matches!(kind, Some("local" | "remote"))
    };
    let servers = root.get(OPENCODE.root)?.as_table()?;
    servers.iter().any(is_opencode).then_some(&OPENCODE)
}

/// Returns whether a text may be such a file in JSON, and so may hold comments.
pub(in crate::catalogue) fn may_be(text: &str) -> bool {
    let holds = |words: &[&str]| words.iter().all(|word| text.contains(word));
    text.trim_start().starts_with(['{', '/'])
        && (holds(&["\"mcpServers\""])
            || holds(&["\"servers\""])
            || holds(&["\"context_servers\""])
            || holds(&["\"mcp\"", "\"type\"", "\"local\""])
            || holds(&["\"mcp\"", "\"type\"", "\"remote\""]))
}

/// Command of a server as its entry writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WrittenCommand<'n> {
    /// The program and its arguments under keys of their own.
    Apart {
        /// Table in which the two keys stand.
        table: &'n Node,
        program: &'n KeyValue,
        args: Option<&'n KeyValue>,
    },
    /// Program and arguments in one list.
    Whole(&'n [Node]),
}

impl<'n> WrittenCommand<'n> {
    /// Finds the command of an entry; `None` where it has none.
    pub(crate) fn of(entry: &'n Node) -> Option<Self> {
        let program = entry.entry("command")?;
        let apart = |table: &'n Node, program| Self::Apart {
            table,
            program,
            args: table.entry("args"),
        };
        match &program.node.item {
            Item::List(words) => Some(Self::Whole(words)),
            // As Zed wrote it before.
            Item::Table(_) => {
                let program_path = program.node.entry("path")?;
                Some(apart(&program.node, program_path))
            }
            _ => Some(apart(entry, program)),
        }
    }

    /// Returns the program and the arguments, as far as they are lists at all.
    pub(crate) fn words(self) -> Vec<&'n Node> {
        match self {
            Self::Whole(words) => words.iter().collect(),
            Self::Apart { program, args, .. } => {
                let args = args.map(|args| &args.node.item);
                let args = match args {
                    Some(Item::List(args)) => args.as_slice(),
                    _ => &[],
                };
                std::iter::once(&program.node).chain(args).collect()
            }
        }
    }

    /// Returns the texts of the command; `None` where something in it is no
    /// text.
    pub(crate) fn texts(self) -> Option<Vec<&'n str>> {
        if let Self::Apart {
            args: Some(args), ..
        } = self
            && !matches!(args.node.item, Item::List(_))
        {
            return None;
        }
        let texts: Option<Vec<_>> = self.words().into_iter().map(Node::as_text).collect();
        texts.filter(|texts| !texts.is_empty())
    }
}

impl ServerFileForm {
    /// Returns whether an entry is switched off.
    pub(crate) fn is_off(entry: &Node) -> bool {
        let is = |key: &str, wanted: bool| {
            let found = entry.get(key).map(|node| &node.item);
            matches!(found, Some(Item::Bool(value)) if *value == wanted)
        };
        is("enabled", false) || is("disabled", true)
    }

    /// Returns where an entry says that its server is reached over the network.
    /// Gemini's older word comes first.
    pub(crate) fn url(entry: &Node) -> Option<&Node> {
        let keys = ["httpUrl", "url", "serverUrl"];
        keys.into_iter().find_map(|key| entry.get(key))
    }

    /// Returns a text of an entry with its variables filled in from this
    /// process; as it is where that cannot be done.
    pub(crate) fn filled(&self, text: &str, path: &Path) -> String {
        let variable = |name: &str| std::env::var(name).ok();
        let values = VariableValues {
            variable: &variable,
            workspace: workspace(path),
            used: secrets::Used::default(),
        };
        expand(text, self.variables, &values).unwrap_or_else(|_| text.to_owned())
    }

    /// Returns whether a value is nothing but variables, so that it gives no
    /// secret away.
    pub(crate) fn is_variable(&self, value: &str) -> bool {
        let is_braced = value.starts_with("${") && value.ends_with('}');
        let is_plain = value.starts_with('$') && self.variables == VariableSyntax::Dollar;
        let has_default = value.contains(":-");
        self.variables != VariableSyntax::Literal && (is_braced || is_plain) && !has_default
    }
}

/// Returns the folder that the programs call the workspace.
pub(super) fn workspace(path: &Path) -> std::path::PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("/"));
    let is_hidden = [".vscode", ".cursor"].iter().any(|it| folder.ends_with(it));
    let folder = folder.parent().filter(|_| is_hidden).unwrap_or(folder);
    folder.to_owned()
}
