//! Connection to a server, and the handshake of either era.

use std::sync::{Arc, Weak};

use rmcp::model::{
    ClientCapabilities, ClientConfig, Implementation, ProtocolVersion, RequestMetaObject,
    ServerPeerInfo,
};
use rmcp::service::{
    ClientInitializeError, NotificationContext, PeerRequestOptions, RunningService,
};
use rmcp::transport::Transport;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, Peer, RoleClient};
use tokio::net::unix::pipe;
use tokio::sync::watch;

use super::client::Client;
use super::request_table::RequestTable;
use crate::model::ProtocolChoice;

/// Key of the least severity of what a server logs about one request.
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// Connection that takes calls.
pub(super) struct Session {
    pub(super) peer: Peer<RoleClient>,
    pub(super) requests: Arc<RequestTable>,
    pub(super) location: Location,
    pub(super) client: Arc<Client>,
}

/// Place where a server runs.
#[derive(Debug)]
pub(super) enum Location {
    /// It was started here: its end is known.
    Local {
        /// Pipe to its standard input, as long as that is open on both sides.
        input: Weak<pipe::Sender>,
    },
    /// It is reached over the network: nothing is known of it but what it says.
    Remote,
}

impl Session {
    /// Returns what goes with each request about a call: in the newer era the
    /// least severity of what the server is to log meanwhile.
    pub(super) fn request_options(&self) -> PeerRequestOptions {
        let options = PeerRequestOptions::no_options();
        let Some(level) = self.client.settings.log_level else {
            return options;
        };
        if !is_stateless(&self.peer) {
            return options;
        }
        let mut meta = RequestMetaObject::new();
        meta.insert(LOG_LEVEL.to_owned(), level.name().into());
        options.with_meta(meta)
    }

    /// Whether the server is known to be gone, and its calls with it.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.location, Location::Local { .. }) && self.peer.is_transport_closed()
    }
}

/// Handle that ends the connection.
pub(super) type Service = RunningService<RoleClient, NotificationHandler>;

/// Handles the notifications of a server. Its requests are answered before they
/// get here.
#[derive(Debug, Clone)]
pub(super) struct NotificationHandler {
    /// Number of times that the server said that its tools changed.
    changes: watch::Sender<u64>,
    capabilities: ClientCapabilities,
}

impl NotificationHandler {
    /// Creates a handler, and a count of the changes that it hears of.
    pub(super) fn new(capabilities: ClientCapabilities) -> (Self, watch::Receiver<u64>) {
        let (changes, counted) = watch::channel(0);
        let handler = Self {
            changes,
            capabilities,
        };
        (handler, counted)
    }
}

impl ClientHandler for NotificationHandler {
    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.changes.send_modify(|count| *count += 1);
    }

    async fn on_resource_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.changes.send_modify(|count| *count += 1);
    }

    async fn on_prompt_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn get_info(&self) -> ClientConfig {
        let own = Implementation::new("fanout", env!("CARGO_PKG_VERSION"));
        let mut config = ClientConfig::new(self.capabilities.clone(), own);
        config.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        config
    }
}

/// Connects. Where nothing else is chosen the newer era is tried first, and
/// silence or anything but a proper answer to it means the older one.
pub(super) async fn connect<T: Transport<RoleClient> + 'static>(
    transport: T,
    handler: NotificationHandler,
    protocol: ProtocolChoice,
) -> Result<Service, ClientInitializeError> {
    let preferred_versions = vec![ProtocolVersion::LATEST];
    let lifecycle = match protocol {
        ProtocolChoice::Auto => ClientLifecycleMode::Auto {
            preferred_versions,
            legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
        },
        ProtocolChoice::Initialize => ClientLifecycleMode::Initialize,
        ProtocolChoice::Discover => ClientLifecycleMode::Discover { preferred_versions },
    };
    handler.serve_with_lifecycle(transport, lifecycle).await
}

/// Whether each request stands alone, without a session that was agreed on.
pub(super) fn is_stateless(peer: &Peer<RoleClient>) -> bool {
    let info = peer.peer_info();
    info.is_some_and(|info| !info.protocol_version.has_initialize())
}

/// Returns name and version, as the server gives them.
pub(super) fn identity(info: &ServerPeerInfo) -> Option<Arc<str>> {
    let server = info.server_info.as_ref()?;
    Some(format!("{} {}", server.name, server.version).into())
}
