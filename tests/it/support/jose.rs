//! Keys of clients and of attackers, and whatever they sign.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64},
};
use serde_json::{Value, json};

use super::TestApp;

/// A private key.
pub enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// One of each kind.
pub static RSA: LazyLock<Key> =
    LazyLock::new(|| Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));
pub static EC: LazyLock<Key> = LazyLock::new(Key::new_ec);
pub static ED: LazyLock<Key> = LazyLock::new(Key::new_ed);

impl Key {
    /// A new one.
    pub fn new_ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    /// A new one.
    pub fn new_ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    /// An Ed25519 key from PKCS #8.
    pub fn ed(pkcs8: &[u8]) -> Self {
        Self::Ed(Ed25519KeyPair::from_pkcs8(pkcs8).unwrap())
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
            "RS256" => Self::Rsa(RsaKeyPair::from_pkcs8(&pkcs8).unwrap()),
            "ES256" => {
                let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
                Self::Ec(EcdsaKeyPair::from_pkcs8(kind, &pkcs8).unwrap())
            }
            _ => Self::Ed(Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap()),
        }
    }

    /// The public half as the forms in which it is handed about: whoever takes
    /// it for the secret of a HMAC has one of these.
    pub fn shown_as(&self) -> Vec<(&'static str, Vec<u8>)> {
        let (raw, info): (Vec<u8>, PublicKeyX509Der<'_>) = match self {
            Self::Rsa(pair) => {
                let RsaPublicKeyComponents::<Vec<u8>> { n, .. } = pair.public_key().into();
                (n, pair.public_key().as_der().unwrap())
            }
            Self::Ec(pair) => {
                let public = pair.public_key();
                (public.as_ref().to_vec(), public.as_der().unwrap())
            }
            Self::Ed(pair) => {
                let public = pair.public_key();
                (public.as_ref().to_vec(), public.as_der().unwrap())
            }
        };
        let info = info.as_ref().to_vec();
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
                let RsaPublicKeyComponents::<Vec<u8>> { n, e } = pair.public_key().into();
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
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding: &'static dyn RsaEncoding =
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
