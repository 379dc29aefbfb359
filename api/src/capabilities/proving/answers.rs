//! The four elements as flows keep them, and as people type them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    capabilities::accounts::Elements,
    tools::{
        identity::{BankCode, CardNumber, DocumentType, FieldError, IdDocument, PersonName, Phone},
        web::FieldErrors,
    },
};

/// Who: name and document. Part of a flow's sealed answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct WhoAnswers {
    /// Name.
    pub name: String,
    /// Kind of document.
    #[zeroize(skip)]
    pub document_type: DocumentType,
    /// Its number.
    pub document_number: String,
    /// ISO 3166-1 alpha-3.
    pub issuing_country: Option<String>,
}

/// With which card and phone. Part of a flow's sealed answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct BankAnswers {
    /// Code of the bank.
    pub bank_code: String,
    /// Card.
    pub card_number: String,
    /// Phone that the bank holds.
    pub phone: String,
}

impl WhoAnswers {
    /// As it is kept.
    pub fn of(name: &PersonName, document: &IdDocument) -> Self {
        Self {
            name: name.raw().to_owned(),
            document_type: document.document_type(),
            document_number: document.number().to_owned(),
            issuing_country: document.issuing_country().map(str::to_owned),
        }
    }

    /// The same document, with another name.
    #[must_use]
    pub fn renamed(&self, name: &PersonName) -> Self {
        let mut renamed = self.clone();
        name.raw().clone_into(&mut renamed.name);
        renamed
    }

    /// Read back into the vocabulary; `latest` is a day on which the document
    /// was valid.
    pub fn parse(&self, latest: NaiveDate) -> Result<(PersonName, IdDocument), FieldError> {
        let country = self.issuing_country.as_deref();
        let document =
            IdDocument::parse(self.document_type, &self.document_number, country, latest)?;
        Ok((PersonName::parse(&self.name)?, document))
    }
}

impl BankAnswers {
    /// As it is kept.
    pub fn of(bank: BankCode, card: &CardNumber, phone: &Phone) -> Self {
        Self {
            bank_code: bank.code().to_owned(),
            card_number: card.number().to_owned(),
            phone: phone.national().to_owned(),
        }
    }

    /// Read back into the vocabulary.
    pub fn parse(&self) -> Result<(BankCode, CardNumber, Phone), FieldError> {
        Ok((
            BankCode::parse(&self.bank_code)?,
            CardNumber::parse(&self.card_number)?,
            Phone::parse(&self.phone)?,
        ))
    }
}

/// The elements that both together make.
pub fn elements(
    who: &WhoAnswers,
    reserved: &BankAnswers,
    latest: NaiveDate,
) -> Result<Elements, FieldError> {
    let (name, document) = who.parse(latest)?;
    let (bank, card, phone) = reserved.parse()?;
    Ok(Elements { name, document, bank, card, phone })
}

/// A document as typed. What is `None` was typed before.
#[derive(Debug, Clone, Copy)]
pub struct TypedDocument<'a> {
    /// Its kind.
    pub kind: DocumentType,
    /// Its number.
    pub number: Option<&'a str>,
    /// ISO 3166-1 alpha-3.
    pub country: Option<&'a str>,
}

/// Reads a name, completed from what was typed before.
pub fn read_name(
    errors: &mut FieldErrors,
    typed: Option<&str>,
    kept: Option<&WhoAnswers>,
) -> Option<PersonName> {
    let name = typed.or(kept.map(|kept| kept.name.as_str())).unwrap_or_default();
    errors.check("/name", PersonName::parse(name))
}

/// Reads a document, completed from what was typed before. A number kept from
/// before belongs to the kind it was typed with.
pub fn read_document(
    errors: &mut FieldErrors,
    typed: TypedDocument<'_>,
    kept: Option<&WhoAnswers>,
    today: NaiveDate,
) -> Option<IdDocument> {
    let kept = kept.filter(|kept| kept.document_type == typed.kind);
    let number = typed.number.or(kept.map(|kept| kept.document_number.as_str()));
    let country = typed.country.or(kept.and_then(|kept| kept.issuing_country.as_deref()));
    IdDocument::parse(typed.kind, number.unwrap_or_default(), country, today)
        .map_err(|error| errors.add(error.document_pointer(), error.code()))
        .ok()
}

/// Reads bank, card and phone, completed from what was typed before.
pub fn read_bank(
    errors: &mut FieldErrors,
    (bank, card, phone): (Option<&str>, Option<&str>, Option<&str>),
    kept: Option<&BankAnswers>,
) -> Option<(BankCode, CardNumber, Phone)> {
    let or = |typed: Option<&str>, kept: Option<&String>| {
        typed.or(kept.map(String::as_str)).unwrap_or_default().to_owned()
    };
    let bank = or(bank, kept.map(|kept| &kept.bank_code));
    let card = zeroize::Zeroizing::new(or(card, kept.map(|kept| &kept.card_number)));
    let phone = zeroize::Zeroizing::new(or(phone, kept.map(|kept| &kept.phone)));
    let bank = errors.check("/bank_code", BankCode::parse(&bank));
    let card = errors.check("/card_number", CardNumber::parse(&card));
    let phone = errors.check("/phone", Phone::parse(&phone));
    bank.zip(card).zip(phone).map(|((bank, card), phone)| (bank, card, phone))
}
