//! A draft as its owner sees it: masked.

use chrono::Datelike;
use serde::Serialize;
use utoipa::ToSchema;

use super::draft::{Answers, Draft, Stage};
use crate::{
    capabilities::{
        accounts::Kind,
        audit::AuditKind,
        core::Tx,
        flows::Walk,
        proving::{self, Proving, SentCode},
    },
    kernel::{Timestamp, ids::FlowId},
    tools::{
        db::DbFault,
        identity::{DocumentType, Gender},
    },
};

/// A registration in progress. Personal data is masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registration {
    /// Id.
    #[schema(value_type = String, format = Uuid)]
    id: FlowId,
    /// What is to be done next.
    stage: Stage,
    /// When it began.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
    /// When it is erased if nothing happens; each accepted step moves it on.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    expires_at: Timestamp,
    /// When it is erased in any case.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    absolute_expires_at: Timestamp,
    /// The chosen username.
    #[schema(example = "wangxiaoming")]
    username: String,
    /// Who registers.
    user_type: Kind,
    /// Step 2 of a unit, once done.
    #[schema(required)]
    unit: Option<MaskedUnit>,
    /// Step 2, once done; of a unit's agent.
    #[schema(required)]
    identity: Option<MaskedIdentity>,
    /// Step 3, once begun.
    #[schema(required)]
    bank: Option<MaskedBank>,
    /// The code that was sent last, while it can be entered.
    #[schema(required)]
    code: Option<SentCode>,
    /// What may still be tried in this registration.
    remaining: RegistrationRemaining,
    /// Where the person came from.
    #[schema(required, example = json!(null))]
    return_to: Option<String>,
    /// For the `Flow-Token` header; only in the answer that created the draft,
    /// and only when the request said `Flow-Client: app`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "01935e0c-7f4e-7c5a-8a53-0242ac120002.h6Z0c1vX…")]
    pub(super) flow_token: Option<String>,
}

/// Step 2 of a unit; what a certificate on the wall says is not masked.
#[derive(Debug, Serialize, ToSchema)]
struct MaskedUnit {
    #[schema(example = "深圳市测试科技有限公司")]
    name: String,
    #[schema(example = "914403001922038216")]
    credit_code: String,
    #[schema(example = "张**")]
    legal_representative: String,
}

/// Step 2, masked.
#[derive(Debug, Serialize, ToSchema)]
struct MaskedIdentity {
    #[schema(example = "王**")]
    name: String,
    document_type: DocumentType,
    #[schema(example = "4403**********0014")]
    document_number: String,
    /// ISO 3166-1 alpha-3, for foreign passports.
    #[schema(required, example = json!(null))]
    issuing_country: Option<String>,
    gender: Gender,
    /// The year only: with the rest the masked number could be completed.
    #[schema(example = "1990-**-**")]
    birth_date: String,
}

/// Step 3, masked.
#[derive(Debug, Serialize, ToSchema)]
struct MaskedBank {
    #[schema(example = "CCB")]
    bank_code: String,
    #[schema(example = "**** 0004")]
    card_number: String,
    #[schema(example = "138****8000")]
    phone: String,
}

/// What may still be tried.
#[derive(Debug, Serialize, ToSchema)]
struct RegistrationRemaining {
    /// Different document numbers.
    #[schema(example = 2)]
    documents: u32,
    #[serde(flatten)]
    proof: proving::Remaining,
}

impl Walk for Answers {
    type View = Registration;
    const ABANDONED: Option<AuditKind> = Some(AuditKind::RegistrationAbandoned);

    fn view(tx: &mut Tx<'_>, flow: &Draft) -> Result<Registration, DbFault> {
        of(tx, flow)
    }
}

/// Shows a draft.
pub(super) fn of(tx: &mut Tx<'_>, draft: &Draft) -> Result<Registration, DbFault> {
    let answers = &draft.answers;
    let tried = u32::try_from(answers.documents_tried.len()).unwrap_or(u32::MAX);
    let elements = Answers::elements(draft)?;
    let code = match &elements {
        Some(elements) if draft.stage == Stage::Code => SentCode::of(tx, draft, &elements.phone)?,
        _ => None,
    };
    Ok(Registration {
        id: draft.id,
        stage: draft.stage,
        created_at: draft.created_at,
        expires_at: draft.expires_at,
        absolute_expires_at: draft.absolute_expires_at,
        username: answers.username.clone(),
        user_type: answers.user_type,
        unit: draft.unit()?.map(|unit| MaskedUnit {
            name: unit.name.as_str().to_owned(),
            credit_code: unit.credit_code.as_str().to_owned(),
            legal_representative: unit.legal_representative.masked(),
        }),
        identity: draft.identity()?.map(|identity| MaskedIdentity {
            name: identity.name.masked(),
            document_type: identity.document.document_type(),
            document_number: identity.document.masked(),
            issuing_country: identity.document.issuing_country().map(str::to_owned),
            gender: identity.gender,
            birth_date: format!("{}-**-**", identity.birth_date.year()),
        }),
        code,
        bank: elements.map(|elements| MaskedBank {
            bank_code: elements.bank.code().to_owned(),
            card_number: elements.card.masked(),
            phone: elements.phone.masked(),
        }),
        remaining: RegistrationRemaining {
            documents: tx.core.settings.limits.documents_per_flow.saturating_sub(tried),
            proof: proving::Remaining::of(tx.core, draft),
        },
        return_to: answers.return_to.clone(),
        flow_token: None,
    })
}

impl Registration {
    /// Id of the draft.
    pub(super) fn id(&self) -> FlowId {
        self.id
    }
}
