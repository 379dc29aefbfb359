//! The fictitious people whose cards the sandbox bank knows.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    kernel::Timestamp,
    tools::{
        identity::{
            BankCode, BirthDate, CardKind, CardNumber, DocumentType, Gender, IdDocument,
            PersonName, Phone,
        },
        web::{FieldErrors, Problem},
    },
};

/// A fictitious person, as the bank has her.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cardholder {
    #[schema(example = "王小明")]
    pub name: String,
    pub document_type: DocumentType,
    #[schema(example = "440305199003070014")]
    pub document_number: String,
    /// ISO 3166-1 alpha-3, for foreign passports.
    #[serde(default)]
    #[schema(required, example = json!(null))]
    pub issuing_country: Option<String>,
    pub gender: Gender,
    #[schema(example = "1990-03-07")]
    pub birth_date: String,
    #[schema(example = "CCB")]
    pub bank_code: String,
    #[schema(example = "6217000000000000004")]
    pub card_number: String,
    /// `debit`, `credit`, `semi_credit` or `prepaid`.
    #[schema(example = "debit")]
    pub card_kind: String,
    #[schema(example = "13800138000")]
    pub phone: String,
}

/// Those who are always there.
pub(super) static BUILT_IN: LazyLock<Vec<Cardholder>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/sandbox_cardholders.json")).unwrap_or_default()
});

impl Cardholder {
    /// The same person, with numbers in the form in which they are compared;
    /// refuses one whom nobody could register as.
    pub(super) fn checked(mut self, now: Timestamp) -> Result<Self, Problem> {
        let today = now.date_naive();
        let mut errors = FieldErrors::new();
        errors.check("/name", PersonName::parse(&self.name));
        let country = self.issuing_country.as_deref();
        let document = IdDocument::parse(self.document_type, &self.document_number, country, today)
            .map_err(|error| errors.add(error.document_pointer(), error.code()))
            .ok();
        let born = errors.check("/birth_date", BirthDate::parse(&self.birth_date, today));
        if let (Some(document), Some(born)) = (&document, &born) {
            for (field, error) in document.check_person(self.gender, born.date()) {
                errors.add(&format!("/{field}"), error.code());
            }
        }
        let bank = errors.check("/bank_code", BankCode::parse(&self.bank_code));
        let card = errors.check("/card_number", CardNumber::parse(&self.card_number));
        let phone = errors.check("/phone", Phone::parse(&self.phone));
        if CardKind::from_code(&self.card_kind).is_none() {
            errors.add("/card_kind", "invalid");
        }
        if let (Some(document), Some(born), Some(bank), Some(card), Some(phone)) =
            (document, born, bank, card, phone)
        {
            self = Self {
                document_number: document.number().to_owned(),
                issuing_country: document.issuing_country().map(str::to_owned),
                birth_date: born.date().to_string(),
                bank_code: bank.code().to_owned(),
                card_number: card.number().to_owned(),
                phone: phone.national().to_owned(),
                ..self
            };
        }
        errors.finish(Some(self))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;
    use crate::kernel::{Clock, SystemClock};

    #[test]
    fn everybody_can_be_registered_and_everything_is_covered() {
        let people = &*BUILT_IN;
        assert!(people.len() >= 36);
        let unique =
            |of: fn(&Cardholder) -> &str| people.iter().map(of).collect::<HashSet<_>>().len();
        assert_eq!(unique(|one| &one.document_number), people.len());
        assert_eq!(unique(|one| &one.card_number), people.len());
        assert_eq!(unique(|one| &one.phone), people.len());
        assert_eq!(unique(|one| &one.bank_code), BankCode::ALL.len());
        for kind in DocumentType::ALL {
            assert!(people.iter().any(|one| one.document_type == *kind), "{kind:?}");
        }
        for one in people {
            let checked = one.clone().checked(SystemClock.now()).unwrap();
            assert_eq!(json!(checked), json!(one), "it is as it is compared");
            let card = CardNumber::parse(&one.card_number).unwrap();
            let bin = card.bin().unwrap();
            assert_eq!(
                (bin.bank.code(), bin.kind.code()),
                (one.bank_code.as_str(), one.card_kind.as_str()),
                "{}",
                one.name
            );
        }
    }
}
