//! A draft as its owner sees it: masked.

use chrono::{Datelike, TimeDelta};
use serde::Serialize;
use utoipa::ToSchema;

use super::draft::{Draft, Stage};
use crate::{
    core::Core,
    db::{Conn, DbFault},
    identity::{DocumentType, Gender},
    kernel::{Timestamp, ids::RegistrationId},
    otp::{self, Challenge},
};

/// A registration in progress. Personal data is masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registration {
    /// Id.
    #[schema(value_type = String, format = Uuid)]
    id: RegistrationId,
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
    /// Step 2, once done.
    #[schema(required)]
    identity: Option<MaskedIdentity>,
    /// Step 3, once begun.
    #[schema(required)]
    bank: Option<MaskedBank>,
    /// The code that was sent last, while it can be entered.
    #[schema(required)]
    code: Option<SentCode>,
    /// What may still be tried in this registration.
    remaining: Remaining,
    /// Where the person came from.
    #[schema(required)]
    return_to: Option<String>,
    /// For the `Flow-Token` header; only in the answer that created the draft,
    /// and only when the request said `Flow-Client: app`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub(super) flow_token: Option<String>,
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
    #[schema(required)]
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

/// A code on its way or in the phone.
#[derive(Debug, Serialize, ToSchema)]
struct SentCode {
    #[schema(example = "138****8000")]
    phone: String,
    #[schema(example = "8000")]
    phone_last4: String,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    requested_at: Timestamp,
    /// When it stops being accepted.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    expires_at: Timestamp,
    /// When another one may be asked for.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    resend_at: Timestamp,
    attempts_left: u32,
    /// Whether the code was accepted already and only the username must be
    /// changed.
    proved: bool,
}

/// What may still be tried.
#[derive(Debug, Serialize, ToSchema)]
struct Remaining {
    /// Different document numbers.
    documents: u32,
    /// Bank checks that fail.
    bank_checks: u32,
    /// Messages.
    sms: u32,
}

/// Shows a draft.
pub(super) fn of(core: &Core, conn: &mut Conn, draft: &Draft) -> Result<Registration, DbFault> {
    let challenge = match draft.answers.challenge {
        Some(id) => otp::find(core, conn, id)?,
        None => None,
    };
    let limits = &core.settings.limits;
    let answers = &draft.answers;
    let tried = u32::try_from(answers.documents_tried.len()).unwrap_or(u32::MAX);
    let reserved = draft.reserved()?;
    Ok(Registration {
        id: draft.id,
        stage: draft.stage,
        created_at: draft.created_at,
        expires_at: draft.expires_at,
        absolute_expires_at: draft.absolute_expires_at,
        username: answers.username.clone(),
        identity: draft.identity()?.map(|identity| MaskedIdentity {
            name: identity.name.masked(),
            document_type: identity.document.document_type(),
            document_number: identity.document.masked(),
            issuing_country: identity.document.issuing_country().map(str::to_owned),
            gender: identity.gender,
            birth_date: format!("{}-**-**", identity.birth_date.year()),
        }),
        code: reserved.as_ref().and_then(|reserved| {
            (draft.stage == Stage::Code)
                .then(|| sent_code(core, draft, (&reserved.phone, challenge)))
                .flatten()
        }),
        bank: reserved.map(|reserved| MaskedBank {
            bank_code: reserved.bank.code().to_owned(),
            card_number: reserved.card.masked(),
            phone: reserved.phone.masked(),
        }),
        remaining: Remaining {
            documents: limits.documents_per_flow.saturating_sub(tried),
            bank_checks: limits.bank_checks_per_flow.saturating_sub(answers.bank_checks_used),
            sms: limits.sms_per_flow.saturating_sub(answers.codes_sent),
        },
        return_to: answers.return_to.clone(),
        flow_token: None,
    })
}

fn sent_code(
    core: &Core,
    draft: &Draft,
    (phone, challenge): (&crate::identity::Phone, Option<Challenge>),
) -> Option<SentCode> {
    let proved = draft.answers.phone_proved;
    let (requested_at, expires_at, attempts_left) = match challenge {
        Some(challenge) => (challenge.requested_at, challenge.expires_at, challenge.tries_left),
        None if proved => (draft.created_at, draft.expires_at, 0),
        None => return None,
    };
    let resend = TimeDelta::seconds(core.settings.sms.resend_seconds.into());
    Some(SentCode {
        phone: phone.masked(),
        phone_last4: phone.last4().to_owned(),
        requested_at,
        expires_at,
        resend_at: requested_at + resend,
        attempts_left,
        proved,
    })
}

impl Registration {
    /// Id of the draft.
    pub(super) fn id(&self) -> RegistrationId {
        self.id
    }
}
