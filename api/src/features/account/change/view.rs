//! A change as the account's owner sees it: masked.

use serde::Serialize;
use utoipa::ToSchema;

use super::draft::{Change, Part, Stage};
use crate::{
    capabilities::{
        core::Tx,
        proving::{Remaining, SentCode},
    },
    kernel::{Timestamp, ids::FlowId},
    tools::db::DbFault,
};

/// A change that waits for the bank or for its code. The values are those that
/// the account will have, masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountChange {
    /// The account's id: one change at a time.
    #[schema(value_type = String, format = Uuid)]
    id: FlowId,
    stage: Stage,
    /// What differs from the account.
    changed: Vec<Part>,
    #[schema(example = "王**")]
    name: String,
    #[schema(example = "CCB")]
    bank_code: String,
    #[schema(example = "**** 0004")]
    card_number: String,
    #[schema(example = "138****8000")]
    phone: String,
    /// The code that was sent last, while it can be entered.
    #[schema(required)]
    code: Option<SentCode>,
    /// What may still be tried: for the account, today.
    remaining: Remaining,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
    /// When it is given up if nothing happens.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    expires_at: Timestamp,
}

/// Shows a change.
pub(super) fn of(tx: &mut Tx<'_>, change: &Change) -> Result<AccountChange, DbFault> {
    let elements = change.elements()?;
    let code = match change.stage {
        Stage::Code => SentCode::of(tx, change, &elements.phone)?,
        Stage::Bank => None,
    };
    Ok(AccountChange {
        id: change.id,
        stage: change.stage,
        changed: change.answers.changed.clone(),
        name: elements.name.masked(),
        bank_code: elements.bank.code().to_owned(),
        card_number: elements.card.masked(),
        phone: elements.phone.masked(),
        code,
        remaining: Remaining::of(tx.core, change),
        created_at: change.created_at,
        expires_at: change.expires_at,
    })
}
