//! Where orders to each connected shim go. It must not know how a shim is found.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::order::ProxyOrder;
use crate::model::ProxyId;

/// Orders that may wait for one connection: a go for each call that a shim
/// lets wait, four times over.
pub(super) const ORDERS: usize = 4096;

/// Where orders to each shim go.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections(Arc<Mutex<BTreeMap<ProxyId, mpsc::Sender<ProxyOrder>>>>);

impl Connections {
    /// Does something with all of them.
    pub(super) fn with<T>(
        &self,
        act: impl FnOnce(&mut BTreeMap<ProxyId, mpsc::Sender<ProxyOrder>>) -> T,
    ) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
