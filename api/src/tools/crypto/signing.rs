//! The keys that we sign tokens with: RS256, ES256 and Ed25519 (RFC 7518, RFC
//! 8037), a few of each kind, so that one follows the other.

use std::path::Path;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaKeyPair, RsaPublicKeyComponents,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Header,
    crypto::JwtSigner,
    signature::{self, Signer},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    CryptoError,
    jws::{self, PublicKey},
    keyfile::{SigningKeyEntry, fault},
};
use crate::kernel::Timestamp;

/// How tokens are signed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema,
)]
pub enum SigningAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256: every library knows it.
    RS256,
    /// ECDSA with P-256 and SHA-256.
    ES256,
    /// Ed25519 (RFC 8037).
    #[default]
    EdDSA,
}

impl SigningAlg {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::RS256, Self::ES256, Self::EdDSA];

    /// The registered name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// What the access tokens of apps say (RFC 9068 names).
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

/// What is expected of a token that we have signed.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// `typ` of its header, in lower case: what it is for.
    pub typ: &'a str,
    /// Who issued it.
    pub issuer: &'a str,
    /// Whom it is for, when that is known beforehand.
    pub audience: Option<&'a str>,
    /// Whether it may have expired.
    pub expired: bool,
}

/// What every token of ours says.
#[derive(Deserialize)]
struct Frame {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    /// None of ours says it; whoever says it means it (RFC 7519 §4.1.5).
    nbf: Option<i64>,
}

/// One published key (RFC 7517, RFC 7518 §6, RFC 8037 §2).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "kty": "OKP",
    "use": "sig",
    "alg": "EdDSA",
    "kid": "9f2c4e6a8b0d1357",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}))]
pub struct PublishedKey {
    /// Key type.
    #[schema(example = "OKP")]
    pub kty: &'static str,
    /// Use.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: &'static str,
    /// Algorithm.
    #[schema(value_type = String, example = "EdDSA")]
    pub alg: SigningAlg,
    /// Key id, as in the token's header.
    pub kid: String,
    /// Curve, of `EC` and `OKP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ed25519")]
    pub crv: Option<&'static str>,
    /// Public key of `OKP`, x-coordinate of `EC`; base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// y-coordinate of `EC`; base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// Modulus of `RSA`; base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// Exponent of `RSA`; base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

/// A private key, parsed once: jsonwebtoken's own signers parse an RSA key from
/// DER at every signature.
enum PrivateKey {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

struct TokenKey {
    alg: SigningAlg,
    signs_from: Timestamp,
    private: PrivateKey,
    published: PublishedKey,
}

/// The keys that sign and check tokens.
pub struct TokenKeys {
    keys: Vec<TokenKey>,
    public: Vec<PublicKey>,
}

impl Signer<Vec<u8>> for PrivateKey {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        // AWS-LC ignores it: it has a random generator of its own.
        let random = SystemRandom::new();
        let failed = signature::Error::from_source;
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Self::Ecdsa(pair) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.try_sign(message).map_err(failed)?.as_ref().to_vec()),
        }
    }
}

impl JwtSigner for PrivateKey {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::RS256,
            Self::Ecdsa(_) => Algorithm::ES256,
            Self::Ed25519(_) => Algorithm::EdDSA,
        }
    }
}

impl PrivateKey {
    /// Reads a key, PKCS #8 DER.
    fn read(alg: SigningAlg, der: &[u8]) -> Option<Self> {
        match alg {
            SigningAlg::RS256 => RsaKeyPair::from_pkcs8(der).ok().map(Self::Rsa),
            SigningAlg::ES256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
                .ok()
                .map(Self::Ecdsa),
            SigningAlg::EdDSA => Ed25519KeyPair::from_pkcs8(der).ok().map(Self::Ed25519),
        }
    }

    /// The public half, to be checked with and to be published.
    fn public(&self, kid: &str) -> (DecodingKey, PublishedKey) {
        let text = |bytes: &[u8]| Some(BASE64_URL_SAFE_NO_PAD.encode(bytes));
        let published = |kty, alg| PublishedKey {
            kty,
            usage: "sig",
            alg,
            kid: kid.to_owned(),
            crv: None,
            x: None,
            y: None,
            n: None,
            e: None,
        };
        match self {
            Self::Rsa(pair) => {
                let RsaPublicKeyComponents::<Vec<u8>> { n, e } = pair.public_key().into();
                let shown = PublishedKey {
                    n: text(&n),
                    e: text(&e),
                    ..published("RSA", SigningAlg::RS256)
                };
                (DecodingKey::from_rsa_raw_components(&n, &e), shown)
            }
            Self::Ecdsa(pair) => {
                let point = pair.public_key().as_ref();
                // 4, for "uncompressed", then the coordinates.
                let (x, y) =
                    point.get(1..).and_then(|at| at.split_at_checked(32)).unwrap_or_default();
                let shown = PublishedKey {
                    crv: Some("P-256"),
                    x: text(x),
                    y: text(y),
                    ..published("EC", SigningAlg::ES256)
                };
                (DecodingKey::from_ec_der(point), shown)
            }
            Self::Ed25519(pair) => {
                let point = pair.public_key().as_ref();
                let shown = PublishedKey {
                    crv: Some("Ed25519"),
                    x: text(point),
                    ..published("OKP", SigningAlg::EdDSA)
                };
                (DecodingKey::from_ed_der(point), shown)
            }
        }
    }
}

impl TokenKeys {
    pub(super) fn load(path: &Path, entries: &[SigningKeyEntry]) -> Result<Self, CryptoError> {
        let (mut keys, mut public) = (Vec::new(), Vec::new());
        for entry in entries {
            let bad = || fault(path, &format!("signing key {} is damaged", entry.kid));
            let der = entry.pkcs8.bytes().ok_or_else(bad)?;
            let private = PrivateKey::read(entry.alg, &der).ok_or_else(bad)?;
            let (checks, published) = private.public(&entry.kid);
            public.push(PublicKey::new(Some(entry.kid.clone()), private.algorithm(), checks));
            keys.push(TokenKey {
                alg: entry.alg,
                signs_from: entry.signs_from(),
                private,
                published,
            });
        }
        if keys.is_empty() {
            return Err(fault(path, &"there is no signing key"));
        }
        Ok(Self { keys, public })
    }

    /// The newest key of an algorithm that may sign at `now`; before the first
    /// of them may, the first.
    fn signing_key(&self, alg: SigningAlg, now: Timestamp) -> Option<&TokenKey> {
        let of_alg = || self.keys.iter().filter(|key| key.alg == alg);
        let ready = of_alg().filter(|key| key.signs_from <= now);
        ready.max_by_key(|key| key.signs_from).or_else(|| of_alg().min_by_key(|key| key.signs_from))
    }

    /// Signs `claims` as a token that is for `typ`.
    ///
    /// Signs on the calling thread, also with RSA: a signature of 2048 bits takes
    /// a quarter of a millisecond. The blocking pool would take no work off the
    /// cores, and the signature would wait there behind the database.
    pub fn sign(
        &self,
        (alg, typ): (SigningAlg, &str),
        claims: &impl Serialize,
        now: Timestamp,
    ) -> Result<String, CryptoError> {
        let none = || CryptoError::Token(format!("there is no key for {}", alg.code()));
        let key = self.signing_key(alg, now).ok_or_else(none)?;
        let mut header = Header::new(key.private.algorithm());
        header.kid = Some(key.published.kid.clone());
        header.typ = Some(typ.to_owned());
        let mut token = encode_part(&header)?;
        token.push('.');
        token.push_str(&encode_part(claims)?);
        let failed = |error: signature::Error| CryptoError::Token(format!("signing: {error}"));
        let signature = key.private.try_sign(token.as_bytes()).map_err(failed)?;
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The claims of a token that we have signed and that is as expected.
    pub fn verify<T: DeserializeOwned>(
        &self,
        token: &str,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Option<T> {
        let claims: serde_json::Value = jws::open(token, &[expected.typ], &self.public)?;
        let frame = Frame::deserialize(&claims).ok()?;
        // The clock is ours, so that tests can move it; another node's may be
        // ahead of it.
        let now = now.timestamp();
        let begun = |at: i64| at <= now + 60;
        let in_time = begun(frame.iat)
            && frame.nbf.is_none_or(begun)
            && (now < frame.exp || expected.expired);
        let for_us = expected.audience.is_none_or(|audience| frame.aud == audience);
        if frame.iss != expected.issuer || !for_us || !in_time {
            return None;
        }
        T::deserialize(claims).ok()
    }

    /// The public halves, for `/.well-known/jwks.json`: those that sign, those
    /// that signed, and those that will.
    pub fn published(&self) -> Vec<PublishedKey> {
        self.keys.iter().map(|key| key.published.clone()).collect()
    }

    /// The algorithms that there are keys for.
    pub fn algorithms(&self) -> Vec<SigningAlg> {
        let has = |alg: &SigningAlg| self.keys.iter().any(|key| key.alg == *alg);
        SigningAlg::ALL.into_iter().filter(has).collect()
    }
}

fn encode_part(value: &impl Serialize) -> Result<String, CryptoError> {
    let json = serde_json::to_vec(value).map_err(|error| CryptoError::Token(error.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{Clock, OsEntropy, SystemClock},
        tools::crypto::Keyring,
    };

    fn claims(now: Timestamp) -> AccessClaims {
        AccessClaims {
            iss: "https://us".into(),
            aud: "them".into(),
            sub: "somebody".into(),
            sid: "session".into(),
            jti: "token".into(),
            iat: now.timestamp(),
            exp: now.timestamp() + 60,
        }
    }

    #[test]
    fn a_token_of_every_algorithm_is_ours_and_stands_for_one_thing_only() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemClock.now();
        let keyring =
            Keyring::open_or_create(&folder.path().join("k.json"), now, &OsEntropy).unwrap();
        let expected = Expected {
            typ: "at+jwt",
            issuer: "https://us",
            audience: Some("them"),
            expired: false,
        };
        keyring.with_tokens(|keys| {
            for alg in keys.algorithms() {
                let token = keys.sign((alg, "at+jwt"), &claims(now), now).unwrap();
                let open = |expected: &Expected<'_>, now| {
                    keys.verify::<AccessClaims>(&token, expected, now).is_some()
                };
                assert!(open(&expected, now), "{alg:?}");
                for wrong in [
                    Expected { typ: "jwt", ..expected },
                    Expected { issuer: "https://them", ..expected },
                    Expected { audience: Some("us"), ..expected },
                ] {
                    assert!(!open(&wrong, now), "{alg:?} {wrong:?}");
                }
                let (early, late) =
                    (chrono::TimeDelta::seconds(-61), chrono::TimeDelta::seconds(60));
                assert!(!open(&expected, now + early) && !open(&expected, now + late), "{alg:?}");
                assert!(open(&Expected { expired: true, ..expected }, now + late), "{alg:?}");
            }
        });
    }
}
