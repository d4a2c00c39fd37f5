//! Sign-in in a browser: where to, as whom, and with what one comes back.

use std::sync::Arc;

use reqwest::Url;
use rmcp::transport::auth::{
    AuthorizationMetadata, AuthorizationMetadataSource, OAuthClientConfig,
};
use rmcp::transport::{
    AuthError, AuthorizationManager as OauthSession, CredentialStore, InMemoryCredentialStore,
    OAuthHttpClient,
};

use super::challenge::Challenge;
use super::error::SignInError;
use super::grant::{Grant, KeptGrant};
use super::grants::GrantStore;
use super::http::{OauthHttp, is_private};
use super::redirect::RedirectPage;
use super::resource::Resource;
use crate::exec::browser;
use crate::model::{Secret, ServerName, SignIn};

/// Name of this program where it is registered.
const CLIENT_NAME: &str = "fanout";

/// Server that was signed in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The grant, without tokens.
    pub grant: KeptGrant,
}

/// Sign-in to one server.
pub(super) struct Entrance<'s> {
    pub(super) server: &'s ServerName,
    pub(super) url: &'s Url,
    pub(super) settings: &'s SignIn,
    pub(super) http: &'s Arc<OauthHttp>,
    /// Answer of the server, where it has asked for a sign-in.
    pub(super) challenge: Option<&'s Challenge>,
    /// Scopes to ask for; none for those that the server names.
    pub(super) scopes: Vec<String>,
}

/// Authorization server, and a session that asks it.
pub(super) struct Discovered {
    pub(super) session: OauthSession,
    pub(super) metadata: AuthorizationMetadata,
    /// Whether anything was published at all.
    is_published: bool,
}

impl Entrance<'_> {
    /// Finds the authorization server.
    pub(super) async fn discover(&self) -> Result<Discovered, SignInError> {
        let http = Arc::clone(self.http) as Arc<dyn OAuthHttpClient>;
        let session = OauthSession::new_with_oauth_http_client(self.url.as_str(), http);
        let mut session = session.await.map_err(|error| self.failed(&error))?;
        let header = self.challenge.and_then(|it| it.header.as_deref());
        let (metadata, is_published) = match session.resolve_metadata_from_challenge(header).await {
            Ok(found) => {
                let source = found.source;
                (
                    found.metadata,
                    source != AuthorizationMetadataSource::LegacyEndpointFallback,
                )
            }
            Err(error) => (self.beside(error).await?, true),
        };
        session.set_metadata(metadata.clone());
        Ok(Discovered {
            session,
            metadata,
            is_published,
        })
    }

    /// Reads the document at the root of the server itself, as revision
    /// 2025-03-26 has it. There it may name another issuer of the same origin,
    /// which is no risk: it is the server's own word.
    async fn beside(&self, error: AuthError) -> Result<AuthorizationMetadata, SignInError> {
        let AuthError::AuthorizationServerMismatch {
            received_issuer,
            expected_issuer,
        } = &error
        else {
            return Err(self.failed(&error));
        };
        let is_own = [received_issuer, expected_issuer]
            .into_iter()
            .all(|issuer| {
                Url::parse(issuer).is_ok_and(|issuer| issuer.origin() == self.url.origin())
            });
        let document = self
            .url
            .join("/.well-known/oauth-authorization-server")
            .ok();
        let Some(document) = document.filter(|_| is_own) else {
            return Err(self.failed(&error));
        };
        let request = reqwest::Request::new(reqwest::Method::GET, document);
        let answer = self.http.send(request).await.ok();
        let answer = answer.filter(|answer| answer.status().is_success());
        let metadata = answer.and_then(|answer| serde_json::from_slice(answer.body()).ok());
        metadata.ok_or_else(|| self.failed(&error))
    }

    /// Lets a person sign in; `tell` gets the address, which is also opened.
    pub(super) async fn by_browser(
        &self,
        store: &GrantStore,
        tell: impl FnOnce(&str),
    ) -> Result<SignedIn, SignInError> {
        let Discovered {
            mut session,
            metadata,
            is_published,
        } = self.discover().await?;
        if !is_published && self.challenge.is_none() {
            return Err(SignInError::NotAsked(self.server.clone()));
        }
        let kept = InMemoryCredentialStore::new();
        session.set_credential_store(kept.clone());
        let page = RedirectPage::open(self.settings.redirect_port).await?;
        let scopes = self.selected(&session).await;
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let client = self
            .client(&mut session, &metadata, page.address(), &scopes)
            .await?;
        let secrets: Vec<Secret> = client.client_secret.iter().map(Secret::new).collect();
        let failed = |error: AuthError| SignInError::of(&error, &secrets);
        session.configure_client(client.clone()).map_err(failed)?;
        let address = session
            .get_authorization_url(&scopes)
            .await
            .map_err(failed)?;
        let state = shown(&address)?;
        tell(&address);
        browser::open(&address);
        let callback = page.wait(&state).await?;
        let code = match (callback.code, callback.error) {
            (Some(code), None) => code,
            (_, Some(error)) => return Err(SignInError::Refused(error)),
            (None, None) => return Err(SignInError::Refused("no code came back".to_owned())),
        };
        let secrets: Vec<Secret> = secrets.into_iter().chain([Secret::new(&code)]).collect();
        session
            .exchange_code_for_token_with_issuer(&code, &state, callback.issuer.as_deref())
            .await
            .map_err(|error| SignInError::of(&error, &secrets))?;
        let credentials = kept.load().await.ok().flatten();
        let grant = Grant {
            resource: Resource::of(self.url),
            client_secret: client.client_secret,
            redirect_uri: client.redirect_uri,
            asked: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            credentials: credentials
                .ok_or_else(|| SignInError::Failed("the token was not kept".to_owned()))?,
        };
        let kept_in = store.save(&grant).await?;
        Ok(SignedIn {
            grant: grant.shown(kept_in),
        })
    }

    /// Returns the scopes to ask for.
    pub(super) async fn selected(&self, session: &OauthSession) -> Vec<String> {
        match (self.scopes.as_slice(), self.settings.scopes.as_slice()) {
            ([], []) => session.select_initial_scopes(&[]).await,
            ([], configured) => configured.to_vec(),
            (asked, _) => asked.to_vec(),
        }
    }

    /// Returns the client to sign in as: the configured one, one that is known
    /// by a document, or one that is registered now.
    async fn client(
        &self,
        session: &mut OauthSession,
        metadata: &AuthorizationMetadata,
        redirect: &str,
        scopes: &[&str],
    ) -> Result<OAuthClientConfig, SignInError> {
        if let Some(client) = &self.settings.client {
            let known = OAuthClientConfig::new(client.id.as_str(), redirect);
            return Ok(match &client.secret {
                Some(secret) => known.with_client_secret(secret.reveal()),
                None => known,
            });
        }
        if let Some(document) = &self.settings.client_metadata_url
            && takes_documents(metadata)
        {
            return Ok(OAuthClientConfig::new(document.as_str(), redirect));
        }
        let registered = session.register_client(CLIENT_NAME, redirect, scopes).await;
        registered.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &AuthError) -> SignInError {
        SignInError::of(error, &self.settings.secrets())
    }
}

/// Whether addresses of documents are taken for the names of clients.
fn takes_documents(metadata: &AuthorizationMetadata) -> bool {
    let supported = "client_id_metadata_document_supported";
    let supported = metadata.additional_fields.get(supported);
    supported.and_then(serde_json::Value::as_bool) == Some(true)
}

/// Checks that an address can be opened; returns the state in it.
fn shown(address: &str) -> Result<String, SignInError> {
    let url = Url::parse(address).ok().filter(is_private);
    let url = url.ok_or_else(|| {
        let words = "the page to sign in on is neither encrypted nor on this machine";
        SignInError::Failed(words.to_owned())
    })?;
    let state = url.query_pairs().find(|(key, _)| key == "state");
    Ok(state
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default())
}
