//! What can go wrong with a registration, and the problem it becomes.

use super::draft::Stage;
use crate::{
    db::DbFault,
    identity::{BankCode, CardKind},
    limits::Exceeded,
    otp::{CodeRefused, RequestRefused},
    ports::BankOutcome,
    web::{FieldProblem, Problem, ProblemCode},
};

/// Why a step was refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// Fields must be corrected.
    Fields(Vec<FieldProblem>),
    /// Unknown, expired, or somebody else's.
    NotFound,
    /// The draft is at another step.
    Stage(Stage),
    /// Another request changed the draft at the same time.
    Busy,
    /// The hashing queue is full.
    Overloaded,
    /// Too many drafts from one address.
    TooMany(Exceeded),
    /// The document has an account.
    DocumentInUse,
    /// Too many different documents.
    DocumentAttempts,
    /// Somebody registered the username first.
    UsernameTaken,
    /// A known card that is not a debit card.
    CardKind(CardKind),
    /// A card of another bank.
    CardBank(BankCode),
    /// The bank said no.
    Bank { outcome: BankOutcome, remaining: u32 },
    /// The bank said nothing.
    BankSilent,
    /// No bank check is left for the card, the document or the flow.
    BankAttempts { scope: &'static str, retry_after: i64 },
    /// No code can be sent now.
    Code(RequestRefused),
    /// The code was not accepted.
    Redeem(CodeRefused),
    /// A fault.
    Fault(DbFault),
}

impl From<DbFault> for Refused {
    fn from(fault: DbFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        use ProblemCode as Code;
        match refused {
            Refused::Fields(errors) => Self::invalid(errors),
            Refused::NotFound => Self::new(Code::FlowNotFound),
            Refused::Stage(stage) => Self::new(Code::StageConflict).with("stage", stage.code()),
            Refused::Busy => Self::new(Code::RequestInProgress).retry_after(2),
            Refused::Overloaded => Self::new(Code::Overloaded).retry_after(2),
            Refused::TooMany(exceeded) => {
                Self::new(Code::TooManyRequests).retry_after(exceeded.retry_after)
            }
            Refused::DocumentInUse => Self::new(Code::DocumentInUse),
            Refused::DocumentAttempts => Self::new(Code::DocumentAttemptsExceeded),
            Refused::UsernameTaken => Self::new(Code::UsernameTaken),
            Refused::CardKind(kind) => {
                Self::new(Code::CardKindNotAccepted).with("card_kind", kind.code())
            }
            Refused::CardBank(bank) => {
                Self::new(Code::CardBankMismatch).with("bank_code", bank.code())
            }
            Refused::Bank { outcome, remaining } => {
                bank_problem(outcome).with("remaining", remaining)
            }
            Refused::BankSilent => Self::new(Code::BankUnavailable).retry_after(5),
            Refused::BankAttempts { scope, retry_after } => {
                Self::new(Code::BankAttemptsExceeded).with("scope", scope).retry_after(retry_after)
            }
            Refused::Code(refused) => request_problem(refused),
            Refused::Redeem(refused) => redeem_problem(refused),
            Refused::Fault(fault) => fault.into(),
        }
    }
}

fn bank_problem(outcome: BankOutcome) -> Problem {
    use ProblemCode as Code;
    Problem::new(match outcome {
        BankOutcome::Match | BankOutcome::Busy => Code::BankUnavailable,
        BankOutcome::Mismatch => Code::BankMismatch,
        BankOutcome::CardInvalid | BankOutcome::CardAbnormal | BankOutcome::NotEnabled => {
            Code::CardUnusable
        }
        BankOutcome::IssuerUnsupported => Code::IssuerUnsupported,
        BankOutcome::CertUnsupported => Code::DocumentUnsupportedByBank,
        BankOutcome::PhoneNotReserved => Code::PhoneNotReserved,
        BankOutcome::NameTooLong => Code::NameTooLongForBank,
        BankOutcome::AttemptsExceeded => Code::BankAttemptsExceeded,
    })
}

fn request_problem(refused: RequestRefused) -> Problem {
    match refused {
        RequestRefused::TooSoon { retry_after } => {
            Problem::new(ProblemCode::SmsResendTooSoon).retry_after(retry_after)
        }
        RequestRefused::Exceeded(exceeded) => {
            let scope = match exceeded.rule {
                "sms_flow" => "flow",
                "sms_address_hour" => "address",
                _ => "phone",
            };
            Problem::new(ProblemCode::SmsLimitExceeded)
                .with("scope", scope)
                .retry_after(exceeded.retry_after)
        }
    }
}

fn redeem_problem(refused: CodeRefused) -> Problem {
    match refused {
        CodeRefused::Wrong { tries_left } => {
            Problem::new(ProblemCode::CodeWrong).with("attempts_left", tries_left)
        }
        CodeRefused::Expired => Problem::new(ProblemCode::CodeExpired),
        CodeRefused::Dead => Problem::new(ProblemCode::CodeDead),
    }
}
