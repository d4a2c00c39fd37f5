//! Servers that are reached over the network, by streamable HTTP.

use std::collections::BTreeMap;

use url::Url;

use super::secrets::{Used, secrets};
use crate::catalogue::document::{Item, Node};
use crate::catalogue::fields::wrong_kind;
use crate::catalogue::findings::Findings;
use crate::catalogue::http::{check_header, is_private};
use crate::model::{Secret, ServerTransport};

/// Why such a server cannot be used, where this program was built without.
pub(super) const WITHOUT: &str = "this fanout was built without HTTP (the feature `http`)";

/// Where a server is. User names and passwords belong into a header.
pub(super) fn url(text: &str, node: &Node, findings: &mut Findings<'_>) -> Option<String> {
    if !cfg!(feature = "http") {
        findings.error(&node.span, WITHOUT);
        return None;
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => {
            findings.error(&node.span, format!("this is no URL: {error}"));
            return None;
        }
    };
    if !matches!(url.scheme(), "http" | "https") {
        findings.error(&node.span, "a server is reached by http:// or https://");
        return None;
    }
    if !url.username().is_empty() || url.password().is_some() {
        findings.error(
            &node.span,
            "a user or password in a URL is not sent: write the header `Authorization`",
        );
        return None;
    }
    Some(url.into())
}

/// Headers of every request, each value as `filled` reads it.
pub(super) fn headers(
    node: &Node,
    findings: &mut Findings<'_>,
    mut filled: impl FnMut(&Node, &mut Findings<'_>) -> Option<String>,
) -> Option<BTreeMap<String, Secret>> {
    let Item::Table(entries) = &node.item else {
        wrong_kind(node, "a table of headers", findings);
        return None;
    };
    let mut headers = BTreeMap::new();
    for entry in entries {
        if let Some(value) = filled(&entry.node, findings) {
            check_header(entry, &value, findings);
            headers.insert(entry.key.clone(), Secret::new(value));
        }
    }
    Some(headers)
}

/// Reports secrets that would go over the network unencrypted.
pub(super) fn check_privacy(
    transport: &ServerTransport,
    used: &Used,
    node: &Node,
    findings: &mut Findings<'_>,
) {
    let ServerTransport::Http { url, .. } = transport else {
        return;
    };
    if !is_private(url) && !secrets(transport, used).is_empty() {
        let problem = findings
            .at(
                &node.span,
                "variables would go over the network without encryption",
            )
            .with_help("use https://, or an address of this machine");
        findings.push(problem);
    }
}
