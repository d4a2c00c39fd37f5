//! Watches over one connection: a server that goes away by itself is marked as
//! failed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time;

use super::{Server, lock};
use crate::exec::mcp::connecting::exit_reason;
use crate::exec::mcp::process::ServerProcess;
use crate::exec::mcp::session::Session;
use crate::model::ServerState;

/// Interval at which a connection to a remote server is checked.
const CONNECTION_CHECKED: Duration = Duration::from_millis(500);

impl Server {
    /// Marks the server as failed when its process ends by itself.
    pub(super) fn monitor_exit(self: &Arc<Self>, process: &ServerProcess, session: &Arc<Session>) {
        let (server, process, session) = (Arc::clone(self), process.clone(), Arc::clone(session));
        tokio::spawn(async move {
            let ending = process.ended().await;
            let mut live = lock(&server.live);
            if live.as_ref().is_none_or(|it| !Arc::ptr_eq(it, &session)) {
                return;
            }
            live.take();
            drop(live);
            let reason = exit_reason(&ending);
            server.set_state(ServerState::Failed(server.with_last_words(&reason).into()));
        });
    }

    /// Marks the server as failed when the connection to it ends.
    pub(super) fn monitor_connection(self: &Arc<Self>, session: &Arc<Session>) {
        let (server, session) = (Arc::downgrade(self), Arc::downgrade(session));
        tokio::spawn(async move {
            let mut beat = time::interval(CONNECTION_CHECKED);
            loop {
                beat.tick().await;
                let Some((server, session)) = server.upgrade().zip(session.upgrade()) else {
                    return;
                };
                if !session.peer.is_transport_closed() {
                    continue;
                }
                let mut live = lock(&server.live);
                if live.as_ref().is_some_and(|it| Arc::ptr_eq(it, &session)) {
                    live.take();
                    drop(live);
                    server.set_state(ServerState::Failed("the connection broke".into()));
                }
                return;
            }
        });
    }
}
