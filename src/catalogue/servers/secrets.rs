//! Values of a server that are secrets: they are masked wherever they come
//! back.

use std::cell::RefCell;

use url::Url;

use crate::model::{Secret, ServerTransport};

/// Words in a name whose value is a secret.
const WORDS: [&str; 11] = [
    "key",
    "token",
    "secret",
    "passw",
    "passphrase",
    "credential",
    "auth",
    "cookie",
    "private",
    "bearer",
    "signature",
];

/// Variables that were filled in, each with its value.
pub(super) type Used = RefCell<Vec<(String, String)>>;

/// Whether a name says that its value is a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// Returns the secrets of a server: what stands under a secret's name, and
/// variables in headers and in the query of a URL.
pub(super) fn secrets(transport: &ServerTransport, used: &Used) -> Vec<Secret> {
    let used = used.borrow();
    let named = used.iter().filter(|(name, _)| is_secret_name(name));
    let mut values: Vec<String> = named.map(|(_, value)| value.clone()).collect();
    let holds_variable = |text: &str| {
        let mut filled = used.iter();
        filled.any(|(_, value)| !value.is_empty() && text.contains(value.as_str()))
    };
    match transport {
        ServerTransport::Stdio { env, .. } => {
            let secret = env.iter().filter(|(name, _)| is_secret_name(name));
            values.extend(secret.map(|(_, value)| value.reveal().to_owned()));
        }
        ServerTransport::Http { url, headers } => {
            for (name, value) in headers {
                let value = value.reveal();
                if is_secret_name(name) || holds_variable(value) {
                    // `Bearer`, `Basic` and the like are none.
                    let secret = value.split_once(' ').map_or(value, |(_, secret)| secret);
                    values.extend([value.to_owned(), secret.to_owned()]);
                    let in_header = used.iter().filter(|(_, it)| value.contains(it.as_str()));
                    values.extend(in_header.map(|(_, value)| value.clone()));
                }
            }
            let url = Url::parse(url).ok();
            for (name, value) in url.iter().flat_map(Url::query_pairs) {
                if is_secret_name(&name) || holds_variable(&value) {
                    values.push(value.into_owned());
                }
            }
        }
    }
    values.retain(|value| !value.is_empty());
    values.sort_unstable();
    values.dedup();
    values.into_iter().map(Secret::new).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn revealed(transport: &ServerTransport, used: &[(&str, &str)]) -> Vec<String> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let used = RefCell::new(used.iter().map(own).collect());
        let secrets = secrets(transport, &used);
        secrets.iter().map(|it| it.reveal().to_owned()).collect()
    }

    #[test]
    fn secrets_are_known_by_their_name_or_by_their_place() {
        let stdio = ServerTransport::Stdio {
            argv: vec!["x".to_owned()],
            env: BTreeMap::from([
                ("API_KEY".to_owned(), Secret::new("k1")),
                ("NODE_ENV".to_owned(), Secret::new("production")),
            ]),
            env_pass: Vec::new(),
            cwd: None,
        };
        let used = [("HOME", "/root"), ("GH_TOKEN", "t1")];
        assert_eq!(revealed(&stdio, &used), ["k1", "t1"]);
        let http = ServerTransport::Http {
            url: "https://h:8/mcp?k=v1&page=2&token=t2".to_owned(),
            headers: BTreeMap::from([
                ("Authorization".to_owned(), Secret::new("Bearer t1")),
                ("X-Tenant".to_owned(), Secret::new("acme-7")),
                ("X-Mode".to_owned(), Secret::new("fast")),
            ]),
        };
        let used = [("HOST", "h"), ("K", "v1"), ("TENANT", "acme-7")];
        assert_eq!(
            revealed(&http, &used),
            ["Bearer t1", "acme-7", "t1", "t2", "v1"]
        );
    }
}
