//! Puts a program before the command of one entry, and takes it away again:
//! text in, text out, by byte ranges. Everything else stays as it is, byte for
//! byte. What was written says itself how it is undone.

use std::ops::Range;
use std::path::Path;

use crate::catalogue::document::{Item, KeyValue, Node};
use crate::catalogue::servers::form::WrittenCommand;

/// One replacement of bytes.
struct Edit {
    span: Range<usize>,
    new: String,
}

/// Language of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Json,
    Toml,
}

impl Language {
    /// Returns the language of a file by its name.
    pub(super) fn of(path: &Path) -> Self {
        let is_toml = path.extension().is_some_and(|it| it == "toml");
        if is_toml { Self::Toml } else { Self::Json }
    }

    /// Returns a text as it is written in the language.
    fn literal(self, text: &str) -> String {
        let json = serde_json::Value::from(text).to_string();
        match self {
            Self::Json => json,
            Self::Toml => json.replace('\u{7f}', "\\u007F"),
        }
    }

    fn literals(self, words: &[String]) -> Vec<String> {
        words.iter().map(|word| self.literal(word)).collect()
    }
}

/// Returns the position of the program that is wrapped, in a command that
/// fanout stands before; `None` in any other.
pub(super) fn original_at(words: &[impl AsRef<str>]) -> Option<usize> {
    let [program, command, options @ ..] = words else {
        return None;
    };
    let is_own = Path::new(program.as_ref())
        .file_name()
        .is_some_and(|it| it == "fanout");
    let dash = options.iter().position(|word| word.as_ref() == "--")?;
    let at = dash + 3;
    (is_own && command.as_ref() == "mcp" && at < words.len()).then_some(at)
}

/// Returns the text with `before` put before the command; `None` where the
/// command is not one that can be edited.
pub(super) fn wrapped(
    text: &str,
    language: Language,
    command: WrittenCommand<'_>,
    before: &[String],
) -> Option<String> {
    let mut before = language.literals(before);
    let edits = match command {
        WrittenCommand::Whole(words) => vec![insertion(
            words.first()?.span.start,
            format!("{}, ", before.join(", ")),
        )],
        WrittenCommand::Apart {
            table,
            program,
            args,
        } => {
            let own = before.remove(0);
            before.push(text.get(program.node.span.clone())?.to_owned());
            let before = before.join(", ");
            let args = match args.map(|args| (&args.node.span, &args.node.item)) {
                Some((_, Item::List(args))) if !args.is_empty() => {
                    insertion(args.first()?.span.start, format!("{before}, "))
                }
                Some((span, Item::List(_))) => insertion(span.start + 1, before),
                Some(_) => return None,
                None => new_args(text, language, table, program, &before)?,
            };
            let program = Edit {
                span: program.node.span.clone(),
                new: own,
            };
            vec![program, args]
        }
    };
    Some(applied(text, edits))
}

/// Returns the text without what [`wrapped`] has put before the command;
/// `None` where that is not there.
pub(super) fn unwrapped(
    text: &str,
    language: Language,
    command: WrittenCommand<'_>,
) -> Option<String> {
    let at = original_at(&command.texts()?)?;
    let words = command.words();
    let original = words.get(at)?;
    let edits = match command {
        WrittenCommand::Whole(words) => {
            vec![removal(words.first()?.span.start..original.span.start)]
        }
        WrittenCommand::Apart {
            table,
            program,
            args,
        } => {
            let first = words.get(1)?.span.start;
            let removed = if let Some(next) = words.get(at + 1) {
                first..next.span.start
            } else {
                let own = text.get(first..original.span.end)?;
                let new = new_args(text, language, table, program, own)?;
                let end = new.span.start + new.new.len();
                if text.get(new.span.start..end) == Some(new.new.as_str()) {
                    new.span.start..end
                } else {
                    first..with_comma(text, original.span.end, args?.node.span.end)
                }
            };
            let program = Edit {
                span: program.node.span.clone(),
                new: text.get(original.span.clone())?.to_owned(),
            };
            vec![program, removal(removed)]
        }
    };
    Some(applied(text, edits))
}

/// Arguments of an entry that had none: where they stand and how. No list that
/// was there before begins with a space and ends with one like this.
fn new_args(
    text: &str,
    language: Language,
    table: &Node,
    program: &KeyValue,
    words: &str,
) -> Option<Edit> {
    let key = program.key_span.start;
    let line = text.get(..key)?.rfind('\n').map_or(0, |at| at + 1);
    let indent = text.get(line..key)?;
    let end = program.node.span.end;
    let is_alone = indent.trim().is_empty();
    let returns = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let is_inline = text.get(table.span.start..)?.starts_with('{');
    Some(match language {
        Language::Json if is_alone => {
            insertion(end, format!(",{returns}{indent}\"args\": [ {words} ]"))
        }
        Language::Json => insertion(end, format!(", \"args\": [ {words} ]")),
        Language::Toml if is_inline => insertion(end, format!(", args = [ {words} ]")),
        Language::Toml => {
            let rest = text.get(end..)?;
            let rest = rest.split('\n').next().unwrap_or_default();
            let at = end + rest.trim_end_matches('\r').len();
            insertion(at, format!("{returns}{indent}args = [ {words} ]"))
        }
    })
}

/// Returns the end of an element with the comma behind it, if one follows.
fn with_comma(text: &str, end: usize, list_end: usize) -> usize {
    let rest = text.get(end..list_end).unwrap_or_default();
    let blank = rest.len() - rest.trim_start().len();
    if rest.trim_start().starts_with(',') {
        end + blank + 1
    } else {
        end
    }
}

fn insertion(at: usize, new: String) -> Edit {
    Edit { span: at..at, new }
}

fn removal(span: Range<usize>) -> Edit {
    let new = String::new();
    Edit { span, new }
}

/// Applies edits that do not touch one another.
fn applied(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut text = text.to_owned();
    for edit in edits {
        text.replace_range(edit.span, &edit.new);
    }
    text
}
