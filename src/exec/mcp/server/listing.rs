//! The lists of a server: taken when it has connected, and again when it says
//! that they have changed.

use std::sync::Arc;

use rmcp::model::{ClientRequest, CustomRequest};
use rmcp::{Peer, RoleClient};
use tokio::time::{self, Duration, Instant};

use super::{Changes, Server, lock};
use crate::exec::mcp::offers;
use crate::exec::mcp::pending_request::{PendingRequest, RequestTag};
use crate::exec::mcp::session::{self, Service, Session};
use crate::exec::mcp::tool_list::{self, ToolList};
use crate::model::{ListedTool, McpOperation};

/// Longest time for a server that says that its lists changed to list them.
const RELIST_DEADLINE: Duration = Duration::from_secs(10);

impl Server {
    pub(super) fn record_listing(&self, service: &Service, list: ToolList) {
        let info = service.peer().peer_info();
        let mut row = lock(&self.row);
        row.identity = info.as_deref().and_then(session::identity);
        row.era = info.map(|info| info.protocol_version.as_str().into());
        drop(row);
        self.take_list(list);
    }

    fn take_list(&self, list: ToolList) {
        let tools = list.tools.iter();
        let tools = tools.filter(|it| it.operation == McpOperation::CallTool);
        let tools: Vec<ListedTool> = tools.cloned().collect();
        self.pins.listed(&self.config.name, &tools);
        let mut row = lock(&self.row);
        row.tools = Arc::new(list.tools);
        row.list_problems = list.problems.into();
    }

    /// Adds what the server has beside its tools, and sets what it logs.
    pub(super) async fn completed(
        &self,
        mut list: ToolList,
        peer: &Peer<RoleClient>,
        deadline: Instant,
    ) -> ToolList {
        self.set_log_level(peer, deadline, &mut list).await;
        offers::add(peer, deadline, &mut list).await;
        list
    }

    /// Sets the least severity of the messages that the server is to log. In the
    /// newer era it goes with each request.
    async fn set_log_level(&self, peer: &Peer<RoleClient>, deadline: Instant, list: &mut ToolList) {
        let Some(level) = self.config.client.log_level else {
            return;
        };
        if session::is_stateless(peer) {
            return;
        }
        let pending = PendingRequest::for_server();
        let params = serde_json::json!({ "level": level.name() });
        let mut request = CustomRequest::new("logging/setLevel", Some(params));
        request.extensions.insert(RequestTag(Arc::clone(&pending)));
        let request = ClientRequest::CustomRequest(request);
        let set = tool_list::send(peer, request, &pending);
        let problem = match time::timeout_at(deadline, set).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error.reason(),
            Err(_elapsed) => "it did not answer in time".to_owned(),
        };
        list.note(format!("`log_level` is not set: {problem}"));
    }

    /// Lists the tools again whenever the server says that they are others.
    pub(super) fn relist_on_change(self: &Arc<Self>, mut changes: Changes, session: &Arc<Session>) {
        let (server, peer) = (Arc::downgrade(self), session.peer.clone());
        tokio::spawn(async move {
            while changes.changed().await.is_ok() {
                let deadline = Instant::now() + RELIST_DEADLINE;
                let listing = tool_list::list(&peer, deadline).await;
                let Some(server) = server.upgrade() else {
                    return;
                };
                // One that does not list them keeps those that it listed before.
                if let Ok(mut list) = listing {
                    offers::add(&peer, deadline, &mut list).await;
                    server.take_list(list);
                    server.notify();
                }
            }
        });
    }
}
