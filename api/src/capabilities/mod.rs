//! Floor 2: what several features share, each with its own tables.
//!
//! [`core`] is handed to all of them. People: [`accounts`], [`sessions`],
//! [`sign_in`], [`password_failures`], [`security_questions`]. Proofs:
//! [`captcha`], [`otp`], [`flows`], [`proving`]. Business systems:
//! [`clients`], [`grants`], [`access_tokens`], [`claims`], [`events`],
//! [`callers`], [`identity_checks`]. For every change: [`limits`],
//! [`idempotency`], [`audit`], [`outbox`]; [`cases`] keeps what people write.

pub mod access_tokens;
pub mod accounts;
pub mod audit;
pub mod callers;
pub mod captcha;
pub mod cases;
pub mod claims;
pub mod clients;
pub mod core;
pub mod events;
pub mod flows;
pub mod grants;
pub mod idempotency;
pub mod identity_checks;
pub mod limits;
pub mod otp;
pub mod outbox;
pub mod password_failures;
pub mod proving;
pub mod security_questions;
pub mod sessions;
pub mod sign_in;
