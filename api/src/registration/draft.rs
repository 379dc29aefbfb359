//! The draft: what was typed and what was proved so far.

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    accounts::BankMatched,
    core::{Core, corrupt},
    crypto::Place,
    db::DbFault,
    identity::{
        BankCode, CardNumber, DocumentType, Gender, IdDocument, PersonName, Phone, Username,
    },
    kernel::{
        Timestamp,
        ids::{BankCheckId, ChallengeId, RegistrationId},
    },
};

/// Where a draft stands: which step is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 填写身份信息.
    Identity,
    /// 填写验证信息: bank, card and phone.
    Bank,
    /// 填写验证信息: the code.
    Code,
    /// 注册成功.
    Completed,
}

impl Stage {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Bank => "bank",
            Self::Code => "code",
            Self::Completed => "completed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Identity, Self::Bank, Self::Code, Self::Completed]
            .into_iter()
            .find(|stage| stage.code() == code)
    }
}

/// One registration in progress.
#[derive(Debug)]
pub struct Draft {
    pub id: RegistrationId,
    pub stage: Stage,
    /// Counts the changes; a change is written only over the one it read.
    pub revision: i64,
    pub answers: Answers,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub absolute_expires_at: Timestamp,
}

/// What was typed and proved, as it is sealed in the database: the only place
/// where a draft's personal data is serialised.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Answers {
    pub username: String,
    pub password_hash: String,
    #[zeroize(skip)]
    pub consents: Vec<(String, String)>,
    #[zeroize(skip)]
    pub return_to: Option<String>,
    pub identity: Option<IdentityAnswers>,
    pub bank: Option<BankAnswers>,
    /// Keyed hashes of the documents tried.
    #[zeroize(skip)]
    pub documents_tried: Vec<String>,
    pub bank_checks_used: u32,
    pub codes_sent: u32,
    /// A question to the bank that has no answer yet.
    #[zeroize(skip)]
    pub pending_check: Option<PendingCheck>,
    /// Keyed hash of the four elements that the bank has matched.
    pub matched: Option<String>,
    #[zeroize(skip)]
    pub challenge: Option<ChallengeId>,
    /// The code was right, though the account could not be created yet.
    pub phone_proved: bool,
    /// Set when all is done.
    pub account_id: Option<String>,
}

/// Step 2.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct IdentityAnswers {
    pub name: String,
    #[zeroize(skip)]
    pub document_type: DocumentType,
    pub document_number: String,
    pub issuing_country: Option<String>,
    #[zeroize(skip)]
    pub gender: Gender,
    #[zeroize(skip)]
    pub birth_date: NaiveDate,
}

/// Step 3.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct BankAnswers {
    pub bank_code: String,
    pub card_number: String,
    pub phone: String,
}

/// A question that is with the bank now.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingCheck {
    pub id: BankCheckId,
    pub question: String,
    pub started_at: Timestamp,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answers(<redacted>)")
    }
}

/// Step 2, read back into the vocabulary.
#[derive(Debug)]
pub struct Identity {
    pub name: PersonName,
    pub document: IdDocument,
    pub gender: Gender,
    pub birth_date: NaiveDate,
}

/// Step 3, read back into the vocabulary.
#[derive(Debug)]
pub struct Reserved {
    pub bank: BankCode,
    pub card: CardNumber,
    pub phone: Phone,
}

impl Draft {
    fn bad(&self, column: &'static str) -> DbFault {
        corrupt(Place { table: "registrations", column, row: &self.id.to_string() })
    }

    /// The username.
    pub fn username(&self) -> Result<Username, DbFault> {
        Username::parse(&self.answers.username).map_err(|_| self.bad("answers_sealed"))
    }

    /// The answers of step 2, if it was done.
    pub fn identity(&self) -> Result<Option<Identity>, DbFault> {
        let Some(answers) = &self.answers.identity else { return Ok(None) };
        let bad = |_| self.bad("answers_sealed");
        let today = self.absolute_expires_at.date_naive();
        Ok(Some(Identity {
            name: PersonName::parse(&answers.name).map_err(bad)?,
            document: IdDocument::parse(
                answers.document_type,
                &answers.document_number,
                answers.issuing_country.as_deref(),
                today,
            )
            .map_err(bad)?,
            gender: answers.gender,
            birth_date: answers.birth_date,
        }))
    }

    /// The answers of step 3, if it was done.
    pub fn reserved(&self) -> Result<Option<Reserved>, DbFault> {
        let Some(answers) = &self.answers.bank else { return Ok(None) };
        let bad = |_| self.bad("answers_sealed");
        Ok(Some(Reserved {
            bank: BankCode::parse(&answers.bank_code).map_err(bad)?,
            card: CardNumber::parse(&answers.card_number).map_err(bad)?,
            phone: Phone::parse(&answers.phone).map_err(bad)?,
        }))
    }

    /// The proof that the bank matched, when it is about what the draft says.
    pub fn bank_matched(
        &self,
        core: &Core,
        (identity, reserved): (&Identity, &Reserved),
    ) -> Option<BankMatched> {
        let proof = BankMatched::kept(self.answers.matched.clone()?);
        let card = (reserved.bank, &reserved.card);
        let elements = (&identity.name, &identity.document, card, &reserved.phone);
        proof.is_for(core, elements).then_some(proof)
    }

    /// Forgets what the bank and the phone proved.
    pub fn drop_proofs(&mut self) {
        self.answers.matched = None;
        self.answers.challenge = None;
        self.answers.phone_proved = false;
    }

    /// Moves the idle expiry on, up to the absolute one.
    pub fn keep_alive(&mut self, core: &Core, now: Timestamp) {
        let idle = TimeDelta::minutes(core.settings.registration.idle_minutes.into());
        self.expires_at = (now + idle).min(self.absolute_expires_at);
    }

    /// Nothing personal is kept once the account exists: only what the last
    /// page shows.
    pub fn complete(&mut self, account_id: String) {
        let answers = &mut self.answers;
        answers.password_hash.zeroize();
        answers.consents.clear();
        answers.identity = None;
        answers.bank = None;
        answers.documents_tried.clear();
        answers.pending_check = None;
        answers.account_id = Some(account_id);
        self.drop_proofs();
        self.stage = Stage::Completed;
    }
}
