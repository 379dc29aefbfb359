//! Proof that a bank matched four elements.

use crate::{
    core::Core,
    crypto::{BlindIndex, Purpose},
    identity::{BankCode, CardNumber, IdDocument, PersonName, Phone},
    ports::BankOutcome,
};

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
/// bank's answer, or restored from a flow that kept it.
#[derive(Debug, Clone)]
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

    /// The proof that a flow kept in its sealed answers.
    pub fn kept(question: String) -> Self {
        Self(question)
    }

    /// What a flow keeps.
    pub fn to_keep(&self) -> &str {
        &self.0
    }

    /// Whether the proof is about these four elements.
    pub fn is_for(&self, core: &Core, elements: &Elements) -> bool {
        Self::question(core, elements).matches(&self.0)
    }
}
