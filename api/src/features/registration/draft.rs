//! The draft: what was typed and what was proved so far.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    capabilities::{
        accounts::{self, Elements},
        captcha::CaptchaPassed,
        core::{Core, Stop, Tx},
        flows::{self, Flow, Kind, wrong_stage},
        proving::{
            Proof, Proving,
            answers::{BankAnswers, WhoAnswers, elements},
        },
    },
    tools::{
        config::DuplicateDocument,
        db::DbFault,
        identity::{CreditCode, Gender, IdDocument, PersonName, UnitName, Username},
        ports::SmsPurpose,
        web::{Problem, ProblemCode},
    },
};

/// Where a draft stands: which step is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 填写身份信息 of a unit.
    Unit,
    /// 填写身份信息; of a unit's agent.
    Identity,
    /// 填写验证信息: bank, card and phone.
    Bank,
    /// 填写验证信息: the code.
    Code,
    /// 注册成功.
    Completed,
}

impl flows::Stage for Stage {
    const ALL: &'static [Self] =
        &[Self::Unit, Self::Identity, Self::Bank, Self::Code, Self::Completed];

    fn code(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Identity => "identity",
            Self::Bank => "bank",
            Self::Code => "code",
            Self::Completed => "completed",
        }
    }
}

/// One registration in progress.
pub type Draft = Flow<Answers>;

/// What was typed and proved, as it is sealed in the database: the only place
/// where a draft's personal data is serialised.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Answers {
    #[zeroize(skip)]
    pub captcha: CaptchaPassed,
    pub username: String,
    pub password_hash: String,
    #[zeroize(skip)]
    pub user_type: accounts::Kind,
    #[zeroize(skip)]
    pub consents: Vec<(String, String)>,
    #[zeroize(skip)]
    pub return_to: Option<String>,
    pub unit: Option<UnitAnswers>,
    pub identity: Option<IdentityAnswers>,
    pub bank: Option<BankAnswers>,
    /// Keyed hashes of the documents and credit codes tried.
    #[zeroize(skip)]
    pub documents_tried: Vec<String>,
    pub proof: Proof,
    /// Set when all is done.
    pub account_id: Option<String>,
}

/// Step 2 of a unit.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct UnitAnswers {
    pub name: String,
    pub credit_code: String,
    pub legal_representative: String,
}

/// Step 2.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct IdentityAnswers {
    pub who: WhoAnswers,
    #[zeroize(skip)]
    pub gender: Gender,
    #[zeroize(skip)]
    pub birth_date: NaiveDate,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answers(<redacted>)")
    }
}

impl flows::Answers for Answers {
    type Stage = Stage;
    const KIND: Kind = Kind::Registration;

    fn idle_minutes(core: &Core) -> u32 {
        core.settings.registration.idle_minutes
    }
}

impl Proving for Answers {
    const PURPOSE: SmsPurpose = SmsPurpose::Registration;

    fn proof(&self) -> &Proof {
        &self.proof
    }

    fn proof_mut(&mut self) -> &mut Proof {
        &mut self.proof
    }

    fn elements(flow: &Draft) -> Result<Option<Elements>, DbFault> {
        let (Some(identity), Some(bank)) = (&flow.answers.identity, &flow.answers.bank) else {
            return Ok(None);
        };
        let latest = flow.absolute_expires_at.date_naive();
        elements(&identity.who, bank, latest).map(Some).map_err(|_| flow.bad())
    }

    fn asking(flow: &mut Draft) {
        flow.stage = Stage::Bank;
    }

    fn matched(flow: &mut Draft) {
        flow.stage = Stage::Code;
    }

    fn may_go_on(tx: &mut Tx<'_>, flow: &Draft, elements: &Elements) -> Result<(), Stop> {
        claim_is_free(tx, flow, &elements.document)
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

/// Step 2 of a unit, read back into the vocabulary.
#[derive(Debug)]
pub struct Unit {
    pub name: UnitName,
    pub credit_code: CreditCode,
    pub legal_representative: PersonName,
}

impl Draft {
    /// Refuses a draft that has become an account.
    pub fn require_open(&self) -> Result<(), Problem> {
        match self.stage {
            Stage::Completed => Err(wrong_stage(Stage::Completed)),
            _ => Ok(()),
        }
    }

    /// The username.
    pub fn username(&self) -> Result<Username, DbFault> {
        Username::parse(&self.answers.username).map_err(|_| self.bad())
    }

    /// Whether a unit registers.
    pub fn is_unit(&self) -> bool {
        self.answers.user_type == accounts::Kind::Unit
    }

    /// The unit, if it was entered.
    pub fn unit(&self) -> Result<Option<Unit>, DbFault> {
        let Some(answers) = &self.answers.unit else { return Ok(None) };
        let bad = |_| self.bad();
        Ok(Some(Unit {
            name: UnitName::parse(&answers.name).map_err(bad)?,
            credit_code: CreditCode::parse(&answers.credit_code).map_err(bad)?,
            legal_representative: PersonName::parse(&answers.legal_representative).map_err(bad)?,
        }))
    }

    /// The answers of step 2, if it was done.
    pub fn identity(&self) -> Result<Option<Identity>, DbFault> {
        let Some(answers) = &self.answers.identity else { return Ok(None) };
        let latest = self.absolute_expires_at.date_naive();
        let (name, document) = answers.who.parse(latest).map_err(|_| self.bad())?;
        let IdentityAnswers { gender, birth_date, .. } = *answers;
        Ok(Some(Identity { name, document, gender, birth_date }))
    }

    /// Nothing personal is kept once the account exists: only what the last
    /// page shows.
    pub fn complete(&mut self, account_id: String) {
        let answers = &mut self.answers;
        answers.password_hash.zeroize();
        answers.consents.clear();
        answers.unit = None;
        answers.identity = None;
        answers.bank = None;
        answers.documents_tried.clear();
        answers.account_id = Some(account_id);
        answers.proof = Proof::default();
        self.stage = Stage::Completed;
    }
}

/// Whether what will be claimed for the account is free: a person's document,
/// a unit's credit code. An agent's document is not claimed: an agent may have
/// an account of his own.
fn claim_is_free(tx: &mut Tx<'_>, draft: &Draft, document: &IdDocument) -> Result<(), Stop> {
    if let Some(unit) = draft.unit()? {
        let taken = accounts::credit_code_in_use(tx, &unit.credit_code)?;
        return refuse_taken(taken, ProblemCode::CreditCodeInUse);
    }
    refuse_taken(accounts::document_in_use(tx, document)?, ProblemCode::DocumentInUse)
}

/// Refuses what belongs to another account; what was counted stays.
pub fn refuse_taken(taken: bool, code: ProblemCode) -> Result<(), Stop> {
    if taken { Err(Stop::keep(Problem::new(code))) } else { Ok(()) }
}

/// Counts a document or credit code that was not tried before, and refuses
/// more of them than a draft may try.
pub fn count_tried(core: &Core, draft: &mut Draft, key: &str) -> Result<(), Stop> {
    let index = core.keyring.blind(crate::tools::crypto::Purpose::Document, key);
    let most = core.settings.limits.documents_per_flow as usize;
    let tried = &mut draft.answers.documents_tried;
    if tried.iter().any(|one| index.matches(one)) {
        return Ok(());
    }
    if tried.len() >= most {
        return Err(Stop::keep(Problem::new(ProblemCode::DocumentAttemptsExceeded)));
    }
    tried.push(index.as_str().to_owned());
    Ok(())
}

/// Whether a claim that is taken is told at step 2, or only when ownership was
/// proved.
pub fn tells_at_identity_step(core: &Core) -> bool {
    core.settings.registration.duplicate_document == DuplicateDocument::IdentityStep
}
