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
use tokio::sync::Semaphore;

use super::http_client::McpHttpClient;
use super::http_failure::HttpFailure;
use super::request_table::RequestTable;
use super::server_request;
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
    replies: Arc<Semaphore>,
    held_request: Option<ServerJsonRpcMessage>,
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
        authorizer: Option<Arc<Authorizer>>,
    ) -> Result<Self, OpenError> {
        let parsed = Url::parse(url).map_err(|error| OpenError::Url(error.to_string()))?;
        let client = McpHttpClient::new(&parsed, Arc::clone(&requests), authorizer);
        let mut config = StreamableHttpClientTransportConfig::with_uri(url)
            // Lanes and locks decide how many run at once.
            .max_concurrent_requests(Cap::MAX as usize)
            .custom_headers(header_map(headers)?);
        config.retry_config = Arc::new(reconnect_policy());
        Ok(Self {
            inner: StreamableHttpClientTransport::with_client(client, config),
            requests,
            replies: Arc::new(Semaphore::new(MAX_REPLIES)),
            held_request: None,
        })
    }

    /// Refuses the request that is held. Dropping the future loses nothing.
    async fn reply(&mut self) {
        if self.held_request.is_none() {
            return;
        }
        let Ok(permit) = Arc::clone(&self.replies).acquire_owned().await else {
            return;
        };
        if let Some(JsonRpcMessage::Request(request)) = self.held_request.take()
            && let Ok(reply) = serde_json::from_str(&server_request::reply(&request))
        {
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
            match self.inner.receive().await? {
                request @ JsonRpcMessage::Request(_) => self.held_request = Some(request),
                message => return Some(message),
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
