//! Text messages.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    identity::Phone,
    kernel::{Secret, ids::OutboxId},
};

/// What a code is for. A code for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsPurpose {
    /// Proving the phone at the end of a registration.
    Registration,
}

impl SmsPurpose {
    /// The name under which the purpose is recorded.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Registration => "registration",
        }
    }
}

/// What a message says; the adapter has the template.
#[derive(Debug)]
pub enum SmsText {
    /// A one-time code.
    Code {
        /// What it is for.
        purpose: SmsPurpose,
        /// The digits.
        code: Secret<String>,
        /// Seconds it is valid.
        valid_seconds: u32,
    },
}

/// One message.
#[derive(Debug)]
pub struct SmsMessage {
    /// Id of this message; a gateway that sees it twice sends it once.
    pub id: OutboxId,
    /// To whom.
    pub phone: Phone,
    /// What.
    pub text: SmsText,
}

/// The gateway did not take the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmsFault {
    /// It did not answer in time; it may have sent the message.
    #[error("the SMS gateway timed out")]
    Timeout,
    /// It answered with an error, or could not be reached.
    #[error("the SMS gateway is broken: {0}")]
    Broken(String),
}

/// Sends text messages.
#[async_trait]
pub trait SmsSender: Send + Sync + std::fmt::Debug {
    /// Hands one message to the gateway. The caller limits the time.
    async fn send(&self, message: &SmsMessage) -> Result<(), SmsFault>;
}
