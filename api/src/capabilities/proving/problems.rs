//! The problems that a proof can meet.

use crate::{
    capabilities::limits::Exceeded,
    kernel::Timestamp,
    tools::{
        identity::{BankCode, CardKind},
        ports::{BankOutcome, Input},
        web::{Problem, ProblemCode as Code},
    },
};

/// A known card that is not a debit card.
pub(super) fn card_kind(kind: CardKind) -> Problem {
    Problem::new(Code::CardKindNotAccepted).with("card_kind", kind.code())
}

/// A card of another bank.
pub(super) fn card_bank(bank: BankCode) -> Problem {
    Problem::new(Code::CardBankMismatch).with("bank_code", bank.code())
}

/// The bank said nothing.
pub(super) fn bank_silent() -> Problem {
    Problem::new(Code::BankUnavailable).retry_after(5)
}

/// No bank check is left for the card, the document, the address or the flow.
pub(super) fn bank_attempts(scope: &'static str, retry_after: i64) -> Problem {
    Problem::new(Code::BankAttemptsExceeded).with("scope", scope).retry_after(retry_after)
}

/// A counter of failed checks is used up.
pub(super) fn bank_exceeded(exceeded: Exceeded) -> Problem {
    let scope = match exceeded.rule {
        "bank_card_day" => "card",
        "bank_document_day" => "document",
        _ => "flow",
    };
    bank_attempts(scope, exceeded.retry_after)
}

/// The provider takes one field for no such thing.
fn input_rejected(input: Input) -> Problem {
    let pointer = match input {
        Input::Name => "/name",
        Input::Document => "/document_number",
        Input::Card => "/card_number",
        Input::Phone => "/phone",
    };
    Problem::field(pointer, "bank_rejected")
}

/// The bank said no; which element differs is not told.
pub(super) fn bank_said_no(outcome: BankOutcome, remaining: u32, now: Timestamp) -> Problem {
    Problem::new(match outcome {
        BankOutcome::Match | BankOutcome::Busy | BankOutcome::ConfigError => return bank_silent(),
        BankOutcome::InputRejected(input) => return input_rejected(input),
        BankOutcome::AttemptsExceeded => {
            return bank_attempts("card", until_tomorrow(now)).with("remaining", remaining);
        }
        BankOutcome::Mismatch => Code::BankMismatch,
        BankOutcome::CardInvalid | BankOutcome::CardAbnormal | BankOutcome::NotEnabled => {
            Code::CardUnusable
        }
        BankOutcome::IssuerUnsupported => Code::IssuerUnsupported,
        BankOutcome::CertUnsupported => Code::DocumentUnsupportedByBank,
        BankOutcome::PhoneNotReserved => Code::PhoneNotReserved,
        BankOutcome::NameTooLong => Code::NameTooLongForBank,
    })
    .with("remaining", remaining)
}

/// Seconds until the next day begins in China, where banks count by it.
fn until_tomorrow(now: Timestamp) -> i64 {
    const DAY: i64 = 86_400;
    const BEIJING: i64 = 8 * 3600;
    DAY - (now.timestamp() + BEIJING).rem_euclid(DAY)
}
