//! Who may use whom.

use std::sync::OnceLock;

use crate::paths::UsedPath;
use crate::source::{Source, Violation};

/// A room, and the rooms it may use.
struct Room {
    name: String,
    uses: Vec<String>,
    /// Of the engine it may use its [`HANDLE`] only.
    has_handle: bool,
    /// A part of it that may use more.
    part: Option<Part>,
}

/// A folder of a room, and the rooms that it alone may use beside.
struct Part {
    name: String,
    uses: Vec<String>,
}

/// Names of the engine that the dashboard and the lab may use: they speak to a
/// running engine through its handle.
const HANDLE: &[&str] = &["EngineHandle", "Command", "AgentCommand", "Busy"];

/// The rooms of the table in the crate's documentation, and its two roots.
fn rooms() -> &'static [Room] {
    static ROOMS: OnceLock<Vec<Room>> = OnceLock::new();
    ROOMS.get_or_init(|| {
        let documentation = include_str!("../../src/lib.rs");
        let mut rooms: Vec<Room> = documentation.lines().filter_map(room_of_row).collect();
        let names: Vec<String> = rooms.iter().map(|room| room.name.clone()).collect();
        for room in &mut rooms {
            if let [all, except @ ..] = room.uses.as_slice()
                && all == "all"
            {
                let others = names.iter().filter(|name| !except.contains(name));
                room.uses = others.cloned().collect();
            }
        }
        let root = |name: &str, uses: &[&str]| Room {
            name: name.to_owned(),
            uses: uses.iter().map(|it| (*it).to_owned()).collect(),
            has_handle: false,
            part: None,
        };
        rooms.extend([root("lib", &[]), root("main", &["cli"])]);
        rooms
    })
}

/// Reads a row such as ``| [`lab`] | experiments | model, sched, engine handle |``;
/// `all but x, y` stands for every room of the table but those, and
/// ``(`folder` also x)`` for a part that may use more.
fn room_of_row(line: &str) -> Option<Room> {
    let mut cells = line.strip_prefix("//! | ")?.split('|');
    let name = cells.next()?.trim().trim_matches(['[', ']']);
    let name = name.strip_prefix('`')?.strip_suffix('`')?.to_owned();
    let uses = cells.nth(1)?.trim().replace("all but", "all,");
    let (uses, part) = match uses.split_once('(') {
        Some((uses, part)) => (uses.to_owned(), part_of_row(part)),
        None => (uses, None),
    };
    let uses = uses.split(',').map(str::trim).filter(|it| !it.is_empty());
    Some(Room {
        name,
        has_handle: uses.clone().any(|it| it == "engine handle"),
        uses: uses
            .map(|it| it.trim_end_matches(" handle").to_owned())
            .collect(),
        part,
    })
}

fn part_of_row(text: &str) -> Option<Part> {
    let (name, uses) = text.strip_suffix(')')?.split_once(" also ")?;
    Some(Part {
        name: name.trim_matches('`').to_owned(),
        uses: uses.split(',').map(|it| it.trim().to_owned()).collect(),
    })
}

/// The rooms by name, as the documentation has them.
pub(crate) fn names() -> Vec<&'static str> {
    rooms().iter().map(|room| room.name.as_str()).collect()
}

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
    ("rmcp", &["exec", "sample_tool"]),
    ("clap", &["cli"]),
];

/// Libraries that a part of a room must not use though the room may: what stands
/// between an agent and a server passes what no library knows.
const NOT_IN_PART: &[(&str, &str)] = &[("src/exec/proxy/", "rmcp")];

/// Uses of rooms that the file's room may not use, and of names that are no
/// rooms.
pub(crate) fn used_rooms(source: &Source) -> Vec<Violation> {
    let Some(room) = source.room() else {
        return Vec::new();
    };
    let Some(rules) = rooms().iter().find(|it| it.name == room) else {
        return vec![source.violation(1, format!("{room} is no room of the documentation"))];
    };
    let mut violations = Vec::new();
    if room != "lib" {
        violations.extend(taken_in(source));
    }
    for path in source.used.iter().filter(|path| path.is_rooted) {
        let says = match path.parts.as_slice() {
            [] => "uses the crate's root as a whole".to_owned(),
            [used, ..] if *used == room => continue,
            [used, name, ..] if rules.uses.contains(used) => {
                if used != "engine" || !rules.has_handle || HANDLE.contains(&name.as_str()) {
                    continue;
                }
                format!("{room} must not use {used}::{name}")
            }
            [used, ..] if rules.uses.contains(used) => continue,
            [used, ..] if part_may_use(source, rules, used) => continue,
            [used, ..] => format!("{room} must not use {used}"),
        };
        violations.push(source.violation(path.line, says));
    }
    violations
}

/// Whether the file belongs to a part of its room that may use this room.
fn part_may_use(source: &Source, rules: &Room, used: &String) -> bool {
    let module = source.module().unwrap_or_default();
    let part = rules.part.as_ref();
    part.is_some_and(|part| module.get(1) == Some(&part.name) && part.uses.contains(used))
}

/// Files of another place that a module takes in as its own.
fn taken_in(source: &Source) -> impl Iterator<Item = Violation> {
    let windows = source.code.tokens.windows(3);
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

/// Public re-exports of what another room owns: they would be a way around the
/// laws above. The words of `model` are everybody's.
pub(crate) fn handed_on(source: &Source) -> Vec<Violation> {
    let room = source.room();
    let is_foreign = |owner: Option<&String>| {
        owner.is_none_or(|owner| Some(owner) != room.as_ref() && owner != "model")
    };
    let is_public = |path: &&UsedPath| path.export.as_ref().is_some_and(|it| it.is_public);
    let handed_on = source
        .used
        .iter()
        .filter(|path| path.is_rooted)
        .filter(is_public);
    handed_on
        .filter(|path| room.is_some() && is_foreign(path.parts.first()))
        .map(|path| source.violation(path.line, format!("hands on {}", path.parts.join("::"))))
        .collect()
}

/// Uses of libraries outside of the rooms that they belong to.
pub(crate) fn used_libraries(source: &Source) -> Vec<Violation> {
    let Some(room) = source.room() else {
        return Vec::new();
    };
    let mut violations = Vec::new();
    for pair in source.code.tokens.windows(2) {
        let [name, next] = pair else { continue };
        let mut withheld = NOT_IN_PART.iter();
        if withheld.any(|(part, it)| source.path.starts_with(part) && *it == name.text)
            && next.text == "::"
        {
            let says = format!("this part must not use {}", name.text);
            violations.push(source.violation(name.line, says));
        }
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
