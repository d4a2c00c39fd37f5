//! The servers that an agent would start here, and what is put before each.

use std::path::Path;

use serde_json::{Map, Value};

use crate::cli::wrap::agents::{Agent, Folders, Scope};
use crate::cli::wrap::approval::is_approved;
use crate::cli::wrap::command::{EntryPlace, ProxyOptions, wrapped_value};
use crate::cli::wrap::config_file::{Entry, EntryState};
use crate::cli::wrap::found::{Found, Table};

/// Servers of an agent, by their names: a later file stands before an earlier.
pub(super) struct Servers {
    pub(super) all: Vec<Server>,
    /// Servers that are left out, or left as they are, and why.
    pub(super) notes: Vec<String>,
}

/// One server as the agent is to start it.
pub(super) struct Server {
    pub(super) name: String,
    /// Its entry, in words of JSON.
    pub(super) value: Value,
    /// The whole command, where fanout is put before it.
    pub(super) command: Option<Vec<String>>,
}

impl Servers {
    pub(super) fn of(
        agent: &'static Agent,
        found: &Found,
        folders: &Folders,
        options: ProxyOptions,
        program: &Path,
    ) -> Self {
        let mut servers = Self {
            all: Vec::new(),
            notes: Vec::new(),
        };
        let mut tables: Vec<&Table> = found.tables.iter().collect();
        // The user's word for one project comes last, and so counts.
        tables.sort_by_key(|table| match table.site.scope {
            Scope::User => 0,
            Scope::Project => 1,
            Scope::Local => 2,
        });
        for table in tables {
            let place = EntryPlace {
                form: table.form,
                file: &table.site.path,
                project: &folders.project,
            };
            for entry in &table.entries {
                let is_projects = table.site.scope == Scope::Project;
                if is_projects && !is_approved(agent, folders, &entry.name) {
                    let text = "is left out: its agent has not been told yet that it may start it";
                    servers
                        .notes
                        .push(format!("`{}` of this project {text}", entry.name));
                    continue;
                }
                let mut entry = entry.clone();
                if agent.name == "codex" && !is_bare_key(&entry.name) {
                    let reason = "its name cannot stand in an option of Codex";
                    entry.state = EntryState::Left(reason.to_owned());
                }
                if agent.name == "gemini" && is_projects {
                    // Nothing that a user can write stands before that file.
                    let reason = "Gemini CLI takes it from the project's file";
                    entry.state = EntryState::Left(reason.to_owned());
                }
                let before = options.words(program, &entry, place);
                servers.set(&entry, &before);
            }
        }
        servers
    }

    fn set(&mut self, entry: &Entry, before: &[String]) {
        self.all.retain(|it| it.name != entry.name);
        let mut server = Server {
            name: entry.name.clone(),
            value: entry.value.clone(),
            command: None,
        };
        match &entry.state {
            EntryState::Bare => {
                server.value = wrapped_value(entry, before);
                server.command = Some([before, entry.argv.as_slice()].concat());
            }
            EntryState::Wrapped { .. } => {}
            EntryState::Left(reason) => {
                self.notes
                    .push(format!("`{}` is started as ever: {reason}", entry.name));
            }
        }
        self.all.push(server);
    }

    /// Number of servers that fanout is put before.
    pub(super) fn wrapped_count(&self) -> usize {
        self.all.iter().filter(|it| it.command.is_some()).count()
    }

    /// Returns the servers as one table of a file.
    pub(super) fn table(&self) -> Value {
        let entries = self.all.iter();
        let entries = entries.map(|it| (it.name.clone(), it.value.clone()));
        Value::Object(entries.collect::<Map<_, _>>())
    }
}

fn is_bare_key(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    !name.is_empty() && name.chars().all(is_plain)
}
