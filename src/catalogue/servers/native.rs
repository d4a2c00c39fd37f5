//! The `[mcp.NAME]` tables of a catalogue file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::expand::{VariableError, VariableSyntax, VariableValues, expand, filled};
use super::{ConfiguredServer, oauth, remote, secrets};
use crate::catalogue::command::folder_of;
use crate::catalogue::document::{Item, KeyValue, Node};
use crate::catalogue::fields::{
    Fields, boolean, choice, duration, list, some_time, text, texts, whole, wrong_kind,
};
use crate::catalogue::findings::Findings;
use crate::catalogue::manifest;
use crate::catalogue::placeholders::Placeholders;
use crate::model::{
    ClientSettings, LogLevel, McpServer, ProtocolChoice, Secret, ServerName, ServerTransport,
    SignIn, ToolOverride,
};

/// Servers of a file, and those that cannot be used here with the reason.
pub(in crate::catalogue) type Servers = (Vec<ConfiguredServer>, Vec<(ServerName, String)>);

/// Reads the servers of a file; those with errors are reported. One that needs
/// a variable that is not set cannot be used, which is no error of the file.
pub(in crate::catalogue) fn read(
    node: &Node,
    origin: Option<&Path>,
    findings: &mut Findings<'_>,
) -> Servers {
    let Item::Table(entries) = &node.item else {
        wrong_kind(node, "a table of servers", findings);
        return Servers::default();
    };
    let mut servers = Servers::default();
    for entry in entries {
        match unset_variable(&entry.node) {
            Some(error) => {
                if let Some(name) = server_name(entry, findings) {
                    servers.1.push((name, error.to_string()));
                }
            }
            None => servers.0.extend(server(entry, origin, findings)),
        }
    }
    servers
}

/// Returns the first variable of a remote server that is not set.
fn unset_variable(node: &Node) -> Option<VariableError> {
    let variable = |name: &str| std::env::var(name).ok();
    let values = VariableValues {
        variable: &variable,
        workspace: PathBuf::new(),
        used: secrets::Used::default(),
    };
    let parts = ["url", "headers", "oauth"].into_iter();
    let mut texts = parts.filter_map(|key| node.get(key)).flat_map(texts_in);
    texts.find_map(|text| expand(text, VariableSyntax::Braces, &values).err())
}

/// Returns the texts in a value and in the tables below it.
fn texts_in(node: &Node) -> Vec<&str> {
    match node.as_table() {
        Some(entries) => entries.iter().flat_map(|it| texts_in(&it.node)).collect(),
        None => node.as_text().into_iter().collect(),
    }
}

fn server(
    entry: &KeyValue,
    origin: Option<&Path>,
    findings: &mut Findings<'_>,
) -> Option<ConfiguredServer> {
    let errors = findings.error_count();
    let name = server_name(entry, findings);
    let mut fields = Fields::of(&entry.node, "a server", findings)?;
    let folder = folder_of(origin, &std::env::current_dir().unwrap_or_default());
    let used = secrets::Used::default();
    let mut sign_in = SignIn::default();
    let transport = if fields.has("url") {
        remote(&mut fields, &mut sign_in, &used, findings)
    } else {
        stdio(&mut fields, findings)
    };
    let protocol = fields.read("protocol", findings, protocol);
    let startup_timeout = fields.read("startup_timeout", findings, some_time);
    let timeout = fields.read("timeout", findings, some_time);
    let is_parallel = fields.read("parallel", findings, boolean);
    let only = fields.read("only", findings, texts);
    let except = fields.read("except", findings, texts);
    let roots = fields.read("roots", findings, texts).unwrap_or_default();
    let roots = roots.iter().map(|root| folder.join(root)).collect();
    let log_level = fields.read("log_level", findings, log_level);
    let tools = fields.read("tools", findings, overrides);
    fields.finish(findings);
    let transport = transport?;
    let mut secrets = secrets::secrets(&transport, &used);
    secrets.extend(sign_in.secrets());
    let server = McpServer {
        name: name?,
        secrets,
        startup_timeout: startup_timeout.unwrap_or(transport.startup_timeout()),
        transport,
        protocol: protocol.unwrap_or_default(),
        sign_in,
        timeout,
        is_parallel: is_parallel.unwrap_or(false),
        only,
        except: except.unwrap_or_default(),
        tools: tools.unwrap_or_default(),
        client: ClientSettings {
            roots,
            log_level,
            ..ClientSettings::default()
        },
        origin: origin.map(Path::to_owned),
    };
    let name_span = entry.key_span.clone();
    (findings.error_count() == errors).then_some(ConfiguredServer { server, name_span })
}

fn log_level(node: &Node, findings: &mut Findings<'_>) -> Option<LogLevel> {
    let name = text(node, findings)?;
    let level = LogLevel::NAMES.iter().find(|(known, _)| *known == name);
    if level.is_none() {
        let names: Vec<&str> = LogLevel::NAMES.iter().map(|(name, _)| *name).collect();
        let problem = findings
            .at(&node.span, format!("{name:?} is no severity"))
            .with_help(format!("severities are {}", names.join(", ")));
        findings.push(problem);
    }
    level.map(|(_, level)| *level)
}

/// A server's name stands before the first dot of its tools' names.
pub(super) fn server_name(entry: &KeyValue, findings: &mut Findings<'_>) -> Option<ServerName> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    let name = entry.key.as_str();
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
        let problem = findings
            .at(
                &entry.key_span,
                format!("{name:?} cannot be a server's name"),
            )
            .with_help("names are of letters, digits, `_` and `-`, at most 64");
        findings.push(problem);
        return None;
    }
    Some(ServerName::new(name))
}

fn stdio(fields: &mut Fields<'_>, findings: &mut Findings<'_>) -> Option<ServerTransport> {
    let command = fields.need("command", findings);
    let argv = command.and_then(|node| argv(node, findings));
    let env = fields.read("env", findings, manifest::environment);
    let env_pass = fields.read("env_pass", findings, |node, findings| {
        list(node, findings, |item, findings| {
            let name = text(item, findings)?;
            manifest::is_variable(name, &item.span, findings).then(|| name.to_owned())
        })
    });
    let cwd = fields.read("cwd", findings, text).map(PathBuf::from);
    let env = env.unwrap_or_default().into_iter();
    Some(ServerTransport::Stdio {
        argv: argv?,
        env: env
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
        env_pass: env_pass.unwrap_or_default(),
        cwd,
    })
}

/// Reads a server that is reached over the network. `${NAME}` is a variable of
/// the environment.
fn remote(
    fields: &mut Fields<'_>,
    sign_in: &mut SignIn,
    used: &secrets::Used,
    findings: &mut Findings<'_>,
) -> Option<ServerTransport> {
    let variable = |name: &str| std::env::var(name).ok();
    let values = VariableValues {
        variable: &variable,
        workspace: PathBuf::new(),
        used: secrets::Used::default(),
    };
    let filled = |node: &Node, findings: &mut Findings<'_>| {
        filled(node, VariableSyntax::Braces, &values, findings)
    };
    let written = fields.take("url")?;
    let url = filled(written, findings).and_then(|url| remote::url(&url, written, findings));
    let headers = fields.read("headers", findings, |node, findings| {
        remote::headers(node, findings, filled)
    });
    let oauth = fields.take("oauth");
    *sign_in = oauth
        .and_then(|node| oauth::read(node, findings, filled))
        .unwrap_or_default();
    let transport = ServerTransport::Http {
        url: url?,
        headers: headers.unwrap_or_default(),
    };
    used.replace(values.used.take());
    remote::check_privacy(&transport, used, written, findings);
    Some(transport)
}

/// Revision of the protocol that a server is spoken to in.
fn protocol(node: &Node, findings: &mut Findings<'_>) -> Option<ProtocolChoice> {
    let words = ProtocolChoice::WORDS.into_iter().zip(ProtocolChoice::ALL);
    choice(node, &words.collect::<Vec<_>>(), findings)
}

/// A program with its arguments; nothing is filled in.
fn argv(node: &Node, findings: &mut Findings<'_>) -> Option<Vec<String>> {
    let argv = texts(node, findings)?;
    if argv.first().is_none_or(String::is_empty) {
        findings.error(&node.span, "the command is empty: it needs a program");
        return None;
    }
    if argv.iter().any(|part| part.contains('\0')) {
        findings.error(&node.span, "a NUL cannot stand in an argument");
        return None;
    }
    Some(argv)
}

fn overrides(node: &Node, findings: &mut Findings<'_>) -> Option<BTreeMap<String, ToolOverride>> {
    let Item::Table(entries) = &node.item else {
        wrong_kind(node, "a table of tools", findings);
        return None;
    };
    let tools = entries.iter().filter_map(|entry| {
        let overrides = tool_override(&entry.node, findings)?;
        Some((entry.key.clone(), overrides))
    });
    Some(tools.collect())
}

fn tool_override(node: &Node, findings: &mut Findings<'_>) -> Option<ToolOverride> {
    let mut fields = Fields::of(node, "a server's tool", findings)?;
    let has_locks = fields.has("locks");
    let (write_locks, read_locks) =
        manifest::locks(&mut fields, &Placeholders::new(None), findings);
    let overrides = ToolOverride {
        timeout: fields.read("timeout", findings, some_time),
        idle_timeout: fields.read("idle_timeout", findings, some_time),
        grace: fields.read("grace", findings, duration),
        write_locks: has_locks.then_some(write_locks),
        read_locks,
        is_parallel: fields.read("parallel", findings, boolean).unwrap_or(false),
        max_parallel: fields
            .read("max_parallel", findings, |node, findings| {
                whole(node, 1..=i64::from(u32::MAX), findings)
            })
            .and_then(|most| u32::try_from(most).ok()),
        rate: fields.read("rate", findings, manifest::rate),
        estimate: fields.read("estimate", findings, duration),
    };
    fields.finish(findings);
    Some(overrides)
}
