//! What is typed to change an account, and its way into the vocabulary.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::draft::{AgentAnswers, Answers};
use crate::{
    capabilities::{
        accounts::Kind,
        proving::answers::{BankAnswers, WhoAnswers, read_bank, read_name},
    },
    tools::{
        identity::{BirthDate, DocumentType, Gender, IdDocument},
        web::{FieldErrors, Problem},
    },
};

/// What is to be changed. What is left out (`null`) stays as the account has
/// it, or as this change already has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "王小明",
    "bank_code": "CCB",
    "card_number": "6217000000000000004",
    "phone": "13800138000",
    "agent": null
}))]
pub struct ChangeAccount {
    /// As the bank has it; with `agent`, the agent's.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "王小明")]
    name: Option<Zeroizing<String>>,
    #[serde(default)]
    #[schema(example = "CCB")]
    bank_code: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "6217000000000000004")]
    card_number: Option<Zeroizing<String>>,
    /// The phone that the bank holds for the card, and that will hold.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "13800138000")]
    phone: Option<Zeroizing<String>>,
    /// Another agent (经办人); of units only.
    #[serde(default)]
    agent: Option<ChangeAgent>,
}

/// Another agent of a unit. What is left out (`null`) stays as it was entered
/// in this change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAgent {
    document_type: DocumentType,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "440305199003070014")]
    document_number: Option<Zeroizing<String>>,
    /// ISO 3166-1 alpha-3; for foreign passports only.
    #[serde(default)]
    #[schema(example = json!(null))]
    issuing_country: Option<String>,
    #[serde(default)]
    gender: Option<Gender>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "1990-03-07")]
    birth_date: Option<Zeroizing<String>>,
}

/// What the account will hold.
pub(super) struct Entered {
    pub who: WhoAnswers,
    pub bank: BankAnswers,
    pub agent: Option<AgentAnswers>,
}

fn text(typed: Option<&Zeroizing<String>>) -> Option<&str> {
    typed.map(|typed| typed.as_str())
}

impl ChangeAccount {
    /// Completes what was left out and checks all of it.
    pub(super) fn parse(
        &self,
        kind: Kind,
        kept: &Answers,
        today: NaiveDate,
    ) -> Result<Entered, Problem> {
        let mut errors = FieldErrors::new();
        let name = read_name(&mut errors, text(self.name.as_ref()), Some(&kept.who));
        let typed =
            (self.bank_code.as_deref(), text(self.card_number.as_ref()), text(self.phone.as_ref()));
        let bank = read_bank(&mut errors, typed, Some(&kept.bank));
        let agent = match (&self.agent, kind) {
            (None, _) => None,
            // A person's document is for life.
            (Some(_), Kind::Person) => {
                errors.add("/agent", "invalid");
                None
            }
            (Some(agent), Kind::Unit) => agent.read(&mut errors, kept, today),
        };
        let entered = name.zip(bank).map(|(name, (bank, card, phone))| Entered {
            who: match &agent {
                Some((document, _)) => WhoAnswers::of(&name, document),
                None => kept.who.renamed(&name),
            },
            bank: BankAnswers::of(bank, &card, &phone),
            agent: agent.map(|(_, agent)| agent).or(kept.agent),
        });
        errors.finish(entered)
    }
}

impl ChangeAgent {
    fn read(
        &self,
        errors: &mut FieldErrors,
        kept: &Answers,
        today: NaiveDate,
    ) -> Option<(IdDocument, AgentAnswers)> {
        let before = kept.agent.filter(|_| kept.who.document_type == self.document_type);
        let who = before.map(|_| &kept.who);
        let number = text(self.document_number.as_ref());
        let number = number.or(who.map(|who| who.document_number.as_str())).unwrap_or_default();
        let country = self.issuing_country.as_deref();
        let country = country.or(who.and_then(|who| who.issuing_country.as_deref()));
        let document = IdDocument::parse(self.document_type, number, country, today)
            .map_err(|error| {
                errors.add(&format!("/agent{}", error.document_pointer()), error.code());
            })
            .ok();
        let gender = self.gender.or(before.map(|before| before.gender));
        if gender.is_none() {
            errors.add("/agent/gender", "required");
        }
        let birth_date = match (&self.birth_date, before) {
            (None, Some(before)) => Some(before.birth_date),
            (typed, _) => {
                let parsed = BirthDate::parse(text(typed.as_ref()).unwrap_or_default(), today);
                errors.check("/agent/birth_date", parsed).map(BirthDate::date)
            }
        };
        let (document, gender, birth_date) = (document?, gender?, birth_date?);
        for (field, error) in document.check_person(gender, birth_date) {
            errors.add(&format!("/agent/{field}"), error.code());
        }
        Some((document, AgentAnswers { gender, birth_date }))
    }
}
