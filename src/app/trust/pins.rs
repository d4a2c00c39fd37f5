//! Pins: the descriptions of servers' tools when they were first listed. A tool
//! whose description changes is not used until the user has seen the difference
//! and agreed to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::pin_file::{
    Definition, MOST_BYTES, MOST_TEXT, MOST_TOOLS, PinFile, VERSION, changes, read,
};
use super::question::{is_confirmed, legible};
use super::store;
use super::tell;
use crate::catalogue::Catalogue;
use crate::exec;
use crate::model::{ChangedTool, HeldBack, ListedTool, McpServer, ServerName};
use crate::output::PrivateFolder;

/// One server.
struct PinnedServer {
    file: String,
    written: PinFile,
    /// Reason that its earlier descriptions cannot be read; until the user
    /// agrees, none of its tools is used.
    unreadable: Option<String>,
    /// Tools that are described otherwise now.
    changed: BTreeMap<String, Definition>,
    /// Digests of the descriptions that the user agreed to in this session,
    /// whether or not there was room to remember them.
    agreed: BTreeMap<String, String>,
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
        let opened = (!configured.is_empty()).then(|| store::folder("tools"));
        let (folder, error) = match opened {
            None => (None, None),
            Some(Ok(folder)) => (Some(folder), None),
            Some(Err(error)) => {
                tell(&format!("tools of servers are not remembered: {error}"));
                // Where nothing can be written, nothing was; what others could
                // have written is not believed.
                let is_doubtful = !error.is_absence();
                (None, is_doubtful.then(|| error.to_string()))
            }
        };
        let servers = configured.into_iter().map(|server| {
            let mut pinned = PinnedServer::read(server, folder.as_ref());
            pinned.unreadable = pinned.unreadable.or_else(|| error.clone());
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
                &pinned.question(server, tool, now),
                "Use it as it is now?",
                "nothing was called. On a terminal fanout asks whether to use it as it is now",
            ) {
                return false;
            }
            if let Some(now) = pinned.changed.remove(tool) {
                pinned.agreed.insert(tool.to_owned(), now.sha256.clone());
                pinned.remember(tool.to_owned(), now);
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
        let pinned = servers.get(server)?;
        pinned.changed.get(tool)?;
        let reason = match (&pinned.unreadable, pinned.written.tools.contains_key(tool)) {
            (Some(reason), _) => {
                format!("how server {server} described {tool} before cannot be read ({reason})")
            }
            (None, true) => format!("server {server} describes {tool} otherwise than before"),
            (None, false) if pinned.is_doubtful() => {
                format!("how server {server} described {tool} before was lost")
            }
            (None, false) => {
                format!("server {server} lists more tools than are remembered, {tool} among them")
            }
        };
        Some(format!(
            "{reason}: `fanout call {server}.{tool}` on a terminal shows the difference, and \
             asks; so does the screen of the servers"
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
            for (tool, now) in std::mem::take(&mut pinned.changed) {
                pinned.agreed.insert(tool.clone(), now.sha256.clone());
                pinned.remember(tool, now);
            }
            (pinned.unreadable, pinned.written.is_incomplete) = (None, false);
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
        let (known, unreadable) = match folder.map(|folder| read(folder, &file)) {
            None => (None, None),
            Some(Ok(known)) => (known, None),
            Some(Err(error)) => (None, Some(error.to_string())),
        };
        Self {
            written: known.unwrap_or(PinFile {
                version: VERSION,
                server: whose,
                is_incomplete: unreadable.is_some(),
                tools: BTreeMap::new(),
            }),
            unreadable,
            ..Self::empty(file)
        }
    }

    /// Returns a server of which nothing is known.
    fn empty(file: String) -> Self {
        Self {
            file,
            written: PinFile {
                version: VERSION,
                server: String::new(),
                is_incomplete: false,
                tools: BTreeMap::new(),
            },
            unreadable: None,
            changed: BTreeMap::new(),
            agreed: BTreeMap::new(),
            held_back: HeldBack::default(),
        }
    }

    /// Returns whether a tool that is not known may have been known before.
    fn is_doubtful(&self) -> bool {
        self.unreadable.is_some() || self.written.is_incomplete
    }

    /// Returns whether another description can be remembered.
    fn has_room(&self, name: &str, definition: &Definition) -> bool {
        let pinned = self.written.tools.iter();
        let used: usize = pinned.map(|(name, it)| name.len() + it.text.len()).sum();
        self.written.tools.len() < MOST_TOOLS
            && used + name.len() + definition.text.len() <= MOST_TEXT
    }

    /// Remembers a description, in the place of the one before; one that there
    /// is no room for stays unknown.
    fn remember(&mut self, tool: String, now: Definition) {
        let before = self.written.tools.remove(&tool);
        if self.has_room(&tool, &now) {
            self.written.tools.insert(tool, now);
        } else if let Some(before) = before {
            self.written.tools.insert(tool, before);
        }
    }

    /// Returns the question whether to use a tool as it is described now.
    fn question(&self, server: &ServerName, tool: &str, now: &Definition) -> String {
        let tool_name = legible(tool);
        let head = match (&self.unreadable, self.written.tools.contains_key(tool)) {
            (Some(reason), _) => format!(
                "how server {server} described its tool {tool_name} before cannot be read \
                 ({}); now it is:",
                legible(reason)
            ),
            (None, true) => {
                format!("server {server} describes its tool {tool_name} otherwise than before:")
            }
            (None, false) if self.is_doubtful() => format!(
                "how server {server} described its tool {tool_name} before was lost; now it is:"
            ),
            (None, false) => format!(
                "server {server} lists more tools than are remembered; its tool {tool_name} is:"
            ),
        };
        format!("fanout: {head}\n{}", changes(self.before(tool), &now.text))
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
            if self.agreed.get(&tool.name) == Some(&now.sha256) {
                continue;
            }
            match self.written.tools.get(&tool.name) {
                Some(before) if before.sha256 == now.sha256 => {}
                None if !self.is_doubtful() && self.has_room(&tool.name, &now) => {
                    self.written.tools.insert(tool.name.clone(), now);
                    is_new = true;
                }
                Some(_) | None => drop(self.changed.insert(tool.name.clone(), now)),
            }
        }
        if before != self.changed {
            self.hold_back();
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::pin_file::MOST_SHOWN;
    use super::*;
    use crate::model::Annotations;

    fn tool(description: &str, schema: Value) -> ListedTool {
        ListedTool {
            operation: crate::model::McpOperation::CallTool,
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
        let shown = changes(&before, &now);
        assert!(shown.contains("-   \"description\": \"reads\","), "{shown}");
        assert!(
            shown.contains("+   \"description\": \"reads<U+202E>, and sends\","),
            "{shown}"
        );
    }

    fn store_of(pinned: PinnedServer) -> PinStore {
        PinStore {
            folder: None,
            servers: Mutex::new(BTreeMap::from([(ServerName::new("s"), pinned)])),
        }
    }

    #[test]
    fn a_flood_of_tools_does_not_push_out_what_is_known() {
        use exec::Pins as _;
        let server = ServerName::new("s");
        let pins = store_of(PinnedServer::empty(String::new()));
        let named = |name: &str, text: &str| ListedTool {
            operation: crate::model::McpOperation::CallTool,
            name: name.to_owned(),
            ..tool(text, json!({}))
        };
        pins.listed(&server, &[named("t", "one")]);
        let junk = (0..MOST_TOOLS + 100).map(|number| named(&format!("junk-{number}"), "junk"));
        let mut listed: Vec<ListedTool> = vec![named("t", "one")];
        listed.extend(junk);
        pins.listed(&server, &listed);
        assert_eq!(pins.withheld(&server, "t"), None);
        assert_eq!(pins.withheld(&server, "junk-0"), None);
        let last = format!("junk-{}", MOST_TOOLS + 99);
        let reason = pins.withheld(&server, &last).expect("held back");
        assert!(
            reason.contains("more tools than are remembered"),
            "{reason}"
        );
        pins.listed(&server, &[named("t", "another")]);
        let reason = pins.withheld(&server, "t").expect("held back");
        assert!(reason.contains("otherwise than before"), "{reason}");
        let servers = pins.servers();
        let written = serde_json::to_string(&servers[&server].written).expect("JSON");
        assert!((written.len() as u64) < MOST_BYTES);
    }

    #[test]
    fn a_long_description_is_compared_whole_and_kept_in_part() {
        let long = "x".repeat(MOST_SHOWN * 2);
        let one = Definition::of(&tool(&format!("{long}a"), json!({})));
        let other = Definition::of(&tool(&format!("{long}b"), json!({})));
        assert!(one.text.len() < MOST_SHOWN + 10);
        assert_ne!(one.sha256, other.sha256);
        assert!(changes(&one.text, &other.text).contains("behind what is kept"));
    }

    #[test]
    fn what_cannot_be_read_is_asked_about() {
        use exec::Pins as _;
        let server = ServerName::new("s");
        let pins = store_of(PinnedServer {
            unreadable: Some("it is torn".to_owned()),
            ..PinnedServer::empty(String::new())
        });
        pins.listed(&server, &[tool("one", json!({}))]);
        let reason = pins.withheld(&server, "look").expect("held back");
        assert!(reason.contains("cannot be read (it is torn)"), "{reason}");
        pins.accept(&server, pins.held_back(&server).revision);
        assert_eq!(pins.withheld(&server, "look"), None);
        pins.listed(&server, &[tool("one", json!({}))]);
        assert_eq!(pins.withheld(&server, "look"), None);
    }

    #[test]
    fn what_changed_is_held_back_until_what_was_seen_is_agreed_to() {
        use exec::Pins as _;
        let server = ServerName::new("s");
        let pins = store_of(PinnedServer::empty(String::new()));
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
