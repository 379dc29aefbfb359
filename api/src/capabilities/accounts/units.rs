//! What a unit has besides its agent.

use serde::{Deserialize, Serialize};

use super::{NewUnit, store};
use crate::{
    capabilities::core::{Core, Stop, Tx, corrupt},
    kernel::{Timestamp, ids::AccountId},
    tools::{
        crypto::Place,
        db::DbFault,
        identity::{CreditCode, PersonName, UnitName},
    },
};

/// Whether an operator lets a unit sign in to business systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitState {
    /// Nobody has looked at it yet.
    Pending,
    /// It may.
    Approved,
    /// It may not; the reason says why.
    Rejected,
}

impl UnitState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Approved, Self::Rejected];

    /// The name that is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The state with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// A unit.
#[derive(Debug)]
pub struct Unit {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: UnitName,
    /// Its code.
    pub credit_code: CreditCode,
    /// Who stands for it.
    pub legal_representative: PersonName,
    /// What an operator has decided.
    pub state: UnitState,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// When it registered.
    pub created_at: Timestamp,
    /// When an operator decided.
    pub decided_at: Option<Timestamp>,
}

fn place<'a>(column: &'static str, row: &'a str) -> Place<'a> {
    Place { table: "units", column, row }
}

pub(super) fn insert(tx: &mut Tx<'_>, id: &str, unit: &NewUnit) -> Result<(), DbFault> {
    let legal = unit.legal_representative.raw();
    let row = store::UnitRow {
        account_id: id.to_owned(),
        name_sealed: tx.core.seal(place("name_sealed", id), unit.name.as_str())?,
        credit_code_sealed: tx
            .core
            .seal(place("credit_code_sealed", id), unit.credit_code.as_str())?,
        legal_representative_sealed: tx
            .core
            .seal(place("legal_representative_sealed", id), legal)?,
        state: UnitState::Pending.code().to_owned(),
        reason_sealed: None,
        created_at: tx.now.naive_utc(),
        decided_at: None,
    };
    store::insert_unit(tx.conn, &row)
}

pub(super) fn get(tx: &mut Tx<'_>, id: &str) -> Result<Unit, DbFault> {
    let row = store::find_unit(tx.conn, id)?.ok_or_else(|| corrupt(place("account_id", id)))?;
    opened(tx.core, &row)
}

fn opened(core: &Core, row: &store::UnitRow) -> Result<Unit, DbFault> {
    let id = row.account_id.as_str();
    let open = |column, sealed: &[u8]| core.open(place(column, id), sealed);
    let bad = |column| corrupt(place(column, id));
    Ok(Unit {
        account: id.parse().map_err(|_| bad("account_id"))?,
        name: UnitName::parse(&open("name_sealed", &row.name_sealed)?)
            .map_err(|_| bad("name_sealed"))?,
        credit_code: CreditCode::parse(&open("credit_code_sealed", &row.credit_code_sealed)?)
            .map_err(|_| bad("credit_code_sealed"))?,
        legal_representative: PersonName::parse(&open(
            "legal_representative_sealed",
            &row.legal_representative_sealed,
        )?)
        .map_err(|_| bad("legal_representative_sealed"))?,
        state: UnitState::from_code(&row.state).ok_or_else(|| bad("state"))?,
        reason: row
            .reason_sealed
            .as_deref()
            .map(|sealed| open("reason_sealed", sealed))
            .transpose()?,
        created_at: row.created_at.and_utc(),
        decided_at: row.decided_at.map(|at| at.and_utc()),
    })
}

/// Units in this state (or in any), the oldest first.
pub fn list_units(tx: &mut Tx<'_>, state: Option<UnitState>) -> Result<Vec<Unit>, DbFault> {
    let rows = store::units(tx.conn, state.map(UnitState::code))?;
    rows.iter().map(|row| opened(tx.core, row)).collect()
}

/// Why nothing was decided about a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDecided {
    /// There is no such unit, or it is in this state already.
    #[error("there is no such unit in another state")]
    Unchanged,
    /// It was rejected, and its credit code belongs to another account now.
    #[error("its credit code belongs to another account now")]
    CodeInUse,
}

/// Decides about a unit that is in another state. A rejected unit gives its
/// credit code back, so that the right people can register it. A refusal rolls
/// the transaction back.
pub fn decide_unit(
    tx: &mut Tx<'_>,
    account: AccountId,
    state: UnitState,
    reason: Option<&str>,
) -> Result<Unit, Stop<NotDecided>> {
    let id = account.to_string();
    let reason =
        reason.map(|reason| tx.core.seal(place("reason_sealed", &id), reason)).transpose()?;
    if !store::decide_unit(tx.conn, (&id, state.code(), reason), tx.now)? {
        return Err(Stop::Undo(NotDecided::Unchanged));
    }
    let unit = get(tx, &id)?;
    let index = super::document_index(tx.core, &unit.credit_code.uniqueness_key());
    if state == UnitState::Rejected {
        store::release_document(tx.conn, index.as_str(), &id)?;
    } else if store::document_owner(tx.conn, index.as_str())?.is_none_or(|owner| owner != id)
        && !store::claim_document(tx.conn, index.as_str(), &id)?
    {
        return Err(Stop::Undo(NotDecided::CodeInUse));
    }
    Ok(unit)
}
