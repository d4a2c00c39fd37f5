//! The handshake with one server, in the era that it turns out to speak, and
//! its first lists.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::service::ClientInitializeError;
use rmcp::transport::Transport;
use tokio::time::{self, Instant};

use super::Server;
use crate::exec::mcp::connecting::{handshake_cause, wants_discovery};
#[cfg(feature = "http")]
use crate::exec::mcp::http_transport::HttpTransport;
use crate::exec::mcp::request_table::RequestTable;
use crate::exec::mcp::reusable_transport::ReusableTransport;
use crate::exec::mcp::session::{self, NotificationHandler, Service};
use crate::exec::mcp::start_error::ConnectionCause;
use crate::exec::mcp::tool_list::{self, ListError, ToolList};
use crate::model::ProtocolChoice;
#[cfg(feature = "http")]
use crate::model::ServerTransport;

/// Longest silence of a server on the question which era it is of, before it is
/// taken for an older one: an interpreter on a busy machine takes seconds to
/// start. The library itself waits 10 s.
const MAX_PROBE: Duration = Duration::from_secs(9);

/// Outcome of a handshake.
pub(super) type Connected = Result<(Service, ToolList), ConnectionCause>;

impl Server {
    /// Connects to a server over its pipes.
    pub(super) async fn connect_pipes<T: Transport<RoleClient> + 'static>(
        &self,
        transport: T,
        handler: NotificationHandler,
        requests: &RequestTable,
        deadline: Instant,
    ) -> Connected {
        let returned = Arc::new(Mutex::new(None));
        let transport = ReusableTransport::new(transport, &returned);
        let again = || ReusableTransport::take(&returned);
        self.connect(transport, again, handler, requests, deadline)
            .await
    }

    /// Connects to a server over the network.
    #[cfg(feature = "http")]
    pub(super) async fn reach(
        &self,
        requests: &Arc<RequestTable>,
        handler: NotificationHandler,
        deadline: Instant,
    ) -> Connected {
        let ServerTransport::Http { url, headers } = &self.config.transport else {
            let reason = "it has no program and no URL";
            return Err(ConnectionCause::Unusable(reason.to_owned()));
        };
        let open = || {
            let (client, authorizer) = (Arc::clone(&self.client), self.authorizer.clone());
            HttpTransport::open(url, headers, Arc::clone(requests), client, authorizer)
        };
        let transport = open().map_err(|error| ConnectionCause::Unusable(error.to_string()))?;
        let again = || open().ok();
        self.connect(transport, again, handler, requests, deadline)
            .await
    }

    #[cfg(not(feature = "http"))]
    #[expect(clippy::unused_async, reason = "with the feature `http` it waits")]
    pub(super) async fn reach(
        &self,
        _requests: &Arc<RequestTable>,
        _handler: NotificationHandler,
        _deadline: Instant,
    ) -> Connected {
        Err(ConnectionCause::WithoutHttp)
    }

    async fn connect<T: Transport<RoleClient> + 'static>(
        &self,
        transport: T,
        again: impl FnOnce() -> Option<T>,
        handler: NotificationHandler,
        requests: &RequestTable,
        deadline: Instant,
    ) -> Connected {
        let late = || ConnectionCause::TimedOut {
            limit: self.config.startup_timeout,
            heard: requests.awaited(),
        };
        let connecting = self.shake_hands(transport, again, handler);
        let connected = time::timeout_at(deadline, connecting).await;
        let connected = connected.map_err(|_elapsed| late())?;
        let service =
            connected.map_err(|error| handshake_cause(requests, self.config.protocol, &error))?;
        match tool_list::list(service.peer(), deadline).await {
            Ok(list) => {
                let list = self.completed(list, service.peer(), deadline).await;
                Ok((service, list))
            }
            Err(ListError::Late) => Err(late()),
            Err(error @ ListError::Broken) => {
                let reason = requests.end().unwrap_or_else(|| error.to_string());
                Err(ConnectionCause::Closed(reason))
            }
            Err(error) => Err(ConnectionCause::NoList(error.to_string())),
        }
    }

    /// Goes through the handshake. A server that was taken for an older one,
    /// because it was slow to start, refuses `initialize` if it is of the newer
    /// era: it is asked anew, and then has as long as its start may take.
    async fn shake_hands<T: Transport<RoleClient> + 'static>(
        &self,
        transport: T,
        again: impl FnOnce() -> Option<T>,
        handler: NotificationHandler,
    ) -> Result<Service, ClientInitializeError> {
        let protocol = self.config.protocol;
        let error = match session::connect(transport, handler.clone(), protocol).await {
            Ok(service) => return Ok(service),
            Err(error) => error,
        };
        match again() {
            Some(transport) if protocol == ProtocolChoice::Auto && wants_discovery(&error) => {
                session::connect(transport, handler, ProtocolChoice::Discover).await
            }
            _ => Err(error),
        }
    }

    /// Returns how long an older server may be silent on the question which era
    /// it is of.
    pub(super) fn probe_timeout(&self) -> Duration {
        match self.config.protocol {
            ProtocolChoice::Auto => MAX_PROBE.min(self.config.startup_timeout / 2),
            ProtocolChoice::Initialize | ProtocolChoice::Discover => self.config.startup_timeout,
        }
    }
}
