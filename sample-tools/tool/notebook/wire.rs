//! The connection. Cancels are taken out of it here: the library would drop
//! the answer of a cancelled call, and an answer is what tells the other side
//! that the cancel was listened to.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, JsonRpcMessage, RequestId, ServerJsonRpcMessage,
};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio_util::sync::CancellationToken;

/// Messages over standard input and output.
pub(super) struct Wire {
    pipe: AsyncRwTransport<RoleServer, Receiver, Sender>,
    cancels: Cancels,
}

/// What calls in flight are to hear of; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Cancels {
    calls: Arc<Mutex<HashMap<RequestId, CancellationToken>>>,
    /// Cancelled at the end of the input.
    closed: CancellationToken,
}

/// One call in flight, until it is dropped.
pub(super) struct InFlight {
    id: RequestId,
    cancels: Cancels,
    /// Cancelled when the call is, and at the end of the input.
    pub(super) cancelled: CancellationToken,
}

impl Wire {
    pub(super) fn new(stdin: Receiver, stdout: Sender) -> (Self, Cancels) {
        let cancels = Cancels::default();
        let wire = Self {
            pipe: AsyncRwTransport::new(stdin, stdout),
            cancels: cancels.clone(),
        };
        (wire, cancels)
    }
}

impl Cancels {
    /// A call that can be cancelled from now on.
    pub(super) fn expect(&self, id: RequestId) -> InFlight {
        let cancelled = self.closed.child_token();
        self.locked(|calls| calls.insert(id.clone(), cancelled.clone()));
        InFlight {
            id,
            cancels: self.clone(),
            cancelled,
        }
    }

    /// Over once nobody is there to be answered.
    pub(super) async fn closed(&self) {
        self.closed.cancelled().await;
    }

    fn locked<T>(&self, act: impl FnOnce(&mut HashMap<RequestId, CancellationToken>) -> T) -> T {
        act(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.cancels.locked(|calls| calls.remove(&self.id));
    }
}

impl Transport<RoleServer> for Wire {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.pipe.send(message)
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let Some(message) = self.pipe.receive().await else {
                self.cancels.closed.cancel();
                return None;
            };
            let JsonRpcMessage::Notification(note) = &message else {
                return Some(message);
            };
            let ClientNotification::CancelledNotification(cancel) = &note.notification else {
                return Some(message);
            };
            if let Some(id) = &cancel.params.request_id {
                let call = self.cancels.locked(|calls| calls.get(id).cloned());
                // One that is not known has been answered meanwhile.
                if let Some(call) = call {
                    call.cancel();
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.pipe.close().await
    }
}
