//! Transport that outlives a handshake which failed over it, so that another
//! handshake can follow on the same connection.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rmcp::RoleClient;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::Transport;

/// Place that a transport goes back to.
type Returned<T> = Mutex<Option<T>>;

/// Transport that goes back to its place when it is dropped, as long as that is
/// there.
pub(super) struct ReusableTransport<T> {
    /// `None` only while it is dropped.
    inner: Option<T>,
    place: Weak<Returned<T>>,
}

impl<T> ReusableTransport<T> {
    /// Wraps a transport that goes back to `place`.
    pub(super) fn new(inner: T, place: &Arc<Returned<T>>) -> Self {
        Self {
            inner: Some(inner),
            place: Arc::downgrade(place),
        }
    }

    /// Takes the transport that has gone back to `place`.
    pub(super) fn take(place: &Arc<Returned<T>>) -> Option<Self> {
        let inner = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        inner.map(|inner| Self::new(inner, place))
    }
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for ReusableTransport<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let sent = self.inner.as_mut().map(|inner| inner.send(message));
        async move {
            match sent {
                Some(sent) => sent.await,
                None => Ok(()),
            }
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        self.inner.as_mut()?.receive().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        match &mut self.inner {
            Some(inner) => inner.close().await,
            None => Ok(()),
        }
    }
}

impl<T> Drop for ReusableTransport<T> {
    fn drop(&mut self) {
        if let Some(place) = self.place.upgrade() {
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            *place = self.inner.take();
        }
    }
}
