//! The rows that every call has, whatever its tool: its name, what it waits
//! for, its priority, its limits, its locks and claims.

use std::str::FromStr;
use std::time::Duration;

use super::field::{FieldKind, FormField};
use super::{Form, FormMode};
use crate::catalogue::quantity::{parse_bytes, parse_duration};
use crate::model::{CallName, Edge, EdgeKind, LockKey, Snapshot, Timeouts, Tool};
use crate::output::Safe;
use crate::plan::Draft;

/// Name, type and meaning of each row.
pub const OPTIONS: [(&str, FieldKind, &str, &str); 15] = [
    (
        "id",
        FieldKind::Text,
        "name",
        "The call's name; generated where empty",
    ),
    (
        "after",
        FieldKind::Text,
        "names",
        "Calls it waits for, as a, b; b:done waits whatever b's outcome",
    ),
    (
        "priority",
        FieldKind::Integer,
        "number",
        "Higher runs first; 0 where empty",
    ),
    (
        "retries",
        FieldKind::Integer,
        "number",
        "Extra attempts after a failure; 0 where empty",
    ),
    (
        "timeout",
        FieldKind::Text,
        "time",
        "Longest run time, such as 30s; the tool's where empty",
    ),
    (
        "queue_timeout",
        FieldKind::Text,
        "time",
        "Longest time from ready to the start; the tool's where empty",
    ),
    (
        "idle_timeout",
        FieldKind::Text,
        "time",
        "Longest time without output; the tool's where empty",
    ),
    (
        "grace",
        FieldKind::Text,
        "time",
        "From SIGTERM to SIGKILL; the tool's where empty, else 5s",
    ),
    (
        "start_after",
        FieldKind::Text,
        "time",
        "Not before this time of the run, such as 2m; at once where empty",
    ),
    (
        "write_locks",
        FieldKind::Text,
        "names",
        "Locks it holds alone, as db, file:out.txt; the tool's come on top",
    ),
    (
        "read_locks",
        FieldKind::Text,
        "names",
        "Locks it shares with other readers; the tool's come on top",
    ),
    (
        "cpus",
        FieldKind::Text,
        "cores",
        "Cores it claims, such as 1.5; none where empty",
    ),
    (
        "memory",
        FieldKind::Text,
        "size",
        "Memory it claims, such as 256MiB; none where empty",
    ),
    (
        "estimate",
        FieldKind::Text,
        "time",
        "Expected run time, such as 1.5s; the tool's where empty",
    ),
    (
        "group",
        FieldKind::Text,
        "name",
        "Calls of one group share fairly with other groups",
    ),
];

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
    /// A call of the tool as far as it is typed beside the arguments; problems
    /// stand at their rows.
    pub fn options(&mut self, tool: &Tool, run: &Snapshot) -> Option<Draft> {
        let mut draft = Draft::new(tool.name.clone());
        let mut limits = tool.timeouts;
        let mut is_right = true;
        for field in self.fields.iter_mut().filter(|field| field.is_option) {
            let text = field.text();
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            let taken = match field.name() {
                "after" => edges(text, run).map(|after| draft.after = after),
                name => take(name, text, &mut draft, &mut limits),
            };
            field.problem = taken.err().map(|problem| Safe::new(&problem));
            is_right &= field.problem.is_none();
        }
        draft.timeouts = (limits != tool.timeouts).then_some(limits);
        is_right.then_some(draft)
    }

    /// Which rows are shown.
    pub fn shown(&self) -> impl Iterator<Item = (usize, &FormField)> {
        let is_raw = self.mode == FormMode::Raw;
        let all = self.fields.iter().enumerate();
        all.filter(move |(_, field)| field.is_option || !is_raw)
    }
}

/// Takes what is typed into one row.
fn take(name: &str, text: &str, draft: &mut Draft, limits: &mut Timeouts) -> Result<(), String> {
    match name {
        "id" => draft.name = Some(CallName::new(text)),
        "group" => draft.group = Some(text.to_owned()),
        "priority" => draft.priority = number(text)?,
        "retries" => draft.retries = number(text)?,
        "timeout" => limits.run = Some(some_time(text)?),
        "queue_timeout" => limits.queue = Some(some_time(text)?),
        "idle_timeout" => limits.idle = Some(some_time(text)?),
        "grace" => limits.grace = time(text)?,
        "start_after" => draft.start_after = Some(time(text)?),
        "write_locks" => draft.locks.write = locks(text)?,
        "read_locks" => draft.locks.read = locks(text)?,
        "cpus" => draft.claims.cpus = Some(cores(text)?),
        "memory" => draft.claims.memory_bytes = Some(bytes(text)?),
        "estimate" => draft.estimate = Some(time(text)?),
        _ => {}
    }
    Ok(())
}

fn time(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

fn some_time(text: &str) -> Result<Duration, String> {
    let time = time(text)?;
    let is_some = !time.is_zero();
    is_some.then_some(time).ok_or("must be more than 0".into())
}

fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_unread| format!("`{text}` is not a whole number in range"))
}

fn cores(text: &str) -> Result<f64, String> {
    let cores = text.parse::<f64>().ok();
    let cores = cores.filter(|cores| *cores > 0.0 && cores.is_finite());
    cores.ok_or_else(|| format!("`{text}` is not a number of cores of more than 0"))
}

fn bytes(text: &str) -> Result<u64, String> {
    match parse_bytes(text).map_err(|error| error.to_string())? {
        0 => Err("must be more than 0".to_owned()),
        bytes => Ok(bytes),
    }
}

/// What stands between commas or blanks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|word| !word.is_empty())
}

fn locks(text: &str) -> Result<Vec<LockKey>, String> {
    let read = words(text).map(|name| match name {
        LockKey::FILE => Err(format!("`{name}` needs a path behind it")),
        name if name.contains("{{") => Err("references are filled in arguments only".to_owned()),
        name => Ok(LockKey::new(name)),
    });
    read.collect()
}

/// Names of calls into edges.
fn edges(text: &str, run: &Snapshot) -> Result<Vec<Edge>, String> {
    words(text)
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
