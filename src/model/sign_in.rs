//! Settings of signing in to a server that is reached over the network.

use super::Secret;

/// Settings of signing in (OAuth 2.1) to one server. Without any, the server
/// tells where to sign in, and a client is registered there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignIn {
    /// Client that was registered before.
    pub client: Option<OauthClient>,
    /// Address of a document that describes the client (`https`), where the
    /// authorization server takes such an address for its name.
    pub client_metadata_url: Option<String>,
    /// Scopes to ask for; without any, those that the server names.
    pub scopes: Vec<String>,
    /// Port of the page of this machine to which the browser is sent back;
    /// `None` takes a free one.
    pub redirect_port: Option<u16>,
    /// Proof by which the server lets the client in.
    pub grant: SignInGrant,
}

/// Client that an authorization server knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthClient {
    /// Its name there.
    pub id: String,
    /// Its password, where it has one.
    pub secret: Option<Secret>,
}

/// Proof by which an authorization server lets a client in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SignInGrant {
    /// A person agrees in a browser.
    #[default]
    Browser,
    /// The client's own password.
    ClientSecret,
    /// A statement signed with this key (PKCS#8, PEM).
    PrivateKey(Secret),
    /// A token of the company's identity provider, exchanged there for one that
    /// the authorization server takes.
    IdentityToken(IdentityProvider),
}

/// Identity provider of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Its name, an address.
    pub issuer: String,
    /// Address where it exchanges tokens.
    pub token_endpoint: String,
    /// Name of the client there.
    pub client_id: String,
    /// Token that says who the user is (`OpenID` Connect).
    pub id_token: Secret,
}

impl SignIn {
    /// Returns the values that are never shown.
    pub fn secrets(&self) -> Vec<Secret> {
        let client = self.client.as_ref();
        let own = client.and_then(|client| client.secret.clone());
        let proof = match &self.grant {
            SignInGrant::PrivateKey(key) => Some(key.clone()),
            SignInGrant::IdentityToken(provider) => Some(provider.id_token.clone()),
            SignInGrant::Browser | SignInGrant::ClientSecret => None,
        };
        own.into_iter().chain(proof).collect()
    }

    /// Whether no person is needed.
    pub fn is_unattended(&self) -> bool {
        self.grant != SignInGrant::Browser
    }
}
