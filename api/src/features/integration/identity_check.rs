//! Whether a name and a document belong together: yes or no, and nothing else.
//!
//! There is one answer for a document that has no account and for another name,
//! and the same work is done for both: the same rows are looked up and written,
//! and one name is opened and compared. How often may be asked about a document
//! is counted for all clients together, so that nobody finds a name by trying.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    capabilities::{
        accounts,
        audit::{AuditKind, AuditSubject},
        core::{Core, Stop, Tx},
        identity_checks::{self, IdentityCheck},
        limits::{self, Charge, DAY, Rule},
    },
    kernel::{
        Timestamp,
        ids::{ClientId, IdentityCheckId},
    },
    tools::{
        identity::{DocumentType, FieldError, IdDocument, PersonName},
        web::{FieldErrors, Problem},
    },
};

/// Characters of a purpose, at most.
const LONGEST_PURPOSE: usize = 200;

/// A question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIdentity {
    #[serde(default)]
    #[schema(required, value_type = String, example = "王小明")]
    name: Zeroizing<String>,
    document_type: DocumentType,
    #[serde(default)]
    #[schema(required, value_type = String, example = "440305199003070014")]
    document_number: Zeroizing<String>,
    /// ISO 3166-1 alpha-3; for foreign passports only.
    #[serde(default)]
    #[schema(example = json!(null))]
    issuing_country: Option<String>,
    /// What it is asked for: the person reads it. 200 characters at most.
    #[serde(default)]
    #[schema(required, max_length = 200, example = "事业单位公开招聘资格审核")]
    purpose: String,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityChecked {
    /// Whether a verified account has this name and this document. `false` also
    /// for a document that has no account.
    #[serde(rename = "match")]
    matched: bool,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    checked_at: Timestamp,
    /// Its id, as the person reads it.
    #[schema(value_type = String, format = Uuid)]
    id: IdentityCheckId,
}

/// A question, checked.
pub(super) struct Question {
    name: PersonName,
    document: IdDocument,
    purpose: String,
}

impl CheckIdentity {
    pub(super) fn parse(&self, today: NaiveDate) -> Result<Question, Problem> {
        let mut errors = FieldErrors::new();
        let name = errors.check("/name", PersonName::parse(&self.name));
        let country = self.issuing_country.as_deref();
        let parsed = IdDocument::parse(self.document_type, &self.document_number, country, today);
        let document = parsed.map_err(|error| errors.add(error.document_pointer(), error.code()));
        let purpose = self.purpose.trim();
        let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if purpose.is_empty() {
            errors.add("/purpose", FieldError::Required.code());
        } else if purpose.chars().count() > LONGEST_PURPOSE {
            errors.add("/purpose", FieldError::TooLong.code());
        } else if purpose.chars().any(|c| c.is_control() || turns(c)) {
            errors.add("/purpose", "invalid");
        }
        let complete = name.zip(document.ok());
        let purpose = purpose.to_owned();
        errors.finish(complete.map(|(name, document)| Question { name, document, purpose }))
    }
}

/// What a question uses up. All are counted before anything is looked up.
fn charges(core: &Core, client: ClientId, document: &IdDocument) -> [Charge; 3] {
    let settings = &core.settings.integration;
    let rule = |name, most| Rule { name, most, window_seconds: DAY };
    [
        Charge {
            rule: rule("identity_checks_client", settings.identity_checks_per_client_day),
            subject: client.to_string(),
        },
        // Smaller than what all share, so that one cannot use it up for others.
        Charge {
            rule: rule(
                "identity_checks_client_document",
                settings.identity_checks_per_client_and_document_day,
            ),
            subject: format!("{client} {}", document.uniqueness_key()),
        },
        Charge {
            rule: rule("identity_checks_document", settings.identity_checks_per_document_day),
            subject: document.uniqueness_key(),
        },
    ]
}

/// Answers one question.
pub(super) fn check(
    tx: &mut Tx<'_>,
    client: ClientId,
    question: &Question,
) -> Result<IdentityChecked, Stop> {
    let charges = charges(tx.core, client, &question.document);
    // A refusal is rolled back: it leaves no counters of documents behind.
    if let Some(exceeded) = limits::count(tx, &charges)? {
        return Err(Problem::from(exceeded).into());
    }
    let key = question.document.uniqueness_key();
    let found = accounts::has_name(tx, &key, &question.name)?;
    let check = IdentityCheck {
        id: IdentityCheckId::new(tx.now, &*tx.core.entropy)?,
        account: found.account,
        client,
        purpose: question.purpose.clone(),
        matched: found.same_name,
        checked_at: tx.now,
    };
    identity_checks::record(tx.conn, &check)?;
    let asked_by = client.to_string();
    let subject = AuditSubject { account: found.account, detail: Some(&asked_by), flow: None };
    tx.audit(AuditKind::IdentityChecked, subject)?;
    let IdentityCheck { id, matched, checked_at, .. } = check;
    Ok(IdentityChecked { matched, checked_at, id })
}
