//! Servers that Claude Code keeps for single folders, in `.claude.json` under
//! `projects.FOLDER.mcpServers`: where `claude mcp add` writes by default.

use std::path::Path;

use crate::catalogue::document::{KeyValue, Node};

/// Key of the table of servers, here and in the files of most other programs.
pub(super) const SERVERS: &str = "mcpServers";

/// Key of the table of folders.
const PROJECTS: &str = "projects";

/// Returns the entries for a folder: those of the nearest one at or above it
/// that has any.
pub(super) fn entries_for<'n>(root: &'n Node, here: &Path) -> &'n [KeyValue] {
    let of_folder = |entry: &&KeyValue| here.starts_with(&entry.key);
    let found = tables(root).filter(of_folder);
    let nearest = found.max_by_key(|entry| Path::new(&entry.key).components().count());
    nearest.map_or(&[], servers)
}

/// A server that is kept for one folder.
pub(super) struct OfFolder<'n> {
    pub(super) folder: &'n str,
    pub(super) entry: &'n KeyValue,
}

/// Returns the servers of all folders.
pub(super) fn others(root: &Node) -> impl Iterator<Item = OfFolder<'_>> {
    tables(root).flat_map(|table| {
        let folder = table.key.as_str();
        servers(table)
            .iter()
            .map(move |entry| OfFolder { folder, entry })
    })
}

fn tables(root: &Node) -> impl Iterator<Item = &KeyValue> {
    let projects = root.get(PROJECTS).and_then(Node::as_table);
    let projects = projects.unwrap_or_default().iter();
    projects.filter(|table| !servers(table).is_empty())
}

fn servers(table: &KeyValue) -> &[KeyValue] {
    let servers = table.node.get(SERVERS).and_then(Node::as_table);
    servers.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Catalogue;

    fn read(text: &str) -> Catalogue {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".claude.json");
        std::fs::write(&path, text).expect("a file");
        let (catalogue, problems) = Catalogue::read(&[path]);
        assert!(problems.is_empty(), "{problems:?}");
        catalogue
    }

    #[test]
    fn servers_for_this_folder_stand_before_those_for_all() {
        let here = env!("CARGO_MANIFEST_DIR");
        let catalogue = read(&format!(
            r#"{{"numStartups": 3,
              "mcpServers": {{"both": {{"command": "all"}}, "all": {{"command": "all"}}}},
              "projects": {{
                "/": {{"mcpServers": {{"root": {{"command": "root"}}}}}},
                "{here}": {{"mcpServers": {{"both": {{"command": "own"}}}}}},
                "{here}-other": {{"mcpServers": {{"far": {{"command": "far"}}}}}},
                "/none": {{"history": []}}
            }}}}"#
        ));
        let names: Vec<&str> = catalogue.servers().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["both", "all"]);
        assert!(catalogue.unusable_servers().is_empty());
    }

    #[test]
    fn servers_for_other_folders_are_named_where_there_are_no_others() {
        let catalogue = read(
            r#"{"mcpServers": {}, "projects": {
                "/nowhere/else": {"mcpServers": {"good": {"command": "x"}}}
            }}"#,
        );
        let (name, reason) = &catalogue.unusable_servers()[0];
        assert_eq!(name.as_str(), "good");
        assert!(reason.contains("configured for /nowhere/else"), "{reason}");
    }
}
