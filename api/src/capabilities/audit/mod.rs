//! The audit trail: who did what when, without personal data.
//!
//! An event is written in the transaction of the change it tells of, so there
//! is never one without the other.

mod store;

use crate::kernel::ids::{AccountId, FlowId};

pub use store::{Event, everything, flows_of, history, purge};

macro_rules! audit_kinds {
    ($($(#[$doc:meta])* $variant:ident $code:literal $whose:ident,)+) => {
        /// Something worth remembering.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum AuditKind { $($(#[$doc])* $variant,)+ }

        impl AuditKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name that is stored and shown.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Whether the history that an account's owner reads tells of it.
            pub const fn is_for_owner(self) -> bool {
                match self { $(Self::$variant => audit_kinds!(@ $whose)),+ }
            }

            /// The kind with this name.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.code() == code)
            }
        }
    };
    (@ owner) => { true };
    (@ records) => { false };
}

// `owner`: the history of an account tells of it. `records`: steps on the way
// to something, which tell its owner nothing.
audit_kinds! {
    /// A draft was opened.
    RegistrationStarted "registration_started" records,
    /// The bank was asked; the detail is its answer.
    BankChecked "bank_checked" records,
    /// A code was asked for.
    CodeRequested "code_requested" records,
    /// A wrong code was entered.
    CodeWrong "code_wrong" records,
    /// An account was created.
    AccountCreated "account_created" owner,
    /// A draft was given up by its owner.
    RegistrationAbandoned "registration_abandoned" records,
    /// Somebody signed in; the detail is `browser` or `app`.
    SignedIn "signed_in" owner,
    /// A password was wrong.
    SignInFailed "sign_in_failed" owner,
    /// A session was ended by its owner; the detail is its id.
    SessionEnded "session_ended" owner,
    /// A refresh token was used twice; the detail is the session's id.
    RefreshTokenReused "refresh_token_reused" owner,
    /// A recovery was begun; the detail is what for.
    RecoveryStarted "recovery_started" records,
    /// The username was sent to the phone.
    UsernameRecovered "username_recovered" owner,
    /// A forgotten password was set anew; the detail is the method.
    PasswordReset "password_reset" owner,
    /// The phone was replaced on the way through a recovery.
    PhoneReplaced "phone_replaced" owner,
    /// The password was entered again.
    PasswordChecked "password_checked" owner,
    /// The password was changed by its owner.
    PasswordChanged "password_changed" owner,
    /// Name, bank, card, phone or agent changed; the detail says which.
    ProfileChanged "profile_changed" owner,
    /// Security questions were chosen and answered.
    QuestionsSet "questions_set" owner,
    /// Security questions were given up.
    QuestionsRemoved "questions_removed" owner,
    /// Answers to security questions were wrong.
    AnswersWrong "answers_wrong" owner,
    /// Wrong answers used up the security questions.
    QuestionsDisabled "questions_disabled" owner,
    /// Everything held about the account was handed out to its owner.
    Exported "exported" owner,
    /// The owner asked to close the account.
    ClosureRequested "closure_requested" owner,
    /// The owner keeps the account.
    ClosureCancelled "closure_cancelled" owner,
    /// The account was erased.
    AccountClosed "account_closed" records,
    /// An operator approved a unit.
    UnitApproved "unit_approved" owner,
    /// An operator rejected a unit.
    UnitRejected "unit_rejected" owner,
    /// Somebody wrote to the operator; the detail is the case's number.
    SupportCaseOpened "support_case_opened" owner,
    /// An operator read a case in clear; the detail is its number.
    CaseRead "case_read" records,
    /// An operator listed units in clear; the detail is how many.
    UnitsListed "units_listed" records,
    /// A business system was allowed to see data; the detail is its id.
    ConsentGiven "consent_given" owner,
    /// A business system may see nothing any more; the detail is its id.
    ConsentWithdrawn "consent_withdrawn" owner,
    /// Somebody signed in to a business system; the detail is its id.
    SignedInToClient "signed_in_to_client" owner,
    /// A code or refresh token of a business system was used twice, so that its
    /// tokens died; the detail is its id.
    GrantReused "grant_reused" owner,
    /// A business system asked whether name and document belong together; the
    /// detail is its id.
    IdentityChecked "identity_checked" owner,
    /// A business system was registered; the detail is its id.
    ClientCreated "client_created" records,
    /// What is known of a business system was changed; the detail is its id.
    ClientChanged "client_changed" records,
    /// A business system got another secret; the detail is its id.
    ClientSecretRotated "client_secret_rotated" records,
    /// A business system was disabled or enabled; the detail is its id.
    ClientStateChanged "client_state_changed" records,
}

/// Whom an event is about, and one word more.
#[derive(Debug, Clone, Copy, Default)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_and_the_answers_name_a_kind_alike() {
        for kind in AuditKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
            assert_eq!(AuditKind::from_code(kind.code()), Some(*kind));
        }
    }
}
