//! Requests to authorization servers: encrypted or within this machine,
//! bounded in time and length, and never led elsewhere.

use std::error::Error;
use std::time::Duration;

use oauth2::http::Response as HttpResponse;
use reqwest::{Request, Response, Url};
use rmcp::transport::{
    OAuthHttpClient, OAuthHttpClientError, OAuthHttpClientFuture, OAuthHttpRequest,
};

use crate::exec::http::client::{Clients, Pooling, is_loopback};
use crate::exec::http::connection_error::ConnectionError;

/// Longest time for one request.
const LIMIT: Duration = Duration::from_secs(30);

/// Length of an answer, in bytes, beyond which it is not read.
const MOST_BYTES: usize = 1 << 20;

/// Sends requests to authorization servers.
#[derive(Debug, Default)]
pub(super) struct OauthHttp {
    clients: Clients,
}

/// Reason that a request has no answer. The text is shown.
#[derive(Debug, thiserror::Error)]
enum RequestError {
    #[error("{0} is not encrypted: tokens go to https:// or to this machine")]
    NotEncrypted(String),
    #[error("no HTTP client could be made")]
    Client,
    #[error("{0}")]
    Connection(#[from] ConnectionError),
    #[error("no answer within {} s", LIMIT.as_secs())]
    Late,
    #[error("the answer is longer than {} MiB", MOST_BYTES >> 20)]
    TooLong,
}

impl OauthHttp {
    /// Sends a request, and reads its answer whole.
    pub(super) async fn send(
        &self,
        request: Request,
    ) -> Result<HttpResponse<Vec<u8>>, OAuthHttpClientError> {
        let url = request.url().clone();
        if !is_private(&url) {
            let place = url.origin().ascii_serialization();
            return Err(RequestError::NotEncrypted(place).into());
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let client = self.clients.get(&host, Pooling::Unredirected).await;
        let client = client.map_err(|_unusable| RequestError::Client)?;
        let answered = tokio::time::timeout(LIMIT, async {
            let answer = client.execute(request).await;
            whole(
                answer.map_err(|error| ConnectionError::new(error, &host))?,
                &host,
            )
            .await
        });
        answered.await.map_err(|_elapsed| RequestError::Late)?
    }
}

/// Whether a request to a URL is encrypted, or does not leave the machine.
pub(super) fn is_private(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => url.host_str().is_some_and(is_loopback),
        _ => false,
    }
}

async fn whole(
    mut answer: Response,
    host: &str,
) -> Result<HttpResponse<Vec<u8>>, OAuthHttpClientError> {
    let mut built = HttpResponse::builder().status(answer.status());
    for (name, value) in answer.headers() {
        built = built.header(name, value);
    }
    let mut body = Vec::new();
    let broken = |error| RequestError::from(ConnectionError::new(error, host));
    while let Some(piece) = answer.chunk().await.map_err(broken)? {
        if body.len() + piece.len() > MOST_BYTES {
            return Err(RequestError::TooLong.into());
        }
        body.extend_from_slice(&piece);
    }
    Ok(built.body(body)?)
}

impl OAuthHttpClient for OauthHttp {
    fn execute(&self, request: OAuthHttpRequest) -> OAuthHttpClientFuture<'_> {
        Box::pin(async move {
            let request = Request::try_from(request.request)?;
            self.send(request).await
        })
    }
}

/// Returns an error with its causes, on one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
