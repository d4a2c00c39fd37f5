//! Sign-in without a person: by the client's password, by a key, or by a token
//! of the company's identity provider.

use std::sync::Arc;

use oauth2::ClientSecret;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use rmcp::transport::auth::enterprise::{
    EmaAuthorizationServer, EmaClientAuthentication, EmaExchangeRequest,
};
use rmcp::transport::auth::{AuthorizationMetadata, OAuthTokenResponse};
use rmcp::transport::{AuthorizationManager, ClientCredentialsConfig, OAuthHttpClient};

use super::assertion;
use super::error::SignInError;
use super::http::{OauthHttp, chain};
use crate::model::{IdentityProvider, OauthClient, Secret, SignIn, SignInGrant};

/// Sign-in to one authorization server.
pub(super) struct Unattended<'s> {
    pub(super) session: AuthorizationManager,
    pub(super) metadata: AuthorizationMetadata,
    pub(super) http: &'s Arc<OauthHttp>,
    pub(super) settings: &'s SignIn,
    /// Name of the server, as tokens are issued for it.
    pub(super) resource: String,
    pub(super) scopes: Vec<String>,
}

impl Unattended<'_> {
    /// Gets a token.
    pub(super) async fn token(mut self) -> Result<Secret, SignInError> {
        let settings = self.settings;
        let Some(client) = &settings.client else {
            return Err(SignInError::Failed("it needs `oauth.client_id`".to_owned()));
        };
        match &settings.grant {
            SignInGrant::Browser => Err(SignInError::Failed("a person is needed".to_owned())),
            SignInGrant::ClientSecret => self.by_password(client).await,
            SignInGrant::PrivateKey(key) => self.by_key(client, key).await,
            SignInGrant::IdentityToken(provider) => self.by_identity(client, provider).await,
        }
    }

    async fn by_password(&mut self, client: &OauthClient) -> Result<Secret, SignInError> {
        let secret = client.secret.as_ref().map_or("", Secret::reveal);
        let config = ClientCredentialsConfig::ClientSecret {
            client_id: client.id.clone(),
            client_secret: secret.to_owned(),
            scopes: self.scopes.clone(),
            resource: Some(self.resource.clone()),
        };
        let secrets = self.settings.secrets();
        let failed = |error| SignInError::of(&error, &secrets);
        self.session.set_metadata(self.metadata.clone());
        self.session
            .validate_client_credentials_metadata(&config)
            .map_err(failed)?;
        self.session
            .configure_client_credentials(&config)
            .map_err(failed)?;
        let token = self.session.exchange_client_credentials(&config).await;
        token.map(|token| access(&token)).map_err(failed)
    }

    async fn by_key(&self, client: &OauthClient, key: &Secret) -> Result<Secret, SignInError> {
        let audience = self
            .metadata
            .issuer
            .as_deref()
            .unwrap_or(&self.metadata.token_endpoint);
        let assertion = assertion::signed(&client.id, audience, key)?;
        let mut form = vec![
            ("grant_type", "client_credentials".to_owned()),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
            ),
            ("client_assertion", assertion),
            ("resource", self.resource.clone()),
        ];
        if !self.scopes.is_empty() {
            form.push(("scope", self.scopes.join(" ")));
        }
        self.post(&form).await
    }

    /// Sends a form to the token endpoint.
    async fn post(&self, form: &[(&str, String)]) -> Result<Secret, SignInError> {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let pairs = form
            .iter()
            .map(|(key, value)| format!("{key}={}", encoded(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let failed = |words: String| SignInError::Failed(words);
        let url = Url::parse(&self.metadata.token_endpoint);
        let url = url.map_err(|error| failed(format!("its token endpoint is no URL: {error}")))?;
        let mut request = reqwest::Request::new(reqwest::Method::POST, url);
        let kind = "application/x-www-form-urlencoded";
        request.headers_mut().insert(
            "content-type",
            reqwest::header::HeaderValue::from_static(kind),
        );
        request.headers_mut().insert(
            "accept",
            reqwest::header::HeaderValue::from_static("application/json"),
        );
        *request.body_mut() = Some(body.into());
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|error| failed(chain(error.as_ref())))?;
        if answer.status().is_success() {
            let token = serde_json::from_slice::<OAuthTokenResponse>(answer.body());
            return token
                .map(|token| access(&token))
                .map_err(|_words| failed("its answer has no token".to_owned()));
        }
        let said: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let words = ["error", "error_description"].map(|key| said.get(key)?.as_str());
        let words: Vec<&str> = words.into_iter().flatten().collect();
        let status = answer.status().as_u16();
        Err(failed(format!("status {status}: {}", words.join(": "))))
    }

    async fn by_identity(
        &self,
        client: &OauthClient,
        provider: &IdentityProvider,
    ) -> Result<Secret, SignInError> {
        let issuer = self.metadata.issuer.clone();
        let issuer = issuer.unwrap_or_else(|| self.metadata.token_endpoint.clone());
        let endpoint = self.metadata.token_endpoint.clone();
        let mut server = EmaAuthorizationServer::new(issuer, endpoint, client.id.clone());
        if let Some(secret) = &client.secret {
            let secret = ClientSecret::new(secret.reveal().to_owned());
            let proof = if self.takes("client_secret_basic") || !self.takes("client_secret_post") {
                EmaClientAuthentication::ClientSecretBasic(secret)
            } else {
                EmaClientAuthentication::ClientSecretPost(secret)
            };
            server = server.with_client_authentication(proof);
        }
        let at_home = EmaAuthorizationServer::new(
            provider.issuer.clone(),
            provider.token_endpoint.clone(),
            provider.client_id.clone(),
        );
        let token = provider.id_token.reveal();
        let request = EmaExchangeRequest::new_with_id_token(at_home, server, &self.resource, token);
        let request = request.with_scopes(self.scopes.clone());
        let http: &dyn OAuthHttpClient = self.http.as_ref();
        let exchanged = request.exchange(http, http).await;
        let token = exchanged.map_err(|error| SignInError::Failed(chain(&error)))?;
        Ok(Secret::new(token.access_token.secret().as_str()))
    }

    /// Whether the token endpoint takes clients that prove themselves so.
    fn takes(&self, method: &str) -> bool {
        let methods = "token_endpoint_auth_methods_supported";
        let methods = self.metadata.additional_fields.get(methods);
        let methods = methods.and_then(serde_json::Value::as_array);
        methods.into_iter().flatten().any(|it| it == method)
    }
}

fn access(token: &OAuthTokenResponse) -> Secret {
    use oauth2::TokenResponse;
    Secret::new(token.access_token().secret().as_str())
}
