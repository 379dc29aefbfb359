//! What must be proved before there is an account.

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::{
    capabilities::{captcha::CaptchaPassed, core::Core, otp::PhoneProved},
    tools::{
        crypto::{BlindIndex, Purpose},
        identity::{BankCode, CardNumber, IdDocument, PersonName, Phone},
        ports::BankOutcome,
    },
};

/// Everything that somebody who wants an account has proved. None of it can be
/// made but by the one who checks it, so that a step cannot be left out.
#[derive(Debug, Clone, Copy)]
pub struct Proofs<'a> {
    /// Not a machine.
    pub captcha: &'a CaptchaPassed,
    /// The person the bank knows.
    pub bank: &'a BankMatched,
    /// The one who holds the phone.
    pub phone: &'a PhoneProved,
}

/// The four elements. The card goes with the bank that was asked: the first
/// digits of a card do not always tell whose it is.
#[derive(Debug, Clone)]
pub struct Elements {
    /// Name.
    pub name: PersonName,
    /// Identity document.
    pub document: IdDocument,
    /// Bank.
    pub bank: BankCode,
    /// Card.
    pub card: CardNumber,
    /// Phone that the bank holds for the card.
    pub phone: Phone,
}

/// Proof that the bank matched name, document, card and phone; made from the
/// bank's answer only. A flow keeps it, sealed, as it is.
#[derive(Debug, Clone, Serialize, Deserialize, Zeroize)]
pub struct BankMatched(String);

impl BankMatched {
    /// The keyed hash of four elements: what a proof is about, and how a
    /// question to the bank is recognised without storing it.
    pub fn question(core: &Core, elements: &Elements) -> BlindIndex {
        let Elements { name, document, bank, card, phone } = elements;
        core.keyring.blind_parts(
            Purpose::BankQuestion,
            &[
                name.raw(),
                &document.uniqueness_key(),
                document.number(),
                bank.code(),
                card.number(),
                phone.e164(),
            ],
        )
    }

    /// The proof, when the bank's answer to `question` is one.
    pub fn from_outcome(outcome: BankOutcome, question: &BlindIndex) -> Option<Self> {
        (outcome == BankOutcome::Match).then(|| Self(question.as_str().to_owned()))
    }

    /// Whether the proof is about these four elements.
    pub fn is_for(&self, core: &Core, elements: &Elements) -> bool {
        Self::question(core, elements).matches(&self.0)
    }
}
