//! The token of one connection to a server: how it is got, and renewed when it
//! does not suffice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use reqwest::Url;
use rmcp::transport::auth::OAuthClientConfig;
use rmcp::transport::{AuthError, AuthorizationManager};

use super::challenge::Challenge;
use super::credentials::Credentials;
use super::error::{NeedKind, SignInError, SignInNeed};
use super::grant::Grant;
use super::grants::GrantStore;
use super::http::{OauthHttp, is_private};
use super::resource::Resource;
use super::sign_in::{Discovered, Entrance, SignedIn};
use super::unattended::Unattended;
use crate::model::{McpServer, Secret, ServerName, ServerTransport, SignIn};

/// Lets the requests of one server in.
#[derive(Debug)]
pub(in crate::exec) struct Authorizer {
    server: ServerName,
    url: Url,
    settings: SignIn,
    store: GrantStore,
    http: Arc<OauthHttp>,
    /// Held while a token is got, so that one request at a time does.
    pass: tokio::sync::Mutex<Pass>,
    /// The sign-in of a person that the server asked for last.
    asked: Mutex<Option<Asked>>,
}

/// The token that is sent, and where it comes from.
#[derive(Debug, Default)]
struct Pass {
    is_loaded: bool,
    token: Option<Secret>,
    grant: Option<Grant>,
    /// Scopes of a token that was got without a person.
    unattended_scopes: Vec<String>,
}

/// Sign-in that the server asked for.
#[derive(Debug, Clone)]
struct Asked {
    challenge: Challenge,
    need: SignInNeed,
}

impl Authorizer {
    /// Creates the authorizer of a server; `None` where the server is a program,
    /// a header says who asks, or a token would go over the network unencrypted.
    pub(in crate::exec) fn of_server(server: &McpServer, store: &GrantStore) -> Option<Arc<Self>> {
        let ServerTransport::Http { url, headers } = &server.transport else {
            return None;
        };
        let mut names = headers.keys();
        let is_known = names.any(|name| name.eq_ignore_ascii_case("authorization"));
        let url = Url::parse(url).ok().filter(|_| !is_known)?;
        is_private(&url).then(|| {
            Arc::new(Self {
                server: server.name.clone(),
                url,
                settings: server.sign_in.clone(),
                store: store.clone(),
                http: Arc::default(),
                pass: tokio::sync::Mutex::default(),
                asked: Mutex::default(),
            })
        })
    }

    /// Returns the token to send, if there is one. One that is about to end is
    /// renewed first.
    pub(in crate::exec) async fn token(&self) -> Option<Secret> {
        let mut pass = self.pass.lock().await;
        if !pass.is_loaded {
            self.load(&mut pass).await;
        }
        let is_stale = |grant: &Grant| grant.is_stale(SystemTime::now());
        if pass.grant.as_ref().is_some_and(is_stale) {
            // Where that fails the server says what it makes of the old one.
            let _renewed = self.renew(&mut pass).await;
        }
        pass.token.clone()
    }

    /// Takes the answer of a server that did not let a request with the token
    /// `sent` in. Returns another token to try with, or what a person has to
    /// do.
    pub(in crate::exec) async fn refused(
        &self,
        sent: Option<&Secret>,
        challenge: Challenge,
    ) -> Result<Secret, SignInNeed> {
        let mut pass = self.pass.lock().await;
        match pass.token.clone() {
            Some(token) if Some(&token) != sent => return Ok(token),
            _ => {}
        }
        let kind = match self.next_token(&mut pass, sent, &challenge).await {
            Ok(token) => return Ok(token),
            Err(kind) => kind,
        };
        let need = SignInNeed {
            server: self.server.clone(),
            scopes: scopes_to_ask(&pass, &challenge),
            kind,
        };
        *lock(&self.asked) = Some(Asked {
            challenge,
            need: need.clone(),
        });
        Err(need)
    }

    async fn next_token(
        &self,
        pass: &mut Pass,
        sent: Option<&Secret>,
        challenge: &Challenge,
    ) -> Result<Secret, NeedKind> {
        if self.settings.is_unattended() {
            let is_new = |scope: &String| !pass.unattended_scopes.contains(scope);
            if sent.is_some() && challenge.is_about_scopes && !challenge.scopes.iter().any(is_new) {
                return Err(NeedKind::Futile);
            }
            let token = self.unattended(pass, challenge).await;
            return token.map_err(|error| NeedKind::Unattended(error.to_string()));
        }
        if challenge.is_about_scopes {
            let asked = pass.grant.as_ref().map(|grant| grant.asked.as_slice());
            let asked = asked.unwrap_or_default();
            let is_new = challenge.scopes.iter().any(|scope| !asked.contains(scope));
            let kind = if is_new {
                NeedKind::Wider
            } else {
                NeedKind::Futile
            };
            return Err(kind);
        }
        // Another process may have signed in or renewed meanwhile.
        self.load(pass).await;
        match &pass.token {
            Some(token) if Some(token) != sent => return Ok(token.clone()),
            Some(_) => {}
            None => return Err(NeedKind::First),
        }
        match self.renew(pass).await {
            Ok(token) => Ok(token),
            Err(_reason) => Err(NeedKind::Again),
        }
    }

    /// Reads what is kept. What cannot be read counts as nothing.
    async fn load(&self, pass: &mut Pass) {
        let grant = match self.store.load(&Resource::of(&self.url)).await {
            Ok(grant) => grant,
            Err(error) => {
                tracing::warn!(server = %self.server, %error, "sign-in not read");
                None
            }
        };
        pass.is_loaded = true;
        let token = grant.as_ref().and_then(Grant::access_token);
        pass.token = token.map(Secret::new);
        pass.grant = grant;
    }

    /// Renews the grant without a person.
    async fn renew(&self, pass: &mut Pass) -> Result<Secret, SignInError> {
        let grant = pass.grant.clone().filter(Grant::can_be_renewed);
        let ended = || SignInError::Failed("it cannot be renewed".to_owned());
        let grant = grant.ok_or_else(ended)?;
        let secrets = grant.secrets();
        let failed = |error: AuthError| SignInError::of(&error, &secrets);
        let http = Arc::clone(&self.http) as Arc<_>;
        let session = AuthorizationManager::new_with_oauth_http_client(self.url.as_str(), http);
        let mut session = session.await.map_err(failed)?;
        let client = OAuthClientConfig::new(
            grant.credentials.client_id.as_str(),
            grant.redirect_uri.as_str(),
        );
        let client = match &grant.client_secret {
            Some(secret) => client.with_client_secret(secret.as_str()),
            None => client,
        };
        session.set_credential_store(Credentials::new(self.store.clone(), grant));
        let entrance = self.entrance(None, Vec::new());
        let Discovered { metadata, .. } = entrance.discover().await?;
        session.set_metadata(metadata);
        if !session.initialize_from_store().await.map_err(failed)? {
            self.load(pass).await;
            return Err(ended());
        }
        session.configure_client(client).map_err(failed)?;
        let renewed = session.refresh_token().await.map_err(failed);
        self.load(pass).await;
        renewed?;
        tracing::info!(server = %self.server, "sign-in renewed");
        pass.token.clone().ok_or_else(ended)
    }

    /// Gets a token without a person.
    async fn unattended(
        &self,
        pass: &mut Pass,
        challenge: &Challenge,
    ) -> Result<Secret, SignInError> {
        let entrance = self.entrance(Some(challenge), challenge.scopes.clone());
        let Discovered {
            session, metadata, ..
        } = entrance.discover().await?;
        let scopes = entrance.selected(&session).await;
        pass.unattended_scopes.clone_from(&scopes);
        let unattended = Unattended {
            session,
            metadata,
            http: &self.http,
            settings: &self.settings,
            resource: self.url.to_string(),
            scopes,
        };
        let token = unattended.token().await?;
        pass.token = Some(token.clone());
        Ok(token)
    }

    /// Lets a person sign in; `tell` gets the address, which is also opened.
    pub(in crate::exec) async fn sign_in(
        &self,
        scopes: Vec<String>,
        tell: impl FnOnce(&str),
    ) -> Result<SignedIn, SignInError> {
        let asked = lock(&self.asked).clone();
        let wider = asked.as_ref().map(|asked| asked.need.scopes.clone());
        let scopes = match (scopes.is_empty(), wider) {
            (true, Some(wider)) => wider,
            _ => scopes,
        };
        let challenge = asked.as_ref().map(|asked| &asked.challenge);
        let entrance = self.entrance(challenge, scopes);
        let signed_in = entrance.by_browser(&self.store, tell).await?;
        let mut pass = self.pass.lock().await;
        self.load(&mut pass).await;
        lock(&self.asked).take();
        Ok(signed_in)
    }

    fn entrance<'s>(
        &'s self,
        challenge: Option<&'s Challenge>,
        scopes: Vec<String>,
    ) -> Entrance<'s> {
        Entrance {
            server: &self.server,
            url: &self.url,
            settings: &self.settings,
            http: &self.http,
            challenge,
            scopes,
        }
    }

    /// Returns what a person has to do, where the server asked for it.
    pub(in crate::exec) fn need(&self) -> Option<SignInNeed> {
        lock(&self.asked).as_ref().map(|asked| asked.need.clone())
    }

    /// Address of the server.
    pub(in crate::exec) fn url(&self) -> &Url {
        &self.url
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns all scopes that a person should be asked for.
fn scopes_to_ask(pass: &Pass, challenge: &Challenge) -> Vec<String> {
    if !challenge.is_about_scopes {
        return Vec::new();
    }
    let had = pass.grant.as_ref().map(|grant| grant.asked.as_slice());
    let mut scopes = had.unwrap_or_default().to_vec();
    for scope in &challenge.scopes {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    scopes
}
