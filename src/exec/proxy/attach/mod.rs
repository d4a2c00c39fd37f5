//! The dashboard's end of the meeting place: finds shims, connects to each,
//! tells what they tell, and passes orders on.
//!
//! It owns the connections. It must not know of calls of a run: the engine
//! joins them with what is told here.

mod connection;
mod connections;
mod finder;
mod look;
mod news;
mod order;
mod summary;
mod told;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use look::{SeenProxy, look};
pub use news::{AnswerLine, CallFacts, CallMove, CallResult, PassedMessage, ProxyEvent, ProxyNews};
pub use order::{ProxyOrder, Undelivered};

use self::connections::Connections;
use crate::model::ProxyId;

/// News that may wait for the engine; each may hold a message of 256 KiB.
const NEWS: usize = 64;

/// The shims that this program is attached to. Dropping the last clone closes
/// every connection; the shims then go on alone.
#[derive(Debug, Clone)]
pub struct Attachments(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    connections: Connections,
    closed: CancellationToken,
}

impl Attachments {
    /// Begins to look for shims; their news come in order. Must be called
    /// within a tokio runtime.
    pub fn begin(via: Option<PathBuf>) -> (Self, mpsc::Receiver<ProxyNews>) {
        let (sender, news) = mpsc::channel(NEWS);
        let shared = Shared {
            connections: Connections::default(),
            closed: CancellationToken::new(),
        };
        let search = finder::Finder::new(via, sender, shared.connections.clone());
        let closed = shared.closed.clone();
        tokio::spawn(async move {
            // Connections are closed as their tasks end with the finder.
            let _closed = closed.run_until_cancelled(search.run()).await;
        });
        (Self(Arc::new(shared)), news)
    }

    /// Passes an order on, without waiting. What comes of it is told as news.
    ///
    /// # Errors
    ///
    /// The shim is gone, or takes no more orders.
    pub fn send(&self, proxy: ProxyId, order: ProxyOrder) -> Result<(), Undelivered> {
        self.0.connections.with(|all| {
            let sender = all.get(&proxy).ok_or(Undelivered::Gone)?;
            sender.try_send(order).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Undelivered::Silent,
                mpsc::error::TrySendError::Closed(_) => Undelivered::Gone,
            })
        })
    }

    /// Closes every connection: the shims go on alone.
    pub fn close(&self) {
        self.0.closed.cancel();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}
