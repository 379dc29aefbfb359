//! The audit trail: who did what when, without personal data.
//!
//! An event is written in the transaction of the change it tells of, so there
//! is never one without the other.

mod store;

use crate::kernel::ids::{AccountId, RegistrationId};

pub use store::{purge, record};

/// Something worth remembering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditKind {
    /// A draft was opened.
    RegistrationStarted,
    /// The bank was asked; the detail is its answer.
    BankChecked,
    /// A code was asked for.
    CodeRequested,
    /// A wrong code was entered.
    CodeWrong,
    /// An account was created.
    AccountCreated,
    /// A draft was given up by its owner.
    RegistrationAbandoned,
    /// Somebody signed in; the detail is `browser` or `app`.
    SignedIn,
    /// A password was wrong.
    SignInFailed,
    /// A session was ended by its owner; the detail is its id.
    SessionEnded,
    /// A refresh token was used twice; the detail is the session's id.
    RefreshTokenReused,
}

impl AuditKind {
    const fn code(self) -> &'static str {
        match self {
            Self::RegistrationStarted => "registration_started",
            Self::BankChecked => "bank_checked",
            Self::CodeRequested => "code_requested",
            Self::CodeWrong => "code_wrong",
            Self::AccountCreated => "account_created",
            Self::RegistrationAbandoned => "registration_abandoned",
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SessionEnded => "session_ended",
            Self::RefreshTokenReused => "refresh_token_reused",
        }
    }
}

/// Whom an event is about, and one word more.
#[derive(Debug, Clone, Default)]
pub struct AuditSubject<'a> {
    /// The account, when there is one.
    pub account: Option<AccountId>,
    /// The registration, when it is one.
    pub flow: Option<RegistrationId>,
    /// A code or an id, never personal data.
    pub detail: Option<&'a str>,
}

impl AuditSubject<'_> {
    /// An account.
    pub fn account(id: AccountId) -> Self {
        Self { account: Some(id), ..Self::default() }
    }

    /// A registration.
    pub fn flow(id: RegistrationId) -> Self {
        Self { flow: Some(id), ..Self::default() }
    }
}
