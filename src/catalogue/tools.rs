//! The catalogue itself: all tools known, in the order of their files.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::findings::Findings;
use super::manifest::{self, FileFormat, ParsedTool};
use super::problem::{Problem, Problems};
use super::schema::{ArgumentProblem, Bound, Limits, Schema, Violation};
use super::servers::{self, ConfiguredServer};
use super::source::Source;
use super::text::nearest;
use crate::model::{ListedTool, McpServer, ServerName, Tool, ToolName};

/// The manifest of the sample tools, which are built into the program.
pub(super) const MANIFEST: &str = include_str!("../../sample-tools/fanout.toml");

/// All tools known. Clones share the tools.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    entries: Vec<Arc<CompiledTool>>,
    by_name: HashMap<ToolName, usize>,
    /// Position of each tool in its file, the ones with errors included.
    places: HashMap<ToolName, String>,
    /// Whether there are tools whose names could not be read.
    is_partial: bool,
    servers: Vec<Arc<McpServer>>,
    /// Servers that files configure and that cannot be used, with the reason.
    unusable: Vec<(ServerName, String)>,
    /// Servers whose tools are known.
    listed: HashSet<ServerName>,
}

#[derive(Debug)]
struct CompiledTool {
    tool: Tool,
    schema: Option<Schema>,
    output_schema: Option<Schema>,
}

impl Catalogue {
    /// Reads catalogue files. All problems of all of them are returned together.
    pub fn load(paths: &[PathBuf]) -> Result<Self, Problems> {
        let (catalogue, problems) = Self::read(paths);
        problems.unless_any(catalogue)
    }

    /// The sample tools, which are built into the program.
    pub fn sample() -> Result<Self, Problems> {
        let mut catalogue = Self::default();
        let source = Source::new("sample-tools/fanout.toml", MANIFEST);
        catalogue
            .add(&source, None, FileFormat::Native)
            .unless_any(catalogue)
    }

    /// Reads catalogue files: the tools that are sound, and the problems of
    /// the others.
    pub fn read(paths: &[PathBuf]) -> (Self, Problems) {
        let mut catalogue = Self::default();
        let mut problems = Problems::default();
        for path in paths {
            match Source::read(path) {
                Ok(source) => {
                    problems.merge(catalogue.add(&source, Some(path), FileFormat::NativeOrForeign))
                }
                Err(error) => {
                    catalogue.is_partial = true;
                    problems.push(Problem::unreadable(path, &error));
                }
            }
        }
        (catalogue, problems)
    }

    /// The tools of one file that was read already, in our own form.
    pub(super) fn of_source(source: &Source, origin: &Path) -> (Self, Problems) {
        let mut catalogue = Self::default();
        let problems = catalogue.add(source, Some(origin), FileFormat::Native);
        (catalogue, problems)
    }

    fn add(&mut self, source: &Source, origin: Option<&Path>, form: FileFormat) -> Problems {
        let mut findings = Findings::new(source);
        let manifest = manifest::read(origin, form, &mut findings);
        self.is_partial |= !manifest.is_whole;
        for described in manifest.tools {
            self.insert(described, &mut findings);
        }
        self.unusable.extend(manifest.unusable);
        for configured in manifest.servers {
            self.configure(configured, &mut findings);
        }
        findings.finish().0
    }

    fn insert(&mut self, described: ParsedTool, findings: &mut Findings<'_>) {
        let name = described.tool.name.clone();
        let source = findings.source();
        if let Some(earlier) = self.places.get(&name) {
            let message = format!("there is a tool `{name}` already");
            let problem = findings
                .at(&described.name_span, message)
                .with_help(format!("it is described at {earlier}"));
            findings.push(problem);
            return;
        }
        let place = source.position(described.name_span.start);
        let place = format!("{}:{}:{}", source.name(), place.line, place.column);
        self.places.insert(name, place);
        if described.is_sound {
            self.push(described.tool, described.schema, None);
        }
    }

    fn configure(&mut self, configured: ConfiguredServer, findings: &mut Findings<'_>) {
        let server = configured.server;
        if self.server(&server.name).is_some() {
            let message = format!("there is a server `{}` already", server.name);
            findings.error(&configured.name_span, message);
            return;
        }
        self.servers.push(Arc::new(server));
    }

    fn push(&mut self, tool: Tool, schema: Option<Schema>, output_schema: Option<Schema>) {
        self.by_name.insert(tool.name.clone(), self.entries.len());
        self.entries.push(Arc::new(CompiledTool {
            tool,
            schema,
            output_schema,
        }));
    }

    /// Every server that is configured.
    pub fn servers(&self) -> impl ExactSizeIterator<Item = &Arc<McpServer>> {
        self.servers.iter()
    }

    /// Servers that files configure and that cannot be used here, with the
    /// reason.
    pub fn unusable_servers(&self) -> &[(ServerName, String)] {
        &self.unusable
    }

    /// Whether the tools of a server are known.
    pub fn is_listed(&self, name: &ServerName) -> bool {
        self.listed.contains(name)
    }

    /// A server by its name.
    pub fn server(&self, name: &ServerName) -> Option<&Arc<McpServer>> {
        self.servers.iter().find(|server| server.name == *name)
    }

    /// Returns the server that a tool of this name would belong to, unless the
    /// server's tools are known already.
    pub fn unlisted_server(&self, tool: &ToolName) -> Option<&Arc<McpServer>> {
        let (server, _) = tool.as_str().split_once('.')?;
        let server = self.server(&ServerName::new(server))?;
        (!self.listed.contains(&server.name)).then_some(server)
    }

    /// Makes a tool of a server whose tools are not known yet: nothing is known of
    /// it but its name.
    pub fn assumed_tool(&self, name: &ToolName) -> Option<Tool> {
        let server = self.unlisted_server(name)?;
        let (_, tool) = name.as_str().split_once('.')?;
        Some(servers::assumed(server, tool))
    }

    /// Replaces the tools of a server by those that it lists now. Returns a
    /// message for each that cannot be used.
    #[must_use]
    pub fn with_listed(mut self, name: &ServerName, listed: &[ListedTool]) -> (Self, Vec<String>) {
        let mut doubts = Vec::new();
        let Some(server) = self.server(name).cloned() else {
            return (self, doubts);
        };
        let prefix = format!("{name}.");
        let is_other = |entry: &Arc<CompiledTool>| !entry.tool.name.as_str().starts_with(&prefix);
        self.entries.retain(is_other);
        let names = self.entries.iter().map(|entry| entry.tool.name.clone());
        self.by_name = names.enumerate().map(|(at, name)| (name, at)).collect();
        self.listed.insert(name.clone());
        for tool in listed.iter().filter_map(|it| servers::tool_of(&server, it)) {
            if self.by_name.contains_key(&tool.name) {
                doubts.push(format!("{} is listed twice; the first is taken", tool.name));
                continue;
            }
            let mut compiled = |schema: Option<&Value>, which| {
                let schema = Schema::compile(schema?);
                schema
                    .map_err(|error| {
                        let name = &tool.name;
                        doubts.push(format!("the {which} schema of {name} is not used: {error}"));
                    })
                    .ok()
            };
            let input = compiled(tool.input_schema.as_ref(), "input");
            let output = compiled(tool.output_schema(), "output");
            self.push(tool, input, output);
        }
        (self, doubts)
    }

    /// Returns the violations of the tool's output schema.
    pub fn validate_output(&self, name: &ToolName, output: &Value) -> Vec<ArgumentProblem> {
        let schema = self
            .entry(name)
            .and_then(|entry| entry.output_schema.as_ref());
        problems(schema, output, Limits::FULL).unwrap_or_else(|bound| vec![bound.into()])
    }

    /// The same catalogue with further tools, which take any arguments. A name
    /// that is known already keeps its tool.
    #[must_use]
    pub fn with_tools(mut self, tools: impl IntoIterator<Item = Tool>) -> Self {
        for tool in tools {
            if self.by_name.contains_key(&tool.name) {
                continue;
            }
            self.push(tool, None, None);
        }
        self
    }

    /// A tool by its name.
    pub fn get(&self, name: &ToolName) -> Option<&Tool> {
        self.entry(name).map(|entry| &entry.tool)
    }

    /// Every tool, in the order of the files.
    pub fn tools(&self) -> impl ExactSizeIterator<Item = &Tool> {
        self.entries.iter().map(|entry| &entry.tool)
    }

    /// The tool that was probably meant by an unknown name.
    pub fn suggest(&self, written: &str) -> Option<&ToolName> {
        let names = self.entries.iter().map(|entry| entry.tool.name.as_str());
        let near = nearest(written, names)?;
        let entry = self.entry(&ToolName::new(near))?;
        Some(&entry.tool.name)
    }

    /// Whether a few kilobytes of arguments are checked within microseconds.
    pub fn is_quick_to_validate(&self, name: &ToolName) -> bool {
        let schema = self.entry(name).and_then(|entry| entry.schema.as_ref());
        schema.is_none_or(Schema::is_simple)
    }

    /// The same for a few kilobytes of output.
    pub fn is_output_quick_to_validate(&self, name: &ToolName) -> bool {
        let entry = self.entry(name);
        let schema = entry.and_then(|entry| entry.output_schema.as_ref());
        schema.is_none_or(Schema::is_simple)
    }

    /// Returns the violations of the tool's schema. A tool without a schema takes
    /// any object. It may take a second: not for threads that must answer.
    pub fn validate(&self, name: &ToolName, args: &Value) -> Vec<ArgumentProblem> {
        self.validate_within(name, args, Limits::FULL)
            .unwrap_or_else(|bound| vec![bound.into()])
    }

    /// Returns the violations of the tool's schema as far as a few milliseconds
    /// tell them; [`Self::validate`] decides.
    pub fn validate_quickly(&self, name: &ToolName, args: &Value) -> Vec<ArgumentProblem> {
        self.validate_within(name, args, Limits::QUICK)
            .unwrap_or_default()
    }

    fn validate_within(
        &self,
        name: &ToolName,
        args: &Value,
        limits: Limits,
    ) -> Result<Vec<ArgumentProblem>, Bound> {
        if !args.is_object() {
            return Ok(vec![ArgumentProblem {
                pointer: String::new(),
                message: "the arguments must be an object".to_owned(),
            }]);
        }
        let schema = self.entry(name).and_then(|entry| entry.schema.as_ref());
        problems(schema, args, limits)
    }

    /// Returns the violations of the tool's schema with their details, as far as
    /// a few milliseconds tell them.
    pub(crate) fn violations(
        &self,
        name: &ToolName,
        args: &Value,
    ) -> Result<Vec<Violation>, Bound> {
        let schema = self.entry(name).and_then(|entry| entry.schema.as_ref());
        schema.map_or(Ok(Vec::new()), |it| it.violations(args, Limits::QUICK))
    }

    /// Whether a tool of this name is missing only because of errors in the
    /// files: it is, or may be, described in them.
    pub(crate) fn is_broken(&self, name: &ToolName) -> bool {
        let may_be_described = self.is_partial || self.places.contains_key(name);
        may_be_described && !self.by_name.contains_key(name)
    }

    fn entry(&self, name: &ToolName) -> Option<&CompiledTool> {
        let at = self.by_name.get(name)?;
        Some(&self.entries[*at])
    }
}

fn problems(
    schema: Option<&Schema>,
    value: &Value,
    limits: Limits,
) -> Result<Vec<ArgumentProblem>, Bound> {
    let Some(schema) = schema else {
        return Ok(Vec::new());
    };
    let violations = schema.violations(value, limits)?.into_iter();
    Ok(violations.map(ArgumentProblem::from).collect())
}
