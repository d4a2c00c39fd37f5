//! The catalogue itself: all tools known, in the order of their files.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::compiled_tool::CompiledTool;
use super::findings::Findings;
use super::listing_warning::ListingWarning;
use super::manifest::{self, FileFormat, ParsedTool};
use super::problem::{Problem, Problems};
use super::schema::{ArgumentProblem, Bound, Limits, Schema, Violation};
use super::servers::{self, ConfiguredServer};
use super::source::Source;
use super::text::nearest;
use crate::model::{
    ClientSettings, ListedTool, McpServer, ProtocolChoice, ServerName, Tool, ToolName,
};

/// The manifest of the sample tools, which are built into the program.
pub(super) const MANIFEST: &str = include_str!("../../sample-tools/fanout.toml");

/// Longest time for the schemas of a server's tools before they are needed.
const COMPILED_WITHIN: Duration = Duration::from_millis(500);

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
                    let found = catalogue.add(&source, Some(path), FileFormat::NativeOrForeign);
                    problems.merge(found);
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

    /// The same of a file that may have the form of another program.
    pub(super) fn of_any_source(source: &Source, origin: &Path) -> (Self, Problems) {
        let mut catalogue = Self::default();
        let problems = catalogue.add(source, Some(origin), FileFormat::NativeOrForeign);
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
            if manifest.is_foreign && self.server(&configured.server.name).is_some() {
                let reason = "another file has a server of this name".to_owned();
                self.unusable.push((configured.server.name, reason));
                continue;
            }
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
            self.push(CompiledTool::new(described.tool, described.schema));
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

    fn push(&mut self, entry: CompiledTool) {
        let name = entry.tool.name.clone();
        self.by_name.insert(name, self.entries.len());
        self.entries.push(Arc::new(entry));
    }

    /// A catalogue of one tool, to check values against its schema, which is
    /// compiled at once. A schema that cannot be used is left out.
    pub fn of_tool(tool: Tool) -> Self {
        let schema = tool.input_schema.as_ref();
        let schema = schema.and_then(|it| Schema::compile(it).ok());
        let mut catalogue = Self::default();
        catalogue.push(CompiledTool::new(tool, schema));
        catalogue
    }

    /// Returns the catalogue with servers that are all spoken to in this
    /// revision.
    #[must_use]
    pub fn speaking(mut self, protocol: ProtocolChoice) -> Self {
        for server in &mut self.servers {
            Arc::make_mut(server).protocol = protocol;
        }
        self
    }

    /// Returns the catalogue with tools that have neither rate nor
    /// `max_parallel` nor locks.
    #[must_use]
    pub fn without_limits(mut self) -> Self {
        for entry in &mut self.entries {
            let entry_without = CompiledTool::listed(Tool {
                max_parallel: None,
                rate: None,
                write_locks: Vec::new(),
                read_locks: Vec::new(),
                ..entry.tool.clone()
            });
            // What is doubtful about a schema was said when it was read.
            entry_without.compile().for_each(drop);
            *entry = Arc::new(entry_without);
        }
        self
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

    /// Returns the reason the server of an unknown tool cannot be used.
    pub fn unusable_server_of(&self, tool: &ToolName) -> Option<&(ServerName, String)> {
        let (server, _) = parts_of(tool)?;
        let mut unusable = self.unusable.iter();
        unusable.find(|(name, _)| name.as_str() == server)
    }

    /// The same catalogue with the servers of another one, as far as no server
    /// or unusable one is called alike. Returns the number of those that can be
    /// used.
    #[must_use]
    pub fn with_servers_of(mut self, other: &Self) -> (Self, usize) {
        let known = |it: &Self, name: &ServerName| {
            it.server(name).is_some() || it.unusable.iter().any(|(known, _)| known == name)
        };
        let mut added = 0;
        for server in other.servers() {
            if !known(&self, &server.name) {
                self.servers.push(Arc::clone(server));
                added += 1;
            }
        }
        for (name, reason) in &other.unusable {
            if !known(&self, name) {
                self.unusable.push((name.clone(), reason.clone()));
            }
        }
        (self, added)
    }

    /// The same catalogue with other settings of the client, server by server.
    #[must_use]
    pub fn with_client(mut self, change: impl Fn(&McpServer, &mut ClientSettings)) -> Self {
        for server in &mut self.servers {
            let mut client = server.client.clone();
            change(server, &mut client);
            Arc::make_mut(server).client = client;
        }
        self
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
        if self.by_name.contains_key(tool) && self.server_of(tool).is_none() {
            return None;
        }
        let (server, _) = parts_of(tool)?;
        let server = self.server(&ServerName::new(server))?;
        (!self.listed.contains(&server.name)).then_some(server)
    }

    /// Makes a tool of a server whose tools are not known yet: nothing is known of
    /// it but its name.
    pub fn assumed_tool(&self, name: &ToolName) -> Option<Tool> {
        let server = self.unlisted_server(name)?;
        let (_, tool) = parts_of(name)?;
        if name.as_str().contains(':') {
            servers::assumed_operation(server, tool)
        } else {
            Some(servers::assumed(server, tool))
        }
    }

    /// Returns the server that a tool of the catalogue belongs to.
    fn server_of(&self, tool: &ToolName) -> Option<&ServerName> {
        self.entry(tool).and_then(|entry| entry.server())
    }

    /// Replaces the tools of a server by those that it lists now. Tools of files
    /// and of other servers stay, whatever their names. Returns a warning for
    /// each listed tool that is not used as it is.
    #[must_use]
    pub fn with_listed(
        mut self,
        name: &ServerName,
        listed: &[ListedTool],
    ) -> (Self, Vec<ListingWarning>) {
        let mut warnings = Vec::new();
        let Some(server) = self.server(name).cloned() else {
            return (self, warnings);
        };
        self.entries.retain(|entry| entry.server() != Some(name));
        let names = self.entries.iter().map(|entry| entry.tool.name.clone());
        self.by_name = names.enumerate().map(|(at, name)| (name, at)).collect();
        self.listed.insert(name.clone());
        for tool in listed.iter().filter_map(|it| servers::tool_of(&server, it)) {
            if self.by_name.contains_key(&tool.name) {
                let tool = tool.name;
                warnings.push(match self.server_of(&tool) {
                    Some(_) => ListingWarning::Twice { tool },
                    None => ListingWarning::Taken {
                        at: self.places.get(&tool).cloned(),
                        server: name.clone(),
                        tool,
                    },
                });
                continue;
            }
            self.push(CompiledTool::listed(tool));
        }
        (self, warnings)
    }

    /// Compiles the schemas of a server's tools, as many as a short time allows;
    /// each other is compiled when it is first needed. Returns a warning for
    /// each that cannot be used.
    pub fn compile_listed(&self, server: &ServerName) -> Vec<ListingWarning> {
        let end = Instant::now() + COMPILED_WITHIN;
        let listed = self.entries.iter();
        let listed = listed.filter(|entry| entry.server() == Some(server));
        let in_time = listed.take_while(|_| Instant::now() < end);
        in_time.flat_map(|entry| entry.compile()).collect()
    }

    /// Returns the violations of the tool's output schema.
    pub fn validate_output(&self, name: &ToolName, output: &Value) -> Vec<ArgumentProblem> {
        let schema = self.entry(name).and_then(CompiledTool::output);
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
            self.push(CompiledTool::new(tool, None));
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
        self.entry(name).is_none_or(CompiledTool::is_input_quick)
    }

    /// The same for a few kilobytes of output.
    pub fn is_output_quick_to_validate(&self, name: &ToolName) -> bool {
        self.entry(name).is_none_or(CompiledTool::is_output_quick)
    }

    /// Returns the violations of the tool's schema. A tool without a schema takes
    /// any object. It may take a second: not for threads that must answer.
    pub fn validate(&self, name: &ToolName, args: &Value) -> Vec<ArgumentProblem> {
        let schema = self.entry(name).and_then(CompiledTool::input);
        argument_problems(schema, args, Limits::FULL).unwrap_or_else(|bound| vec![bound.into()])
    }

    /// Returns the violations of the tool's schema as far as a few milliseconds
    /// tell them, and none before the schema is compiled; [`Self::validate`]
    /// decides.
    pub fn validate_quickly(&self, name: &ToolName, args: &Value) -> Vec<ArgumentProblem> {
        let schema = self.entry(name).and_then(CompiledTool::compiled_input);
        argument_problems(schema, args, Limits::QUICK).unwrap_or_default()
    }

    /// Returns the violations of the tool's schema with their details, as far as
    /// a few milliseconds tell them once it is compiled: not for threads that
    /// must answer.
    pub(crate) fn violations(
        &self,
        name: &ToolName,
        args: &Value,
    ) -> Result<Vec<Violation>, Bound> {
        let schema = self.entry(name).and_then(CompiledTool::input);
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

/// Returns the names of a server and of its tool, or of an operation behind a
/// colon.
fn parts_of(tool: &ToolName) -> Option<(&str, &str)> {
    tool.as_str().split_once(['.', ':'])
}

/// Returns the violations of a schema that belongs to no tool. It may take a
/// second: not for threads that must answer.
pub fn check_value(schema: &Value, value: &Value) -> Vec<String> {
    let schema = match Schema::compile(schema) {
        Ok(schema) => schema,
        Err(error) => return vec![error.to_string()],
    };
    let wrong = argument_problems(Some(&schema), value, Limits::FULL);
    match wrong {
        Ok(wrong) => wrong.iter().map(ToString::to_string).collect(),
        Err(bound) => vec![ArgumentProblem::from(bound).to_string()],
    }
}

fn argument_problems(
    schema: Option<&Schema>,
    args: &Value,
    limits: Limits,
) -> Result<Vec<ArgumentProblem>, Bound> {
    if !args.is_object() {
        return Ok(vec![ArgumentProblem {
            pointer: String::new(),
            message: "the arguments must be an object".to_owned(),
        }]);
    }
    problems(schema, args, limits)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Annotations, ToolAction};
    use serde_json::json;

    fn listed(name: &str) -> ListedTool {
        ListedTool {
            operation: crate::model::McpOperation::CallTool,
            name: name.to_owned(),
            description: "of the server".to_owned(),
            input_schema: json!({"type": "object"}),
            output_schema: None,
            annotations: Annotations::default(),
        }
    }

    fn catalogue(text: &str) -> Catalogue {
        let source = Source::new("fanout.toml", text);
        let (catalogue, problems) = Catalogue::of_source(&source, Path::new("fanout.toml"));
        assert!(problems.is_empty(), "{problems:?}");
        catalogue
    }

    fn is_of_server(catalogue: &Catalogue, tool: &str) -> bool {
        let tool = catalogue.get(&ToolName::new(tool)).expect("a tool");
        matches!(tool.action, ToolAction::Mcp { .. })
    }

    #[test]
    fn a_server_replaces_no_tool_that_a_file_describes() {
        let text = "[[tool]]\nname = 'e.t'\ncommand = ['echo']\n\
             [[tool]]\nname = 'e.only-local'\ncommand = ['echo']\n\
             [mcp.e]\ncommand = ['server']\n";
        let server = ServerName::new("e");
        let (first, warnings) = catalogue(text).with_listed(&server, &[listed("t"), listed("u")]);
        let warning = warnings[0].to_string();
        assert!(
            warning.starts_with("server `e` lists a tool that would be `e.t`")
                && warning.contains("fanout.toml:2:8"),
            "{warning}"
        );
        assert_eq!(warnings.len(), 1);
        // The second listing no more than the first.
        let (second, _) = first.clone().with_listed(&server, &[listed("only-local")]);
        for catalogue in [&first, &second] {
            assert!(!is_of_server(catalogue, "e.t"));
            assert!(!is_of_server(catalogue, "e.only-local"));
        }
        assert!(is_of_server(&first, "e.u"));
        assert!(
            second.get(&ToolName::new("e.u")).is_none(),
            "listed no more"
        );
    }

    #[test]
    fn a_tool_of_a_file_needs_no_server_of_its_first_word() {
        let text = "[[tool]]\nname = 'e.t'\ncommand = ['echo']\n[mcp.e]\ncommand = ['server']\n";
        let catalogue = catalogue(text);
        assert!(catalogue.assumed_tool(&ToolName::new("e.t")).is_none());
        assert!(catalogue.assumed_tool(&ToolName::new("e.u")).is_some());
    }

    #[test]
    fn a_name_that_is_listed_twice_keeps_its_first_tool() {
        let catalogue = catalogue("[mcp.e]\ncommand = ['server']\n");
        let (_, warnings) =
            catalogue.with_listed(&ServerName::new("e"), &[listed("t"), listed("t")]);
        let tool = ToolName::new("e.t");
        assert_eq!(warnings, [ListingWarning::Twice { tool }]);
    }

    #[test]
    fn servers_whose_names_begin_alike_keep_their_tools() {
        let text = "[mcp.e]\ncommand = ['a']\n[mcp.e2]\ncommand = ['b']\n";
        let (catalogue, _) = catalogue(text).with_listed(&ServerName::new("e2"), &[listed("t")]);
        let (catalogue, _) = catalogue.with_listed(&ServerName::new("e"), &[listed("t")]);
        assert!(is_of_server(&catalogue, "e2.t") && is_of_server(&catalogue, "e.t"));
    }

    /// Reads a file of another program.
    fn foreign(name: &str, text: &str) -> Catalogue {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        let (catalogue, problems) = Catalogue::read(&[path]);
        assert!(problems.is_empty(), "{problems:?}");
        catalogue
    }

    fn unusable(catalogue: &Catalogue) -> Vec<(String, String)> {
        let servers = catalogue.unusable_servers().iter();
        let pairs = servers.map(|(name, reason)| (name.to_string(), reason.clone()));
        pairs.collect()
    }

    #[test]
    fn one_bad_server_of_a_foreign_file_loses_itself_only() {
        let catalogue = foreign(
            ".mcp.json",
            r#"{"mcpServers": {
                "unset": {"command": "x", "args": ["${FANOUT_TEST_UNSET}"]},
                "bare": {},
                "list": [],
                "number": {"command": 5},
                "env": {"command": "x", "env": {"A": 3}},
                "my server": {"command": "first"},
                "my-server": {"command": "second"},
                "ftp": {"url": "ftp://x"},
                "good": {"command": "y"}
            }}"#,
        );
        let names: Vec<&str> = catalogue.servers().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["my-server", "good"]);
        let unusable = unusable(&catalogue);
        let names: Vec<&str> = unusable.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["unset", "bare", "list", "number", "env", "my-server", "ftp"]
        );
        let reason = &unusable[0].1;
        assert!(
            reason.starts_with("the variable `FANOUT_TEST_UNSET` is not set (")
                && reason.ends_with(".mcp.json:2:52)"),
            "{reason}"
        );
        assert!(unusable.iter().all(|(_, reason)| !reason.is_empty()));
    }

    #[test]
    fn an_input_that_would_have_to_be_asked_for_loses_its_server_only() {
        let catalogue = foreign(
            "mcp.json",
            r#"{"servers": {
                "asks": {"command": "x", "env": {"K": "${input:key}"}},
                "good": {"command": "y"}
            }, "inputs": []}"#,
        );
        assert_eq!(catalogue.servers().len(), 1);
        assert!(unusable(&catalogue)[0].1.starts_with("the input `key`"));
    }

    #[test]
    fn a_variable_that_is_not_set_loses_a_native_server_only() {
        if !cfg!(feature = "http") {
            return;
        }
        let catalogue = catalogue(
            "[mcp.bad]\nurl = 'https://x.org/${FANOUT_TEST_UNSET}'\n\
             [mcp.worse]\nurl = 'https://x.org'\nheaders = { A = '${FANOUT_TEST_UNSET}' }\n\
             [mcp.good]\ncommand = ['x']\n",
        );
        let names: Vec<&str> = catalogue.servers().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["good"]);
        assert_eq!(unusable(&catalogue).len(), 2);
    }

    #[test]
    fn secrets_of_servers_are_not_sent_without_encryption() {
        if !cfg!(feature = "http") {
            return;
        }
        let problems = |server: &str| {
            let source = Source::new("fanout.toml", &format!("[mcp.e]\n{server}"));
            Catalogue::of_source(&source, Path::new("fanout.toml")).1
        };
        for refused in [
            "url = 'http://host/mcp'\nheaders = { Authorization = 'Bearer x' }\n",
            "url = 'http://host/mcp'\nheaders = { X-Api-Key = 'x' }\n",
            "url = 'http://host/mcp'\nheaders = { X = '${PATH}' }\n",
            "url = 'http://host/mcp?k=${PATH}'\n",
            "url = 'http://localhost.example.org/'\nheaders = { Cookie = 'a' }\n",
        ] {
            let found = problems(refused);
            let message = found.iter().next().map(|it| it.message().to_owned());
            let expected = "variables would go over the network without encryption";
            assert_eq!(message.as_deref(), Some(expected), "{refused}");
        }
        for allowed in [
            "url = 'https://host/mcp'\nheaders = { Authorization = 'Bearer x' }\n",
            "url = 'http://127.0.0.1:1/mcp'\nheaders = { Authorization = 'Bearer x' }\n",
            "url = 'http://[::1]/mcp'\nheaders = { X = '${PATH}' }\n",
            "url = 'http://host/mcp'\nheaders = { Accept-Language = 'en' }\n",
        ] {
            assert!(problems(allowed).is_empty(), "{allowed}");
        }
        let foreign = foreign(
            ".mcp.json",
            r#"{"mcpServers": {
                "header": {"type": "http", "url": "http://h/", "headers": {"Authorization": "x"}},
                "query": {"type": "http", "url": "http://h/?k=${PATH}"}
            }}"#,
        );
        assert_eq!(foreign.servers().len(), 0);
        assert_eq!(unusable(&foreign).len(), 2);
    }

    #[test]
    fn a_discovered_file_sets_no_variable_that_decides_which_code_is_loaded() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fanout.toml");
        let problems = |name: &str| {
            let text =
                format!("[[tool]]\nname = 't'\ncommand = ['x']\nenv = {{ '{name}' = 'v' }}\n");
            std::fs::write(&path, text).expect("a file");
            let file = super::super::DiscoveredFile::open(&path).expect("readable");
            file.read().1
        };
        for refused in [
            "PATH",
            "HOME",
            "ENV",
            "BASH_ENV",
            "SHELLOPTS",
            "GCONV_PATH",
            "GLIBC_TUNABLES",
            "LD_PRELOAD",
            "DYLD_INSERT_LIBRARIES",
            "BASH_FUNC_x%%",
            "XDG_CONFIG_HOME",
        ] {
            assert_eq!(problems(refused).len(), 1, "{refused}");
        }
        for asked in [
            "LANG",
            "LC_ALL",
            "TZ",
            "PERL5LIB",
            "NODE_PATH",
            "EDITOR",
            "GIT_SSH_COMMAND",
        ] {
            assert!(problems(asked).is_empty(), "{asked}");
        }
    }

    #[test]
    fn schemas_of_listed_tools_are_compiled_when_they_are_needed() {
        let server = ServerName::new("e");
        let with = |pattern: &str| ListedTool {
            operation: crate::model::McpOperation::CallTool,
            input_schema: json!({"properties": {"s": {"pattern": pattern}}}),
            ..listed("t")
        };
        let text = "[mcp.e]\ncommand = [\"x\"]\n";
        let tool = ToolName::new("e.t");
        let args = json!({"s": "b"});
        let (listed, warnings) = catalogue(text).with_listed(&server, &[with("^a")]);
        assert_eq!(warnings, []);
        // Threads that must answer do not wait for it.
        assert_eq!(listed.validate_quickly(&tool, &args), []);
        assert!(!listed.is_quick_to_validate(&tool));
        assert_eq!(listed.validate(&tool, &args).len(), 1);
        assert_eq!(listed.validate_quickly(&tool, &args).len(), 1);
        let (listed, _) = catalogue(text).with_listed(&server, &[with("(")]);
        let warnings = listed.compile_listed(&server);
        assert!(
            warnings[0]
                .to_string()
                .starts_with("the input schema of e.t is not used"),
            "{warnings:?}"
        );
        assert_eq!(listed.validate(&tool, &args), []);
    }
}
