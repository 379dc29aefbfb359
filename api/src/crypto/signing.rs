//! Access tokens: JWT (RFC 7519) signed with Ed25519 (RFC 8037).

use std::path::Path;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{SigningKey, pkcs8::DecodePrivateKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::{
    CryptoError,
    keyfile::{SigningKeyEntry, fault},
};
use crate::kernel::Timestamp;

/// What our access tokens say (RFC 9068 names).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who issued the token.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// The account.
    pub sub: String,
    /// The session; a session that has ended takes its tokens with it.
    pub sid: String,
    /// Id of this token.
    pub jti: String,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Expires at, seconds since 1970.
    pub exp: i64,
}

/// One published key (RFC 7517, RFC 8037 §2).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublishedKey {
    /// Key type.
    #[schema(example = "OKP")]
    pub kty: &'static str,
    /// Curve.
    #[schema(example = "Ed25519")]
    pub crv: &'static str,
    /// Use.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: &'static str,
    /// Algorithm.
    #[schema(example = "EdDSA")]
    pub alg: &'static str,
    /// Key id, as in the token's header.
    pub kid: String,
    /// Public key, base64url.
    pub x: String,
}

struct TokenKey {
    published: PublishedKey,
    encode: EncodingKey,
    decode: DecodingKey,
}

/// The keys that sign and check access tokens.
pub struct TokenKeys(Vec<TokenKey>);

impl TokenKeys {
    pub(super) fn load(path: &Path, entries: &[SigningKeyEntry]) -> Result<Self, CryptoError> {
        let mut keys = Vec::with_capacity(entries.len());
        for entry in entries {
            let bad = || fault(path, &format!("signing key {} is damaged", entry.kid));
            let der = entry.pkcs8.bytes().ok_or_else(bad)?;
            let key = SigningKey::from_pkcs8_der(&der).map_err(|_| bad())?;
            let x = BASE64_URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
            keys.push(TokenKey {
                decode: DecodingKey::from_ed_components(&x).map_err(|_| bad())?,
                encode: EncodingKey::from_ed_der(&der),
                published: PublishedKey {
                    kty: "OKP",
                    crv: "Ed25519",
                    usage: "sig",
                    alg: "EdDSA",
                    kid: entry.kid.clone(),
                    x,
                },
            });
        }
        if keys.is_empty() {
            return Err(fault(path, &"there is no signing key"));
        }
        Ok(Self(keys))
    }

    /// Signs `claims` with the newest key.
    pub fn sign(&self, claims: &AccessClaims) -> Result<String, CryptoError> {
        let key = self.0.last().ok_or_else(|| CryptoError::Token("no key".into()))?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.published.kid.clone());
        header.typ = Some("at+jwt".into());
        jsonwebtoken::encode(&header, claims, &key.encode)
            .map_err(|error| CryptoError::Token(error.to_string()))
    }

    /// The claims of `token` when we signed it for `audience` and it has not
    /// expired at `now`. Nothing in the token chooses algorithm or key but a
    /// `kid` of our own; every other header is ignored or refused.
    pub fn verify(
        &self,
        token: &str,
        (issuer, audience): (&str, &str),
        now: Timestamp,
    ) -> Option<AccessClaims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some("at+jwt") {
            return None;
        }
        let kid = header.kid?;
        let key = self.0.iter().find(|key| key.published.kid == kid)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[issuer]);
        rules.set_audience(&[audience]);
        // The clock is ours, so that tests can move it.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &key.decode, &rules).ok()?.claims;
        (claims.iat <= now.timestamp() + 60 && now.timestamp() < claims.exp).then_some(claims)
    }

    /// The public halves, for `/.well-known/jwks.json`.
    pub fn published(&self) -> Vec<PublishedKey> {
        self.0.iter().map(|key| key.published.clone()).collect()
    }
}
