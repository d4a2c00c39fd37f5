//! Loads a plan: one file in, a checked plan or all its problems out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::assemble::Assembly;
use super::parsed::ParsedPlan;
use super::{read, workflow};
use crate::catalogue::document::parse;
use crate::catalogue::findings::Findings;
use crate::catalogue::source::Source;
use crate::catalogue::{Catalogue, Problem, Problems};
use crate::model::{Plan, Tool, ToolName};

/// A plan that can be run.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The plan.
    pub plan: Plan,
    /// Warnings about it.
    pub warnings: Problems,
    /// Tools that the plan adds to the catalogue (`Catalogue::with_tools`): the
    /// waits of a recorded workflow, and tools of servers that are not connected
    /// yet.
    pub extra_tools: Vec<Tool>,
}

/// Reads and checks a plan: TOML, JSON of the same shape, or `WfFormat` 1.5.
pub fn load(path: &Path, catalogue: &Catalogue) -> Result<Loaded, Problems> {
    let source = Source::read(path).map_err(|error| Problem::unreadable(path, &error))?;
    check(&source, Some(path), catalogue)
}

/// Checks a plan that is in memory; reports call it `name`.
pub fn from_text(name: &str, text: &str, catalogue: &Catalogue) -> Result<Loaded, Problems> {
    check(&Source::new(name, text), None, catalogue)
}

/// Reads the catalogues and the plan that are named on one command line, so
/// that the problems of all of them stand in one report. Without a catalogue
/// file the sample tools are taken.
pub fn open(path: &Path, catalogues: &[PathBuf]) -> Result<(Catalogue, Loaded), Problems> {
    let (catalogue, problems) = if catalogues.is_empty() {
        (Catalogue::sample()?, Problems::default())
    } else {
        Catalogue::read(catalogues)
    };
    open_with(path, catalogue, problems)
}

/// Reads a plan for a catalogue that was read already, with its problems.
pub fn open_with(
    path: &Path,
    catalogue: Catalogue,
    mut problems: Problems,
) -> Result<(Catalogue, Loaded), Problems> {
    match load(path, &catalogue) {
        Ok(loaded) if problems.is_empty() => {
            let catalogue = catalogue.with_tools(loaded.extra_tools.iter().cloned());
            Ok((catalogue, loaded))
        }
        Ok(_) => Err(problems),
        Err(others) => {
            problems.merge(others);
            Err(problems)
        }
    }
}

/// Returns the tools that the plan names of servers that are not connected yet.
fn assumed(written: &ParsedPlan, catalogue: &Catalogue) -> Vec<Tool> {
    let named = written.calls.iter().filter_map(|call| call.tool.as_ref());
    let named: BTreeSet<&ToolName> = named.map(|at| &at.value).collect();
    named
        .into_iter()
        .filter_map(|name| catalogue.assumed_tool(name))
        .collect()
}

fn check(source: &Source, path: Option<&Path>, catalogue: &Catalogue) -> Result<Loaded, Problems> {
    let mut findings = Findings::new(source);
    let loaded = parse(&mut findings).map(|root| {
        let mut written = if workflow::is_workflow(&root) {
            workflow::read(&root, &mut findings)
        } else {
            read::read(&root, &mut findings)
        };
        // The tree of a long plan takes more than the plan.
        drop(root);
        let mut extra_tools = std::mem::take(&mut written.tools);
        extra_tools.extend(assumed(&written, catalogue));
        let all = catalogue.clone().with_tools(extra_tools.iter().cloned());
        let stem = Path::new(source.name()).file_stem();
        let stem = stem.map_or_else(|| "plan".into(), |stem| stem.to_string_lossy());
        let plan = Assembly::new(&all, &mut findings, path).plan(written, &stem);
        (plan, extra_tools)
    });
    let (errors, warnings) = findings.finish();
    match loaded {
        Some((plan, extra_tools)) => errors.unless_any(Loaded {
            plan,
            warnings,
            extra_tools,
        }),
        None => Err(errors),
    }
}
