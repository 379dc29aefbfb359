//! What the owner of a flow sees of its proof: masked.

use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

use super::Proving;
use crate::{
    capabilities::{
        core::{Core, Tx},
        flows::Flow,
        otp,
    },
    kernel::Timestamp,
    tools::{db::DbFault, identity::Phone},
};

/// A code on its way or in the phone.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentCode {
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
    #[schema(example = 5)]
    attempts_left: u32,
    /// Whether the code was accepted already and only something else is in
    /// the way.
    proved: bool,
}

/// What may still be tried.
#[derive(Debug, Serialize, ToSchema)]
pub struct Remaining {
    /// Bank checks that fail.
    #[schema(example = 5)]
    bank_checks: u32,
    /// Messages.
    #[schema(example = 4)]
    sms: u32,
}

impl Remaining {
    /// Of a flow.
    pub fn of<A: Proving>(core: &Core, flow: &Flow<A>) -> Self {
        let (limits, proof) = (&core.settings.limits, flow.answers.proof());
        Self {
            bank_checks: limits.bank_checks_per_flow.saturating_sub(proof.checks_used),
            sms: limits.sms_per_flow.saturating_sub(flow.answers.codes_sent()),
        }
    }
}

impl SentCode {
    /// The code of a flow that waits for one.
    pub fn of<A: Proving>(
        tx: &mut Tx<'_>,
        flow: &Flow<A>,
        phone: &Phone,
    ) -> Result<Option<Self>, DbFault> {
        let proof = flow.answers.proof();
        let challenge = match proof.challenge {
            Some(id) => otp::find(tx, id)?,
            None => None,
        };
        let (requested_at, expires_at, attempts_left) = match challenge {
            Some(challenge) => (challenge.requested_at, challenge.expires_at, challenge.tries_left),
            None if proof.proved_phone.is_some() => (flow.created_at, flow.expires_at, 0),
            None => return Ok(None),
        };
        let resend = TimeDelta::seconds(tx.core.settings.sms.resend_seconds.into());
        Ok(Some(Self {
            phone: phone.masked(),
            phone_last4: phone.last4().to_owned(),
            requested_at,
            expires_at,
            resend_at: requested_at + resend,
            attempts_left,
            proved: proof.proved_phone.is_some(),
        }))
    }
}
