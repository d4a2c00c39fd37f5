//! Requests to services that are reached by HTTP: as a manifest writes them,
//! and as a call makes them.

use std::fmt;

use serde_json::Value;

use super::{AttemptNo, CallId, Epoch, Secret};

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Gets something.
    Get,
    /// Gets what is said about something.
    Head,
    /// Asks what can be done.
    Options,
    /// Puts something in place of what is there.
    Put,
    /// Deletes something.
    Delete,
    /// Has something done.
    Post,
    /// Changes a part of something.
    Patch,
}

impl Method {
    /// As it is sent.
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Post => "POST",
            Self::Patch => "PATCH",
        }
    }

    /// Whether it asks for no change (RFC 9110, section 9.2.1).
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options)
    }

    /// Whether twice has the effect of once (RFC 9110, section 9.2.2).
    pub fn is_idempotent(self) -> bool {
        self.is_safe() || matches!(self, Self::Put | Self::Delete)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A request as a manifest writes it. `{{argument}}` and `${VARIABLE}` in its
/// texts are filled when a call starts; no secret stands in it.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestTemplate {
    /// The method.
    pub method: Method,
    /// Address; its scheme and host hold no placeholder.
    pub url: String,
    /// Names and values, in the order of the manifest.
    pub headers: Vec<(String, String)>,
    /// Body of the request.
    pub body: BodyTemplate,
}

impl RequestTemplate {
    /// Returns host and port of its address, as it is written.
    pub fn authority(&self) -> &str {
        let rest = self
            .url
            .split_once("://")
            .map_or(&*self.url, |(_, rest)| rest);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or(rest);
        authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host)
    }
}

/// Body of a request, as a manifest writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum BodyTemplate {
    /// Nothing.
    None,
    /// A text.
    Text(String),
    /// A JSON document. A string in it that is one placeholder becomes a value
    /// of any type.
    Json(Value),
}

/// Everything needed to make the request of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRequest {
    /// The call.
    pub call: CallId,
    /// Which try.
    pub attempt: AttemptNo,
    /// Identity of this start.
    pub epoch: Epoch,
    /// The method.
    pub method: Method,
    /// The whole URL. It may hold a secret.
    pub url: Secret,
    /// The host, for reasons.
    pub host: String,
    /// Names and values. They may hold secrets.
    pub headers: Vec<(String, Secret)>,
    /// Body that is sent. It may hold secrets.
    pub body: Option<Secret>,
    /// Values of variables, to be masked in whatever comes back.
    pub secrets: Vec<Secret>,
    /// Whether asking twice has the effect of asking once.
    pub is_repeatable: bool,
}
