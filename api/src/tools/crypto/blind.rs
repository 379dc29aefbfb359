//! Keyed hashes: HMAC-SHA-256 (RFC 2104), one derived key a purpose.
//!
//! A blind index finds an encrypted value by equality without revealing it to
//! who holds the database but not the key file.

use std::fmt::Write;

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};
use subtle::ConstantTimeEq;

use super::Keyring;

/// What a keyed hash is for; each purpose has its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Usernames, without regard to case.
    Username,
    /// Identity documents.
    Document,
    /// Mobile numbers.
    Phone,
    /// Bank cards.
    Card,
    /// SMS codes, as they are stored.
    OtpCode,
    /// What SMS codes are made from.
    OtpSeed,
    /// Subjects of limits: addresses and the like.
    Limit,
    /// Tokens that give access to a flow.
    FlowToken,
    /// Idempotency keys and the requests they stand for.
    Idempotency,
    /// What the bank was asked.
    BankQuestion,
    /// Pictures drawn for a captcha.
    CaptchaSeed,
    /// Answers to security questions, before they are hashed.
    SecurityAnswers,
    /// Names by which clients know accounts (pairwise subjects).
    Subject,
    /// Names by which clients know sessions.
    ClientSession,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 14] = [
        Self::Username,
        Self::Document,
        Self::Phone,
        Self::Card,
        Self::OtpCode,
        Self::OtpSeed,
        Self::Limit,
        Self::FlowToken,
        Self::Idempotency,
        Self::BankQuestion,
        Self::CaptchaSeed,
        Self::SecurityAnswers,
        Self::Subject,
        Self::ClientSession,
    ];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Username => "shiming/username/1",
            Self::Document => "shiming/document/1",
            Self::Phone => "shiming/phone/1",
            Self::Card => "shiming/card/1",
            Self::OtpCode => "shiming/otp-code/1",
            Self::OtpSeed => "shiming/otp-seed/1",
            Self::Limit => "shiming/limit/1",
            Self::FlowToken => "shiming/flow-token/1",
            Self::Idempotency => "shiming/idempotency/1",
            Self::BankQuestion => "shiming/bank-question/1",
            Self::CaptchaSeed => "shiming/captcha-seed/1",
            Self::SecurityAnswers => "shiming/security-answers/1",
            Self::Subject => "shiming/subject/1",
            Self::ClientSession => "shiming/client-session/1",
        }
    }
}

/// A keyed hash, kept as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlindIndex(String);

impl BlindIndex {
    /// The hash as text, for a database column.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is the same hash, compared in constant time.
    pub fn matches(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl Keyring {
    /// The 32 bytes of the keyed hash of `parts`. Parts are length-prefixed,
    /// so `["ab","c"]` and `["a","bc"]` differ.
    pub fn keyed_hash(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let keys = self.keys();
        // HMAC takes a key of any length, so this never fails.
        let Some(key) = keys.hash_keys.get(&purpose) else { return [0; 32] };
        let mut mac = hmac::Context::with_key(key);
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.sign().as_ref().try_into().unwrap_or([0; 32])
    }

    /// The blind index of `value` for `purpose`.
    pub fn blind(&self, purpose: Purpose, value: &str) -> BlindIndex {
        BlindIndex(hex(&self.keyed_hash(purpose, &[value.as_bytes()])))
    }

    /// The blind index of several values taken together.
    pub fn blind_parts(&self, purpose: Purpose, values: &[&str]) -> BlindIndex {
        let parts: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
        BlindIndex(hex(&self.keyed_hash(purpose, &parts)))
    }
}

/// SHA-256 of a random token, for a database column. Tokens have 256 random
/// bits, so no key is needed.
pub fn token_hash(token: &str) -> String {
    hex(digest(&SHA256, token.as_bytes()).as_ref())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
