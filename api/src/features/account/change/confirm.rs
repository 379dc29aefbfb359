//! The code: the account is changed, all of it in one transaction.

use std::collections::BTreeSet;

use super::{
    draft::{Change, Part, Stage},
    enter::refuse_held,
};
use crate::{
    capabilities::{
        accounts,
        audit::{AuditKind, AuditSubject},
        core::{Stop, Tx},
        events::{self, EventKind},
        flows::{self, busy, not_found, wrong_stage},
        outbox,
        proving::{prove_phone, settled},
        sessions::Session,
    },
    features::account::{
        own, still_signed_in,
        view::{self, AccountView},
    },
    kernel::ids::FlowId,
    tools::{identity::OtpCode, ports::Notice},
};

/// Redeems the code and changes the account: all of it, or nothing. A refusal
/// is kept: a wrong try counts.
pub(super) fn confirm(
    tx: &mut Tx<'_>,
    session: &Session,
    code: Option<&OtpCode>,
) -> Result<AccountView, Stop> {
    let account = own(tx, session)?;
    let id = FlowId::of_account(account.id);
    let mut change: Change = flows::find(tx, id)?.ok_or_else(not_found)?;
    if change.answers.based_on != account.version() {
        // Somebody else has changed the account, or its password, meanwhile.
        flows::remove(tx.conn, id)?;
        return Err(Stop::Keep(not_found()));
    }
    refuse_held(&account, tx.now)?;
    if change.stage != Stage::Code {
        return Err(wrong_stage(change.stage).into());
    }
    let elements = change.elements()?;
    let phone = prove_phone(tx, &mut change, &elements, code)?;
    let bank = settled(tx.core, &change, &elements)?;
    let agent = change.answers.agent.map(|agent| (agent.gender, agent.birth_date));
    let changes = accounts::Change { elements: &elements, agent };
    let proofs = ((&bank, &phone), tx.now);
    // Whatever else was quicker: the code is not used up, and the next try
    // finds out.
    if !accounts::change(tx, &account, &changes, proofs.0)? || !flows::complete(tx.conn, &change)? {
        return Err(busy().into());
    }
    outbox::notify(tx, &account.elements.phone, Notice::DetailsChanged)?;
    let parts = change.answers.changed_codes();
    let subject = AuditSubject { detail: Some(&parts), ..AuditSubject::account(account.id) };
    tx.audit(AuditKind::ProfileChanged, subject)?;
    for kind in told(&change.answers.changed) {
        events::emit(tx, account.id, kind)?;
    }
    still_signed_in(tx.conn, session, tx.now)?;
    Ok(view::of(tx, session)?)
}

/// What business systems are told of a change.
fn told(changed: &[Part]) -> BTreeSet<EventKind> {
    let kind = |part: &Part| match part {
        Part::Name => EventKind::NameChanged,
        Part::Phone => EventKind::PhoneChanged,
        Part::Agent => EventKind::UnitChanged,
        Part::BankCode | Part::CardNumber => EventKind::AccountChanged,
    };
    changed.iter().map(kind).collect()
}
