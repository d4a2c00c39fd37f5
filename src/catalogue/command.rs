//! From a tool and resolved arguments to a command line. No shell is involved:
//! a placeholder fills one element, or part of one, and is never split again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::surroundings::{self, Surroundings};
use super::template::{Piece, UnclosedHole, pieces};
use crate::model::{Action, Stdin, StdinKind, Tool};

/// The program of the built-in manifest that stands for our own executable.
pub const OWN_PROGRAM: &str = "@fanout";

/// A command line, ready to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// Program and arguments, never empty. The program is absolute, or a bare
    /// name to be looked up in the `PATH` of `env`.
    pub argv: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Working directory, absolute.
    pub cwd: PathBuf,
    /// What the tool reads.
    pub stdin: Stdin,
}

/// Why arguments do not make a command line. The call fails without a process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// The tool is not run by a command.
    #[error("the tool is not run by a command")]
    NoCommand,
    /// A `{{` without its `}}` in the manifest.
    #[error("the tool's command has {0}")]
    Template(#[from] UnclosedHole),
    /// An element needs an argument that has no value.
    #[error("the argument `{argument}` has no value, and {element:?} needs one")]
    Missing {
        /// The argument.
        argument: String,
        /// The element of the command.
        element: String,
    },
    /// A value that a program could take for an option.
    #[error(
        "the argument `{argument}` starts with `-`: the program could take it for an option; \
         the tool's manifest can allow that by `dash` or by `--` before it"
    )]
    Dash {
        /// The argument.
        argument: String,
    },
    /// A NUL, which no argument of a program can hold.
    #[error("the argument `{argument}` holds a NUL")]
    Nul {
        /// The argument.
        argument: String,
    },
}

/// Builds the command line of one attempt. `args` are resolved and fit the
/// tool's schema.
pub fn expand(
    tool: &Tool,
    args: &Value,
    surroundings: &Surroundings<'_>,
) -> Result<Expanded, ExpandError> {
    let Action::Command {
        argv,
        cwd,
        stdin,
        env,
        env_pass,
        dash,
    } = &tool.action
    else {
        return Err(ExpandError::NoCommand);
    };
    let (program, templates) = argv.split_first().ok_or(ExpandError::NoCommand)?;
    let mut filled = vec![program_of(tool, program, surroundings)];
    filled.extend(fill(templates, args, dash)?);
    let folder = folder_of(tool, surroundings);
    Ok(Expanded {
        argv: filled,
        env: surroundings::environment(env, env_pass, surroundings),
        cwd: match cwd {
            Some(cwd) => tidy(&folder.join(cwd)),
            None => surroundings.started_in.to_owned(),
        },
        stdin: match stdin {
            StdinKind::None => Stdin::Empty,
            StdinKind::Json => Stdin::Bytes(args.to_string().into_bytes().into()),
        },
    })
}

/// Fills the elements after the program.
pub(crate) fn fill(
    templates: &[String],
    args: &Value,
    dash: &[String],
) -> Result<Vec<String>, ExpandError> {
    let mut filled = Vec::with_capacity(templates.len());
    let mut are_options_over = false;
    for template in templates {
        let element = Element {
            template,
            args,
            dash,
            are_options_over,
        };
        filled.extend(element.filled()?);
        are_options_over |= template == "--";
    }
    Ok(filled)
}

/// One element of the command with the arguments that fill it.
struct Element<'e> {
    template: &'e str,
    args: &'e Value,
    /// Arguments that may start with a dash.
    dash: &'e [String],
    /// Whether a `--` element stands before this one.
    are_options_over: bool,
}

impl Element<'_> {
    /// The element filled; `None` where it is dropped.
    fn filled(&self) -> Result<Option<String>, ExpandError> {
        let pieces = pieces(self.template)?;
        let is_bare = matches!(pieces[..], [Piece::Hole(_)]);
        let mut filled = String::new();
        for piece in pieces {
            let argument = match piece {
                Piece::Text(text) => {
                    filled.push_str(text);
                    continue;
                }
                Piece::Hole(argument) => argument,
            };
            let value = self.args.get(argument).filter(|value| !value.is_null());
            let Some(value) = value else {
                if is_bare {
                    return Ok(None);
                }
                return Err(ExpandError::Missing {
                    argument: argument.to_owned(),
                    element: self.template.to_owned(),
                });
            };
            let text = as_text(value);
            self.check(argument, value, &text, filled.is_empty())?;
            filled.push_str(&text);
        }
        Ok(Some(filled))
    }

    /// Refuses a NUL, and a string that starts the element with a dash.
    fn check(
        &self,
        argument: &str,
        value: &Value,
        text: &str,
        is_start: bool,
    ) -> Result<(), ExpandError> {
        if text.contains('\0') {
            return Err(ExpandError::Nul {
                argument: argument.to_owned(),
            });
        }
        let may_dash = self.are_options_over || self.dash.iter().any(|name| name == argument);
        if is_start && value.is_string() && text.starts_with('-') && !may_dash {
            return Err(ExpandError::Dash {
                argument: argument.to_owned(),
            });
        }
        Ok(())
    }
}

/// A value as text: strings as they are, everything else as JSON.
pub(crate) fn as_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

fn program_of(tool: &Tool, program: &str, surroundings: &Surroundings<'_>) -> String {
    if program == OWN_PROGRAM && tool.origin.is_none() {
        return surroundings.own_program.display().to_string();
    }
    if !program.contains('/') {
        return program.to_owned();
    }
    let path = folder_of(tool, surroundings).join(program);
    tidy(&path).display().to_string()
}

/// The folder of the tool's catalogue, absolute.
fn folder_of(tool: &Tool, surroundings: &Surroundings<'_>) -> PathBuf {
    let origin = tool.origin.as_deref().and_then(Path::parent);
    surroundings
        .started_in
        .join(origin.unwrap_or(Path::new("")))
}

/// Without `.` parts; `..` stays, since a link may stand before it.
fn tidy(path: &Path) -> PathBuf {
    path.components().collect()
}
