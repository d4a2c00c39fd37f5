//! Servers as other programs configure them: Claude Code, Claude Desktop,
//! VS Code, Cursor, Codex, Gemini CLI, opencode, Zed and others. Keys that only those programs need are
//! passed over; a server that cannot be used here is named with the reason.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::expand::{VariableValues, filled};
use super::form::{ServerFileForm, WrittenCommand, form_of, workspace};
use super::projects::OfFolder;
use super::{ConfiguredServer, oauth, projects, remote, secrets};
use crate::catalogue::document::{Item, KeyValue, Node};
use crate::catalogue::fields::{boolean, text, texts, wrong_kind};
use crate::catalogue::findings::Findings;
use crate::catalogue::manifest::is_variable;
use crate::model::{McpServer, ProtocolChoice, Secret, ServerName, ServerTransport};

/// Most seconds that a time of such a file may be.
const LONGEST: f64 = 86_400.0;

/// Servers of one file.
#[derive(Default)]
pub(in crate::catalogue) struct ForeignServers {
    pub(in crate::catalogue) configured: Vec<ConfiguredServer>,
    /// Names of servers that cannot be used here, with the reason.
    pub(in crate::catalogue) unusable: Vec<(ServerName, String)>,
}

/// Reads the servers of another program's file; `None` where it is none.
pub(in crate::catalogue) fn read(
    root: &Node,
    origin: Option<&Path>,
    findings: &mut Findings<'_>,
) -> Option<ForeignServers> {
    let path = origin.unwrap_or(Path::new(""));
    let form = form_of(root, path)?;
    let Some(entries) = entries(root, form, findings) else {
        return Some(ForeignServers::default());
    };
    let variable = |name: &str| std::env::var(name).ok();
    let values = VariableValues {
        variable: &variable,
        workspace: workspace(path),
        used: secrets::Used::default(),
    };
    let mut foreign = ForeignServers::default();
    let mut names = HashSet::new();
    for entry in entries {
        let name = ServerName::new(mapped(&entry.key));
        let unusable = match why_unusable(&entry.node) {
            Some(reason) => Some(reason.to_owned()),
            None if names.contains(&name) => {
                let reason = format!("another server of this file is named `{name}` here");
                foreign
                    .unusable
                    .push((ServerName::new(entry.key.as_str()), reason));
                continue;
            }
            None => None,
        };
        values.used.take();
        // What is wrong with one server is no reason to leave out the others.
        let mut own = Findings::new(findings.source());
        let mut reader = ServerReader {
            form,
            values: &values,
            findings: &mut own,
        };
        let server = if let Some(reason) = unusable {
            Err(reason)
        } else {
            let server = reader.server(name.clone(), entry, origin);
            server.ok_or_else(|| first_problem(own))
        };
        names.insert(name.clone());
        match server {
            Ok(server) => foreign.configured.push(ConfiguredServer {
                server,
                name_span: entry.key_span.clone(),
            }),
            Err(reason) => foreign.unusable.push((name, reason)),
        }
    }
    if names.is_empty() {
        foreign.unusable.extend(of_other_folders(root));
    }
    Some(foreign)
}

/// Returns the entries of all servers that are for this folder. The word for one
/// folder stands before the word for all.
fn entries<'n>(
    root: &'n Node,
    form: &ServerFileForm,
    findings: &mut Findings<'_>,
) -> Option<Vec<&'n KeyValue>> {
    let here = std::env::current_dir().unwrap_or_default();
    let local = projects::entries_for(root, &here);
    let shared = match root.get(form.root).map(|node| (node, &node.item)) {
        Some((_, Item::Table(entries))) => entries.as_slice(),
        Some((node, _)) => {
            wrong_kind(node, "a table of servers", findings);
            return None;
        }
        None => &[],
    };
    let is_local = |entry: &&KeyValue| local.iter().any(|it| it.key == entry.key);
    let shared = shared.iter().filter(|entry| !is_local(entry));
    Some(local.iter().chain(shared).collect())
}

/// Returns the servers that are kept for other folders, with that as the reason
/// why they cannot be used here.
fn of_other_folders(root: &Node) -> impl Iterator<Item = (ServerName, String)> {
    projects::others(root).map(|OfFolder { folder, entry }| {
        let reason = format!("it is configured for {folder}, which is not this folder");
        (ServerName::new(mapped(&entry.key)), reason)
    })
}

/// The first problem of a server, with its position.
fn first_problem(findings: Findings<'_>) -> String {
    let problems = findings.finish().0;
    let first = problems.iter().next();
    first.map_or_else(
        || "it cannot be read".to_owned(),
        |problem| match problem.position() {
            Some(at) => format!(
                "{} ({}:{}:{})",
                problem.message(),
                problem.file(),
                at.line,
                at.column
            ),
            None => problem.message().to_owned(),
        },
    )
}

/// A name of another program as one of ours.
fn mapped(name: &str) -> String {
    let plain = name.chars().map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => letter,
        _ => '-',
    });
    plain.take(64).collect()
}

fn why_unusable(node: &Node) -> Option<&'static str> {
    if ServerFileForm::is_off(node) {
        return Some("it is switched off in its file");
    }
    if node.get("command").is_none() && ServerFileForm::url(node).is_some() {
        if node.get("type").and_then(Node::as_text) == Some("sse") {
            return Some("it is reached by the older HTTP+SSE, which is not spoken here");
        }
        if !cfg!(feature = "http") {
            return Some(remote::WITHOUT);
        }
    }
    if node.get("envFile").is_some() {
        return Some("it takes variables from a file (`envFile`), which is not read here");
    }
    None
}

/// Reads one server.
struct ServerReader<'r, 'f> {
    form: &'static ServerFileForm,
    values: &'r VariableValues<'r>,
    findings: &'r mut Findings<'f>,
}

impl ServerReader<'_, '_> {
    fn server(
        &mut self,
        name: ServerName,
        entry: &KeyValue,
        origin: Option<&Path>,
    ) -> Option<McpServer> {
        let node = &entry.node;
        let errors = self.findings.error_count();
        let transport = if node.get("command").is_some() {
            self.program(node)
        } else {
            self.remote(entry)
        };
        let startup = self
            .time(node.get("startup_timeout_sec"), 1.0)
            .or_else(|| self.time(node.get("startup_timeout_ms"), 0.001));
        let timeout = self
            .time(node.get("tool_timeout_sec"), 1.0)
            .or_else(|| self.time(node.get("timeout"), 0.001));
        let only = ["enabled_tools", "includeTools"].map(|key| self.texts(node.get(key)));
        let except = ["disabled_tools", "excludeTools"].map(|key| self.texts(node.get(key)));
        let parallel = node.get("supports_parallel_tool_calls");
        let parallel = parallel.and_then(|node| boolean(node, self.findings));
        let server = McpServer {
            name,
            secrets: transport
                .as_ref()
                .map_or_else(Vec::new, |it| secrets::secrets(it, &self.values.used)),
            startup_timeout: startup.unwrap_or(transport.as_ref()?.startup_timeout()),
            transport: transport?,
            protocol: ProtocolChoice::Auto,
            sign_in: oauth::read_foreign(node, self.findings),
            timeout,
            is_parallel: parallel.unwrap_or(false),
            only: only.into_iter().flatten().next(),
            except: except.into_iter().flatten().flatten().collect(),
            tools: BTreeMap::new(),
            client: crate::model::ClientSettings::default(),
            origin: origin.map(Path::to_owned),
        };
        (self.findings.error_count() == errors).then_some(server)
    }

    fn program(&mut self, node: &Node) -> Option<ServerTransport> {
        let Some(command) = WrittenCommand::of(node) else {
            wrong_kind(node.get("command")?, "a command", self.findings);
            return None;
        };
        let words = command.words().into_iter();
        let argv: Vec<String> = words.filter_map(|word| self.filled(word)).collect();
        if argv.is_empty() {
            wrong_kind(node.get("command")?, "a command", self.findings);
            return None;
        }
        let table = match command {
            WrittenCommand::Apart { table, .. } => table,
            WrittenCommand::Whole(_) => node,
        };
        let env = self.variables(table.get(self.form.env));
        let env_pass = self.texts(node.get("env_vars"));
        let cwd = node.get("cwd").and_then(|node| self.filled(node));
        Some(ServerTransport::Stdio {
            argv,
            env,
            env_pass: env_pass.unwrap_or_default(),
            cwd: cwd.map(PathBuf::from),
        })
    }

    /// A server over the network. Codex names the variables of its secrets.
    fn remote(&mut self, entry: &KeyValue) -> Option<ServerTransport> {
        let node = &entry.node;
        let Some(written) = ServerFileForm::url(node) else {
            let message = "a server needs `command` or `url`";
            self.findings.error(&entry.key_span, message);
            return None;
        };
        let url = self.filled(written)?;
        let url = remote::url(&url, written, self.findings)?;
        let (syntax, values) = (self.form.variables, self.values);
        let mut headers = BTreeMap::new();
        for key in ["headers", "http_headers"] {
            if let Some(node) = node.get(key) {
                let filled = |node: &Node, findings: &mut Findings<'_>| {
                    filled(node, syntax, values, findings)
                };
                headers.extend(remote::headers(node, self.findings, filled).unwrap_or_default());
            }
        }
        let of_variable = |node: &Node, findings: &mut Findings<'_>| {
            let name = text(node, findings)?;
            let value = (values.variable)(name);
            if let Some(value) = &value {
                let used = (name.to_owned(), value.clone());
                values.used.borrow_mut().push(used);
            } else {
                findings.error(&node.span, format!("the variable `{name}` is not set"));
            }
            value
        };
        if let Some(node) = node.get("env_http_headers") {
            let named = remote::headers(node, self.findings, of_variable);
            headers.extend(named.unwrap_or_default());
        }
        if let Some(node) = node.get("bearer_token_env_var") {
            let token = of_variable(node, self.findings)?;
            let bearer = Secret::new(format!("Bearer {token}"));
            headers.insert("Authorization".to_owned(), bearer);
        }
        let transport = ServerTransport::Http { url, headers };
        remote::check_privacy(&transport, &values.used, written, self.findings);
        Some(transport)
    }

    /// A text with its variables filled in.
    fn filled(&mut self, node: &Node) -> Option<String> {
        filled(node, self.form.variables, self.values, self.findings)
    }

    fn variables(&mut self, node: Option<&Node>) -> BTreeMap<String, Secret> {
        let mut variables = BTreeMap::new();
        for entry in node.and_then(Node::as_table).unwrap_or_default() {
            if is_variable(&entry.key, &entry.key_span, self.findings)
                && let Some(value) = self.filled(&entry.node)
            {
                variables.insert(entry.key.clone(), Secret::new(value));
            }
        }
        variables
    }

    fn texts(&mut self, node: Option<&Node>) -> Option<Vec<String>> {
        texts(node?, self.findings)
    }

    /// A number of units of so many seconds.
    fn time(&mut self, node: Option<&Node>, unit: f64) -> Option<Duration> {
        let node = node?;
        let seconds = match &node.item {
            Item::Number(number) => number.as_f64().map(|number| number * unit),
            _ => None,
        };
        let seconds = seconds.filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST);
        if seconds.is_none() {
            wrong_kind(node, "a time as a number of more than 0", self.findings);
        }
        seconds.map(Duration::from_secs_f64)
    }
}
