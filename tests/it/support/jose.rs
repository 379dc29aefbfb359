//! Keys of clients and of attackers, and whatever they sign.

use std::sync::LazyLock;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64},
};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaKeyPair,
    },
};
use rsa::{
    BigUint, RsaPublicKey,
    pkcs8::{EncodePrivateKey, EncodePublicKey},
};
use serde_json::{Value, json};

use super::TestApp;

/// A private key.
pub enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// One of each kind: RSA takes a while.
pub static RSA: LazyLock<Key> = LazyLock::new(|| {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    Key::rsa(key.to_pkcs8_der().unwrap().as_bytes())
});
pub static EC: LazyLock<Key> = LazyLock::new(Key::new_ec);
pub static ED: LazyLock<Key> = LazyLock::new(Key::new_ed);

/// What comes before the key itself in a `SubjectPublicKeyInfo` (RFC 5480, RFC
/// 8410).
const EC_INFO: [u8; 26] = *b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\
    \x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
const ED_INFO: [u8; 12] = *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

impl Key {
    /// A new one.
    pub fn new_ec() -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        Self::ec(EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap().as_ref())
    }

    /// A new one.
    pub fn new_ed() -> Self {
        Self::ed(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref())
    }

    fn rsa(pkcs8: &[u8]) -> Self {
        Self::Rsa(RsaKeyPair::from_pkcs8(pkcs8).unwrap())
    }

    fn ec(pkcs8: &[u8]) -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        Self::Ec(EcdsaKeyPair::from_pkcs8(kind, pkcs8, &random).unwrap())
    }

    /// An Ed25519 key from PKCS #8.
    pub fn ed(pkcs8: &[u8]) -> Self {
        Self::Ed(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).unwrap())
    }

    /// The key of ours that has signed a token.
    pub fn of(app: &TestApp, token: &str) -> Self {
        let file = std::fs::read(&app.core.settings.keys.file).unwrap();
        let file: Value = serde_json::from_slice(&file).unwrap();
        let (header, _, _) = parts(token);
        let mut keys = file["signing_keys"].as_array().unwrap().iter();
        let key = keys.find(|key| key["kid"] == header["kid"]).unwrap();
        let pkcs8 = BASE64_STANDARD.decode(key["pkcs8"].as_str().unwrap()).unwrap();
        match key["alg"].as_str().unwrap() {
            "RS256" => Self::rsa(&pkcs8),
            "ES256" => Self::ec(&pkcs8),
            _ => Self::ed(&pkcs8),
        }
    }

    /// The public half as the forms in which it is handed about: whoever takes
    /// it for the secret of a HMAC has one of these.
    pub fn shown_as(&self) -> Vec<(&'static str, Vec<u8>)> {
        let (raw, info) = match self {
            Self::Rsa(pair) => {
                let PublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                let [modulus, exponent] = [&n, &e].map(|bytes| BigUint::from_bytes_be(bytes));
                let key = RsaPublicKey::new(modulus, exponent).unwrap();
                (n, key.to_public_key_der().unwrap().into_vec())
            }
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                (point.to_vec(), [&EC_INFO, point].concat())
            }
            Self::Ed(pair) => {
                let point = pair.public_key().as_ref();
                (point.to_vec(), [&ED_INFO, point].concat())
            }
        };
        let lines: Vec<_> = BASE64_STANDARD.encode(&info).into_bytes();
        let lines = lines.chunks(64).collect::<Vec<_>>().join(&b'\n');
        let (begin, end) = (b"-----BEGIN PUBLIC KEY-----\n", b"\n-----END PUBLIC KEY-----");
        let pem = [&begin[..], &lines, &end[..]].concat();
        vec![
            ("PEM", [&pem[..], b"\n"].concat()),
            ("PEM without its last line break", pem),
            ("DER", info),
            ("base64url", BASE64.encode(&raw).into_bytes()),
            ("bytes", raw),
        ]
    }

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

/// The same with one member set.
pub fn with(value: &Value, name: &str, member: Value) -> Value {
    let mut changed = value.clone();
    changed[name] = member;
    changed
}

/// The same without one member.
pub fn without(value: &Value, name: &str) -> Value {
    let mut changed = value.clone();
    changed.as_object_mut().unwrap().remove(name);
    changed
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
