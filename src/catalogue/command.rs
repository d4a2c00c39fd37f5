//! Builds the command line of an attempt from its tool and resolved arguments.
//! No shell is involved: a placeholder fills one element, or part of one, and is never split again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::surroundings::{self, Surroundings};
use super::template::{Piece, UnclosedPlaceholder, pieces};
use crate::model::{Stdin, StdinKind, Tool, ToolAction};

/// Program name in the sample manifest that is replaced by the path of our own
/// executable.
const OWN_PROGRAM: &str = "@fanout";

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
    /// Standard input.
    pub stdin: Stdin,
}

/// Reason arguments cannot be turned into a command line. The call fails without
/// a process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// The tool is not run by a command.
    #[error("the tool is not run by a command")]
    NoCommand,
    /// A `{{` without its `}}` in the manifest.
    #[error("the tool's command has {0}")]
    Template(#[from] UnclosedPlaceholder),
    /// An element needs an argument that has no value.
    #[error("the argument `{argument}` has no value, and {element:?} needs one")]
    Missing {
        /// The argument.
        argument: String,
        /// The element of the command.
        element: String,
    },
    /// A value that the program could read as an option.
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
    let ToolAction::Command {
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
    let folder = folder_of(tool.origin.as_deref(), surroundings.started_in);
    let mut filled = vec![program_of(program, &folder, surroundings.own_program)];
    filled.extend(fill(templates, args, dash)?);
    Ok(Expanded {
        argv: filled,
        env: surroundings::of_attempt(env, env_pass, surroundings),
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
    /// Returns the filled element; `None` where it is dropped.
    fn filled(&self) -> Result<Option<String>, ExpandError> {
        let pieces = pieces(self.template)?;
        let is_bare = matches!(pieces[..], [Piece::Placeholder(_)]);
        let mut filled = String::new();
        for piece in pieces {
            let argument = match piece {
                Piece::Text(text) => {
                    filled.push_str(text);
                    continue;
                }
                Piece::Placeholder(argument) => argument,
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

/// Returns a value as text: strings as they are, everything else as JSON.
pub(crate) fn as_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// Returns the program of a command: our own, one to be looked up in `PATH`, or a path
/// relative to the folder of its catalogue.
pub(super) fn program_of(program: &str, folder: &Path, own_program: &Path) -> String {
    if program == OWN_PROGRAM {
        return own_program.display().to_string();
    }
    if !program.contains('/') {
        return program.to_owned();
    }
    tidy(&folder.join(program)).display().to_string()
}

/// Returns the folder of a catalogue file, absolute.
pub(super) fn folder_of(origin: Option<&Path>, started_in: &Path) -> PathBuf {
    let folder = origin.and_then(Path::parent);
    started_in.join(folder.unwrap_or(Path::new("")))
}

/// Removes `.` components; `..` stays, since a link may stand before it.
pub(super) fn tidy(path: &Path) -> PathBuf {
    path.components().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::tests::tool;
    use crate::model::{AttemptNo, CallName};

    fn filled(templates: &[&str], args: &Value) -> Result<Vec<String>, ExpandError> {
        let templates: Vec<String> = templates.iter().map(ToString::to_string).collect();
        fill(&templates, args, &["free".to_owned()])
    }

    fn expanded(tool: &Tool, args: &Value) -> Expanded {
        let env = BTreeMap::from(
            [
                ("PATH", "/bin"),
                ("LC_ALL", "C"),
                ("SECRET", "s"),
                ("TERM", "xterm"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let surroundings = Surroundings {
            started_in: Path::new("/start"),
            own_program: Path::new("/opt/fanout"),
            inherited_env: &env,
            run_dir: Path::new("/run/1"),
            call: &CallName::new("c"),
            attempt: AttemptNo(2),
        };
        expand(tool, args, &surroundings).expect("a command line")
    }

    #[test]
    fn a_value_fills_one_element_whatever_it_holds() {
        let nasty = "a b; rm -rf $(x) * \"'\n{{text}}";
        assert_eq!(
            filled(&["{{text}}", "x={{text}}"], &json!({"text": nasty})),
            Ok(vec![nasty.to_owned(), format!("x={nasty}")])
        );
        assert_eq!(
            filled(
                &["{{ n }}{{b}}", "{{list}}", "{{table}}", "{{{{n}}"],
                &json!({
                    "n": -1.5, "b": true, "list": [1, "-x"], "table": {"k": null},
                })
            ),
            Ok(["-1.5true", "[1,\"-x\"]", "{\"k\":null}", "{{n}}"]
                .map(str::to_owned)
                .to_vec())
        );
        assert_eq!(
            filled(&["{{empty}}"], &json!({"empty": ""})),
            Ok(vec![String::new()])
        );
    }

    #[test]
    fn only_a_bare_optional_element_is_dropped() {
        let args = json!({"null": null});
        assert_eq!(
            filled(&["a", "{{gone}}", "{{null}}"], &args),
            Ok(vec!["a".to_owned()])
        );
        let missing = filled(&["--n={{gone}}"], &args).expect_err("missing");
        assert!(missing.to_string().contains("`gone`"), "{missing}");
    }

    #[test]
    fn a_leading_dash_is_refused_unless_it_is_allowed() {
        let args = json!({"x": "-rf", "free": "-rf", "n": -5, "e": ""});
        for refused in [
            &["{{x}}"][..],
            &["{{x}}.txt"],
            &["{{e}}{{x}}"],
            &["{{x}}", "--"],
        ] {
            let error = filled(refused, &args).expect_err("refused");
            assert!(matches!(error, ExpandError::Dash { argument } if argument == "x"));
        }
        for allowed in [
            &["--", "{{x}}"][..],
            &["f={{x}}"],
            &["{{free}}"],
            &["{{n}}"],
        ] {
            filled(allowed, &args).expect("allowed");
        }
    }

    #[test]
    fn a_nul_is_refused() {
        let error = filled(&["{{x}}"], &json!({"x": "a\0b"})).expect_err("refused");
        assert_eq!(
            error,
            ExpandError::Nul {
                argument: "x".to_owned()
            }
        );
    }

    #[test]
    fn programs_with_a_slash_are_relative_to_their_catalogue() {
        let program = |program: &str, origin: Option<&str>| {
            let mut tool = tool(&[program]);
            tool.origin = origin.map(PathBuf::from);
            expanded(&tool, &json!({})).argv[0].clone()
        };
        assert_eq!(program("wc", Some("tools/fanout.toml")), "wc");
        assert_eq!(
            program("./bin/x", Some("tools/fanout.toml")),
            "/start/tools/bin/x"
        );
        assert_eq!(program("../x", Some("/etc/fanout.toml")), "/etc/../x");
        assert_eq!(program("/bin/x", Some("tools/fanout.toml")), "/bin/x");
        assert_eq!(program("@fanout", None), "/opt/fanout");
        assert_eq!(program("@fanout", Some("fanout.toml")), "/opt/fanout");
    }

    #[test]
    fn surroundings_are_chosen_and_not_inherited() {
        let mut tool = tool(&["x"]);
        tool.origin = Some(PathBuf::from("tools/fanout.toml"));
        let plain = expanded(&tool, &json!({}));
        assert_eq!(plain.cwd, Path::new("/start"));
        assert_eq!(plain.stdin, Stdin::Empty);
        let ToolAction::Command {
            cwd,
            stdin,
            env,
            env_pass,
            ..
        } = &mut tool.action
        else {
            panic!("a command");
        };
        *cwd = Some(PathBuf::from("./sub"));
        *stdin = StdinKind::Json;
        env.insert("LC_ALL".to_owned(), "de".to_owned());
        env_pass.push("SECRET".to_owned());
        let chosen = expanded(&tool, &json!({"a": 1}));
        assert_eq!(chosen.cwd, Path::new("/start/tools/sub"));
        assert_eq!(chosen.stdin, Stdin::Bytes(br#"{"a":1}"#.as_slice().into()));
        let own = "FANOUT_ATTEMPT=2 FANOUT_CALL_ID=c FANOUT_RUN_DIR=/run/1";
        let described = |env: &BTreeMap<String, String>| {
            let pairs = env.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            described(&plain.env),
            format!("{own} LC_ALL=C PATH=/bin TERM=dumb")
        );
        assert_eq!(
            described(&chosen.env),
            format!("{own} LC_ALL=de PATH=/bin SECRET=s TERM=dumb")
        );
    }
}
