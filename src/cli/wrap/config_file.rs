//! A file in which an agent keeps its servers, and the entries in it.

use std::path::{Path, PathBuf};

use super::edit::{self, Language};
use crate::catalogue::document::{self, Item, KeyValue, Node};
use crate::catalogue::findings::Findings;
use crate::catalogue::servers::form::{ServerFileForm, WrittenCommand};
use crate::catalogue::source::Source;
use crate::catalogue::{LONGEST_FILE, Problems};
use crate::output::{EditError, EditedFile};

/// Byte order mark, which some editors write.
const MARK: char = '\u{feff}';

/// Reason why a file is not used.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum FileError {
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error("{}: there is no such file", path.display())]
    Missing { path: PathBuf },
    #[error("{}: {problem}", path.display())]
    Syntax { path: PathBuf, problem: String },
    #[error(
        "{}: no servers were found in it, or not in a form that is known here",
        path.display()
    )]
    NoServers { path: PathBuf },
}

impl FileError {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Edit(error) => error.path(),
            Self::Missing { path } | Self::Syntax { path, .. } | Self::NoServers { path } => path,
        }
    }
}

/// One file: as it was read, and as it will be.
#[derive(Debug)]
pub(in crate::cli) struct ConfigFile {
    file: EditedFile,
    language: Language,
    /// The new text, without the mark.
    text: String,
    root: Node,
    is_written: bool,
}

/// Keys that lead to a table of servers.
pub(in crate::cli) type TablePath = Vec<String>;

/// One server as its file writes it.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Entry {
    pub(in crate::cli) name: String,
    pub(in crate::cli) state: EntryState,
    /// Command that the entry has now; empty where it has none.
    pub(in crate::cli) argv: Vec<String>,
    pub(in crate::cli) env: Vec<Variable>,
    pub(in crate::cli) headers: Vec<Variable>,
    pub(in crate::cli) cwd: Option<String>,
    /// Limit of a call that the entry sets, in milliseconds.
    pub(in crate::cli) limit_ms: Option<u64>,
    /// The whole entry, in words of JSON.
    pub(in crate::cli) value: serde_json::Value,
    /// Whether a value in it might be a secret.
    pub(in crate::cli) holds_values: bool,
}

/// A variable of a server.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Variable {
    pub(in crate::cli) name: String,
    pub(in crate::cli) value: String,
}

/// Whether fanout stands before a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum EntryState {
    Bare,
    /// It does; the original program is at this place of the command.
    Wrapped {
        original: usize,
    },
    /// It cannot, for a reason.
    Left(String),
}

impl ConfigFile {
    /// Reads a file; `None` where there is none.
    pub(in crate::cli) fn open(path: &Path) -> Result<Option<Self>, FileError> {
        let Some(file) = EditedFile::open(path, LONGEST_FILE)? else {
            return Ok(None);
        };
        let text = file.text();
        let text = text.strip_prefix(MARK).unwrap_or(text).to_owned();
        let root = parsed(path, &text).map_err(|problem| FileError::Syntax {
            path: path.to_owned(),
            problem,
        })?;
        Ok(Some(Self {
            language: Language::of(path),
            text,
            root,
            file,
            is_written: false,
        }))
    }

    pub(in crate::cli) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(in crate::cli) fn root(&self) -> &Node {
        &self.root
    }

    /// The text as it was read.
    pub(super) fn before(&self) -> &str {
        self.file.text()
    }

    /// The text as it will be.
    pub(super) fn after(&self) -> String {
        let has_mark = self.file.text().starts_with(MARK);
        let mark = has_mark.then_some(MARK);
        mark.into_iter().chain(self.text.chars()).collect()
    }

    pub(super) fn is_changed(&self) -> bool {
        self.after() != self.before()
    }

    /// Returns the entries of a table of servers; none where there is no such
    /// table.
    pub(in crate::cli) fn entries(
        &self,
        table: &[String],
        form: &'static ServerFileForm,
    ) -> Vec<Entry> {
        let Some(Item::Table(entries)) = table_at(&self.root, table).map(|it| &it.item) else {
            return Vec::new();
        };
        let names = |name: &str| entries.iter().filter(|it| it.key == name).count();
        let read = entries.iter().map(|entry| {
            let mut read = Entry::of(entry, form);
            if names(&entry.key) > 1 {
                read.state = EntryState::Left("its name stands twice in the file".to_owned());
            }
            read
        });
        read.collect()
    }

    /// Puts words before the command of an entry. Fails, and changes nothing,
    /// unless that can be undone to the byte.
    pub(super) fn wrap(&mut self, table: &[String], name: &str, before: &[String]) -> bool {
        let wrapped = self
            .command(table, name)
            .and_then(|command| edit::wrapped(&self.text, self.language, command, before));
        let Some(root) = wrapped
            .as_ref()
            .and_then(|text| parsed(self.path(), text).ok())
        else {
            return false;
        };
        let old = std::mem::replace(&mut self.root, root);
        let old_text = std::mem::replace(&mut self.text, wrapped.unwrap_or_default());
        let has_words = self
            .command(table, name)
            .and_then(WrittenCommand::texts)
            .is_some_and(|words| words.iter().zip(before).all(|(word, own)| word == own));
        let undone = self
            .command(table, name)
            .and_then(|command| edit::unwrapped(&self.text, self.language, command));
        if has_words && undone.as_ref() == Some(&old_text) {
            return true;
        }
        (self.root, self.text) = (old, old_text);
        false
    }

    /// Takes fanout away from the command of an entry.
    pub(super) fn unwrap(&mut self, table: &[String], name: &str) -> bool {
        let undone = self
            .command(table, name)
            .and_then(|command| edit::unwrapped(&self.text, self.language, command));
        undone.is_some_and(|text| self.set(&text))
    }

    /// Takes another text, if it is one of such a file.
    pub(super) fn set(&mut self, text: &str) -> bool {
        let text = text.strip_prefix(MARK).unwrap_or(text);
        let Ok(root) = parsed(self.path(), text) else {
            return false;
        };
        (self.root, self.text) = (root, text.to_owned());
        true
    }

    /// Writes the new text, unless somebody else has changed the file.
    pub(super) fn write(&mut self) -> Result<(), EditError> {
        let after = self.after();
        self.file.replace(&after)?;
        self.is_written = true;
        Ok(())
    }

    pub(super) fn is_written(&self) -> bool {
        self.is_written
    }

    fn command(&self, table: &[String], name: &str) -> Option<WrittenCommand<'_>> {
        let entry = table_at(&self.root, table)?.get(name)?;
        WrittenCommand::of(entry)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// Reads a text as a tree; the first problem where that fails.
fn parsed(path: &Path, text: &str) -> Result<Node, String> {
    let source = Source::new(path.display().to_string(), text);
    let mut findings = Findings::new(&source);
    let root = document::parse_as_written(&mut findings);
    let (problems, _) = findings.finish();
    root.filter(|_| problems.is_empty())
        .ok_or_else(|| first(&problems))
}

fn first(problems: &Problems) -> String {
    let Some(problem) = problems.iter().next() else {
        return "it cannot be read".to_owned();
    };
    match problem.position() {
        Some(at) => format!(
            "line {}, column {}: {}",
            at.line,
            at.column,
            problem.message()
        ),
        None => problem.message().to_owned(),
    }
}

/// Finds a table; none where a key on the way stands twice.
fn table_at<'n>(root: &'n Node, path: &[String]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, key| {
        let mut found = node.as_table()?.iter().filter(|entry| entry.key == *key);
        let entry = found.next()?;
        found.next().is_none().then_some(&entry.node)
    })
}

impl Entry {
    fn of(entry: &KeyValue, form: &ServerFileForm) -> Self {
        let node = &entry.node;
        let command = WrittenCommand::of(node);
        let argv = command.and_then(WrittenCommand::texts).unwrap_or_default();
        let table = match command {
            Some(WrittenCommand::Apart { table, .. }) => table,
            _ => node,
        };
        let env = variables(table.get(form.env));
        let headers = variables(node.get("headers"));
        let mut values = env.iter().chain(&headers);
        let limit = form.limit.as_ref().and_then(|limit| {
            let Item::Number(number) = &node.get(limit.key)?.item else {
                return None;
            };
            let ms = number.as_f64()? * f64::from(limit.unit_ms);
            // Claude Code passes over shorter ones.
            (1000.0..=1e12).contains(&ms).then_some(ms as u64)
        });
        Self {
            name: entry.key.clone(),
            state: state(node, &argv),
            argv: argv.into_iter().map(str::to_owned).collect(),
            holds_values: values.any(|it| !form.is_variable(&it.value)),
            env,
            headers,
            cwd: node.get("cwd").and_then(Node::as_text).map(str::to_owned),
            limit_ms: limit,
            value: node.to_json(),
        }
    }
}

fn variables(node: Option<&Node>) -> Vec<Variable> {
    let entries = node.and_then(Node::as_table).unwrap_or_default();
    let variable = |entry: &KeyValue| Variable {
        name: entry.key.clone(),
        value: match entry.node.as_text() {
            Some(text) => text.to_owned(),
            None => entry.node.to_json().to_string(),
        },
    };
    entries.iter().map(variable).collect()
}

fn state(node: &Node, argv: &[&str]) -> EntryState {
    let left = |reason: &str| EntryState::Left(reason.to_owned());
    let Some(table) = node.as_table() else {
        return left("it is no table");
    };
    if let Some(original) = edit::original_at(argv) {
        return EntryState::Wrapped { original };
    }
    let repeated = |key: &str| table.iter().filter(|it| it.key == key).count() > 1;
    if let Some(key) = ["command", "args", "env", "environment"]
        .into_iter()
        .find(|key| repeated(key))
    {
        return EntryState::Left(format!("`{key}` stands twice in it"));
    }
    if ServerFileForm::is_off(node) {
        return left("it is switched off");
    }
    if node.get("command").is_none() {
        return left(match ServerFileForm::url(node) {
            Some(_) => "it is reached over the network; only servers that are started are wrapped",
            None => "it has no command",
        });
    }
    if argv.is_empty() {
        return left("its command is not one text and a list of texts");
    }
    EntryState::Bare
}
