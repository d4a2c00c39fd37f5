//! Statements by which a client proves who it is: signed tokens (RFC 7523).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::json;

use super::error::SignInError;
use crate::model::Secret;

/// Time that a statement holds.
const HOLDS: Duration = Duration::from_mins(2);

/// Key that signs statements.
enum Key {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// Returns a signed statement of the client to the authorization server
/// `audience`.
pub(super) fn signed(client: &str, audience: &str, pem: &Secret) -> Result<String, SignInError> {
    let random = SystemRandom::new();
    let key = key(pem, &random).ok_or(SignInError::Key)?;
    let mut id = [0; 16];
    random
        .fill(&mut id)
        .map_err(|_unspecified| SignInError::Key)?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let header = json!({ "alg": key.algorithm(), "typ": "JWT" });
    let claims = json!({
        "iss": client,
        "sub": client,
        "aud": audience,
        "iat": now.as_secs(),
        "exp": (now + HOLDS).as_secs(),
        "jti": URL_SAFE_NO_PAD.encode(id),
    });
    let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let text = parts.join(".");
    let signature = key.sign(text.as_bytes(), &random).ok_or(SignInError::Key)?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn key(pem: &Secret, random: &SystemRandom) -> Option<Key> {
    let lines = pem.reveal().lines().map(str::trim);
    let encoded: String = lines.filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(encoded).ok()?;
    let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, random);
    let p384 = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &der, random);
    let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der);
    p256.map(Key::P256)
        .or_else(|_| p384.map(Key::P384))
        .or_else(|_| ed25519.map(Key::Ed25519))
        .or_else(|_| RsaKeyPair::from_pkcs8(&der).map(Key::Rsa))
        .ok()
}

impl Key {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::P384(_) => "ES384",
            Self::Ed25519(_) => "EdDSA",
            Self::Rsa(_) => "RS256",
        }
    }

    fn sign(&self, text: &[u8], random: &SystemRandom) -> Option<Vec<u8>> {
        match self {
            Self::P256(key) | Self::P384(key) => {
                let signature = key.sign(random, text).ok()?;
                Some(signature.as_ref().to_vec())
            }
            Self::Ed25519(key) => Some(key.sign(text).as_ref().to_vec()),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, random, text, &mut signature)
                    .ok()?;
                Some(signature)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_statement_names_both_sides_and_can_be_verified() {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let der = der.expect("a key");
        let encoded = STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{encoded}\n-----END PRIVATE KEY-----\n");
        let token = signed("me", "https://as.example", &Secret::new(pem)).expect("a statement");
        let (text, signature) = token.rsplit_once('.').expect("a signature");
        let (_, claims) = text.split_once('.').expect("claims");
        let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(
            (&claims["iss"], &claims["aud"]),
            (&json!("me"), &json!("https://as.example"))
        );
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random);
        let key = key.expect("a key");
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref());
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        public
            .verify(text.as_bytes(), &signature)
            .expect("a signature of the key");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let refused = signed("me", "https://as.example", &Secret::new("hunter2"));
        assert_eq!(refused, Err(SignInError::Key));
    }
}
