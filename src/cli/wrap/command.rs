//! The command that stands before a server: this program, what the lock of the
//! server is called, and how long its agent waits.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::Args;
use serde_json::{Map, Value, json};

use super::config_file::{Entry, EntryState};
use super::edit;
use crate::catalogue::servers::form::ServerFileForm;
use crate::exec::proxy::lock_key::ServerCommand;
use crate::model::Cap;

/// Orders to the program that stands before a server.
#[derive(Debug, Clone, Copy, Args)]
pub(in crate::cli) struct ProxyOptions {
    /// Let one writer at a time into a server, and at most CAP calls
    #[arg(long, value_name = "CAP", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "an option whose value may be absent")]
    govern: Option<Option<Cap>>,
}

/// Where an entry stands, for what its texts mean.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct EntryPlace<'p> {
    pub(in crate::cli) form: &'static ServerFileForm,
    pub(in crate::cli) file: &'p Path,
    pub(in crate::cli) project: &'p Path,
}

impl ProxyOptions {
    /// Returns the words that are put before the command of an entry.
    pub(in crate::cli) fn words(
        self,
        program: &Path,
        entry: &Entry,
        place: EntryPlace<'_>,
    ) -> Vec<String> {
        let mut words = vec![program.display().to_string(), "mcp".to_owned()];
        add_option(&mut words, "--name", &entry.name);
        add_option(&mut words, "--lock", &lock_key(entry, place));
        if let Some(ms) = entry.limit_ms {
            add_option(&mut words, "--limit", &ms.to_string());
        }
        words.extend(self.govern.map(|cap| match cap {
            Some(cap) => format!("--govern={cap}"),
            None => "--govern".to_owned(),
        }));
        words.push("--".to_owned());
        words
    }
}

/// Adds an option. A value that looks like another option stands in its word.
fn add_option(words: &mut Vec<String>, option: &str, value: &str) {
    if value.starts_with('-') {
        words.push(format!("{option}={value}"));
    } else {
        words.extend([option.to_owned(), value.to_owned()]);
    }
}

impl Entry {
    /// Returns the command without fanout.
    pub(in crate::cli) fn original(&self) -> &[String] {
        let at = match self.state {
            EntryState::Wrapped { original } => original,
            _ => 0,
        };
        self.argv.get(at..).unwrap_or_default()
    }
}

/// Returns the name of the lock of a server: the same from any file and agent.
pub(in crate::cli) fn lock_key(entry: &Entry, place: EntryPlace<'_>) -> String {
    let filled = |text: &str| place.form.filled(text, place.file);
    let words: Vec<OsString> = entry
        .original()
        .iter()
        .map(|it| filled(it).into())
        .collect();
    let env: BTreeMap<String, String> = entry
        .env
        .iter()
        .map(|it| (it.name.clone(), filled(&it.value)))
        .collect();
    let cwd = entry.cwd.as_deref().map(filled);
    let (program, args) = words
        .split_first()
        .map_or((OsStr::new(""), &[][..]), |(program, args)| {
            (program.as_os_str(), args)
        });
    let search = std::env::var_os("PATH").unwrap_or_default();
    ServerCommand {
        program,
        args,
        cwd: &cwd.map_or_else(|| place.project.to_owned(), |cwd| place.project.join(cwd)),
        env: &env,
        search: &search,
    }
    .lock_key(&entry.name)
}

/// Returns an entry in JSON with words put before its command, as a file of its
/// kind would hold it.
pub(in crate::cli) fn wrapped_value(entry: &Entry, before: &[String]) -> Value {
    with_command(&entry.value, &[before, entry.original()].concat())
}

/// Returns an entry in JSON without fanout.
pub(in crate::cli) fn unwrapped_value(entry: &Entry) -> Value {
    with_command(&entry.value, entry.original())
}

fn with_command(value: &Value, words: &[String]) -> Value {
    let mut value = value.clone();
    let Some(entry) = value.as_object_mut() else {
        return value;
    };
    match (entry.get_mut("command"), words.split_first()) {
        (Some(Value::Object(nested)), Some(words)) => set(nested, "path", words),
        (Some(Value::Array(_)), _) => {
            entry.insert("command".to_owned(), json!(words));
        }
        (_, Some(words)) => set(entry, "command", words),
        (_, None) => {}
    }
    value
}

fn set(table: &mut Map<String, Value>, key: &str, (program, args): (&String, &[String])) {
    table.insert(key.to_owned(), json!(program));
    if !args.is_empty() || table.contains_key("args") {
        table.insert("args".to_owned(), json!(args));
    }
}

/// Returns the program that stands before a wrapped server.
pub(in crate::cli) fn program_of(entry: &Entry) -> Option<&Path> {
    edit::original_at(&entry.argv)?;
    entry.argv.first().map(Path::new)
}
