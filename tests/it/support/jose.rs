//! Keys of clients and of attackers, and whatever they sign.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaKeyPair,
    },
};
use rsa::pkcs8::EncodePrivateKey;
use serde_json::{Value, json};

/// A private key.
pub enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// One of each kind: RSA takes a while.
pub static RSA: LazyLock<Key> = LazyLock::new(|| {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    Key::Rsa(RsaKeyPair::from_pkcs8(key.to_pkcs8_der().unwrap().as_bytes()).unwrap())
});
pub static EC: LazyLock<Key> = LazyLock::new(|| {
    let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let made = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
    Key::Ec(EcdsaKeyPair::from_pkcs8(kind, made.as_ref(), &random).unwrap())
});
pub static ED: LazyLock<Key> = LazyLock::new(|| {
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Key::Ed(Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap())
});

impl Key {
    /// The public half (RFC 7517).
    pub fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| BASE64.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                let PublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                json!({ "kty": "RSA", "kid": kid, "n": text(&n), "e": text(&e) })
            }
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": text(x), "y": text(y) })
            }
            Self::Ed(pair) => {
                let x = text(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x })
            }
        }
    }

    /// A JWT with any header and claims, signed as `alg` of the header says.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let padding: &dyn ring::signature::RsaEncoding =
                    if header["alg"] == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(padding, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
            Self::Ec(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", BASE64.encode(signature))
    }
}

fn message(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| BASE64.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// A JWT with a HMAC, for which a public key was taken as the secret.
pub fn hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = message(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", BASE64.encode(tag))
}

/// A JWT with any third part.
pub fn with_signature(header: &Value, claims: &Value, signature: &str) -> String {
    format!("{}.{signature}", message(header, claims))
}

/// Header, claims and signature.
pub fn parts(token: &str) -> (Value, Value, String) {
    let mut parts = token.split('.');
    let mut json = || -> Value {
        serde_json::from_slice(&BASE64.decode(parts.next().unwrap()).unwrap()).unwrap()
    };
    let (header, claims) = (json(), json());
    (header, claims, parts.next().unwrap().to_owned())
}
