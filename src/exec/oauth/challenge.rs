//! Words of a server that wants to know who asks.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use reqwest::{StatusCode, Url};
use rmcp::transport::WWWAuthenticateParams;

/// Answer of a server that lets nobody in without more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exec) struct Challenge {
    /// Header `WWW-Authenticate` that says most. Untrusted text.
    pub(super) header: Option<String>,
    /// Scopes that are asked for. Untrusted text.
    pub(super) scopes: Vec<String>,
    /// Whether it knows who asks, and wants a wider agreement.
    pub(super) is_about_scopes: bool,
}

impl Challenge {
    /// Reads an answer; `None` where signing in is of no use.
    pub(in crate::exec) fn of(status: StatusCode, headers: &HeaderMap, base: &Url) -> Option<Self> {
        let written = headers.get_all(WWW_AUTHENTICATE).iter();
        let written = written.filter_map(|value| value.to_str().ok());
        let mut read: Vec<(&str, WWWAuthenticateParams)> = written
            .map(|header| (header, WWWAuthenticateParams::parse(header, base)))
            .collect();
        read.sort_by_key(|(_, params)| params.resource_metadata_url.is_none());
        let is_about_scopes = read
            .iter()
            .any(|(_, params)| params.is_insufficient_scope());
        let is_one = match status {
            StatusCode::UNAUTHORIZED => true,
            StatusCode::FORBIDDEN => is_about_scopes,
            _ => false,
        };
        let scopes = read.iter().find_map(|(_, params)| params.scope.as_deref());
        let scopes = scopes.unwrap_or_default().split_whitespace();
        is_one.then(|| Self {
            header: read.first().map(|(header, _)| (*header).to_owned()),
            scopes: scopes.map(str::to_owned).collect(),
            is_about_scopes: status == StatusCode::FORBIDDEN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(status: u16, header: &'static str) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, header.parse().expect("a header"));
        let base = Url::parse("https://example.org/mcp").expect("a URL");
        Challenge::of(
            StatusCode::from_u16(status).expect("a status"),
            &headers,
            &base,
        )
    }

    #[test]
    fn a_refusal_is_a_challenge_where_signing_in_may_help() {
        let asked = challenge(401, "Bearer scope=\"read write\"").expect("a challenge");
        assert_eq!(asked.scopes, ["read", "write"]);
        assert!(!asked.is_about_scopes);
        let wider = challenge(403, "Bearer error=\"insufficient_scope\", scope=\"admin\"");
        let wider = wider.expect("a challenge");
        assert_eq!(wider.scopes, ["admin"]);
        assert!(wider.is_about_scopes);
        assert_eq!(challenge(403, "Bearer error=\"invalid_request\""), None);
        assert_eq!(challenge(500, "Bearer scope=\"read\""), None);
    }
}
