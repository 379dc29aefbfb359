//! A recovery: who somebody claims to be, and what was proved so far.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    accounts::{self, Account, Elements, Kind as UserType},
    core::Core,
    db::{Conn, DbFault},
    flows::{self, Flow, Kind},
    identity::{CreditCode, DocumentType, IdDocument, Phone, UnitName},
    kernel::{
        Timestamp,
        ids::{ChallengeId, FlowId},
    },
    ports::SmsPurpose,
    proving::{
        Proof, Proving,
        answers::{BankAnswers, WhoAnswers, elements},
    },
};

/// What is to be recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecoveryGoal)]
pub enum Goal {
    /// 找回用户名.
    Username,
    /// 找回密码.
    Password,
}

/// How somebody who forgot the password proves who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecoveryMethod)]
pub enum Method {
    /// 证件号码+手机验证码.
    DocumentAndSms,
    /// 密保问题.
    SecurityQuestions,
}

/// Where a recovery stands: what is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecoveryStage)]
pub enum Stage {
    /// 选择找回方式.
    Method,
    /// 验证身份: document and phone.
    Identity,
    /// 验证手机校验码, or 验证身份 with the code.
    Code,
    /// 验证身份 by security questions.
    Questions,
    /// 重置密码.
    Reset,
    /// 找回用户名成功, or 重置成功.
    Done,
}

impl flows::Stage for Stage {
    const ALL: &'static [Self] =
        &[Self::Method, Self::Identity, Self::Code, Self::Questions, Self::Reset, Self::Done];

    fn code(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Identity => "identity",
            Self::Code => "code",
            Self::Questions => "questions",
            Self::Reset => "reset",
            Self::Done => "done",
        }
    }
}

/// One recovery.
pub type Recovery = Flow<Answers>;

/// What was typed and proved, as it is sealed in the database. Nothing in it
/// says whether there is such an account: nobody looks before a message is
/// sent or something is proved.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Answers {
    #[zeroize(skip)]
    pub goal: Goal,
    #[zeroize(skip)]
    pub user_type: UserType,
    /// As typed, of whoever forgot the password.
    pub username: Option<String>,
    #[zeroize(skip)]
    pub method: Option<Method>,
    /// Who somebody claims to be.
    pub claim: Option<Claim>,
    /// The code that was asked for last.
    #[zeroize(skip)]
    pub challenge: Option<ChallengeId>,
    pub codes_sent: u32,
    /// Keyed hash of the phone whose code was entered.
    pub phone_proved: Option<String>,
    /// The account whose owner was proved: set before a password may be set.
    pub account: Option<String>,
    /// 手机号已停用？
    pub replacement: Option<Replacement>,
    /// What was proved of the replacement.
    pub replacement_proof: Proof,
}

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
        /// Phone.
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

/// 手机号已停用？: the four elements with the new phone.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Replacement {
    pub who: WhoAnswers,
    pub bank: BankAnswers,
    /// The bank has matched: a code is waited for.
    pub waits_for_code: bool,
    /// The phone was replaced.
    pub done: bool,
}

impl flows::Answers for Answers {
    type Stage = Stage;
    const KIND: Kind = Kind::Recovery;

    fn idle_minutes(core: &Core) -> u32 {
        core.settings.recovery.minutes
    }
}

impl Proving for Answers {
    const PURPOSE: SmsPurpose = SmsPurpose::PhoneReplacement;

    fn proof(&self) -> &Proof {
        &self.replacement_proof
    }

    fn proof_mut(&mut self) -> &mut Proof {
        &mut self.replacement_proof
    }

    fn elements(flow: &Recovery) -> Result<Option<Elements>, DbFault> {
        let Some(replacement) = &flow.answers.replacement else { return Ok(None) };
        let latest = flow.absolute_expires_at.date_naive();
        elements(&replacement.who, &replacement.bank, latest).map(Some).map_err(|_| flow.bad())
    }

    fn asking(flow: &mut Recovery) {
        if let Some(replacement) = &mut flow.answers.replacement {
            replacement.waits_for_code = false;
        }
    }

    fn matched(flow: &mut Recovery) {
        if let Some(replacement) = &mut flow.answers.replacement {
            replacement.waits_for_code = true;
        }
    }
}

impl DocumentAnswers {
    /// What is compared; `None` when it cannot be read back.
    fn uniqueness_key(&self, latest: chrono::NaiveDate) -> Option<String> {
        let Some(kind) = self.document_type else {
            return CreditCode::parse(&self.number).ok().map(|code| code.uniqueness_key());
        };
        let country = self.issuing_country.as_deref();
        IdDocument::parse(kind, &self.number, country, latest)
            .ok()
            .map(|document| document.uniqueness_key())
    }
}

impl Recovery {
    /// What the codes are for.
    pub fn purpose(&self) -> SmsPurpose {
        match self.answers.goal {
            Goal::Username => SmsPurpose::UsernameRecovery,
            Goal::Password => SmsPurpose::PasswordRecovery,
        }
    }

    /// Who is claimed, for counting messages: a document or a username.
    pub fn claim_key(&self) -> String {
        let latest = self.absolute_expires_at.date_naive();
        match (&self.answers.claim, &self.answers.username) {
            (_, Some(username)) => format!("username:{}", username.to_lowercase()),
            (Some(Claim::Person(who)), _) => {
                who.parse(latest).map(|(_, document)| document.uniqueness_key()).unwrap_or_default()
            }
            (Some(Claim::Unit { credit_code, .. }), _) => credit_code.clone(),
            _ => String::new(),
        }
    }

    /// The account of whom somebody claims to be: only when everything typed
    /// is right. To be asked where its answer does not show.
    pub fn claimed(&self, core: &Core, conn: &mut Conn) -> Result<Option<Account>, DbFault> {
        let latest = self.absolute_expires_at.date_naive();
        match &self.answers.claim {
            None => Ok(None),
            Some(Claim::Person(who)) => {
                let (name, document) = who.parse(latest).map_err(|_| self.bad())?;
                let found = accounts::find_by_document(core, conn, &document.uniqueness_key())?;
                Ok(found.filter(|account| {
                    account.unit.is_none() && account.elements.name.key() == name.key()
                }))
            }
            Some(Claim::Unit { name, credit_code }) => {
                let bad = |_| self.bad();
                let name = UnitName::parse(name).map_err(bad)?;
                let code = CreditCode::parse(credit_code).map_err(bad)?;
                let found = accounts::find_by_document(core, conn, &code.uniqueness_key())?;
                Ok(found.filter(|account| {
                    account.unit.as_ref().is_some_and(|unit| unit.name.key() == name.key())
                }))
            }
            Some(Claim::DocumentAndPhone { document, phone }) => {
                let username = self.answers.username.as_deref().unwrap_or_default();
                let found = accounts::find_by_username(core, conn, &username.to_lowercase())?;
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
pub fn is_document_of(account: &Account, uniqueness_key: &str) -> bool {
    let unit = account.unit.as_ref().map(|unit| unit.credit_code.uniqueness_key());
    account.elements.document.uniqueness_key() == uniqueness_key
        || unit.as_deref() == Some(uniqueness_key)
}

/// Whom a code of a recovery goes to, if anybody.
pub fn addressee(
    core: &Core,
    conn: &mut Conn,
    id: FlowId,
    now: Timestamp,
) -> Result<Option<Phone>, DbFault> {
    let Some(recovery) = flows::find::<Answers>(core, conn, id, now)? else { return Ok(None) };
    Ok(recovery.claimed(core, conn)?.map(|account| account.elements.phone.clone()))
}
