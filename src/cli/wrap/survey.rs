//! The wrapped servers in the files of agents, for the doctor.

use std::path::Path;

use rustix::fs::{Access, access};

use super::agents::{AGENTS, Folders};
use super::command;
use super::found::{Found, Target};

/// Servers that fanout stands before, each with its file.
pub(in crate::cli) struct AgentsFound {
    pub(in crate::cli) wrapped: Vec<String>,
    /// Those of them whose fanout is gone.
    pub(in crate::cli) gone: Vec<String>,
}

impl AgentsFound {
    /// Looks into the files of every agent. What is wrong with them is not
    /// said here.
    pub(in crate::cli) fn here(folders: &Folders) -> Self {
        let targets: Vec<Target<'_>> = AGENTS.iter().map(Target::Agent).collect();
        let found = Found::of(&targets, folders);
        let (mut wrapped, mut gone) = (Vec::new(), Vec::new());
        for table in &found.tables {
            for entry in &table.entries {
                let Some(program) = command::program_of(entry) else {
                    continue;
                };
                let path = folders.shown(&table.site.path);
                let name = format!("{} ({}, {path})", entry.name, table.title());
                if !is_there(program) {
                    gone.push(format!("{name}: {}", program.display()));
                }
                wrapped.push(name);
            }
        }
        Self { wrapped, gone }
    }
}

/// Whether a program that stands in a file can still be started.
pub(in crate::cli) fn is_there(program: &Path) -> bool {
    if program.components().count() == 1 {
        // A bare name, which each agent looks up in its own way.
        return true;
    }
    program.is_file() && access(program, Access::EXEC_OK).is_ok()
}
