//! The bank's four-element check: name, document, card, reserved phone.

use async_trait::async_trait;

use crate::{
    kernel::ids::BankCheckId,
    tools::identity::{BankCode, CardNumber, IdDocument, PersonName, Phone},
};

/// One question to the bank.
#[derive(Debug)]
pub struct BankQuestion {
    /// Id of this question. A provider that sees it twice must answer twice
    /// and bill once.
    pub request_id: BankCheckId,
    /// Name, as the person wrote it.
    pub name: PersonName,
    /// Identity document.
    pub document: IdDocument,
    /// The bank the person chose.
    pub bank: BankCode,
    /// Card number.
    pub card: CardNumber,
    /// Phone that the bank holds for the card.
    pub phone: Phone,
}

/// The bank's answer, in the terms that all providers can be mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BankOutcome {
    /// All four elements belong together. Nothing else proves anything.
    Match,
    /// At least one does not; which one is not said.
    Mismatch,
    /// No such card.
    CardInvalid,
    /// Lost, expired, restricted, dormant or confiscated.
    CardAbnormal,
    /// The card is not enabled for such checks.
    NotEnabled,
    /// The issuer does not take part.
    IssuerUnsupported,
    /// The provider cannot check this kind of document.
    CertUnsupported,
    /// The bank holds no phone for the card.
    PhoneNotReserved,
    /// The name is longer than the provider takes; it is never cut.
    NameTooLong,
    /// The provider refuses more checks for this card or person today.
    AttemptsExceeded,
    /// The provider takes one of the elements for no such thing, and asked
    /// nobody.
    InputRejected(Input),
    /// The provider is busy and did nothing: may be asked again.
    Busy,
    /// The provider refuses *us*: keys, arrears, quota. Only the operator can
    /// help.
    ConfigError,
}

/// An element that a provider may reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Name.
    Name,
    /// Document number.
    Document,
    /// Card number.
    Card,
    /// Phone.
    Phone,
}

impl BankOutcome {
    /// Every answer there is.
    pub const ALL: [Self; 16] = [
        Self::Match,
        Self::Mismatch,
        Self::CardInvalid,
        Self::CardAbnormal,
        Self::NotEnabled,
        Self::IssuerUnsupported,
        Self::CertUnsupported,
        Self::PhoneNotReserved,
        Self::NameTooLong,
        Self::AttemptsExceeded,
        Self::InputRejected(Input::Name),
        Self::InputRejected(Input::Document),
        Self::InputRejected(Input::Card),
        Self::InputRejected(Input::Phone),
        Self::Busy,
        Self::ConfigError,
    ];

    /// Whether the answer counts against the person: it may have been billed,
    /// and banks count it too. The others say nothing about anybody.
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Match | Self::InputRejected(_) | Self::Busy | Self::ConfigError)
    }

    /// The name under which the answer is recorded.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::CardInvalid => "card_invalid",
            Self::CardAbnormal => "card_abnormal",
            Self::NotEnabled => "not_enabled",
            Self::IssuerUnsupported => "issuer_unsupported",
            Self::CertUnsupported => "cert_unsupported",
            Self::PhoneNotReserved => "phone_not_reserved",
            Self::NameTooLong => "name_too_long",
            Self::AttemptsExceeded => "attempts_exceeded",
            Self::InputRejected(Input::Name) => "input_rejected_name",
            Self::InputRejected(Input::Document) => "input_rejected_document_number",
            Self::InputRejected(Input::Card) => "input_rejected_card_number",
            Self::InputRejected(Input::Phone) => "input_rejected_phone",
            Self::Busy => "busy",
            Self::ConfigError => "config_error",
        }
    }
}

/// The provider gave no answer that can be used; the person is not to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BankFault {
    /// It did not answer in time. It may have billed the question.
    #[error("the bank check timed out")]
    Timeout,
    /// It answered with an error, or could not be reached.
    #[error("the bank check is broken: {0}")]
    Broken(String),
}

/// Asks a bank, or who asks banks for us.
#[async_trait]
pub trait BankVerifier: Send + Sync + std::fmt::Debug {
    /// Puts one question. The caller limits the time.
    async fn verify(&self, question: &BankQuestion) -> Result<BankOutcome, BankFault>;
}
