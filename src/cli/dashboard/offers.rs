//! Finds plans and files of servers near a folder, to be offered on the
//! dashboard.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::catalogue::{Catalogue, FileKind};
use crate::tui::Offer;

/// Folders that are looked into, below the one where the program was started.
const FOLDERS: [&str; 4] = ["", "plans", ".vscode", ".cursor"];

/// Entries of one folder that are looked at.
const MOST_ENTRIES: usize = 500;

/// Files that are read in all.
const MOST_READ: usize = 64;

/// Length of a file that is read, in bytes.
const MOST_BYTES: u64 = 256 << 10;

/// Offers that are made.
const MOST_OFFERS: usize = 20;

/// The demo and its comparison, then plans, then files of tools and servers, each by name; not the
/// files that the catalogue was read from.
pub(super) fn near(folder: &Path, opened: &Catalogue) -> Vec<Offer> {
    let tools = opened.tools().filter_map(|tool| tool.origin.as_deref());
    let servers = opened.servers().filter_map(|it| it.origin.as_deref());
    let origins = tools.chain(servers).filter_map(|it| it.canonicalize().ok());
    let origins: BTreeSet<PathBuf> = origins.collect();
    let is_open = |path: &Path| path.canonicalize().is_ok_and(|it| origins.contains(&it));
    let files = FOLDERS
        .iter()
        .flat_map(|below| candidates(&folder.join(below)));
    let files = files.filter(|path| !is_open(path)).take(MOST_READ);
    let found = files.filter_map(|path| match FileKind::of(&path)? {
        FileKind::Plan => Some(Offer::Plan(path)),
        FileKind::Catalogue { servers } => Some(Offer::Catalogue(path, servers)),
    });
    let (plans, others): (Vec<Offer>, Vec<Offer>) =
        found.partition(|offer| matches!(offer, Offer::Plan(_)));
    let all = [Offer::Demo, Offer::Comparison]
        .into_iter()
        .chain(plans)
        .chain(others);
    all.take(MOST_OFFERS).collect()
}

/// The files of a folder that may be plans or catalogues, by name.
fn candidates(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = folder.read_dir() else {
        return Vec::new();
    };
    let entries = entries.take(MOST_ENTRIES).filter_map(Result::ok);
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| is_candidate(path))
        .collect();
    files.sort();
    files
}

fn is_candidate(path: &Path) -> bool {
    let extension = path.extension().and_then(|it| it.to_str());
    let is_named_so = matches!(extension, Some("toml" | "json"));
    is_named_so
        && path
            .metadata()
            .is_ok_and(|it| it.is_file() && it.len() <= MOST_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_and_servers_near_are_offered_after_the_demo() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, text).expect("written");
            path
        };
        let servers = write(".mcp.json", r#"{"mcpServers": {"a": {"command": "true"}}}"#);
        let deep = write("plans/b.toml", "[[call]]\n");
        let plan = write("trip.toml", "[[call]]\n");
        write("Cargo.toml", "[package]\n");
        write("notes.txt", "[[call]]\n");
        let offers = near(folder.path(), &Catalogue::default());
        let expected = [
            Offer::Demo,
            Offer::Comparison,
            Offer::Plan(plan),
            Offer::Plan(deep),
            Offer::Catalogue(servers, 1),
        ];
        assert_eq!(offers, expected);
        // A file that is open already is not offered.
        let (opened, _) = Catalogue::read(&[folder.path().join(".mcp.json")]);
        assert_eq!(near(folder.path(), &opened), expected[..4]);
        let absent = folder.path().join("absent");
        assert_eq!(
            near(&absent, &Catalogue::default()),
            [Offer::Demo, Offer::Comparison]
        );
    }
}
