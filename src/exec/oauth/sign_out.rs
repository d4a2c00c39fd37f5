//! Sign-out: the tokens are forgotten here, and revoked where they come from
//! (RFC 7009).

use std::fmt;
use std::sync::Arc;

use oauth2::TokenResponse;
use reqwest::Url;
use rmcp::transport::auth::AuthorizationMetadata;

use super::grant::Grant;
use super::grants::GrantStore;
use super::http::{OauthHttp, refusal};
use super::keeping::GrantStoreError;
use super::resource::Resource;
use super::sign_in::Entrance;
use crate::exec::secret_mask::SecretMask;
use crate::model::{ServerName, SignIn};

/// Key of the address in the document of an authorization server.
const ENDPOINT: &str = "revocation_endpoint";

/// Key of the ways in which clients prove themselves there.
const METHODS: &str = "revocation_endpoint_auth_methods_supported";

/// Outcome of the revocation of tokens. Parts of the text are untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// This authorization server takes the tokens back.
    Revoked(String),
    /// It offers no revocation.
    NotOffered(String),
    /// It could not be asked, or refused, for this reason.
    Failed(String),
}

impl fmt::Display for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked(issuer) => write!(f, "revoked at {issuer}"),
            Self::NotOffered(issuer) => write!(
                f,
                "not revoked, for {issuer} offers no revocation: they hold until they end"
            ),
            Self::Failed(reason) => write!(f, "not revoked: {reason}"),
        }
    }
}

impl GrantStore {
    /// Forgets the grant of a server, and revokes its tokens; `None` where there
    /// was no grant.
    pub async fn sign_out(
        &self,
        resource: &Resource,
    ) -> Result<Option<Revocation>, GrantStoreError> {
        // One that cannot be read is deleted all the same.
        let grant = self.load(resource).await;
        if !self.remove(resource).await? {
            return Ok(None);
        }
        let revoked = match grant {
            Ok(Some(grant)) => revoke(&grant).await,
            Ok(None) => Err("nothing was kept that could be read".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        Ok(Some(revoked.unwrap_or_else(Revocation::Failed)))
    }
}

async fn revoke(grant: &Grant) -> Result<Revocation, String> {
    let http = Arc::new(OauthHttp::default());
    let mask = SecretMask::new(&grant.secrets());
    let metadata = metadata(&http, &grant.resource).await?;
    let issuer = metadata.issuer.clone();
    let issuer = issuer.unwrap_or_else(|| grant.resource.to_string());
    if let Some(before) = &grant.credentials.issuer
        && *before != issuer
    {
        return Err(format!(
            "they are of {before}, and the server names {issuer} now"
        ));
    }
    let endpoint = metadata.additional_fields.get(ENDPOINT);
    let Some(endpoint) = endpoint.and_then(serde_json::Value::as_str) else {
        return Ok(Revocation::NotOffered(issuer));
    };
    let tokens = grant.credentials.token_response.as_ref();
    let renewing = tokens.and_then(|it| it.refresh_token());
    let renewing = renewing.map(|token| ("refresh_token", token.secret().as_str()));
    let access = grant.access_token().map(|token| ("access_token", token));
    for (kind, token) in [renewing, access].into_iter().flatten() {
        let client = &grant.credentials.client_id;
        let mut form = vec![("token", token), ("token_type_hint", kind)];
        let mut proof = None;
        match &grant.client_secret {
            Some(password) if takes_in_form(&metadata) => {
                form.extend([("client_id", client.as_str()), ("client_secret", password)]);
            }
            Some(password) => proof = Some((client.as_str(), password.as_str())),
            None => form.push(("client_id", client)),
        }
        let answer = http.post(endpoint, &form, proof).await;
        let answer = answer.map_err(|reason| mask.text(&reason))?;
        if !answer.status().is_success() {
            return Err(mask.text(&format!("{issuer} refuses: {}", refusal(&answer))));
        }
    }
    Ok(Revocation::Revoked(issuer))
}

async fn metadata(
    http: &Arc<OauthHttp>,
    resource: &Resource,
) -> Result<AuthorizationMetadata, String> {
    let url = Url::parse(resource.as_str()).map_err(|error| error.to_string())?;
    let entrance = Entrance {
        server: &ServerName::new(resource.as_str()),
        url: &url,
        settings: &SignIn::default(),
        http,
        challenge: None,
        scopes: Vec::new(),
    };
    let discovered = entrance.discover().await;
    let discovered = discovered.map_err(|error| error.to_string())?;
    Ok(discovered.metadata)
}

/// Whether a client says its password in the form: only where it is not taken
/// in the header.
fn takes_in_form(metadata: &AuthorizationMetadata) -> bool {
    let methods = metadata.additional_fields.get(METHODS);
    let methods = methods.and_then(serde_json::Value::as_array);
    methods.is_some_and(|methods| {
        let takes = |method: &str| methods.iter().any(|it| it == method);
        takes("client_secret_post") && !takes("client_secret_basic")
    })
}
