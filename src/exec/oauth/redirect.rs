//! The page of this machine to which the browser is sent back.

use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time;

use super::error::SignInError;

/// Path of the page.
const PATH: &str = "/callback";

/// Longest wait for the person in the browser.
const PATIENCE: Duration = Duration::from_mins(10);

/// Longest wait for one request, once it is connected.
const REQUEST: Duration = Duration::from_secs(5);

/// Bytes of a request that are read.
const MOST_BYTES: usize = 16 << 10;

/// Page that is waited on.
pub(super) struct RedirectPage {
    listener: TcpListener,
    address: String,
}

/// The answer that the browser brought back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Callback {
    pub(super) code: Option<String>,
    pub(super) issuer: Option<String>,
    /// Error with its description. Untrusted text.
    pub(super) error: Option<String>,
    state: Option<String>,
}

impl RedirectPage {
    /// Opens the page, on any port where none is given.
    pub(super) async fn open(port: Option<u16>) -> Result<Self, SignInError> {
        let port = port.unwrap_or(0);
        let failed = |error: std::io::Error| SignInError::Port {
            port,
            reason: error.to_string(),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address: format!("http://{bound}{PATH}"),
        })
    }

    /// Its address.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until a browser comes back with `state`; others are turned away.
    pub(super) async fn wait(&self, state: &str) -> Result<Callback, SignInError> {
        let late = |_elapsed| SignInError::Late(PATIENCE.as_secs());
        time::timeout(PATIENCE, self.next(state))
            .await
            .map_err(late)
    }

    async fn next(&self, state: &str) -> Callback {
        loop {
            let Ok((mut stream, _)) = self.listener.accept().await else {
                time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let asked = time::timeout(REQUEST, head(&mut stream))
                .await
                .ok()
                .flatten();
            let callback = asked.as_deref().and_then(callback);
            let is_ours = callback.as_ref().and_then(|it| it.state.as_deref()) == Some(state);
            let text = match &callback {
                Some(Callback { error: None, .. }) if is_ours => {
                    Some("Done. You can close this page and go back to fanout.")
                }
                Some(_) if is_ours => Some("It was refused. fanout says more."),
                _ => None,
            };
            // A browser that does not read the page is no reason to stop.
            let _answered = time::timeout(REQUEST, answer(&mut stream, text)).await;
            if let Some(callback) = callback.filter(|_| is_ours) {
                return callback;
            }
        }
    }
}

/// Reads the first line of a request, and the rest of its head.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        let count = stream.read(&mut piece).await.ok()?;
        if count == 0 || head.len() > MOST_BYTES {
            return None;
        }
        head.extend_from_slice(piece.get(..count)?);
    }
    let head = String::from_utf8(head).ok()?;
    head.lines().next().map(str::to_owned)
}

fn callback(line: &str) -> Option<Callback> {
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    let url = Url::parse("http://localhost").ok()?.join(target).ok()?;
    if url.path() != PATH {
        return None;
    }
    let mut callback = Callback::default();
    let mut description = None;
    for (key, value) in url.query_pairs() {
        let value = Some(value.into_owned());
        match key.as_ref() {
            "code" => callback.code = value,
            "state" => callback.state = value,
            "iss" => callback.issuer = value,
            "error" => callback.error = value,
            "error_description" => description = value,
            _ => {}
        }
    }
    if let (Some(error), Some(description)) = (&mut callback.error, description) {
        *error = format!("{error}: {description}");
    }
    Some(callback)
}

/// Answers with a page; there is none where nobody was waited for.
async fn answer(stream: &mut TcpStream, text: Option<&str>) -> std::io::Result<()> {
    let status = text.map_or("404 Not Found", |_| "200 OK");
    let text = text.unwrap_or("Nothing is here.");
    let page = format!("<!doctype html><meta charset=utf-8><title>fanout</title><p>{text}\n");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n",
        page.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(page.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(address: &str, query: &str) -> String {
        let host = address.trim_start_matches("http://").trim_end_matches(PATH);
        let mut stream = TcpStream::connect(host).await.expect("connected");
        let request = format!("GET {PATH}{query} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    #[tokio::test]
    async fn only_the_browser_that_was_sent_comes_back() {
        let page = RedirectPage::open(None).await.expect("a page");
        let address = page.address().to_owned();
        let waiting = tokio::spawn(async move { page.wait("mine").await });
        for foreign in [
            "?code=evil&state=other",
            "?code=evil",
            "x?code=evil&state=mine",
        ] {
            let answer = ask(&address, foreign).await;
            assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        }
        let answer = ask(&address, "?code=good&state=mine&iss=https%3A%2F%2Fas").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let callback = waiting.await.expect("no panic").expect("a callback");
        assert_eq!(callback.code.as_deref(), Some("good"));
        assert_eq!(callback.issuer.as_deref(), Some("https://as"));
    }
}
