//! The changes that `wrap` and `unwrap` are about to make: said first, then made.

use std::collections::BTreeMap;
use std::path::Path;

use similar::TextDiff;

use super::agents::{Folders, Scope};
use super::backup;
use super::claude::{self, Step};
use super::command::{EntryPlace, lock_key, unwrapped_value};
use super::config_file::{ConfigFile, Entry};
use super::found::{Found, Table};
use crate::app::{self, complain};
use crate::catalogue::servers::is_secret_name;
use crate::output::Safe;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 2;

/// Begin of what is said of an entry that stays as it is.
pub(super) const LEFT: &str = "left: ";

/// Shortest value that is masked where it is shown.
const SHORTEST_SECRET: usize = 4;

/// Changes that are about to be made.
pub(super) struct ChangePlan<'f> {
    pub(super) found: Found,
    pub(super) folders: &'f Folders,
    /// Notes on each entry, by its table and name.
    pub(super) notes: Vec<Note>,
    pub(super) steps: Vec<Step>,
    pub(super) claude: Option<std::path::PathBuf>,
    kind: ChangeKind,
}

/// Direction of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeKind {
    Wrap,
    Unwrap,
}

/// Sentence about what becomes of one entry.
pub(super) struct Note {
    pub(super) table: usize,
    pub(super) name: String,
    pub(super) text: String,
}

impl<'f> ChangePlan<'f> {
    pub(super) fn new(kind: ChangeKind, found: Found, folders: &'f Folders) -> Self {
        Self {
            found,
            folders,
            notes: Vec::new(),
            steps: Vec::new(),
            claude: claude::program(),
            kind,
        }
    }

    pub(super) fn note(&mut self, table: usize, name: &str, text: impl Into<String>) {
        self.notes.push(Note {
            table,
            name: name.to_owned(),
            text: text.into(),
        });
    }

    /// Whether anything is to be done at all.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty() && !self.found.files.iter().any(ConfigFile::is_changed)
    }

    /// Changes an entry of Claude Code's own file by its own command, if that
    /// can be and gives nothing away. Returns whether it is planned.
    pub(super) fn by_claude(&mut self, table: usize, step: Step) -> bool {
        let table = &self.found.tables[table];
        let holds_values = table
            .entry(&step.name)
            .is_some_and(|entry| entry.holds_values);
        let is_own = table.is_of("claude");
        if !is_own || self.claude.is_none() || (holds_values && step.after.is_some()) {
            return false;
        }
        self.steps.push(step);
        true
    }

    /// Prints every entry with what becomes of it, then what will change.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (at, table) in self.found.tables.iter().enumerate() {
            let mut notes = self.notes.iter().filter(|note| note.table == at).peekable();
            if notes.peek().is_none() {
                continue;
            }
            let path = self.folders.shown(&table.site.path);
            let scope = match table.site.scope {
                Scope::Local => ", for this project",
                Scope::Project | Scope::User => "",
            };
            add_line(&mut text, &format!("{}  {path}{scope}", table.title()));
            for note in notes {
                add_line(&mut text, &format!("  {:<14} {}", note.name, note.text));
            }
        }
        if self.kind == ChangeKind::Wrap {
            self.add_splits(&mut text);
        }
        let masks = self.masks();
        for file in self.found.files.iter().filter(|file| file.is_changed()) {
            text.push('\n');
            let path = self.folders.shown(file.path());
            let after = file.after();
            let diff = TextDiff::from_lines(file.before(), &after);
            let mut diff = diff.unified_diff();
            let diff = diff.context_radius(CONTEXT).header(&path, &path);
            for line in diff.to_string().lines() {
                add_line(&mut text, &masked(line, &masks));
            }
        }
        if !self.steps.is_empty() {
            text.push('\n');
        }
        for line in self.steps.iter().flat_map(Step::shown) {
            add_line(&mut text, &format!("$ {}", masked(&line, &masks)));
        }
        text
    }

    /// Values that are not shown: they stand under the name of a secret.
    fn masks(&self) -> Vec<&str> {
        let entries = self.found.tables.iter().flat_map(|table| &table.entries);
        let variables = entries.flat_map(|entry| entry.env.iter().chain(&entry.headers));
        let secret = variables.filter(|it| is_secret_name(&it.name));
        let values = secret.map(|it| it.value.as_str());
        values.filter(|it| it.len() >= SHORTEST_SECRET).collect()
    }

    /// Servers of one name that have different locks, with what differs.
    fn add_splits(&self, text: &mut String) {
        let mut seen: BTreeMap<&str, (&Table, &Entry, String)> = BTreeMap::new();
        for (at, table) in self.found.tables.iter().enumerate() {
            let is_wrapped = |entry: &&Entry| {
                let is_its = |note: &&Note| note.table == at && note.name == entry.name;
                let note = self.notes.iter().find(is_its);
                note.is_some_and(|note| !note.text.starts_with(LEFT))
            };
            for entry in table.entries.iter().filter(is_wrapped) {
                let key = lock_key(entry, self.place(table));
                let first = seen
                    .entry(&entry.name)
                    .or_insert_with(|| (table, entry, key.clone()));
                if first.2 != key {
                    let line = format!(
                        "note: `{}` of {} and of {} are two servers with a lock each: {} differ",
                        entry.name,
                        first.0.title(),
                        table.title(),
                        difference(first.1, entry)
                    );
                    add_line(text, &line);
                }
            }
        }
    }

    pub(super) fn place<'t>(&'t self, table: &'t Table) -> EntryPlace<'t> {
        EntryPlace {
            form: table.form,
            file: &table.site.path,
            project: &self.folders.project,
        }
    }

    /// Does it. Returns whether all of it was done.
    pub(super) fn carry_out(&mut self) -> bool {
        let mut is_done = true;
        for file in &mut self.found.files {
            if !file.is_changed() {
                continue;
            }
            let before = file.before().to_owned();
            match file.write() {
                Ok(()) if self.kind == ChangeKind::Wrap => {
                    backup::keep(file.path(), &before, file.before());
                }
                Ok(()) => backup::forget(file.path()),
                Err(error) => {
                    complain(Safe::new(&app::chain(&error)).as_str());
                    is_done = false;
                }
            }
        }
        for step in &self.steps {
            let claude = self.claude.as_deref().unwrap_or(Path::new("claude"));
            if let Err(error) = step.run(claude, &self.folders.project) {
                complain(Safe::new(&app::chain(&error)).as_str());
                is_done = false;
            }
        }
        is_done
    }

    /// Says what each agent needs to see the change.
    pub(super) fn afterwards(&self) -> Vec<String> {
        let changed = |table: &&Table| {
            self.found.files[table.file].is_written()
                || (table.is_of("claude") && !self.steps.is_empty())
        };
        let tables = self.found.tables.iter().filter(changed);
        let mut lines: Vec<String> = tables
            .filter_map(|table| table.agent)
            .map(|agent| format!("{}: {}", agent.title, agent.afterwards))
            .collect();
        lines.dedup();
        lines
    }

    /// Step that gives an entry of Claude Code's own file another command.
    pub(super) fn replacement(table: &Table, entry: &Entry, after: serde_json::Value) -> Step {
        Step {
            name: entry.name.clone(),
            scope: match table.site.scope {
                Scope::Local => "local",
                _ => "user",
            },
            before: Some(entry.value.clone()),
            after: Some(after),
        }
    }
}

/// Returns what differs between two servers, in words; values are not named.
fn difference(a: &Entry, b: &Entry) -> String {
    let mut parts = Vec::new();
    let (a_words, b_words) = (a.original(), b.original());
    if a_words != b_words {
        let join = |words: &[String]| shell_words::join(words);
        parts.push(format!(
            "the commands (`{}`, `{}`)",
            join(a_words),
            join(b_words)
        ));
    }
    if a.cwd != b.cwd {
        parts.push("the folders".to_owned());
    }
    let value = |entry: &Entry, name: &str| {
        let mut env = entry.env.iter();
        env.find(|it| it.name == name).map(|it| it.value.clone())
    };
    let mut names: Vec<&str> = a
        .env
        .iter()
        .chain(&b.env)
        .map(|it| it.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| value(a, name) != value(b, name));
    if !names.is_empty() {
        parts.push(format!("the variables {}", names.join(", ")));
    }
    if parts.is_empty() {
        parts.push("what variables in them stand for".to_owned());
    }
    parts.join(" and ")
}

fn masked(line: &str, masks: &[&str]) -> String {
    let mut line = line.to_owned();
    for mask in masks {
        line = line.replace(mask, "***");
    }
    line
}

/// Adds a line of which nothing acts on a terminal.
pub(super) fn add_line(text: &mut String, line: &str) {
    text.push_str(&app::legible(line.trim_end_matches('\r')));
    text.push('\n');
}

/// Returns whether the entry of Claude Code's for this project is there only to
/// stand before the one that the project brings.
pub(super) fn is_shadow(found: &Found, entry: &Entry) -> bool {
    let of_project = found.table("claude", Scope::Project);
    let of_project = of_project.and_then(|table| table.entry(&entry.name));
    of_project.is_some_and(|it| unwrapped_value(it) == unwrapped_value(entry))
}
