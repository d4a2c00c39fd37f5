//! Count of the calls that a server works on.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Server;

/// Counts one call of a server as in flight.
pub(in crate::exec::mcp) struct InFlightGuard(pub(super) Arc<Server>);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.notify();
    }
}
