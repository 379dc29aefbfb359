//! The audit trail: who did what when, without personal data.
//!
//! An event is written in the transaction of the change it tells of, so there
//! is never one without the other.

mod store;

use crate::{
    kernel::{
        Timestamp,
        ids::{AccountId, FlowId},
    },
    web::RequestMeta,
};

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
    /// A recovery was begun; the detail is what for.
    RecoveryStarted,
    /// The username was sent to the phone.
    UsernameRecovered,
    /// A forgotten password was set anew; the detail is the method.
    PasswordReset,
    /// The phone was replaced on the way through a recovery.
    PhoneReplaced,
    /// The password was entered again.
    PasswordChecked,
    /// The password was changed by its owner.
    PasswordChanged,
    /// Name, bank, card, phone or agent changed; the detail says which.
    ProfileChanged,
    /// Security questions were chosen and answered.
    QuestionsSet,
    /// Security questions were given up.
    QuestionsRemoved,
    /// Answers to security questions were wrong.
    AnswersWrong,
    /// Wrong answers used up the security questions.
    QuestionsDisabled,
    /// Everything held about the account was handed out to its owner.
    Exported,
    /// The owner asked to close the account.
    ClosureRequested,
    /// The owner keeps the account.
    ClosureCancelled,
    /// The account was erased.
    AccountClosed,
    /// An operator approved a unit.
    UnitApproved,
    /// An operator rejected a unit.
    UnitRejected,
    /// Somebody wrote to the operator; the detail is the case's number.
    SupportCaseOpened,
}

impl AuditKind {
    /// The name that is stored and shown.
    pub const fn code(self) -> &'static str {
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
            Self::RecoveryStarted => "recovery_started",
            Self::UsernameRecovered => "username_recovered",
            Self::PasswordReset => "password_reset",
            Self::PhoneReplaced => "phone_replaced",
            Self::PasswordChecked => "password_checked",
            Self::PasswordChanged => "password_changed",
            Self::ProfileChanged => "profile_changed",
            Self::QuestionsSet => "questions_set",
            Self::QuestionsRemoved => "questions_removed",
            Self::AnswersWrong => "answers_wrong",
            Self::QuestionsDisabled => "questions_disabled",
            Self::Exported => "exported",
            Self::ClosureRequested => "closure_requested",
            Self::ClosureCancelled => "closure_cancelled",
            Self::AccountClosed => "account_closed",
            Self::UnitApproved => "unit_approved",
            Self::UnitRejected => "unit_rejected",
            Self::SupportCaseOpened => "support_case_opened",
        }
    }
}

/// Whom an event is about, and one word more.
#[derive(Debug, Clone, Default)]
pub struct AuditSubject<'a> {
    /// The account, when there is one.
    pub account: Option<AccountId>,
    /// The flow, when it is one.
    pub flow: Option<FlowId>,
    /// A code or an id, never personal data.
    pub detail: Option<&'a str>,
}

impl AuditSubject<'_> {
    /// An account.
    pub fn account(id: AccountId) -> Self {
        Self { account: Some(id), ..Self::default() }
    }

    /// A flow.
    pub fn flow(id: FlowId) -> Self {
        Self { flow: Some(id), ..Self::default() }
    }
}

/// What caused an event, and when.
#[derive(Debug)]
pub struct Origin<'a> {
    at: Timestamp,
    /// Id of the request, or a word for what is no request.
    request: String,
    ip_prefix: String,
    device: Option<&'a str>,
}

impl Origin<'_> {
    /// The operator, at the command line.
    pub fn operator(at: Timestamp) -> Self {
        Self::inside("operator", at)
    }

    /// The service itself, when a time was over.
    pub fn service(at: Timestamp) -> Self {
        Self::inside("service", at)
    }

    fn inside(who: &str, at: Timestamp) -> Self {
        Self { at, request: who.to_owned(), ip_prefix: String::new(), device: None }
    }
}

impl<'a> From<&'a RequestMeta> for Origin<'a> {
    fn from(meta: &'a RequestMeta) -> Self {
        Self {
            at: meta.now,
            request: meta.id.to_string(),
            ip_prefix: meta.address.coarse(),
            device: meta.device.as_deref(),
        }
    }
}
