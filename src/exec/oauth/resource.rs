//! Names of the services that tokens are issued for.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

/// Canonical address of a server (RFC 8707): without fragment, and without the
/// query, which says how it is talked to and not who it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Resource(String);

impl Resource {
    /// Returns the canonical form of an address.
    pub fn of(url: &Url) -> Self {
        let mut url = url.clone();
        url.set_fragment(None);
        url.set_query(None);
        Self(url.as_str().trim_end_matches('/').to_owned())
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns a name for a file about it.
    pub(super) fn file_name(&self) -> String {
        format!("{:x}.json", Sha256::digest(&self.0))
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_has_one_name_however_its_address_is_written() {
        let of = |text: &str| Resource::of(&Url::parse(text).expect("a URL"));
        let mcp = of("https://example.org/mcp");
        for same in [
            "HTTPS://Example.ORG:443/mcp",
            "https://example.org/mcp/",
            "https://example.org/mcp?key=1#top",
        ] {
            assert_eq!(of(same), mcp, "{same}");
        }
        for other in [
            "http://example.org/mcp",
            "https://example.org:444/mcp",
            "https://example.org/other",
            "https://example.org.evil.org/mcp",
        ] {
            assert_ne!(of(other), mcp, "{other}");
        }
    }
}
