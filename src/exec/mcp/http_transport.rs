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

use super::lines::MAX_MESSAGE;
use super::request_table::RequestTable;
use crate::exec::http::client;
use crate::model::{Cap, Secret};

/// How often a stream that broke off is asked for again, and how soon: a call
/// whose answer is lost should fail, not wait.
const MAX_RECONNECTS: usize = 2;
const RECONNECT_DELAY: Duration = Duration::from_millis(200);

/// A connection by HTTP.
pub(super) struct HttpTransport {
    inner: WorkerTransport<StreamableHttpClientWorker<reqwest::Client>>,
    requests: Arc<RequestTable>,
}

impl HttpTransport {
    /// Makes ready to speak to a server; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Why that cannot be, in words.
    pub(super) async fn open(
        url: &str,
        headers: &BTreeMap<String, Secret>,
        requests: Arc<RequestTable>,
    ) -> Result<Self, String> {
        let client = client::build().await.map_err(|error| error.to_string())?;
        let mut config = StreamableHttpClientTransportConfig::with_uri(url)
            // What may run at once is decided by lanes and locks.
            .max_concurrent_requests(Cap::MAX as usize)
            .max_sse_event_size(MAX_MESSAGE)
            .max_json_response_size(MAX_MESSAGE)
            .custom_headers(header_map(headers)?);
        config.retry_config = Arc::new(reconnect_policy());
        Ok(Self {
            inner: StreamableHttpClientTransport::with_client(client, config),
            requests,
        })
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
) -> Result<HashMap<HeaderName, HeaderValue>, String> {
    let one = |(name, value): (&String, &Secret)| {
        let known = HeaderName::try_from(name.as_str()).ok();
        let known = known.zip(HeaderValue::try_from(value.reveal()).ok());
        let (name, mut value) = known.ok_or(format!("the header {name} cannot be sent"))?;
        value.set_sensitive(true);
        Ok((name, value))
    };
    headers.iter().map(one).collect()
}

impl Transport<RoleClient> for HttpTransport {
    type Error = StreamableHttpError<reqwest::Error>;

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
        let message = self.inner.receive().await?;
        let text = serde_json::to_string(&message).unwrap_or_default();
        self.requests.received(&message, &text);
        Some(message)
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
