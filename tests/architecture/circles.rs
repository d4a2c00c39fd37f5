//! Which file uses which: no circles within a room, and the order of the files
//! inside the dashboard.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, Violation};

/// Circles that there still are, by modules. This list only shrinks: an entry
/// that is needed no longer is a violation, too.
pub(crate) const CIRCLES: &[&[&str]] = &[];

/// The files of the dashboard from the bottom up, by what stands below `tui`:
/// one uses those of its own floor and of floors below. Others are free.
pub(crate) const FLOORS: &[&[&str]] = &[
    &["text", "terminal", "svg", "export", "action"],
    &["keymap", "timeline"],
    &["state"],
    &["form"],
    &["views"],
    &["dialogs"],
    &["update"],
    &["event_loop"],
];

/// Uses of a higher floor that there still are. This list only shrinks.
pub(crate) const UPWARD: &[(&str, &str)] = &[];

/// The files of the library and which others each uses, tests left out; a name
/// that a module hands on counts for the file that it comes from. What a module
/// calls in its own folder by a path without `use` does not count: it is their
/// face to others.
pub(crate) struct Uses {
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Uses {
    pub(crate) fn of(sources: &[Source]) -> Self {
        let files: Vec<(String, &Source)> = sources
            .iter()
            .filter(|source| source.path.starts_with("src/") && source.path != "src/main.rs")
            .filter(|source| !source.path.contains("/tests"))
            .filter_map(|source| Some((source.module()?.join("/"), source)))
            .collect();
        let mut names = Names::default();
        for (module, source) in &files {
            names.modules.insert(module.clone());
            for path in &source.used {
                if let Some(export) = &path.export {
                    let from = (module.clone(), export.name.clone());
                    names.exports.insert(from, path.parts.clone());
                }
            }
        }
        let edges = files.iter().map(|(module, source)| {
            let inner = source
                .used
                .iter()
                .filter(|it| !it.is_test && it.export.is_none());
            let used = inner.filter_map(|path| names.origin(&path.parts, 0));
            let used = used.filter(|used| used != module && room(used) == room(module));
            (module.clone(), used.collect())
        });
        Self {
            edges: edges.collect(),
        }
    }

    /// Groups of files that all need each other, the largest first.
    pub(crate) fn circles(&self) -> Vec<Vec<&str>> {
        let reached: BTreeMap<&str, BTreeSet<&str>> = self
            .edges
            .keys()
            .map(|module| (module.as_str(), self.reached(module)))
            .collect();
        let mut groups: Vec<Vec<&str>> = Vec::new();
        for (module, to) in &reached {
            let with = |it: &&str| reached.get(*it).is_some_and(|back| back.contains(module));
            let group: Vec<&str> = to.iter().copied().filter(with).collect();
            if group.first() == Some(module) {
                groups.push(group);
            }
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
        groups
    }

    /// Every file that a file needs, directly or not.
    fn reached(&self, from: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&String> = self.edges.get(from).into_iter().flatten().collect();
        while let Some(module) = open.pop() {
            if reached.insert(module.as_str()) {
                open.extend(self.edges.get(module).into_iter().flatten());
            }
        }
        reached
    }

    /// Circles that are not in the list, and entries of the list that are no
    /// circles any more.
    pub(crate) fn new_circles(&self, listed: &[&[&str]]) -> Vec<Violation> {
        let found = self.circles();
        let new = found.iter().filter(|group| {
            let is_within = |list: &&[&str]| group.iter().all(|module| list.contains(module));
            !listed.iter().any(is_within)
        });
        let new = new.map(|group| format!("a circle of files: {}", group.join(", ")));
        let is_found = |module: &&&str| found.iter().any(|group| group.contains(*module));
        let stale = listed
            .iter()
            .flat_map(|list| list.iter().filter(|it| !is_found(it)));
        let stale = stale.map(|module| format!("{module} is in no circle: take it off the list"));
        let says = new.chain(stale);
        says.map(|says| Source::new("src", "").violation(0, says))
            .collect()
    }

    /// Uses of a higher floor of the dashboard that are not in the list, and
    /// entries of the list that are needed no longer.
    pub(crate) fn upward(&self, listed: &[(&str, &str)]) -> Vec<Violation> {
        let up: BTreeSet<(&str, &str)> = self
            .edges
            .iter()
            .flat_map(|(from, used)| used.iter().map(move |to| (from.as_str(), to.as_str())))
            .filter(|(from, to)| floor(from).zip(floor(to)).is_some_and(|(a, b)| a < b))
            .collect();
        let new = up.iter().filter(|edge| !listed.contains(edge));
        let new = new.map(|(from, to)| format!("{from} must not use {to}, which stands above it"));
        let stale = listed.iter().filter(|edge| !up.contains(edge));
        let stale =
            stale.map(|(from, to)| format!("{from} uses {to} no more: take it off the list"));
        let says = new.chain(stale);
        says.map(|says| Source::new("src/tui", "").violation(0, says))
            .collect()
    }
}

/// The modules of the crate, and the names that they hand on.
#[derive(Default)]
struct Names {
    modules: BTreeSet<String>,
    /// By module and name.
    exports: BTreeMap<(String, String), Vec<String>>,
}

impl Names {
    /// The module that a path from the crate's root leads to.
    fn origin(&self, parts: &[String], depth: usize) -> Option<String> {
        let (module, rest) = (1..=parts.len())
            .rev()
            .map(|count| parts.split_at(count))
            .map(|(module, rest)| (module.join("/"), rest))
            .find(|(module, _)| self.modules.contains(module))?;
        let export = rest.first().and_then(|name| {
            let export = self.exports.get(&(module.clone(), name.clone()))?;
            Some([export, &rest[1..]].concat())
        });
        match export {
            // Names that hand each other on would not end.
            Some(parts) if depth < 8 => self.origin(&parts, depth + 1).or(Some(module)),
            _ => Some(module),
        }
    }
}

fn room(module: &str) -> Option<&str> {
    module.split('/').next()
}

/// The floor of a file of the dashboard.
fn floor(module: &str) -> Option<usize> {
    let part = module.strip_prefix("tui/")?.split('/').next()?;
    FLOORS.iter().position(|floor| floor.contains(&part))
}
