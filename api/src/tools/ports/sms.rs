//! Text messages.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    kernel::{Secret, ids::OutboxId},
    tools::identity::Phone,
};

/// What a code is for. A code for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsPurpose {
    /// Proving the phone at the end of a registration.
    Registration,
    /// Proving the phone that will hold after a change of the account.
    AccountChange,
    /// Finding a username.
    UsernameRecovery,
    /// Setting a forgotten password anew.
    PasswordRecovery,
    /// Proving the phone that replaces one no longer in use.
    PhoneReplacement,
}

impl SmsPurpose {
    /// The name under which the purpose is recorded.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::AccountChange => "account_change",
            Self::UsernameRecovery => "username_recovery",
            Self::PasswordRecovery => "password_recovery",
            Self::PhoneReplacement => "phone_replacement",
        }
    }
}

/// News for the owner of an account.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// The username that was asked for.
    Username {
        /// The username.
        username: String,
    },
    /// Name, bank, card, phone or agent were changed by somebody signed in.
    DetailsChanged,
    /// The phone was replaced on the way through a recovery.
    PhoneReplaced,
    /// The password was changed by somebody signed in.
    PasswordChanged,
    /// The password was set anew by a recovery.
    PasswordReset,
    /// The same, and with it the security questions went.
    PasswordResetWithoutQuestions,
    /// Security questions were chosen, replaced or given up.
    QuestionsChanged,
    /// Wrong answers used up the security questions.
    QuestionsDisabled,
    /// The account will be erased.
    ClosureRequested {
        /// The day, `2026-12-09`.
        closes_on: String,
    },
    /// The account was erased.
    AccountClosed,
    /// The unit may sign in to business systems.
    UnitApproved,
    /// The unit may not.
    UnitRejected,
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notice(<redacted>)")
    }
}

/// What a message says; the adapter has the template.
#[derive(Debug)]
pub enum SmsText {
    /// News.
    Notice(Notice),
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
