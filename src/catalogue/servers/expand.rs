//! Variables of servers, in the files of other programs by each program's
//! rules. A variable that is not set is an error here, whatever that program
//! makes of it: a server started with half its command line helps nobody.

use std::path::PathBuf;

use super::secrets;
use crate::catalogue::document::Node;
use crate::catalogue::fields::text;
use crate::catalogue::findings::Findings;

/// Syntax of variables in the files of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VariableSyntax {
    /// Not at all: Claude Desktop, Codex.
    Literal,
    /// `${VAR}` and `${VAR:-default}`: Claude Code.
    Braces,
    /// `${env:VAR}`, `${workspaceFolder}`, `${userHome}`: VS Code and Cursor.
    Prefixed,
    /// `$VAR` and `${VAR}`: Gemini.
    Dollar,
}

/// Source of the values of variables.
pub(super) struct VariableValues<'v> {
    pub(super) variable: &'v dyn Fn(&str) -> Option<String>,
    pub(super) workspace: PathBuf,
    /// Variables that were filled in.
    pub(super) used: secrets::Used,
}

/// Reason a text with variables cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum VariableError {
    #[error("the variable `{0}` is not set")]
    Unset(String),
    #[error("the input `{0}` would have to be asked for, which is not done here")]
    Input(String),
    #[error("`${{{0}}}` is not known here")]
    Unknown(String),
}

/// Fills in the variables of a text; reports what cannot be filled in.
pub(super) fn filled(
    node: &Node,
    syntax: VariableSyntax,
    values: &VariableValues<'_>,
    findings: &mut Findings<'_>,
) -> Option<String> {
    match expand(text(node, findings)?, syntax, values) {
        Ok(filled) if filled.contains('\0') => {
            findings.error(&node.span, "a NUL cannot stand here");
            None
        }
        Ok(filled) => Some(filled),
        Err(reason) => {
            findings.error(&node.span, reason.to_string());
            None
        }
    }
}

/// Fills in the variables of a text, once: a value is never expanded again.
pub(super) fn expand(
    text: &str,
    syntax: VariableSyntax,
    values: &VariableValues<'_>,
) -> Result<String, VariableError> {
    let mut filled = String::new();
    let mut rest = text;
    while syntax != VariableSyntax::Literal
        && let Some((before, after)) = rest.split_once('$')
    {
        filled.push_str(before);
        rest = after;
        if let Some((name, behind)) = after.strip_prefix('{').and_then(|it| it.split_once('}')) {
            filled.push_str(&value(name, syntax, values)?);
            rest = behind;
            continue;
        }
        let end = after.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        let name = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        let is_name = name.starts_with(|letter: char| !letter.is_ascii_digit());
        if syntax == VariableSyntax::Dollar && is_name {
            filled.push_str(&set(name, values)?);
            rest = after.get(name.len()..).unwrap_or_default();
        } else {
            filled.push('$');
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

fn value(
    name: &str,
    syntax: VariableSyntax,
    values: &VariableValues<'_>,
) -> Result<String, VariableError> {
    if syntax == VariableSyntax::Prefixed {
        return match name.split_once(':') {
            Some(("env", name)) => set(name, values),
            Some(("input", id)) => Err(VariableError::Input(id.to_owned())),
            None if name == "workspaceFolder" => Ok(values.workspace.display().to_string()),
            None if name == "userHome" => set("HOME", values),
            _ => Err(VariableError::Unknown(name.to_owned())),
        };
    }
    match name.split_once(":-") {
        Some((name, default)) if syntax == VariableSyntax::Braces => {
            let known = set(name, values).ok().filter(|value| !value.is_empty());
            Ok(known.unwrap_or_else(|| default.to_owned()))
        }
        _ => set(name, values),
    }
}

fn set(name: &str, values: &VariableValues<'_>) -> Result<String, VariableError> {
    let value = (values.variable)(name).ok_or_else(|| VariableError::Unset(name.to_owned()))?;
    let used = (name.to_owned(), value.clone());
    values.used.borrow_mut().push(used);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str, syntax: VariableSyntax) -> Result<String, VariableError> {
        let values = VariableValues {
            variable: &|name| match name {
                "HOME" => Some("/home/u".to_owned()),
                "A" => Some("${B} $B".to_owned()),
                _ => None,
            },
            workspace: PathBuf::from("/work space"),
            used: secrets::Used::default(),
        };
        expand(text, syntax, &values)
    }

    #[test]
    fn each_program_has_its_own_rules_and_values_are_not_read_again() {
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(expanded("$A ${A}", VariableSyntax::Literal), ok("$A ${A}"));
        assert_eq!(
            expanded("$A ${A}!", VariableSyntax::Braces),
            ok("$A ${B} $B!")
        );
        assert_eq!(expanded("${X:-a}b${X:-}", VariableSyntax::Braces), ok("ab"));
        assert_eq!(
            expanded("x$A/y$1", VariableSyntax::Dollar),
            ok("x${B} $B/y$1")
        );
        assert_eq!(
            expanded(
                "${workspaceFolder} ${userHome} ${env:HOME} $A",
                VariableSyntax::Prefixed
            ),
            ok("/work space /home/u /home/u $A")
        );
    }

    #[test]
    fn what_is_not_set_is_named() {
        for (text, syntax) in [
            ("${X}", VariableSyntax::Braces),
            ("$X", VariableSyntax::Dollar),
            ("${env:X}", VariableSyntax::Prefixed),
        ] {
            let error = expanded(text, syntax).expect_err("not set");
            assert_eq!(error.to_string(), "the variable `X` is not set");
        }
        let error = expanded("${input:key}", VariableSyntax::Prefixed).expect_err("not asked");
        assert!(error.to_string().starts_with("the input `key`"), "{error}");
    }
}
