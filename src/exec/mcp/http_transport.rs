//! Messages to a server that is reached over the network, by streamable HTTP
//! of either era.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::RoleClient;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::common::client_side_sse::FixedInterval;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransportConfig, StreamableHttpClientWorker, StreamableHttpError,
};
use rmcp::transport::worker::WorkerTransport;
use rmcp::transport::{StreamableHttpClientTransport, Transport};
use tokio::sync::{Semaphore, mpsc};

use super::asks::Asks;
use super::client::Client;
use super::http_client::McpHttpClient;
use super::http_failure::HttpFailure;
use super::request_table::RequestTable;
use crate::exec::oauth::Authorizer;
use crate::model::{Cap, Secret};

/// Times that a stream which broke off is opened again.
const MAX_RECONNECTS: usize = 2;

/// Pause before that.
const RECONNECT_DELAY: Duration = Duration::from_millis(500);

/// Replies to requests of the server that are under way at once. While that
/// many are, nothing more is received.
const MAX_REPLIES: usize = 32;

/// Connection by HTTP.
pub(super) struct HttpTransport {
    inner: WorkerTransport<StreamableHttpClientWorker<McpHttpClient>>,
    requests: Arc<RequestTable>,
    asks: Asks,
    /// Replies to requests of the server, one a line.
    replies: mpsc::Receiver<String>,
    sending: Arc<Semaphore>,
    held_reply: Option<String>,
}

/// Reason why a server cannot be reached as it is configured.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("its URL is none: {0}")]
    Url(String),
    #[error("its header {0} cannot be sent")]
    Header(String),
}

impl HttpTransport {
    /// Prepares a connection; nothing is sent yet.
    pub(super) fn open(
        url: &str,
        headers: &BTreeMap<String, Secret>,
        requests: Arc<RequestTable>,
        client: Arc<Client>,
        authorizer: Option<Arc<Authorizer>>,
    ) -> Result<Self, OpenError> {
        let parsed = Url::parse(url).map_err(|error| OpenError::Url(error.to_string()))?;
        let http = McpHttpClient::new(&parsed, Arc::clone(&requests), authorizer);
        let mut config = StreamableHttpClientTransportConfig::with_uri(url)
            // Lanes and locks decide how many run at once.
            .max_concurrent_requests(Cap::MAX as usize)
            .custom_headers(header_map(headers)?);
        config.retry_config = Arc::new(reconnect_policy());
        let (sender, replies) = mpsc::channel(MAX_REPLIES);
        Ok(Self {
            asks: Asks::new(client, Arc::clone(&requests), sender),
            inner: StreamableHttpClientTransport::with_client(http, config),
            requests,
            replies,
            sending: Arc::new(Semaphore::new(MAX_REPLIES)),
            held_reply: None,
        })
    }

    /// Sends the reply that is held. Dropping the future loses nothing.
    async fn reply(&mut self) {
        if self.held_reply.is_none() {
            return;
        }
        let Ok(permit) = Arc::clone(&self.sending).acquire_owned().await else {
            return;
        };
        let reply = self.held_reply.take();
        if let Some(reply) = reply.and_then(|reply| serde_json::from_str(&reply).ok()) {
            let sent = self.inner.send(reply);
            tokio::spawn(async move {
                // A server that does not take its reply goes without.
                let _sent = sent.await;
                drop(permit);
            });
        }
    }
}

fn reconnect_policy() -> FixedInterval {
    let mut policy = FixedInterval::default();
    policy.max_times = Some(MAX_RECONNECTS);
    policy.duration = RECONNECT_DELAY;
    policy
}

fn header_map(
    headers: &BTreeMap<String, Secret>,
) -> Result<HashMap<HeaderName, HeaderValue>, OpenError> {
    let one = |(name, value): (&String, &Secret)| {
        let known = HeaderName::try_from(name.as_str()).ok();
        let known = known.zip(HeaderValue::try_from(value.reveal()).ok());
        let (name, mut value) = known.ok_or_else(|| OpenError::Header(name.clone()))?;
        value.set_sensitive(true);
        Ok((name, value))
    };
    headers.iter().map(one).collect()
}

impl Transport<RoleClient> for HttpTransport {
    type Error = StreamableHttpError<HttpFailure>;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        // One that cannot be written as text fails where it is sent.
        if let Ok(text) = serde_json::to_string(&message) {
            self.requests.sent(&message, &text);
        }
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            self.reply().await;
            let message = tokio::select! {
                message = self.inner.receive() => message?,
                Some(reply) = self.replies.recv() => {
                    self.held_reply = Some(reply);
                    continue;
                }
            };
            match message {
                JsonRpcMessage::Request(request) => self.held_reply = self.asks.take(&request),
                message if self.asks.takes(&message) => {}
                message => return Some(message),
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
