//! The rows that every call has, whatever its tool: its name, what it waits
//! for, its priority, its limits.

use std::time::Duration;

use super::field::{FormField, Kind};
use super::{Form, Mode};
use crate::catalogue::quantity::parse_duration;
use crate::model::{CallName, Edge, EdgeKind, Snapshot, Timeouts};
use crate::output::Safe;

/// Name, type and meaning of each row.
pub const OPTIONS: [(&str, Kind, &str, &str); 8] = [
    (
        "id",
        Kind::Text,
        "name",
        "The call's name; generated where empty",
    ),
    (
        "after",
        Kind::Text,
        "names",
        "Calls it waits for, as a, b; b:done waits whatever b's outcome",
    ),
    (
        "priority",
        Kind::Integer,
        "number",
        "Higher runs first; 0 where empty",
    ),
    (
        "retries",
        Kind::Integer,
        "number",
        "Extra attempts after a failure; 0 where empty",
    ),
    (
        "timeout",
        Kind::Text,
        "time",
        "Longest run time, such as 30s; the tool's where empty",
    ),
    (
        "idle_timeout",
        Kind::Text,
        "time",
        "Longest time without output; the tool's where empty",
    ),
    (
        "grace",
        Kind::Text,
        "time",
        "From SIGTERM to SIGKILL; the tool's where empty, else 5s",
    ),
    (
        "group",
        Kind::Text,
        "name",
        "Calls of one group share fairly with other groups",
    ),
];

/// What a call is to have beside its tool and arguments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CallOptions {
    /// Its name.
    pub name: Option<CallName>,
    /// Edges to other calls.
    pub after: Vec<Edge>,
    /// Higher runs first.
    pub priority: i32,
    /// Extra attempts.
    pub retries: u32,
    /// Longest run time.
    pub timeout: Option<Duration>,
    /// Longest time without output.
    pub idle_timeout: Option<Duration>,
    /// Time between the soft stop and the hard one.
    pub grace: Option<Duration>,
    /// The group it shares with.
    pub group: Option<String>,
}

impl CallOptions {
    /// The limits on a call's time, over those of its tool.
    pub fn timeouts(&self, tool: Timeouts) -> Option<Timeouts> {
        let given = Timeouts {
            run: self.timeout.or(tool.run),
            idle: self.idle_timeout.or(tool.idle),
            grace: self.grace.unwrap_or(tool.grace),
            ..tool
        };
        (given != tool).then_some(given)
    }
}

pub(super) fn fields() -> impl Iterator<Item = FormField> {
    OPTIONS
        .into_iter()
        .map(|(name, kind, hint, description)| FormField {
            path: vec![name.to_owned()],
            input: kind.input(),
            hint: hint.to_owned(),
            description: description.to_owned(),
            is_required: false,
            is_option: true,
            default: None,
            problem: None,
            kind,
        })
}

impl Form {
    /// What is typed beside the arguments; problems stand at their rows.
    pub fn options(&mut self, run: &Snapshot) -> Option<CallOptions> {
        let mut options = CallOptions::default();
        let mut is_right = true;
        for field in self.fields.iter_mut().filter(|field| field.is_option) {
            let text = field.text();
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            let taken = match field.name() {
                "id" => {
                    options.name = Some(CallName::new(text));
                    Ok(())
                }
                "after" => edges(text, run).map(|after| options.after = after),
                "priority" => number(text).map(|priority| options.priority = priority),
                "retries" => number(text).map(|retries| options.retries = retries),
                "group" => {
                    options.group = Some(text.to_owned());
                    Ok(())
                }
                "idle_timeout" => time(text).map(|time| options.idle_timeout = Some(time)),
                "grace" => time(text).map(|time| options.grace = Some(time)),
                _ => time(text).map(|time| options.timeout = Some(time)),
            };
            field.problem = taken.err().map(|problem| Safe::new(&problem));
            is_right &= field.problem.is_none();
        }
        is_right.then_some(options)
    }

    /// Which rows are shown.
    pub fn shown(&self) -> impl Iterator<Item = (usize, &FormField)> {
        let is_raw = self.mode == Mode::Raw;
        let all = self.fields.iter().enumerate();
        all.filter(move |(_, field)| field.is_option || !is_raw)
    }
}

fn time(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_unread| format!("`{text}` is not a whole number in range"))
}

/// Names of calls, separated by commas or blanks, into edges.
fn edges(text: &str, run: &Snapshot) -> Result<Vec<Edge>, String> {
    let words = text.split([',', ' ']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (name, on) = match word.rsplit_once(':') {
                Some((name, "done")) => (name, EdgeKind::Done),
                Some((name, "ok")) => (name, EdgeKind::Ok),
                _ => (word, EdgeKind::Ok),
            };
            let is_meant =
                |number: &str| number.strip_prefix('#') == Some(name.trim_start_matches('#'));
            let found = run.calls.iter().find(|row| {
                row.name.as_str() == name || name.starts_with('#') && is_meant(&row.id.to_string())
            });
            match found {
                Some(row) => Ok(Edge { call: row.id, on }),
                None => Err(format!("there is no call `{name}`")),
            }
        })
        .collect()
}
