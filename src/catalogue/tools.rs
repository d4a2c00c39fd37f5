//! The catalogue itself: all tools known, in the order of their files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::findings::Findings;
use super::manifest::{self, Described};
use super::problem::Problems;
use super::schema::{ArgumentProblem, Schema, Violation};
use super::source::Source;
use super::text::nearest;
use crate::model::{Tool, ToolName};

/// All tools known. Clones share the tools.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    entries: Vec<Arc<Entry>>,
    by_name: HashMap<ToolName, usize>,
    /// Where each tool is described, the ones with errors included.
    places: HashMap<ToolName, String>,
    /// Whether there are tools whose names could not be read.
    is_partial: bool,
}

#[derive(Debug)]
struct Entry {
    tool: Tool,
    schema: Option<Schema>,
}

impl Catalogue {
    /// Reads catalogue files. All problems of all of them are returned together.
    pub fn load(paths: &[PathBuf]) -> Result<Self, Problems> {
        let (catalogue, problems) = Self::read(paths);
        problems.unless_any(catalogue)
    }

    /// The sample tools, which are built into the program.
    pub fn sample() -> Result<Self, Problems> {
        const MANIFEST: &str = include_str!("../../sample-tools/fanout.toml");
        let mut catalogue = Self::default();
        let source = Source::new("sample-tools/fanout.toml", MANIFEST);
        catalogue.add(&source, None).unless_any(catalogue)
    }

    /// Reads catalogue files: the tools that are sound, and the problems of
    /// the others.
    pub fn read(paths: &[PathBuf]) -> (Self, Problems) {
        let mut catalogue = Self::default();
        let mut problems = Problems::default();
        for path in paths {
            match Source::read(path) {
                Ok(source) => problems.merge(catalogue.add(&source, Some(path))),
                Err(problem) => {
                    catalogue.is_partial = true;
                    problems.push(*problem);
                }
            }
        }
        (catalogue, problems)
    }

    fn add(&mut self, source: &Source, origin: Option<&Path>) -> Problems {
        let mut findings = Findings::new(source);
        let manifest = manifest::read(origin, &mut findings);
        self.is_partial |= !manifest.is_whole;
        for described in manifest.tools {
            self.insert(described, &mut findings);
        }
        findings.finish().0
    }

    fn insert(&mut self, described: Described, findings: &mut Findings<'_>) {
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
        let place = source.place(described.name_span.start);
        let place = format!("{}:{}:{}", source.name(), place.line, place.column);
        self.places.insert(name, place);
        if described.is_sound {
            self.push(described.tool, described.schema);
        }
    }

    fn push(&mut self, tool: Tool, schema: Option<Schema>) {
        self.by_name.insert(tool.name.clone(), self.entries.len());
        self.entries.push(Arc::new(Entry { tool, schema }));
    }

    /// The same catalogue with further tools, which take any arguments. A name
    /// that is known already keeps its tool.
    #[must_use]
    pub fn with_tools(mut self, tools: impl IntoIterator<Item = Tool>) -> Self {
        for tool in tools {
            if self.by_name.contains_key(&tool.name) {
                continue;
            }
            self.push(tool, None);
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

    /// What of the arguments does not fit the tool's schema. A tool without a
    /// schema takes any object.
    pub fn validate(&self, name: &ToolName, args: &Value) -> Vec<ArgumentProblem> {
        if !args.is_object() {
            return vec![ArgumentProblem {
                pointer: String::new(),
                message: "the arguments must be an object".to_owned(),
            }];
        }
        let violations = self.violations(name, args).into_iter();
        violations.map(ArgumentProblem::from).collect()
    }

    pub(crate) fn violations(&self, name: &ToolName, args: &Value) -> Vec<Violation> {
        let schema = self.entry(name).and_then(|entry| entry.schema.as_ref());
        schema.map_or_else(Vec::new, |schema| schema.violations(args))
    }

    /// Whether a tool of this name is missing only because of errors in the
    /// files: it is, or may be, described in them.
    pub(crate) fn is_broken(&self, name: &ToolName) -> bool {
        let may_be_described = self.is_partial || self.places.contains_key(name);
        may_be_described && !self.by_name.contains_key(name)
    }

    fn entry(&self, name: &ToolName) -> Option<&Entry> {
        let at = self.by_name.get(name)?;
        Some(&self.entries[*at])
    }
}
