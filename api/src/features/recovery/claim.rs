//! Who somebody claims to be, and whether that is anybody.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::draft::{Answers, Draft, Goal};
use crate::{
    capabilities::{
        accounts::{self, Account},
        core::Tx,
        flows,
        proving::answers::WhoAnswers,
    },
    kernel::ids::FlowId,
    tools::{
        db::DbFault,
        identity::{CreditCode, DocumentType, IdDocument, Phone, UnitName},
        ports::SmsPurpose,
    },
};

/// Name, document and phone as typed.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub enum Claim {
    /// A person, to find a username.
    Person(WhoAnswers),
    /// A unit, to find a username.
    Unit {
        /// Its name.
        name: String,
        /// Its credit code.
        credit_code: String,
    },
    /// Document and phone, beside the username.
    DocumentAndPhone {
        /// The document.
        document: DocumentAnswers,
        /// Eleven digits.
        phone: String,
    },
}

/// A document as typed: of a person, or a unit's credit code.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct DocumentAnswers {
    /// Kind of document; none for a unit's credit code.
    #[zeroize(skip)]
    pub document_type: Option<DocumentType>,
    /// Its number.
    pub number: String,
    /// ISO 3166-1 alpha-3.
    pub issuing_country: Option<String>,
}

impl DocumentAnswers {
    /// Of a person.
    pub fn of_person(who: &WhoAnswers) -> Self {
        Self {
            document_type: Some(who.document_type),
            number: who.document_number.clone(),
            issuing_country: who.issuing_country.clone(),
        }
    }

    /// What is compared; `None` when it cannot be read back.
    pub fn uniqueness_key(&self, latest: NaiveDate) -> Option<String> {
        let Some(kind) = self.document_type else {
            return CreditCode::parse(&self.number).ok().map(|code| code.uniqueness_key());
        };
        let country = self.issuing_country.as_deref();
        IdDocument::parse(kind, &self.number, country, latest)
            .ok()
            .map(|document| document.uniqueness_key())
    }
}

impl Draft {
    /// What the codes are for.
    pub fn purpose(&self) -> SmsPurpose {
        match self.answers.goal {
            Goal::Username => SmsPurpose::UsernameRecovery,
            Goal::Password => SmsPurpose::PasswordRecovery,
        }
    }

    /// Who is claimed, for counting messages: by everything typed together. A
    /// part alone would let whoever knows a username or a document use up its
    /// owner's messages. The phone they go to is counted when they are sent.
    pub fn claim_key(&self, claim: Option<&Claim>) -> Result<String, DbFault> {
        let latest = self.absolute_expires_at.date_naive();
        let parts = match claim.ok_or_else(|| self.bad())? {
            Claim::Person(who) => {
                let (name, document) = who.parse(latest).map_err(|_| self.bad())?;
                vec![document.uniqueness_key(), name.key()]
            }
            Claim::Unit { name, credit_code } => {
                let name = UnitName::parse(name).map_err(|_| self.bad())?;
                let code = CreditCode::parse(credit_code).map_err(|_| self.bad())?;
                vec![code.uniqueness_key(), name.key()]
            }
            Claim::DocumentAndPhone { document, phone } => {
                let document = document.uniqueness_key(latest).ok_or_else(|| self.bad())?;
                vec![self.username_key(), document, phone.clone()]
            }
        };
        Ok(parts.join("\n"))
    }

    /// The account of whom somebody claims to be: only when everything typed
    /// is right. To be asked where its answer does not show, or once somebody
    /// has proved to have the account's phone.
    pub fn claimed(&self, tx: &mut Tx<'_>) -> Result<Option<Account>, DbFault> {
        let latest = self.absolute_expires_at.date_naive();
        match &self.answers.claim {
            None => Ok(None),
            Some(Claim::Person(who)) => {
                let (name, document) = who.parse(latest).map_err(|_| self.bad())?;
                let found = accounts::find_by_document(tx, &document.uniqueness_key())?;
                Ok(found.filter(|account| {
                    account.unit.is_none() && account.elements.name.key() == name.key()
                }))
            }
            Some(Claim::Unit { name, credit_code }) => {
                let bad = |_| self.bad();
                let name = UnitName::parse(name).map_err(bad)?;
                let code = CreditCode::parse(credit_code).map_err(bad)?;
                let found = accounts::find_by_document(tx, &code.uniqueness_key())?;
                Ok(found.filter(|account| account.is_unit_named(&name)))
            }
            Some(Claim::DocumentAndPhone { document, phone }) => {
                let found = accounts::find_by_username(tx, &self.username_key())?;
                let document = document.uniqueness_key(latest);
                Ok(found.filter(|account| {
                    document.is_some_and(|key| is_document_of(account, &key))
                        && account.elements.phone.national() == phone
                }))
            }
        }
    }
}

/// Whether a document is the account's: of the person, of the unit's agent, or
/// the unit's credit code.
fn is_document_of(account: &Account, uniqueness_key: &str) -> bool {
    let unit = account.unit.as_ref().map(|unit| unit.credit_code.uniqueness_key());
    account.elements.document.uniqueness_key() == uniqueness_key
        || unit.as_deref() == Some(uniqueness_key)
}

/// Whom a code of a recovery goes to, if anybody.
pub fn addressee(tx: &mut Tx<'_>, id: FlowId) -> Result<Option<Phone>, DbFault> {
    let Some(draft) = flows::find::<Answers>(tx, id)? else { return Ok(None) };
    Ok(draft.claimed(tx)?.map(|account| account.elements.phone.clone()))
}
