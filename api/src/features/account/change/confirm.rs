//! The code: the account is changed, all of it in one transaction.

use std::collections::BTreeSet;

use super::{
    draft::{Change, Part, Stage},
    enter::refuse_held,
};
use crate::{
    capabilities::{
        accounts,
        audit::{self, AuditKind, AuditSubject},
        core::Core,
        events::{self, EventKind},
        flows, outbox,
        proving::{busy, not_found, prove_phone, settled, wrong_stage},
        sessions::Session,
    },
    features::account::{
        own, still_signed_in,
        view::{self, AccountView},
    },
    kernel::ids::FlowId,
    tools::{
        db::Conn,
        identity::OtpCode,
        ports::Notice,
        web::{Problem, RequestMeta},
    },
};

/// Redeems the code and changes the account: all of it, or nothing. A refusal
/// inside is committed: a wrong try counts.
pub(super) fn confirm(
    core: &Core,
    conn: &mut Conn,
    (meta, session): (&RequestMeta, &Session),
    code: Option<&OtpCode>,
) -> Result<Result<AccountView, Problem>, Problem> {
    let account = own(core, conn, session)?;
    let id = FlowId::of_account(account.id);
    let mut change: Change = flows::find(core, conn, id, meta.now)?.ok_or_else(not_found)?;
    if change.answers.based_on != account.version() {
        // Somebody else has changed the account, or its password, meanwhile.
        flows::remove(conn, id)?;
        return Ok(Err(not_found()));
    }
    refuse_held(&account, meta.now)?;
    if change.stage != Stage::Code {
        return Err(wrong_stage(change.stage));
    }
    let elements = change.elements()?;
    let phone = match prove_phone(core, conn, (meta, &mut change, &elements), code)? {
        Ok(proof) => proof,
        Err(refused) => return Ok(Err(refused)),
    };
    let bank = settled(core, &change, &elements)?;
    let agent = change.answers.agent.map(|agent| (agent.gender, agent.birth_date));
    let changes = accounts::Change { elements: &elements, agent };
    let proofs = ((&bank, &phone), meta.now);
    // Whatever else was quicker: the code is not used up, and the next try
    // finds out.
    if !accounts::change(core, conn, (&account, &changes), proofs)?
        || !flows::complete(conn, &change)?
    {
        return Err(busy());
    }
    outbox::notify(core, conn, (&account.elements.phone, Notice::DetailsChanged), meta.now)?;
    let parts = change.answers.changed_codes();
    let subject = AuditSubject { detail: Some(&parts), ..AuditSubject::account(account.id) };
    audit::record(core, conn, meta, (AuditKind::ProfileChanged, subject))?;
    for kind in told(&change.answers.changed) {
        events::emit(core, conn, (account.id, kind), meta.now)?;
    }
    still_signed_in(conn, session, meta.now)?;
    view::of(core, conn, session, meta.now).map(Ok)
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
