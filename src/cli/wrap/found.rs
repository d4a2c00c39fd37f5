//! The servers that agents have here: read from their files, and from nowhere
//! else.

use std::path::Path;

use super::agents::{self, AGENTS, Agent, Folders, Scope, Site};
use super::config_file::{ConfigFile, Entry, FileError};
use super::yaml;
use crate::catalogue::servers::form::{ServerFileForm, form_of};

/// Tables of servers, and the files in which they stand.
#[derive(Debug, Default)]
pub(in crate::cli) struct Found {
    pub(in crate::cli) files: Vec<ConfigFile>,
    pub(in crate::cli) tables: Vec<Table>,
    pub(in crate::cli) errors: Vec<FileError>,
}

/// One table of servers that is there.
#[derive(Debug)]
pub(in crate::cli) struct Table {
    /// The agent; `None` of a file that was given and that no agent here reads.
    pub(in crate::cli) agent: Option<&'static Agent>,
    pub(in crate::cli) form: &'static ServerFileForm,
    pub(in crate::cli) site: Site,
    /// Position of its file.
    pub(in crate::cli) file: usize,
    pub(in crate::cli) entries: Vec<Entry>,
}

/// Where to look.
#[derive(Debug)]
pub(in crate::cli) enum Target<'t> {
    Agent(&'static Agent),
    File(&'t Path),
}

impl<'t> Target<'t> {
    /// Returns what the words of a command line mean; every agent without any.
    /// The error is a word that means nothing.
    pub(in crate::cli) fn all(words: &'t [String]) -> Result<Vec<Self>, &'t str> {
        if words.is_empty() {
            return Ok(AGENTS.iter().map(Self::Agent).collect());
        }
        let target = |word: &'t String| {
            let path = Path::new(word);
            match agents::named(word) {
                Some(agent) => Ok(Self::Agent(agent)),
                None if word.contains(['/', '.']) || path.exists() => Ok(Self::File(path)),
                None => Err(word.as_str()),
            }
        };
        let words = words.iter().filter(|word| !yaml::is_one(word));
        words.map(target).collect()
    }
}

impl Found {
    pub(in crate::cli) fn of(targets: &[Target<'_>], folders: &Folders) -> Self {
        let mut found = Self::default();
        for target in targets {
            match target {
                Target::Agent(agent) => {
                    for site in agent.sites(folders) {
                        found.add(agent, site);
                    }
                }
                Target::File(path) => found.add_file(path, folders),
            }
        }
        found
    }

    fn add(&mut self, agent: &'static Agent, site: Site) {
        // In the home folder a project's file may be the user's own.
        let is_same = |it: &Table| it.site.path == site.path && it.site.table == site.table;
        if self.tables.iter().any(is_same) {
            return;
        }
        let Some(file) = self.file(&site.path) else {
            return;
        };
        let entries = self.files[file].entries(&site.table, agent.form);
        if !entries.is_empty() {
            let agent_form = agent.form;
            self.tables.push(Table {
                agent: Some(agent),
                form: agent_form,
                site,
                file,
                entries,
            });
        }
    }

    /// Adds what one file holds: as the agent reads it whose file it is, or by
    /// its form.
    fn add_file(&mut self, path: &Path, folders: &Folders) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let before = self.tables.len();
        let mut is_known = false;
        for agent in &AGENTS {
            for site in agent.sites(folders) {
                if site.path == path {
                    is_known = true;
                    self.add(agent, site);
                }
            }
        }
        if is_known && self.tables.len() > before {
            return;
        }
        let Some(file) = self.file(&path) else {
            if self.errors.is_empty() {
                self.errors.push(FileError::Missing { path });
            }
            return;
        };
        let Some(form) = form_of(self.files[file].root(), &path) else {
            self.errors.push(FileError::NoServers { path });
            return;
        };
        let table = vec![form.root.to_owned()];
        let entries = self.files[file].entries(&table, form);
        let site = Site {
            path,
            table,
            scope: Scope::User,
        };
        self.tables.push(Table {
            agent: None,
            form,
            site,
            file,
            entries,
        });
    }

    /// Returns the position of a file that is read beside those that were asked
    /// for.
    pub(super) fn open(&mut self, path: &Path) -> Option<usize> {
        self.file(path)
    }

    /// Returns the position of a file, which is read once; `None` where there
    /// is none or it is not understood.
    fn file(&mut self, path: &Path) -> Option<usize> {
        if let Some(at) = self.files.iter().position(|file| file.path() == path) {
            return Some(at);
        }
        if self.errors.iter().any(|error| error.path() == path) {
            return None;
        }
        match ConfigFile::open(path) {
            Ok(Some(file)) => {
                self.files.push(file);
                Some(self.files.len() - 1)
            }
            Ok(None) => None,
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    /// Returns the table of an agent with a scope, if it is there.
    pub(in crate::cli) fn table(&self, agent: &str, scope: Scope) -> Option<&Table> {
        let mut tables = self.tables.iter();
        tables.find(|it| it.agent.is_some_and(|it| it.name == agent) && it.site.scope == scope)
    }
}

impl Table {
    pub(in crate::cli) fn is_of(&self, agent: &str) -> bool {
        self.agent.is_some_and(|it| it.name == agent)
    }

    /// Name of whoever reads it.
    pub(in crate::cli) fn title(&self) -> &'static str {
        self.agent.map_or("file", |agent| agent.title)
    }

    pub(in crate::cli) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}
