//! The `[[tool]]` tables of a catalogue file.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::document::{Item, Node, parse, parse_with_comments};
use super::fields::{
    Fields, boolean, choice, duration, list, some_time, text, texts, whole, wrong_kind,
};
use super::findings::Findings;
use super::http;
use super::placeholders::Placeholders;
use super::quantity::parse_rate;
use super::schema::{self, Schema};
use super::servers::{self, ConfiguredServer};
use crate::model::{
    Annotations, OutputKind, Rate, ServerName, StdinKind, Timeouts, Tool, ToolAction, ToolName,
};

/// A tool as one file describes it, with the span of its name.
pub(super) struct ParsedTool {
    pub(super) tool: Tool,
    pub(super) schema: Option<Schema>,
    pub(super) name_span: Range<usize>,
    /// Whether it has no errors; a tool with errors is known, but not usable.
    pub(super) is_sound: bool,
}

/// Content of one catalogue file.
#[derive(Default)]
pub(super) struct Manifest {
    pub(super) tools: Vec<ParsedTool>,
    pub(super) servers: Vec<ConfiguredServer>,
    /// Servers that cannot be used, with the reason.
    pub(super) unusable: Vec<(ServerName, String)>,
    /// Whether it is a file of another program.
    pub(super) is_foreign: bool,
    /// Whether the name of every tool could be read.
    pub(super) is_whole: bool,
}

/// Formats that a file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileFormat {
    /// Our own.
    Native,
    /// Our own, or that of another program.
    NativeOrForeign,
}

/// Reads a catalogue file. `origin` is its path, `None` for the built-in one.
pub(super) fn read(
    origin: Option<&Path>,
    form: FileFormat,
    findings: &mut Findings<'_>,
) -> Manifest {
    let root = if servers::may_be_foreign(findings.source().text()) {
        parse_with_comments(findings)
    } else {
        parse(findings)
    };
    let Some(root) = root else {
        return Manifest::default();
    };
    if form == FileFormat::NativeOrForeign
        && root.get("tool").is_none()
        && root.get("mcp").is_none()
        && let Some(foreign) = servers::read_foreign(&root, origin, findings)
    {
        return Manifest {
            servers: foreign.configured,
            unusable: foreign.unusable,
            is_foreign: true,
            is_whole: true,
            ..Manifest::default()
        };
    }
    let Some(mut fields) = Fields::of(&root, "a catalogue", findings) else {
        return Manifest::default();
    };
    fields.take("$schema");
    fields.refuse("launcher", findings);
    let servers = fields.take("mcp");
    let servers = servers.map(|node| servers::read(node, origin, findings));
    let mut tools = Vec::new();
    let tables = fields.read("tool", findings, |node, findings| {
        list(node, findings, |table, findings| {
            tools.extend(read_tool(table, origin, findings));
            Some(())
        })
    });
    fields.finish(findings);
    let is_whole = match tables {
        Some(tables) => tables.len() == tools.len(),
        None => root.get("tool").is_none(),
    };
    let (servers, unusable) = servers.unwrap_or_default();
    Manifest {
        tools,
        servers,
        unusable,
        is_foreign: false,
        is_whole,
    }
}

/// Reads a tool; with errors it is still returned, as far as it could be read,
/// so that its name is known.
fn read_tool(
    node: &Node,
    origin: Option<&Path>,
    findings: &mut Findings<'_>,
) -> Option<ParsedTool> {
    let errors = findings.error_count();
    let mut fields = Fields::of(node, "a tool", findings)?;
    let name_node = fields.need("name", findings);
    let name = name_node.and_then(|node| tool_name(node, findings));
    let name_span = name_node.map_or_else(|| node.span.clone(), |node| node.span.clone());
    let description = fields.read("description", findings, text);
    let schema_node = fields.take("input_schema");
    let schema = schema_node.and_then(|node| schema::read(node, findings));
    let placeholders = Placeholders::new(schema_node);
    let action = action(&mut fields, &placeholders, findings);
    let (write_locks, read_locks) = locks(&mut fields, &placeholders, findings);
    let annotations = annotations(&mut fields, findings);
    let output = fields.read("output", findings, |node, findings| {
        choice(node, &OUTPUTS, findings)
    });
    let timeouts = timeouts(&mut fields, &action, findings);
    let max_parallel = fields.read("max_parallel", findings, |node, findings| {
        whole(node, 1..=i64::from(u32::MAX), findings)
    });
    let rate = fields.read("rate", findings, rate);
    let estimate = fields.read("estimate", findings, duration);
    fields.refuse("launcher", findings);
    fields.finish(findings);
    let tool = Tool {
        name: name?,
        description: description.unwrap_or_default().to_owned(),
        action,
        input_schema: schema_node.map(Node::to_json),
        annotations,
        output: output.unwrap_or_default(),
        timeouts,
        max_parallel: max_parallel.and_then(|most| u32::try_from(most).ok()),
        rate,
        write_locks,
        read_locks,
        estimate,
        origin: origin.map(Path::to_owned),
    };
    Some(ParsedTool {
        tool,
        schema,
        name_span,
        is_sound: findings.error_count() == errors,
    })
}

const OUTPUTS: [(&str, OutputKind); 3] = [
    ("auto", OutputKind::Auto),
    ("json", OutputKind::Json),
    ("text", OutputKind::Text),
];

const STDINS: [(&str, StdinKind); 2] = [("none", StdinKind::None), ("json", StdinKind::Json)];

fn tool_name(node: &Node, findings: &mut Findings<'_>) -> Option<ToolName> {
    let name = text(node, findings)?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    if name.is_empty() || name.len() > 128 || !name.chars().all(is_plain) {
        let problem = findings
            .at(&node.span, format!("{name:?} cannot be a tool's name"))
            .with_help("names are of letters, digits, `_`, `-` and `.`, at most 128");
        findings.push(problem);
        return None;
    }
    Some(ToolName::new(name))
}

/// Keys that only tools with a command have.
const OF_COMMANDS: [&str; 6] = ["command", "cwd", "stdin", "env", "env_pass", "dash"];

fn action(
    fields: &mut Fields<'_>,
    placeholders: &Placeholders<'_>,
    findings: &mut Findings<'_>,
) -> ToolAction {
    let Some(node) = fields.take("http") else {
        return command(fields, placeholders, findings);
    };
    for key in OF_COMMANDS {
        if let Some(entry) = fields.entry(key) {
            let message = format!("`{key}` is for programs, and this tool is reached by HTTP");
            findings.error(&entry.key_span, message);
        }
    }
    match http::read(node, placeholders, findings) {
        Some(request) => ToolAction::Http { request },
        // It is not sound, and so never run.
        None => ToolAction::Wait {
            run: Duration::ZERO,
        },
    }
}

fn command(
    fields: &mut Fields<'_>,
    placeholders: &Placeholders<'_>,
    findings: &mut Findings<'_>,
) -> ToolAction {
    let node = fields.need("command", findings);
    let argv = node.map(|node| placeholders.command(node, findings));
    let cwd = fields.read("cwd", findings, text).map(PathBuf::from);
    let stdin = fields.read("stdin", findings, |node, findings| {
        choice(node, &STDINS, findings)
    });
    let env = fields.read("env", findings, environment);
    let env_pass = fields.read("env_pass", findings, |node, findings| {
        list(node, findings, |item, findings| {
            let name = text(item, findings)?;
            is_variable(name, &item.span, findings).then(|| name.to_owned())
        })
    });
    let dash = fields.read("dash", findings, |node, findings| {
        placeholders.check_dash(node, findings);
        texts(node, findings)
    });
    ToolAction::Command {
        argv: argv.unwrap_or_default(),
        cwd,
        stdin: stdin.unwrap_or_default(),
        env: env.unwrap_or_default(),
        env_pass: env_pass.unwrap_or_default(),
        dash: dash.unwrap_or_default(),
    }
}

pub(super) fn environment(
    node: &Node,
    findings: &mut Findings<'_>,
) -> Option<BTreeMap<String, String>> {
    let Item::Table(entries) = &node.item else {
        wrong_kind(node, "a table of variables", findings);
        return None;
    };
    let mut variables = BTreeMap::new();
    for entry in entries {
        let Some(value) = text(&entry.node, findings) else {
            continue;
        };
        if value.contains('\0') {
            findings.error(&entry.node.span, "a NUL cannot stand in a variable");
        }
        if is_variable(&entry.key, &entry.key_span, findings) {
            variables.insert(entry.key.clone(), value.to_owned());
        }
    }
    Some(variables)
}

/// Whether a manifest may set or pass a variable of this name.
pub(super) fn is_variable(name: &str, span: &Range<usize>, findings: &mut Findings<'_>) -> bool {
    if name.is_empty() || name.contains(['=', '\0']) {
        findings.error(span, format!("{name:?} cannot be a variable's name"));
        return false;
    }
    if name.starts_with("FANOUT_") {
        findings.error(span, "variables that start with FANOUT_ are set by fanout");
        return false;
    }
    true
}

pub(super) fn locks(
    fields: &mut Fields<'_>,
    placeholders: &Placeholders<'_>,
    findings: &mut Findings<'_>,
) -> (Vec<String>, Vec<String>) {
    let Some(node) = fields.take("locks") else {
        return Default::default();
    };
    let Some(mut locks) = Fields::of(node, "locks", findings) else {
        return Default::default();
    };
    let mut names = |key| {
        let names = locks.read(key, findings, |node, findings| {
            list(node, findings, |item, findings| {
                placeholders.lock(item, findings)
            })
        });
        names.unwrap_or_default()
    };
    let (write, read) = (names("write"), names("read"));
    locks.finish(findings);
    (write, read)
}

fn annotations(fields: &mut Fields<'_>, findings: &mut Findings<'_>) -> Annotations {
    Annotations {
        read_only: fields.read("read_only", findings, boolean),
        idempotent: fields.read("idempotent", findings, boolean),
        destructive: fields.read("destructive", findings, boolean),
        open_world: fields.read("open_world", findings, boolean),
    }
}

/// Run timeout of a call by HTTP, where nothing else is said: a service that
/// never answers would hold its lane for ever.
const HTTP_TIMEOUT: Duration = Duration::from_mins(10);

fn timeouts(fields: &mut Fields<'_>, action: &ToolAction, findings: &mut Findings<'_>) -> Timeouts {
    let is_http = matches!(action, ToolAction::Http { .. });
    Timeouts {
        run: (fields.read("timeout", findings, some_time)).or(is_http.then_some(HTTP_TIMEOUT)),
        queue: fields.read("queue_timeout", findings, some_time),
        idle: fields.read("idle_timeout", findings, some_time),
        grace: fields
            .read("grace", findings, duration)
            .unwrap_or(Timeouts::DEFAULT_GRACE),
    }
}

/// `"5/s"`, or a table of `limit` and `burst`.
pub(super) fn rate(node: &Node, findings: &mut Findings<'_>) -> Option<Rate> {
    if node.as_table().is_none() {
        return limit(node, findings);
    }
    let mut fields = Fields::of(node, "a rate", findings)?;
    let limit_node = fields.need("limit", findings);
    let burst = fields.read("burst", findings, |node, findings| {
        whole(node, 1..=i64::from(u32::MAX), findings)
    });
    fields.finish(findings);
    let rate = limit(limit_node?, findings)?;
    let burst = burst.and_then(|burst| u32::try_from(burst).ok());
    Some(Rate {
        burst: burst.unwrap_or(rate.burst),
        ..rate
    })
}

fn limit(node: &Node, findings: &mut Findings<'_>) -> Option<Rate> {
    let written = text(node, findings)?;
    let rate = parse_rate(written);
    if let Err(problem) = &rate {
        findings.error(&node.span, format!("{written:?} is {problem}"));
    }
    rate.ok()
}
