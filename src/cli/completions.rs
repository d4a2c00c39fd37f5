//! Completion: `fanout completions` prints what a shell sources. The shell then
//! asks the program itself at each press of Tab, which knows tools, their
//! arguments, plans and themes.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter,
};
use clap_complete::env::Shells;
use serde_json::Value;

use super::exit::{self, Exit};
use super::settings;
use crate::app;
use crate::catalogue::{Catalogue, FileKind, Kinds, ValueShape};
use crate::model::{Tool, ToolName};
use crate::output::Safe;

/// Variable in which a shell says that it asks, and which shell it is.
const ASKING: &str = "COMPLETE";

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout completions bash > ~/.fanout-completion && . ~/.fanout-completion
  fanout completions fish | source

A line such as `source <(fanout completions zsh)` belongs into the file that the
shell reads at its start.")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints what the shell sources.
    pub(super) fn run(self) -> Exit {
        let name = self.shell.to_string();
        let shells = Shells::builtins();
        let Some(shell) = shells.completer(&name) else {
            return exit::usage_text(&format!("no completion for {name}"));
        };
        let mut text = Vec::new();
        let written = shell.write_registration(ASKING, "fanout", "fanout", "fanout", &mut text);
        exit::written(written.and_then(|()| io::stdout().lock().write_all(&text)))
    }
}

/// Answers a shell that asks for completions; `None` where none asks.
pub(super) fn answer(words: &[OsString], program: fn() -> Command) -> Option<Exit> {
    let name = std::env::var_os(ASKING).filter(|name| !name.is_empty())?;
    let shells = Shells::builtins();
    let shell = shells.completer(name.to_str()?)?;
    let typed = words.iter().skip_while(|word| *word != "--").skip(1);
    let mut program = program();
    program.build();
    let folder = std::env::current_dir().ok();
    let mut text = Vec::new();
    let typed = typed.cloned().collect();
    let written = shell.write_complete(&mut program, typed, folder.as_deref(), &mut text);
    Some(exit::written(
        written.and_then(|()| io::stdout().lock().write_all(&text)),
    ))
}

/// The names of the tools.
pub(super) fn tools() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let catalogue = catalogue();
        catalogue.tools().map(tool).collect()
    })
}

fn tool(tool: &Tool) -> CompletionCandidate {
    let about = tool.description.lines().next().unwrap_or_default();
    let about = (!about.is_empty()).then(|| Safe::new(about).to_string().into());
    CompletionCandidate::new(tool.name.as_str()).help(about)
}

/// The names of the arguments of the tool that was typed before; behind a name,
/// the values where the schema names them.
pub(super) fn arguments() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let catalogue = catalogue();
        let words: Vec<String> = std::env::args().collect();
        let mut names = words.iter().map(ToolName::new);
        let tool = names.find_map(|name| catalogue.get(&name));
        let Some(schema) = tool.and_then(|it| it.input_schema.as_ref()) else {
            return Vec::new();
        };
        let typed = typed.to_string_lossy();
        let pairs = if let Some((name, _)) = typed.split_once('=') {
            let values = values(schema, name.trim_end_matches(':')).into_iter();
            values.map(|value| format!("{name}={value}")).collect()
        } else {
            let properties = schema.get("properties").and_then(Value::as_object);
            let names = properties.into_iter().flat_map(|it| it.keys());
            names.map(|name| format!("{name}=")).collect::<Vec<_>>()
        };
        let fitting = pairs.into_iter().filter(|pair| pair.starts_with(&*typed));
        fitting.map(CompletionCandidate::new).collect()
    })
}

/// The only values of an argument, where its schema names them.
fn values(schema: &Value, name: &str) -> Vec<String> {
    let Some(shape) = ValueShape::of_argument(schema, name) else {
        return Vec::new();
    };
    let is_switch = shape.kinds_without_null() == Some(Kinds::BOOLEAN);
    let choices = shape.choices.into_iter().flatten();
    let choices: Vec<String> = choices
        .map(|choice| match choice.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect();
    if choices.is_empty() && is_switch {
        return vec!["true".to_owned(), "false".to_owned()];
    }
    choices
}

/// Plans, and the folders on the way to them.
pub(super) fn plans() -> ArgValueCompleter {
    ArgValueCompleter::new(
        PathCompleter::any()
            .filter(|path| is_named_so(path) && FileKind::of(path) == Some(FileKind::Plan)),
    )
}

/// Plans, catalogues and files of servers, and the folders on the way to them.
pub(super) fn files() -> ArgValueCompleter {
    let is_wanted = |path: &Path| is_named_so(path) && FileKind::of(path).is_some();
    ArgValueCompleter::new(PathCompleter::any().filter(is_wanted))
}

fn is_named_so(path: &Path) -> bool {
    let extension = path.extension().and_then(|it| it.to_str());
    matches!(extension, Some("toml" | "json"))
}

/// The names of the themes.
pub(super) fn themes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let listed = settings::themes().list().into_iter();
        listed.map(|it| CompletionCandidate::new(it.name)).collect()
    })
}

/// The tools of the catalogues that were typed, else those that would be used;
/// a file that is not trusted is only read, and nothing is asked.
fn catalogue() -> Catalogue {
    let words: Vec<OsString> = std::env::args_os().collect();
    let pairs = words.windows(2);
    let named = pairs.filter(|pair| pair[0] == "--catalogue");
    let named = named.map(|pair| PathBuf::from(&pair[1]));
    app::peek_catalogue(&named.collect::<Vec<_>>())
}
