//! The public keys that a client proves itself with.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{AuthMethod, Metadata};
use crate::tools::{crypto::jws::PublicKey, web::FieldErrors};

/// Keys of a set.
const MOST: usize = 10;
/// Members that only a private or a symmetric key has (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// Bytes of an RSA modulus: 2048 to 8192 bits, which is what is verified.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

pub(super) fn check(metadata: &Metadata, errors: &mut FieldErrors) {
    let wanted = metadata.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt;
    let keys = metadata.jwks.as_ref().map(|set| set.get("keys").and_then(Value::as_array));
    match keys {
        None if wanted => errors.add("/jwks", "required"),
        None => {}
        Some(_) if !wanted => errors.add("/jwks", "needs_private_key_jwt"),
        Some(None) => errors.add("/jwks", "invalid"),
        Some(Some(keys)) if keys.is_empty() => errors.add("/jwks/keys", "required"),
        Some(Some(keys)) if keys.len() > MOST => errors.add("/jwks/keys", "too_many"),
        Some(Some(keys)) => {
            let mut names = BTreeSet::new();
            for (at, key) in keys.iter().enumerate() {
                let unnamed = keys.len() > 1 && !key.get("kid").is_some_and(Value::is_string);
                if let Err(code) = check_key(key) {
                    errors.add(&format!("/jwks/keys/{at}"), code);
                } else if unnamed {
                    errors.add(&format!("/jwks/keys/{at}/kid"), "required");
                } else if !names.insert(key.get("kid").and_then(Value::as_str)) {
                    errors.add(&format!("/jwks/keys/{at}/kid"), "duplicate");
                }
            }
        }
    }
}

fn check_key(key: &Value) -> Result<(), &'static str> {
    // Whoever sends one has shown it to us and to everything in between.
    if PRIVATE.iter().any(|member| key.get(member).is_some()) || key["kty"] == "oct" {
        return Err("key_private");
    }
    if key["kty"] == "RSA" {
        let modulus = key["n"].as_str().and_then(|n| BASE64_URL_SAFE_NO_PAD.decode(n).ok());
        let modulus = modulus.ok_or("key_invalid")?;
        let length = modulus.iter().skip_while(|byte| **byte == 0).count();
        if !MODULUS.contains(&length) {
            return Err("key_size");
        }
    }
    if PublicKey::of_set(&json!({ "keys": [key] })).is_empty() {
        return Err("key_unsupported");
    }
    Ok(())
}
