//! Sign-in without a person: by the client's password, by a key, or by a token
//! of the company's identity provider.

use std::sync::Arc;

use oauth2::ClientSecret;
use rmcp::transport::auth::enterprise::{
    EmaAuthorizationServer, EmaClientAuthentication, EmaExchangeRequest,
};
use rmcp::transport::auth::{AuthorizationMetadata, OAuthTokenResponse};
use rmcp::transport::{AuthorizationManager, ClientCredentialsConfig, OAuthHttpClient};

use super::assertion;
use super::error::SignInError;
use super::http::{OauthHttp, chain, refusal};
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
        let scopes = self.scopes.join(" ");
        let mut form = vec![
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &assertion),
            ("resource", &self.resource),
        ];
        if !scopes.is_empty() {
            form.push(("scope", &scopes));
        }
        self.post(&form).await
    }

    /// Sends a form to the token endpoint.
    async fn post(&self, form: &[(&str, &str)]) -> Result<Secret, SignInError> {
        let endpoint = &self.metadata.token_endpoint;
        let answer = self.http.post(endpoint, form, None).await;
        let answer = answer.map_err(SignInError::Failed)?;
        if !answer.status().is_success() {
            return Err(SignInError::Failed(refusal(&answer)));
        }
        let token = serde_json::from_slice::<OAuthTokenResponse>(answer.body());
        token
            .map(|token| access(&token))
            .map_err(|_words| SignInError::Failed("its answer has no token".to_owned()))
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
