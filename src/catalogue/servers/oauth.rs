//! The `oauth` table of a server: how to sign in to it.

use crate::catalogue::document::{Item, Node};
use crate::catalogue::fields::{Fields, choice, texts, whole};
use crate::catalogue::findings::Findings;
use crate::catalogue::http::is_private;
use crate::model::{IdentityProvider, OauthClient, Secret, SignIn, SignInGrant};

/// Words for what lets a client in.
pub(in crate::catalogue) const GRANTS: [&str; 2] = ["authorization_code", "client_credentials"];

/// Reads the table; `filled` reads a text with its variables.
pub(super) fn read(
    node: &Node,
    findings: &mut Findings<'_>,
    mut filled: impl FnMut(&Node, &mut Findings<'_>) -> Option<String>,
) -> Option<SignIn> {
    let mut fields = Fields::of(node, "a sign-in", findings)?;
    let client_id = fields.read("client_id", findings, &mut filled);
    let client_secret = fields.read("client_secret", findings, &mut filled);
    let metadata = fields.read("client_metadata_url", findings, |node, findings| {
        https(node, findings, &mut filled)
    });
    let scopes = fields.read("scopes", findings, texts);
    let port = fields.read("redirect_port", findings, |node, findings| {
        whole(node, 1..=i64::from(u16::MAX), findings)
    });
    let is_unattended = fields.read("grant", findings, |node, findings| {
        choice(node, &[(GRANTS[0], false), (GRANTS[1], true)], findings)
    });
    let key = fields.read("private_key", findings, &mut filled);
    let provider = fields.read("identity_provider", findings, |node, findings| {
        identity_provider(node, findings, &mut filled)
    });
    fields.finish(findings);
    if client_id.is_none()
        && (client_secret.is_some() || key.is_some() || is_unattended == Some(true))
    {
        findings.error(
            &node.span,
            "a sign-in with a password or a key of its own needs `client_id`",
        );
        return None;
    }
    let has_secret = client_secret.is_some();
    let grant = match (provider, key) {
        (Some(provider), _) => SignInGrant::IdentityToken(provider),
        (None, Some(key)) => SignInGrant::PrivateKey(Secret::new(key)),
        (None, None) if is_unattended == Some(true) && has_secret => SignInGrant::ClientSecret,
        (None, None) if is_unattended == Some(true) => {
            let message = "`client_credentials` needs `client_secret` or `private_key`";
            findings.error(&node.span, message);
            return None;
        }
        (None, None) => SignInGrant::Browser,
    };
    Some(SignIn {
        client: client_id.map(|id| OauthClient {
            id,
            secret: client_secret.map(Secret::new),
        }),
        client_metadata_url: metadata,
        scopes: scopes.unwrap_or_default(),
        redirect_port: port.and_then(|port| u16::try_from(port).ok()),
        grant,
    })
}

fn https(
    node: &Node,
    findings: &mut Findings<'_>,
    filled: impl FnOnce(&Node, &mut Findings<'_>) -> Option<String>,
) -> Option<String> {
    let url = filled(node, findings)?;
    if !url.starts_with("https://") {
        findings.error(&node.span, "such a document is reached by https://");
        return None;
    }
    Some(url)
}

fn identity_provider(
    node: &Node,
    findings: &mut Findings<'_>,
    mut filled: impl FnMut(&Node, &mut Findings<'_>) -> Option<String>,
) -> Option<IdentityProvider> {
    let mut fields = Fields::of(node, "an identity provider", findings)?;
    let mut required = |key, findings: &mut Findings<'_>| {
        let node = fields.need(key, findings)?;
        Some((node, filled(node, findings)?))
    };
    let issuer = required("issuer", findings);
    let endpoint = required("token_endpoint", findings);
    let client_id = required("client_id", findings);
    let id_token = required("id_token", findings);
    fields.finish(findings);
    let (written, token_endpoint) = endpoint?;
    if !token_endpoint.starts_with("http") || !is_private(&token_endpoint) {
        findings.error(&written.span, "tokens go to https://, or to this machine");
        return None;
    }
    Some(IdentityProvider {
        issuer: issuer?.1,
        token_endpoint,
        client_id: client_id?.1,
        id_token: Secret::new(id_token?.1),
    })
}

/// Reads what another program's file says of signing in, as Claude Code
/// writes it.
pub(super) fn read_foreign(server: &Node, findings: &mut Findings<'_>) -> SignIn {
    let Some(node) = server.get("oauth") else {
        return SignIn::default();
    };
    let id = node.get("clientId").and_then(Node::as_text);
    let port = node.get("callbackPort").map(|node| &node.item);
    let port = match port {
        Some(Item::Number(port)) => port.as_i64().and_then(|port| u16::try_from(port).ok()),
        _ => None,
    };
    let scopes = node.get("scopes").and_then(|node| texts(node, findings));
    SignIn {
        client: id.map(|id| OauthClient {
            id: id.to_owned(),
            secret: None,
        }),
        scopes: scopes.unwrap_or_default(),
        redirect_port: port,
        ..SignIn::default()
    }
}
