//! A connection to a server: the handshake of either era, and the list of its
//! tools.

use std::sync::Arc;

use rmcp::model::{
    ClientCapabilities, ClientConfig, Implementation, ProtocolVersion, ServerPeerInfo,
};
use rmcp::service::{ClientInitializeError, NotificationContext, RunningService, ServiceError};
use rmcp::transport::Transport;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, Peer, RoleClient};
use tokio::sync::watch;

use super::request_table::RequestTable;
use crate::model::{Annotations, ListedTool};

/// A connection that was made.
pub(super) struct Session {
    pub(super) peer: Peer<RoleClient>,
    pub(super) requests: Arc<RequestTable>,
    pub(super) location: Location,
}

/// Where a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Location {
    /// It was started here: its end is known.
    Local,
    /// It is reached over the network: nothing is known of it but what it says.
    Remote,
}

impl Session {
    /// Whether nobody works on its calls any more.
    pub(super) fn is_gone(&self) -> bool {
        self.location == Location::Local && self.peer.is_transport_closed()
    }
}

/// The connection's own part, which ends it.
pub(super) type Service = RunningService<RoleClient, NotificationHandler>;

/// Listens to what a server tells unasked. What it asks for (input of the
/// user, a model, folders) is refused: none of it was granted.
#[derive(Debug)]
pub(super) struct NotificationHandler {
    /// Counts how often the server said that its tools are others now.
    changes: watch::Sender<u64>,
}

impl NotificationHandler {
    /// With a count of the changes it hears of.
    pub(super) fn new() -> (Self, watch::Receiver<u64>) {
        let (changes, counted) = watch::channel(0);
        (Self { changes }, counted)
    }
}

impl ClientHandler for NotificationHandler {
    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn get_info(&self) -> ClientConfig {
        let own = Implementation::new("fanout", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), own)
    }
}

/// Connects: the newer era is tried first, and silence or any error on it
/// means the older one.
pub(super) async fn connect<T: Transport<RoleClient> + 'static>(
    transport: T,
    handler: NotificationHandler,
) -> Result<Service, ClientInitializeError> {
    let lifecycle = ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::LATEST],
        legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
    };
    handler.serve_with_lifecycle(transport, lifecycle).await
}

/// Every tool the server tells of.
pub(super) async fn list(peer: &Peer<RoleClient>) -> Result<Vec<ListedTool>, ServiceError> {
    let tools = peer.list_all_tools().await?;
    Ok(tools.into_iter().map(listed).collect())
}

/// The tools in a list of the form in which servers give it, as JSON.
pub fn listed_tools(text: &str) -> Result<Vec<ListedTool>, serde_json::Error> {
    let tools: Vec<rmcp::model::Tool> = serde_json::from_str(text)?;
    Ok(tools.into_iter().map(listed).collect())
}

fn listed(tool: rmcp::model::Tool) -> ListedTool {
    let hints = tool.annotations.unwrap_or_default();
    ListedTool {
        name: tool.name.into_owned(),
        description: tool.description.unwrap_or_default().into_owned(),
        input_schema: Arc::unwrap_or_clone(tool.input_schema).into(),
        output_schema: tool
            .output_schema
            .map(|schema| Arc::unwrap_or_clone(schema).into()),
        annotations: Annotations {
            read_only: hints.read_only_hint,
            idempotent: hints.idempotent_hint,
            destructive: hints.destructive_hint,
            open_world: hints.open_world_hint,
        },
    }
}

/// What an error comes from. Those around it name the address, which may hold a
/// secret.
pub(super) fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

/// Name and version, as the server gives them.
pub(super) fn identity(info: &ServerPeerInfo) -> Option<Arc<str>> {
    let server = info.server_info.as_ref()?;
    Some(format!("{} {}", server.name, server.version).into())
}
