//! Signed tokens (RFC 7515): whose signature is believed, and nothing more.
//!
//! Every JWT that anybody sends us is opened by [`open`]. A key is made for one
//! algorithm and knows it; a token may name a key of those that it is held
//! against, and can bring neither keys nor algorithms of its own (RFC 8725).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, Header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::de::DeserializeOwned;

/// Longer tokens are none of ours, and none of a client's.
const LONGEST: usize = 16 * 1024;

/// What signatures are checked with.
#[derive(Debug, Clone)]
enum Material {
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
    /// An uncompressed point, or 32 bytes of Ed25519.
    Point(Vec<u8>),
}

/// A public key that is good for one algorithm.
#[derive(Debug, Clone)]
pub struct PublicKey {
    kid: Option<String>,
    alg: Algorithm,
    material: Material,
}

impl PublicKey {
    /// An RSA key; its modulus and exponent.
    pub fn rsa(kid: Option<String>, alg: Algorithm, (n, e): (Vec<u8>, Vec<u8>)) -> Self {
        Self { kid, alg, material: Material::Rsa(n, e) }
    }

    /// A key of an elliptic curve.
    pub fn point(kid: Option<String>, alg: Algorithm, point: Vec<u8>) -> Self {
        Self { kid, alg, material: Material::Point(point) }
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
        let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let (material, algorithms) = match &key.algorithm {
            AlgorithmParameters::RSA(rsa) => (
                bytes(&rsa.n).zip(bytes(&rsa.e)).map(|(n, e)| Material::Rsa(n, e)),
                &[Algorithm::RS256, Algorithm::PS256][..],
            ),
            AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
                let point = bytes(&ec.x).zip(bytes(&ec.y));
                let fits = |(x, y): &(Vec<u8>, Vec<u8>)| x.len() == 32 && y.len() == 32;
                let joined = |(x, y): (Vec<u8>, Vec<u8>)| [&[4][..], &x, &y].concat();
                (point.filter(fits).map(joined).map(Material::Point), &[Algorithm::ES256][..])
            }
            AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => {
                (bytes(&okp.x).map(Material::Point), &[Algorithm::EdDSA][..])
            }
            _ => return Vec::new(),
        };
        let Some(material) = material else { return Vec::new() };
        let named = common.key_algorithm.map(|alg| alg.to_string());
        let is_named =
            |alg: &&Algorithm| named.as_ref().is_none_or(|named| *named == format!("{alg:?}"));
        let made = |alg: &Algorithm| Self {
            kid: common.key_id.clone(),
            alg: *alg,
            material: material.clone(),
        };
        algorithms.iter().filter(is_named).map(made).collect()
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let checked = match (&self.material, self.alg) {
            (Material::Rsa(n, e), Algorithm::RS256) => RsaPublicKeyComponents { n, e }.verify(
                &signature::RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
            (Material::Rsa(n, e), Algorithm::PS256) => RsaPublicKeyComponents { n, e }.verify(
                &signature::RSA_PSS_2048_8192_SHA256,
                message,
                signature,
            ),
            (Material::Point(point), Algorithm::ES256) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
            }
            (Material::Point(point), Algorithm::EdDSA) => {
                UnparsedPublicKey::new(&signature::ED25519, point).verify(message, signature)
            }
            _ => return false,
        };
        checked.is_ok()
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
    let signature = decode(signature)?;
    // Whatever the header says in `jwk`, `jku`, `x5u` and `x5c` is not looked at.
    let fits =
        |key: &&PublicKey| key.alg == header.alg && (header.kid.is_none() || header.kid == key.kid);
    keys.iter().filter(fits).find(|key| key.verifies(message.as_bytes(), &signature))?;
    serde_json::from_slice(&decode(claims)?).ok()
}
