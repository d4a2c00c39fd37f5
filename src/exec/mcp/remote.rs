//! Messages to a server that is reached over the network, by streamable HTTP
//! of either era.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use rmcp::RoleClient;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::common::client_side_sse::FixedInterval;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransportConfig, StreamableHttpClientWorker, StreamableHttpError,
};
use rmcp::transport::worker::WorkerTransport;
use rmcp::transport::{StreamableHttpClientTransport, Transport};

use super::board::Board;
use super::lines::LONGEST;
use crate::exec::http::client;
use crate::model::{Cap, Secret};

/// How often a stream that broke off is asked for again, and how soon: a call
/// whose answer is lost should fail, not wait.
const RETRIES: usize = 2;
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// A connection by HTTP.
pub(super) struct Remote {
    inner: WorkerTransport<StreamableHttpClientWorker<reqwest::Client>>,
    board: Arc<Board>,
}

impl Remote {
    /// Makes ready to speak to a server; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Why that cannot be, in words.
    pub(super) async fn open(
        url: &str,
        headers: &BTreeMap<String, Secret>,
        board: Arc<Board>,
    ) -> Result<Self, String> {
        let client = client::build().await.map_err(|error| error.to_string())?;
        let mut config = StreamableHttpClientTransportConfig::with_uri(url)
            // What may run at once is decided by lanes and locks.
            .max_concurrent_requests(Cap::MAX as usize)
            .max_sse_event_size(LONGEST)
            .max_json_response_size(LONGEST)
            .custom_headers(sent(headers)?);
        config.retry_config = Arc::new(retries());
        Ok(Self {
            inner: StreamableHttpClientTransport::with_client(client, config),
            board,
        })
    }
}

fn retries() -> FixedInterval {
    let mut retries = FixedInterval::default();
    retries.max_times = Some(RETRIES);
    retries.duration = RETRY_AFTER;
    retries
}

fn sent(headers: &BTreeMap<String, Secret>) -> Result<HashMap<HeaderName, HeaderValue>, String> {
    let one = |(name, value): (&String, &Secret)| {
        let known = HeaderName::try_from(name.as_str()).ok();
        let known = known.zip(HeaderValue::try_from(value.reveal()).ok());
        let (name, mut value) = known.ok_or(format!("the header {name} cannot be sent"))?;
        value.set_sensitive(true);
        Ok((name, value))
    };
    headers.iter().map(one).collect()
}

impl Transport<RoleClient> for Remote {
    type Error = StreamableHttpError<reqwest::Error>;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        // One that cannot be written as text fails where it is sent.
        if let Ok(text) = serde_json::to_string(&message) {
            self.board.sent(&message, &text);
        }
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        let message = self.inner.receive().await?;
        let text = serde_json::to_string(&message).unwrap_or_default();
        self.board.received(&message, &text);
        Some(message)
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
