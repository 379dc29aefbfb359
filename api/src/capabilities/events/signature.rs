//! Signatures of webhooks, as Standard Webhooks 1.0 has them.

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};

/// What every secret begins with.
pub const PREFIX: &str = "whsec_";

/// A secret of these bytes.
pub fn secret(bytes: &[u8; 32]) -> String {
    format!("{PREFIX}{}", BASE64.encode(bytes))
}

/// The signature of a message, or `None` when the secret is none.
pub fn sign(secret: &str, (id, seconds): (&str, i64), body: &str) -> Option<String> {
    let key = BASE64.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Context::with_key(&Key::new(HMAC_SHA256, &key));
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!("v1,{}", BASE64.encode(mac.sign())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the reference libraries of Standard Webhooks share.
    #[test]
    fn the_published_message_has_the_published_signature() {
        let signature = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330),
            r#"{"test": 2432232314}"#,
        );
        let published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature.as_deref(), Some(published));
    }

    #[test]
    fn a_secret_has_the_size_that_the_specification_asks_for() {
        let secret = secret(&[7; 32]);
        assert!(sign(&secret, ("msg", 0), "{}").is_some());
        assert_eq!(sign("nonsense", ("msg", 0), "{}"), None);
    }
}
