//! Catalogue files near a plan, or near the folder in which the program was
//! started. They decide which programs are executed, and nobody named them, so
//! a file that was found is only read, not used, until the user trusts it.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::problem::{Problem, Problems};
use super::source::Source;
use super::tools::{Catalogue, MANIFEST};
use crate::model::{ServerTransport, ToolAction};

/// The name of a catalogue file.
pub const FILE_NAME: &str = "fanout.toml";

/// Beginnings of the names of variables that change which code a program
/// loads, whatever its command line says.
const LOADERS: [&str; 5] = ["LD_", "DYLD_", "PYTHON", "BASH_FUNC_", "XDG_"];

/// Further such variables.
const LOADER_NAMES: [&str; 10] = [
    "PATH",
    "HOME",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "SHELLOPTS",
    "NODE_OPTIONS",
    "BASH_ENV",
    "ENV",
    "PERL5OPT",
    "RUBYOPT",
];

/// Returns the `fanout.toml` in a folder or in the nearest one above it; `None`
/// also where the folder does not exist.
pub fn nearest_file(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let mut files = folder.ancestors().map(|folder| folder.join(FILE_NAME));
    files.find(|file| file.is_file())
}

/// Returns the nearest file for the folder of a plan, unless the catalogue was
/// read from it already.
pub fn discover(catalogue: &Catalogue, plan: &Path) -> Option<PathBuf> {
    let plan = std::path::absolute(plan).ok()?;
    let found = nearest_file(plan.parent()?)?;
    let real = found.canonicalize().ok()?;
    let mut origins = catalogue.tools().filter_map(|tool| tool.origin.as_deref());
    let is_read = origins.any(|origin| origin.canonicalize().is_ok_and(|it| it == real));
    (!is_read).then_some(found)
}

/// A catalogue file that was found and not named. It is read once, so that the
/// text that is trusted is the text that is used.
#[derive(Debug)]
pub struct DiscoveredFile {
    path: PathBuf,
    digest: String,
    source: Source,
}

impl DiscoveredFile {
    /// Reads the file.
    pub fn open(path: &Path) -> Result<Self, Box<Problem>> {
        // Its programs are relative to its real folder: a link
        // to a trusted file would bring along other programs.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let source =
            Source::read(&path).map_err(|error| Box::new(Problem::unreadable(&path, &error)))?;
        let digest = Sha256::digest(source.text());
        Ok(Self {
            path,
            digest: format!("{digest:x}"),
            source,
        })
    }

    /// Canonical path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of its text, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether its text is that of the built-in manifest.
    pub fn is_sample(&self) -> bool {
        self.source.text() == MANIFEST
    }

    /// Returns its catalogue and its problems. Nobody gave the file, so it may
    /// not set variables that change which code a program loads.
    pub fn read(&self) -> (Catalogue, Problems) {
        // Nobody looks for another program's servers in a file of our name.
        let is_own = self.path.file_name().is_some_and(|name| name == FILE_NAME);
        let (catalogue, mut problems) = if is_own {
            Catalogue::of_source(&self.source, &self.path)
        } else {
            Catalogue::of_any_source(&self.source, &self.path)
        };
        let tools = catalogue.tools().filter_map(|tool| match &tool.action {
            ToolAction::Command { env, .. } => Some((tool.name.to_string(), env.keys().collect())),
            ToolAction::Mcp { .. } | ToolAction::Http { .. } | ToolAction::Wait { .. } => None,
        });
        let servers = catalogue
            .servers()
            .filter_map(|server| match &server.transport {
                ServerTransport::Stdio { env, .. } => {
                    Some((server.name.to_string(), env.keys().collect()))
                }
                ServerTransport::Http { .. } => None,
            });
        for (owner, names) in tools.chain(servers) {
            let names: Vec<&String> = names;
            for name in names.into_iter().filter(|name| is_loader(name)) {
                let file = self.source.name();
                let message = format!(
                    "`{owner}` sets {name}, which changes which code a program loads: \
                     a file that was found and not given may not do that"
                );
                let problem = Problem::of_file(file, message);
                problems.push(problem.with_help(format!("give the file: --catalogue {file}")));
            }
        }
        (catalogue, problems)
    }
}

fn is_loader(name: &str) -> bool {
    LOADER_NAMES.contains(&name) || LOADERS.iter().any(|start| name.starts_with(start))
}
