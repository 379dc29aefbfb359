//! Signed tokens (RFC 7515): whose signature is believed, and nothing more.
//!
//! Every JWT that anybody sends us is opened by [`open`]. A key is made for one
//! algorithm and knows it; a token may name a key of those that it is held
//! against, and can bring neither keys nor algorithms of its own (RFC 8725).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Header, crypto,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use serde::de::DeserializeOwned;

/// Longer tokens are none of ours, and none of a client's.
const LONGEST: usize = 16 * 1024;

/// Bytes of an Ed25519 public key (RFC 8032 §5.1.5), and of a coordinate of P-256.
const COORDINATE: usize = 32;

/// A public key that is good for one algorithm.
#[derive(Debug, Clone)]
pub struct PublicKey {
    kid: Option<String>,
    alg: Algorithm,
    key: DecodingKey,
}

impl PublicKey {
    /// A key for `alg`, which is of the family of `key`.
    pub fn new(kid: Option<String>, alg: Algorithm, key: DecodingKey) -> Self {
        Self { kid, alg, key }
    }

    /// The keys of a set (RFC 7517) that sign with an algorithm that we take:
    /// RS256, PS256, ES256 or Ed25519. Others are left out.
    pub fn of_set(set: &serde_json::Value) -> Vec<Self> {
        let keys = set.get("keys").and_then(serde_json::Value::as_array);
        let keys = keys.into_iter().flatten();
        keys.filter_map(|key| serde_json::from_value(key.clone()).ok())
            .flat_map(|key: Jwk| Self::of_jwk(&key))
            .collect()
    }

    fn of_jwk(key: &Jwk) -> Vec<Self> {
        let common = &key.common;
        if common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
            return Vec::new();
        }
        // AWS-LC takes a DER document where it expects a point; RFC 8037 §2 and
        // RFC 7518 §6.2 do not.
        let is_coordinate = |text: &str| {
            BASE64_URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == COORDINATE)
        };
        let algorithms = match &key.algorithm {
            AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256][..],
            AlgorithmParameters::EllipticCurve(ec)
                if ec.curve == EllipticCurve::P256
                    && is_coordinate(&ec.x)
                    && is_coordinate(&ec.y) =>
            {
                &[Algorithm::ES256][..]
            }
            AlgorithmParameters::OctetKeyPair(okp)
                if okp.curve == EllipticCurve::Ed25519 && is_coordinate(&okp.x) =>
            {
                &[Algorithm::EdDSA][..]
            }
            _ => return Vec::new(),
        };
        let Ok(material) = DecodingKey::from_jwk(key) else { return Vec::new() };
        let named = common.key_algorithm.map(|alg| alg.to_string());
        let is_named =
            |alg: &&Algorithm| named.as_ref().is_none_or(|named| *named == format!("{alg:?}"));
        let made = |alg: &Algorithm| Self::new(common.key_id.clone(), *alg, material.clone());
        algorithms.iter().filter(is_named).map(made).collect()
    }

    /// Whether `signature`, in base64url, is this key's of `message`.
    fn verifies(&self, message: &[u8], signature: &str) -> bool {
        crypto::verify(signature, message, &self.key, self.alg).is_ok_and(|valid| valid)
    }
}

/// The claims of a token that one of `keys` has signed and that is of one of
/// `types` (`typ` of its header in lower case; empty: it has none).
pub fn open<T: DeserializeOwned>(token: &str, types: &[&str], keys: &[PublicKey]) -> Option<T> {
    if token.len() > LONGEST {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
    let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
    // There is no extension that we know, so there is none to insist on.
    if header.crit.is_some() || header.enc.is_some() || header.zip.is_some() {
        return None;
    }
    let typ = header.typ.unwrap_or_default().to_ascii_lowercase();
    if !types.contains(&typ.as_str()) {
        return None;
    }
    // Whatever the header says in `jwk`, `jku`, `x5u` and `x5c` is not looked at.
    let fits =
        |key: &&PublicKey| key.alg == header.alg && (header.kid.is_none() || header.kid == key.kid);
    keys.iter().filter(fits).find(|key| key.verifies(message.as_bytes(), signature))?;
    serde_json::from_slice(&decode(claims)?).ok()
}
