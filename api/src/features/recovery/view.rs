//! A recovery as its owner sees it. Nothing in it tells whether there is such
//! an account before that is proved.

use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

use super::draft::{Answers, Draft, Goal, Method, Stage};
use crate::{
    capabilities::{
        accounts::Kind as UserType,
        core::Tx,
        flows::Walk,
        otp,
        proving::{Proving, Remaining, SentCode},
        security_questions::{Question, question},
    },
    kernel::{Timestamp, ids::FlowId},
    tools::db::DbFault,
};

/// A recovery in progress.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recovery {
    /// Id.
    #[schema(value_type = String, format = Uuid)]
    pub(super) id: FlowId,
    /// What for.
    goal: Goal,
    /// What is to be done next.
    stage: Stage,
    /// When it began.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
    /// When it is erased, whatever happens.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:15:00Z")]
    expires_at: Timestamp,
    /// As typed, to find a password. A username that was found comes by SMS.
    #[schema(required, example = "wangxiaoming")]
    username: Option<String>,
    /// How a forgotten password is recovered, once chosen.
    #[schema(required)]
    method: Option<Method>,
    /// Who somebody claims to be.
    user_type: UserType,
    /// The questions to be answered, at their stage.
    #[schema(required)]
    questions: Option<Vec<Question>>,
    /// The code that was asked for last, while it can be entered.
    #[schema(required)]
    code: Option<RecoveryCode>,
    /// 手机号已停用？, once it was begun.
    #[schema(required)]
    phone_replacement: Option<PhoneReplacement>,
    /// What may still be tried.
    remaining: RecoveryRemaining,
    /// For the `Flow-Token` header; only in the answer that began the recovery,
    /// and only when the request said `Flow-Client: app`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "01935e0c-7f4e-7c5a-8a53-0242ac120002.h6Z0c1vX…")]
    pub(super) flow_token: Option<String>,
}

/// A code that was asked for. To which phone, and whether to any, is not said.
#[derive(Debug, Serialize, ToSchema)]
struct RecoveryCode {
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    requested_at: Timestamp,
    /// When it stops being accepted.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:02:00Z")]
    expires_at: Timestamp,
    /// When another one may be asked for.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:01:00Z")]
    resend_at: Timestamp,
    #[schema(example = 5)]
    attempts_left: u32,
}

/// What the replacement of a phone waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PhoneReplacementStage {
    /// Name, document, bank, card and the new phone.
    Bank,
    /// The code.
    Code,
}

/// The replacement of a phone on the way.
#[derive(Debug, Serialize, ToSchema)]
struct PhoneReplacement {
    stage: PhoneReplacementStage,
    /// The code that was sent to the new phone.
    #[schema(required)]
    code: Option<SentCode>,
    remaining: Remaining,
    /// The phone was replaced; the recovery goes on with the new one.
    done: bool,
}

/// What may still be tried.
#[derive(Debug, Serialize, ToSchema)]
struct RecoveryRemaining {
    /// Messages.
    #[schema(example = 4)]
    sms: u32,
}

impl Walk for Answers {
    type View = Recovery;

    fn view(tx: &mut Tx<'_>, flow: &Draft) -> Result<Recovery, DbFault> {
        of(tx, flow)
    }
}

/// Shows a recovery.
pub(super) fn of(tx: &mut Tx<'_>, draft: &Draft) -> Result<Recovery, DbFault> {
    let answers = &draft.answers;
    let username = match answers.goal {
        Goal::Username => None,
        Goal::Password => answers.username.clone(),
    };
    Ok(Recovery {
        id: draft.id,
        goal: answers.goal,
        stage: draft.stage,
        created_at: draft.created_at,
        expires_at: draft.expires_at,
        username,
        method: answers.method,
        user_type: answers.user_type,
        questions: questions(tx, draft)?,
        code: code(tx, draft)?,
        phone_replacement: replacement(tx, draft)?,
        remaining: RecoveryRemaining {
            sms: tx.core.settings.limits.sms_per_flow.saturating_sub(answers.codes_sent()),
        },
        flow_token: None,
    })
}

fn questions(tx: &mut Tx<'_>, draft: &Draft) -> Result<Option<Vec<Question>>, DbFault> {
    if draft.stage != Stage::Questions {
        return Ok(None);
    }
    let enrolled = draft.enrolled(tx)?;
    Ok(enrolled
        .map(|enrolled| enrolled.questions.iter().filter_map(|id| question(id)).cloned().collect()))
}

fn code(tx: &mut Tx<'_>, draft: &Draft) -> Result<Option<RecoveryCode>, DbFault> {
    let (Some(id), Stage::Code) = (draft.answers.challenge, draft.stage) else { return Ok(None) };
    let resend = TimeDelta::seconds(tx.core.settings.sms.resend_seconds.into());
    Ok(otp::find(tx, id)?.map(|challenge| RecoveryCode {
        requested_at: challenge.requested_at,
        expires_at: challenge.expires_at,
        resend_at: challenge.requested_at + resend,
        attempts_left: challenge.tries_left,
    }))
}

fn replacement(tx: &mut Tx<'_>, draft: &Draft) -> Result<Option<PhoneReplacement>, DbFault> {
    let entered = draft.answers.replacement.as_ref();
    if entered.is_none() && !draft.answers.phone_replaced {
        return Ok(None);
    }
    let waits = entered.is_some_and(|entered| entered.waits_for_code);
    let code = match Answers::elements(draft)? {
        Some(elements) if waits => SentCode::of(tx, draft, &elements.phone)?,
        _ => None,
    };
    Ok(Some(PhoneReplacement {
        stage: if waits { PhoneReplacementStage::Code } else { PhoneReplacementStage::Bank },
        code,
        remaining: Remaining::of(tx.core, draft),
        done: entered.is_none(),
    }))
}
