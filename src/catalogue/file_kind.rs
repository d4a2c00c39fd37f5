//! Kinds of files by their keys: a plan, or tools and servers.

use std::path::Path;

use super::document::{Item, Node, parse, parse_with_comments};
use super::findings::Findings;
use super::source::Source;

/// Kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A plan, or a `WfFormat` file.
    Plan,
    /// A catalogue, or another program's file of servers.
    Catalogue {
        /// Number of servers in it.
        servers: usize,
    },
}

/// Tables of servers: fanout's own, and those of other programs.
const SERVERS: [&str; 4] = ["mcp", "mcpServers", "mcp_servers", "servers"];

impl FileKind {
    /// Returns the kind of a file; `None` where it cannot be read, is broken, or
    /// has no key of either kind.
    pub fn of(path: &Path) -> Option<Self> {
        let source = Source::read(path).ok()?;
        let mut findings = Findings::new(&source);
        let root = parse(&mut findings);
        let root = root.or_else(|| parse_with_comments(&mut Findings::new(&source)))?;
        Self::of_keys(&root)
    }

    fn of_keys(root: &Node) -> Option<Self> {
        let has = |key| root.get(key).is_some();
        if has("call") || has("workflow") {
            return Some(Self::Plan);
        }
        let servers = SERVERS.iter().filter_map(|key| root.get(key));
        let servers: Vec<&Node> = servers
            .filter(|node| matches!(node.item, Item::Table(_)))
            .collect();
        if servers.is_empty() && !has("tool") {
            return None;
        }
        let count = servers.iter().filter_map(|node| node.as_table());
        Some(Self::Catalogue {
            servers: count.map(<[_]>::len).sum(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text, kind) in [
            (
                "a.toml",
                "[[call]]\ntool = \"echo\"\n",
                Some(FileKind::Plan),
            ),
            ("b.json", r#"{"call": []}"#, Some(FileKind::Plan)),
            (
                "c.toml",
                "[[tool]]\nname = \"x\"\n",
                Some(FileKind::Catalogue { servers: 0 }),
            ),
            (
                ".mcp.json",
                "{\"mcpServers\": {\"a\": {}, \"b\": {}}, // two\n}",
                Some(FileKind::Catalogue { servers: 2 }),
            ),
            ("package.json", r#"{"name": "x"}"#, None),
            ("broken.toml", "[[call", None),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            assert_eq!(FileKind::of(&path), kind, "{name}");
        }
        assert_eq!(FileKind::of(folder.path()), None, "a folder");
    }
}
