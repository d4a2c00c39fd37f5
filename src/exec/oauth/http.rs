//! Requests to authorization servers: encrypted or within this machine,
//! bounded in time and length, and never led elsewhere.

use std::error::Error;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oauth2::http::Response as HttpResponse;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Response, Url};
use rmcp::transport::{
    OAuthHttpClient, OAuthHttpClientError, OAuthHttpClientFuture, OAuthHttpRequest,
};

use crate::exec::http::client::{Clients, Pooling};
use crate::exec::http::connection_error::ConnectionError;
use crate::model;

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

    /// Sends a form to an endpoint of an authorization server. A client with a
    /// password says it in the header.
    pub(super) async fn post(
        &self,
        endpoint: &str,
        form: &[(&str, &str)],
        client: Option<(&str, &str)>,
    ) -> Result<HttpResponse<Vec<u8>>, String> {
        let url = Url::parse(endpoint);
        let url = url.map_err(|error| format!("its address is no URL: {error}"))?;
        let pairs = form
            .iter()
            .map(|(key, value)| format!("{key}={}", encoded(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let mut request = Request::new(Method::POST, url);
        let headers = request.headers_mut();
        let kind = "application/x-www-form-urlencoded";
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some((name, password)) = client {
            let pair = format!("{}:{}", encoded(name), encoded(password));
            let value = format!("Basic {}", STANDARD.encode(pair));
            let value = HeaderValue::from_str(&value);
            headers.insert(AUTHORIZATION, value.map_err(|error| error.to_string())?);
        }
        *request.body_mut() = Some(body.into());
        let answer = self.send(request).await;
        answer.map_err(|error| chain(error.as_ref()))
    }
}

/// Returns why an authorization server refused a request: its status and words.
pub(super) fn refusal(answer: &HttpResponse<Vec<u8>>) -> String {
    let said: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let words = ["error", "error_description"].map(|key| said.get(key)?.as_str());
    let words: Vec<&str> = words.into_iter().flatten().collect();
    let status = answer.status().as_u16();
    if words.is_empty() {
        return format!("status {status}");
    }
    format!("status {status}: {}", words.join(": "))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Whether a request to a URL is encrypted, or does not leave the machine.
pub(super) fn is_private(url: &Url) -> bool {
    model::is_private(url.scheme(), url.host_str())
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
