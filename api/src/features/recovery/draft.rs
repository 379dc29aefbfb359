//! A recovery: who somebody claims to be, and what was proved so far.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::claim::{Claim, DocumentAnswers};
use crate::{
    capabilities::{
        accounts::{Elements, Kind as UserType},
        core::{Core, Tx},
        flows::{self, Flow, Kind, wrong_stage},
        proving::{
            Proof, Proving,
            answers::{BankAnswers, WhoAnswers, elements},
        },
        security_questions::{self, Enrolled},
    },
    kernel::{
        Timestamp,
        ids::{AccountId, ChallengeId},
    },
    tools::{db::DbFault, ports::SmsPurpose, web::Problem},
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
pub type Draft = Flow<Answers>;

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
    /// Keyed hashes of the documents tried.
    #[zeroize(skip)]
    pub documents_tried: Vec<String>,
    /// The code that was asked for last.
    #[zeroize(skip)]
    pub challenge: Option<ChallengeId>,
    pub codes_sent: u32,
    /// Whose account it is, once that is proved: nothing is told or reset
    /// before.
    #[zeroize(skip)]
    pub proved: Option<Proved>,
    /// 手机号已停用？
    pub replacement: Option<Replacement>,
    pub phone_replaced: bool,
    /// What was proved of the replacement.
    pub replacement_proof: Proof,
}

/// Proof of whose account it is.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Proved {
    pub account: AccountId,
    /// A password that was set later takes its force away.
    pub at: Timestamp,
    /// When the questions were chosen that were answered for it: others take
    /// its force away too.
    #[serde(default)]
    pub questions_set_at: Option<Timestamp>,
}

/// 手机号已停用？: the four elements with the new phone.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Replacement {
    pub who: WhoAnswers,
    pub bank: BankAnswers,
    /// The bank has matched: a code is waited for.
    pub waits_for_code: bool,
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

    fn codes_sent(&self) -> u32 {
        self.codes_sent + self.replacement_proof.codes_sent
    }

    fn elements(flow: &Draft) -> Result<Option<Elements>, DbFault> {
        let Some(replacement) = &flow.answers.replacement else { return Ok(None) };
        let latest = flow.absolute_expires_at.date_naive();
        elements(&replacement.who, &replacement.bank, latest).map(Some).map_err(|_| flow.bad())
    }

    fn asking(flow: &mut Draft) {
        if let Some(replacement) = &mut flow.answers.replacement {
            replacement.waits_for_code = false;
        }
    }

    fn matched(flow: &mut Draft) {
        if let Some(replacement) = &mut flow.answers.replacement {
            replacement.waits_for_code = true;
        }
    }
}

impl Answers {
    /// Nothing typed and nothing proved.
    pub fn new(goal: Goal) -> Self {
        Self {
            goal,
            user_type: UserType::Person,
            username: None,
            method: None,
            claim: None,
            documents_tried: Vec::new(),
            challenge: None,
            codes_sent: 0,
            proved: None,
            replacement: None,
            phone_replaced: false,
            replacement_proof: Proof::default(),
        }
    }
}

impl Draft {
    /// Refuses what is not to be done at this stage.
    pub fn require(&self, stages: &[Stage]) -> Result<(), Problem> {
        if stages.contains(&self.stage) { Ok(()) } else { Err(wrong_stage(self.stage)) }
    }

    /// The security questions of whoever has the username; of whoever was
    /// proved, when they are a second step.
    pub fn enrolled(&self, tx: &mut Tx<'_>) -> Result<Option<Enrolled>, DbFault> {
        match self.answers.proved {
            Some(proved) => security_questions::find(tx.conn, proved.account),
            None => security_questions::find_by_username(tx, &self.username_key()),
        }
    }

    /// What is compared of the username; empty when none was asked for.
    pub fn username_key(&self) -> String {
        self.answers.username.as_deref().unwrap_or_default().to_lowercase()
    }

    /// The new phone takes the place of the one that was typed, and whatever
    /// was sent to the old one is worth nothing.
    pub fn phone_was_replaced(&mut self) {
        let Some(replacement) = self.answers.replacement.take() else { return };
        let answers = &mut self.answers;
        answers.challenge = None;
        answers.phone_replaced = true;
        // Whoever has proved who he is may correct himself.
        answers.documents_tried.clear();
        answers.replacement_proof.forget();
        let claim = match (answers.goal, &answers.claim) {
            (Goal::Username, Some(Claim::Unit { .. })) => return,
            (Goal::Username, _) => Claim::Person(replacement.who.clone()),
            (Goal::Password, _) => Claim::DocumentAndPhone {
                document: DocumentAnswers::of_person(&replacement.who),
                phone: replacement.bank.phone.clone(),
            },
        };
        answers.claim = Some(claim);
    }

    /// Back to the choice of a method: what was proved does not hold any more.
    pub fn begin_anew(&mut self) {
        self.answers.proved = None;
        self.answers.challenge = None;
        self.answers.method = None;
        self.stage = Stage::Method;
    }

    /// Nothing personal is kept once all is done.
    pub fn complete(&mut self) {
        let answers = &mut self.answers;
        answers.claim = None;
        answers.documents_tried.clear();
        answers.challenge = None;
        answers.replacement = None;
        answers.replacement_proof.forget();
        self.stage = Stage::Done;
    }
}
