//! Who may use whom.

use crate::paths::root_paths;
use crate::source::{Source, Violation};

/// A room and the rooms it may use.
type Room = (&'static str, &'static [&'static str]);

/// The rooms of the crate. `lib` and `main` are its two roots.
const ROOMS: &[Room] = &[
    ("model", &[]),
    ("catalogue", &["model"]),
    ("plan", &["model", "catalogue"]),
    ("sched", &["model"]),
    ("output", &["model"]),
    ("exec", &["model", "output", "probe"]),
    ("probe", &["model"]),
    (
        "engine",
        &[
            "model",
            "catalogue",
            "plan",
            "sched",
            "output",
            "exec",
            "probe",
        ],
    ),
    ("record", &["model", "output"]),
    ("lab", &["model", "sched", "engine"]),
    ("theme", &[]),
    (
        "tui",
        &[
            "model",
            "catalogue",
            "plan",
            "output",
            "engine",
            "record",
            "lab",
            "theme",
        ],
    ),
    (
        "app",
        &[
            "model",
            "catalogue",
            "plan",
            "sched",
            "output",
            "exec",
            "probe",
            "engine",
            "record",
            "lab",
            "theme",
            "sample_tool",
        ],
    ),
    (
        "cli",
        &[
            "model",
            "catalogue",
            "plan",
            "sched",
            "output",
            "exec",
            "probe",
            "engine",
            "record",
            "lab",
            "theme",
            "tui",
            "app",
            "sample_tool",
        ],
    ),
    ("sample_tool", &[]),
    ("lib", &[]),
    ("main", &["cli"]),
];

/// Of these rooms the dashboard and the lab may use these names only: they
/// speak to a running engine through its handle, and read outputs.
const NAMES: &[(&str, &str, &[&str])] = &[
    ("tui", "engine", &["Handle", "Command", "Draft", "Busy"]),
    ("lab", "engine", &["Handle", "Command", "Draft", "Busy"]),
];

/// Libraries that only these rooms may use.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("ratatui", &["theme", "tui", "cli"]),
    ("crossterm", &["theme", "tui", "cli"]),
    (
        "tokio",
        &[
            "exec",
            "engine",
            "output",
            "probe",
            "tui",
            "app",
            "cli",
            "sample_tool",
        ],
    ),
    ("sysinfo", &["probe"]),
    ("clap", &["cli"]),
];

/// Uses of rooms that the file's room may not use, and of names that are no
/// rooms.
pub(crate) fn used_rooms(source: &Source) -> Vec<Violation> {
    let Some(room) = source.room() else {
        return Vec::new();
    };
    let mut violations = Vec::new();
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![source.violation(1, format!("{room} is no room of the design"))];
    };
    if room != "lib" {
        violations.extend(taken_in(source));
    }
    for path in root_paths(source) {
        let Some(used) = path.parts.first() else {
            violations.push(source.violation(path.line, "uses the crate's root as a whole"));
            continue;
        };
        if *used == room || allowed.contains(&used.as_str()) {
            violations.extend(
                refused_name(&room, &path.parts).map(|says| source.violation(path.line, says)),
            );
        } else {
            violations.push(source.violation(path.line, format!("{room} must not use {used}")));
        }
    }
    violations
}

/// Files of another place that a module takes in as its own.
fn taken_in(source: &Source) -> impl Iterator<Item = Violation> {
    let windows = source.tokens.windows(3);
    windows
        .filter(|words| {
            words
                .iter()
                .map(|word| word.text.as_str())
                .eq(["#", "[", "path"])
        })
        .filter_map(|words| words.first())
        .map(|sign| source.violation(sign.line, "takes in a file by its path"))
}

fn refused_name(room: &str, parts: &[String]) -> Option<String> {
    let [used, name, ..] = parts else {
        return None;
    };
    let (_, _, names) = NAMES
        .iter()
        .find(|(user, owner, _)| *user == room && owner == used)?;
    (!names.contains(&name.as_str())).then(|| format!("{room} must not use {used}::{name}"))
}

/// Public re-exports of what another room owns: they would be a way around the
/// laws above. The words of `model` are everybody's.
pub(crate) fn handed_on(source: &Source) -> Vec<Violation> {
    let room = source.room();
    let is_foreign = |owner: Option<&String>| {
        owner.is_none_or(|owner| Some(owner) != room.as_ref() && owner != "model")
    };
    let paths = root_paths(source).into_iter();
    paths
        .filter(|path| room.is_some() && path.is_handed_on && is_foreign(path.parts.first()))
        .map(|path| source.violation(path.line, format!("hands on {}", path.parts.join("::"))))
        .collect()
}

/// Uses of libraries outside of the rooms that they belong to.
pub(crate) fn used_libraries(source: &Source) -> Vec<Violation> {
    let Some(room) = source.room() else {
        return Vec::new();
    };
    let mut violations = Vec::new();
    for pair in source.tokens.windows(2) {
        let [name, next] = pair else { continue };
        let rooms = LIBRARIES.iter().find(|(library, _)| *library == name.text);
        if let Some((library, rooms)) = rooms
            && next.text == "::"
            && !rooms.contains(&room.as_str())
        {
            violations.push(source.violation(name.line, format!("{room} must not use {library}")));
        }
    }
    violations
}
