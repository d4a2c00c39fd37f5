//! Pins: the descriptions of servers' tools when they were first listed. A tool
//! whose description changes is not used until the user has seen the difference
//! and agreed to it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use similar::TextDiff;

use super::question::{is_confirmed, legible};
use super::store::{self, StoreError};
use super::tell;
use crate::catalogue::Catalogue;
use crate::exec;
use crate::model::{ChangedTool, HeldBack, ListedTool, McpServer, ServerName};
use crate::output::PrivateFolder;

/// Version of the files' format.
const VERSION: u32 = 1;

/// Length of a file, in bytes, beyond which it is neither read nor written.
const MOST_BYTES: u64 = 64 << 20;

/// Lines of a description shown around each change in it.
const AROUND: usize = 2;

/// The description of a tool by its server, in a canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Definition {
    sha256: String,
    text: String,
}

impl Definition {
    fn of(tool: &ListedTool) -> Self {
        let mut value = serde_json::to_value(tool).unwrap_or_default();
        // A server may give the keys of a table in another order each time.
        value.sort_all_objects();
        let text = serde_json::to_string_pretty(&value).unwrap_or_default();
        Self {
            sha256: format!("{:x}", Sha256::digest(&text)),
            text,
        }
    }
}

/// The file of one server.
#[derive(Debug, Serialize, Deserialize)]
struct PinFile {
    version: u32,
    /// Name of the server and its catalogue, for a person who reads the file.
    server: String,
    tools: BTreeMap<String, Definition>,
}

/// One server.
struct PinnedServer {
    file: String,
    written: PinFile,
    /// Tools that are described otherwise now.
    changed: BTreeMap<String, Definition>,
    /// The same tools, for the screens.
    held_back: HeldBack,
}

/// The pins of all servers. Without a state folder they last for one run.
pub(crate) struct PinStore {
    folder: Option<PrivateFolder>,
    servers: Mutex<BTreeMap<ServerName, PinnedServer>>,
}

impl PinStore {
    /// Reads the files of a catalogue's servers. The sample server is a part of
    /// the program, and changes with it.
    pub(crate) fn of(catalogue: &Catalogue) -> Self {
        let configured: Vec<_> = catalogue
            .servers()
            .filter(|server| server.origin.is_some())
            .collect();
        let folder = if configured.is_empty() {
            None
        } else {
            store::folder("tools")
                .map_err(|error| tell(&format!("tools of servers are not remembered: {error}")))
                .ok()
        };
        let servers = configured.into_iter().map(|server| {
            let pinned = PinnedServer::read(server, folder.as_ref());
            (server.name.clone(), pinned)
        });
        Self {
            servers: Mutex::new(servers.collect()),
            folder,
        }
    }

    /// Shows the changes of these tools (each by its server and its name there),
    /// and asks. Returns whether all of them may be used.
    pub(crate) fn review<'t>(
        &self,
        tools: impl IntoIterator<Item = (&'t ServerName, &'t str)>,
    ) -> bool {
        let mut servers = self.servers();
        for (server, tool) in tools {
            let Some(pinned) = servers.get_mut(server) else {
                continue;
            };
            let Some(now) = pinned.changed.get(tool) else {
                continue;
            };
            if !is_confirmed(
                &difference(server, tool, pinned.before(tool), &now.text),
                "TrustItem it as it is now?",
                "nothing was called. On a terminal fanout asks whether to use it as it is now",
            ) {
                return false;
            }
            if let Some(now) = pinned.changed.remove(tool) {
                pinned.written.tools.insert(tool.to_owned(), now);
                pinned.hold_back();
                self.write(pinned);
            }
        }
        true
    }

    fn write(&self, pinned: &PinnedServer) {
        let Some(folder) = &self.folder else { return };
        let written = serde_json::to_string(&pinned.written)
            .map_err(|error| error.to_string())
            .and_then(|text| {
                let written = folder.write(&pinned.file, &text, MOST_BYTES);
                written.map_err(|error| error.to_string())
            });
        if let Err(error) = written {
            tell(&format!("tools of servers are not remembered: {error}"));
        }
    }

    fn servers(&self) -> MutexGuard<'_, BTreeMap<ServerName, PinnedServer>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl exec::Pins for PinStore {
    fn listed(&self, server: &ServerName, tools: &[ListedTool]) {
        let mut servers = self.servers();
        let Some(pinned) = servers.get_mut(server) else {
            return;
        };
        if pinned.compare(tools) {
            self.write(pinned);
        }
    }

    fn withheld(&self, server: &ServerName, tool: &str) -> Option<String> {
        let servers = self.servers();
        servers.get(server)?.changed.get(tool)?;
        Some(format!(
            "server {server} describes {tool} otherwise than before: `fanout call \
             {server}.{tool}` on a terminal shows the difference, and asks; so does the \
             screen of the servers"
        ))
    }

    fn held_back(&self, server: &ServerName) -> HeldBack {
        let servers = self.servers();
        let pinned = servers.get(server);
        pinned.map_or_else(HeldBack::default, |pinned| pinned.held_back.clone())
    }

    fn accept(&self, server: &ServerName, revision: u64) {
        let mut servers = self.servers();
        let pinned = servers.get_mut(server);
        if let Some(pinned) = pinned.filter(|it| it.held_back.revision == revision) {
            let changed = std::mem::take(&mut pinned.changed);
            pinned.written.tools.extend(changed);
            pinned.hold_back();
            self.write(pinned);
        }
    }
}

impl PinnedServer {
    fn read(server: &McpServer, folder: Option<&PrivateFolder>) -> Self {
        let origin = server.origin.clone().unwrap_or_default();
        let origin = origin.canonicalize().unwrap_or(origin);
        let whose = format!("{} of {}", server.name, origin.display());
        let file = format!("{:x}.json", Sha256::digest(&whose));
        let known = folder.and_then(|folder| match read(folder, &file) {
            Ok(known) => known,
            Err(error) => {
                tell(&format!("how tools were described is not known: {error}"));
                None
            }
        });
        Self {
            file,
            written: known.unwrap_or(PinFile {
                version: VERSION,
                server: whose,
                tools: BTreeMap::new(),
            }),
            changed: BTreeMap::new(),
            held_back: HeldBack::default(),
        }
    }

    /// Publishes the tools that are held back, under a new revision.
    fn hold_back(&mut self) {
        let tools = self.changed.iter().map(|(name, now)| ChangedTool {
            name: name.clone(),
            difference: changes(self.before(name), &now.text),
        });
        let tools = Arc::new(tools.collect());
        let revision = self.held_back.revision + 1;
        self.held_back = HeldBack { revision, tools };
    }

    /// Returns the description of a tool when it was used last.
    fn before(&self, tool: &str) -> &str {
        let before = self.written.tools.get(tool);
        before.map_or("", |definition| definition.text.as_str())
    }

    /// Compares the tools listed now with those pinned. Returns whether some
    /// are new, and to be written.
    fn compare(&mut self, tools: &[ListedTool]) -> bool {
        let mut is_new = false;
        let before = std::mem::take(&mut self.changed);
        for tool in tools {
            let now = Definition::of(tool);
            match self.written.tools.get(&tool.name) {
                Some(before) if before.sha256 == now.sha256 => {}
                Some(_) => drop(self.changed.insert(tool.name.clone(), now)),
                None => {
                    self.written.tools.insert(tool.name.clone(), now);
                    is_new = true;
                }
            }
        }
        if before != self.changed {
            self.hold_back();
        }
        is_new
    }
}

fn read(folder: &PrivateFolder, file: &str) -> Result<Option<PinFile>, StoreError> {
    let Some(text) = folder.read(file, MOST_BYTES)? else {
        return Ok(None);
    };
    let written: PinFile = serde_json::from_str(&text).map_err(|source| StoreError::Malformed {
        file: file.to_owned(),
        source,
    })?;
    Ok((written.version == VERSION).then_some(written))
}

/// Returns the change of a tool's description, with its heading.
fn difference(server: &ServerName, tool: &str, before: &str, now: &str) -> String {
    format!(
        "fanout: server {server} describes its tool {} otherwise than before:\n{}",
        legible(tool),
        changes(before, now)
    )
}

/// Returns the lines that differ, with their surroundings.
fn changes(before: &str, now: &str) -> String {
    let diff = TextDiff::from_lines(before, now);
    let mut text = String::new();
    for group in diff.grouped_ops(AROUND) {
        text.push('\n');
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        for change in changes {
            let line = change.value().trim_end_matches('\n');
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {}", change.tag(), legible(line));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Annotations;

    fn tool(description: &str, schema: Value) -> ListedTool {
        ListedTool {
            name: "look".to_owned(),
            description: description.to_owned(),
            input_schema: schema,
            output_schema: None,
            annotations: Annotations::default(),
        }
    }

    #[test]
    fn only_what_is_said_counts_and_not_the_order_of_its_keys() {
        let one = tool(
            "a",
            json!({"type": "object", "properties": {"x": 1, "y": 2}}),
        );
        let same = tool(
            "a",
            json!({"properties": {"y": 2, "x": 1}, "type": "object"}),
        );
        assert_eq!(Definition::of(&one), Definition::of(&same));
        let mut hinted = one.clone();
        hinted.annotations.read_only = Some(true);
        for other in [tool("b", one.input_schema.clone()), hinted] {
            assert_ne!(Definition::of(&one).sha256, Definition::of(&other).sha256);
        }
    }

    #[test]
    fn a_difference_shows_hidden_characters() {
        let before = Definition::of(&tool("reads", json!({}))).text;
        let now = Definition::of(&tool("reads\u{202e}, and sends", json!({}))).text;
        let shown = difference(&ServerName::new("s"), "look", &before, &now);
        assert!(shown.contains("-   \"description\": \"reads\","), "{shown}");
        assert!(
            shown.contains("+   \"description\": \"reads<U+202E>, and sends\","),
            "{shown}"
        );
    }

    #[test]
    fn what_changed_is_held_back_until_what_was_seen_is_agreed_to() {
        use exec::Pins as _;
        let server = ServerName::new("s");
        let pinned = PinnedServer {
            file: String::new(),
            written: PinFile {
                version: VERSION,
                server: "s".to_owned(),
                tools: BTreeMap::new(),
            },
            changed: BTreeMap::new(),
            held_back: HeldBack::default(),
        };
        let pins = PinStore {
            folder: None,
            servers: Mutex::new(BTreeMap::from([(server.clone(), pinned)])),
        };
        let told = |text: &str| pins.listed(&server, &[tool(text, json!({}))]);
        told("one");
        assert_eq!(pins.held_back(&server), HeldBack::default());
        told("two");
        let seen = pins.held_back(&server);
        assert!(
            seen.tools[0]
                .difference
                .contains("+   \"description\": \"two\",")
        );
        assert!(pins.withheld(&server, "look").is_some());
        // It was described otherwise again after it was seen.
        told("three");
        pins.accept(&server, seen.revision);
        assert!(pins.withheld(&server, "look").is_some());
        pins.accept(&server, pins.held_back(&server).revision);
        assert_eq!(pins.withheld(&server, "look"), None);
        told("two");
        assert!(pins.withheld(&server, "look").is_some());
    }
}
