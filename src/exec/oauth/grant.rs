//! Grants: what one server lets this program in with.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oauth2::TokenResponse;
use rmcp::transport::StoredCredentials;
use serde::{Deserialize, Serialize};

use super::keeping::KeptIn;
use super::resource::Resource;
use crate::model::Secret;

/// Time before its end from which on a token is not used any more.
const MARGIN: Duration = Duration::from_secs(30);

/// The tokens of one server, and all that is needed to renew
/// it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    /// The server.
    pub(super) resource: Resource,
    /// Password of the client, where the authorization server gave it one.
    pub(super) client_secret: Option<String>,
    /// Address to which the browser was sent back.
    pub(super) redirect_uri: String,
    /// Scopes that were asked for.
    pub(super) asked: Vec<String>,
    /// Tokens, and the issuer that they come from.
    pub(super) credentials: StoredCredentials,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource = &self.resource;
        f.debug_struct("Grant")
            .field("resource", resource)
            .finish_non_exhaustive()
    }
}

impl Grant {
    /// Returns the token that is sent to the server.
    pub(super) fn access_token(&self) -> Option<&str> {
        let tokens = self.credentials.token_response.as_ref()?;
        Some(tokens.access_token().secret())
    }

    /// Returns the values that are never shown.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let tokens = self.credentials.token_response.as_ref();
        let renewing = tokens.and_then(|it| it.refresh_token());
        let renewing = renewing.map(|token| token.secret().as_str());
        let all = [self.access_token(), renewing, self.client_secret.as_deref()];
        all.into_iter().flatten().map(Secret::new).collect()
    }

    /// Whether it can be renewed without a person.
    pub(super) fn can_be_renewed(&self) -> bool {
        let tokens = self.credentials.token_response.as_ref();
        tokens.is_some_and(|it| it.refresh_token().is_some())
    }

    /// Returns when the token ends, where that is known.
    pub(super) fn ends_at(&self) -> Option<SystemTime> {
        let tokens = self.credentials.token_response.as_ref()?;
        let received = Duration::from_secs(self.credentials.token_received_at?);
        UNIX_EPOCH.checked_add(received + tokens.expires_in()?)
    }

    /// Whether the token has ended, or is about to. A short one is used up to
    /// the half of its time.
    pub(super) fn is_stale(&self, now: SystemTime) -> bool {
        let tokens = self.credentials.token_response.as_ref();
        let whole = tokens
            .and_then(TokenResponse::expires_in)
            .unwrap_or(MARGIN * 2);
        let margin = MARGIN.min(whole / 2);
        self.ends_at().is_some_and(|end| now + margin >= end)
    }

    /// Returns what may be shown of it.
    pub(super) fn shown(&self, kept_in: KeptIn) -> KeptGrant {
        KeptGrant {
            resource: self.resource.clone(),
            issuer: self.credentials.issuer.clone(),
            scopes: self.credentials.granted_scopes.clone(),
            ends_at: self.ends_at(),
            can_be_renewed: self.can_be_renewed(),
            kept_in,
        }
    }
}

/// The part of a grant that may be shown: everything but its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptGrant {
    /// The server.
    pub resource: Resource,
    /// The authorization server. Untrusted text.
    pub issuer: Option<String>,
    /// Scopes. Untrusted text.
    pub scopes: Vec<String>,
    /// When the token ends, where that is known.
    pub ends_at: Option<SystemTime>,
    /// Whether it is renewed by itself.
    pub can_be_renewed: bool,
    /// Where it is kept.
    pub kept_in: KeptIn,
}
