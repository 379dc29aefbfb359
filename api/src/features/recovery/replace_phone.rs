//! 手机号已停用？: the bank and the new phone prove who somebody is; then the
//! phone of the account is replaced.

use super::{
    claim::Claim,
    draft::{Answers, Draft, Goal, Stage},
    dto::ReplacePhone,
    problems::{changes_held, replacement_refused},
};
use crate::{
    capabilities::{
        accounts::{self, Account, Change, Elements, Known},
        audit::{AuditKind, AuditSubject},
        core::{Stop, Tx},
        events::{self, EventKind},
        flows::{busy, wrong_stage},
        otp, outbox,
        proving::{Proving, prove_phone, settled},
    },
    tools::{
        db::DbFault,
        identity::{CreditCode, IdDocument, OtpCode, UnitName},
        ports::Notice,
        web::Problem,
    },
};

/// What puts the four elements into a recovery.
pub(super) fn enter(
    body: ReplacePhone,
) -> impl FnOnce(&mut Tx<'_>, &mut Draft) -> Result<(), Stop> + Send + 'static {
    move |tx, draft| {
        may_replace(draft)?;
        draft.answers.replacement = Some(body.parse(draft, tx.now.date_naive())?);
        Ok(())
    }
}

/// On the pages that ask for the code of the old phone.
fn may_replace(draft: &Draft) -> Result<(), Problem> {
    match draft.answers.goal {
        Goal::Username => draft.require(&[Stage::Code]),
        Goal::Password => draft.require(&[Stage::Identity, Stage::Code]),
    }
}

/// Redeems the code and replaces the phone: all of it, or nothing.
pub(super) fn confirm(
    tx: &mut Tx<'_>,
    draft: &mut Draft,
    code: Option<&OtpCode>,
) -> Result<(), Stop> {
    if draft.answers.replacement.is_none() && draft.answers.phone_replaced {
        // Asked again after the answer was lost.
        return Ok(());
    }
    may_replace(draft)?;
    let waits = draft.answers.replacement.as_ref().is_some_and(|entered| entered.waits_for_code);
    let (Some(elements), true) = (Answers::elements(draft)?, waits) else {
        return Err(wrong_stage(draft.stage).into());
    };
    let phone_proved = prove_phone(tx, draft, &elements, code)?;
    let bank_matched = settled(tx.core, draft, &elements)?;
    let changeable = changeable(tx, draft, &elements);
    if let Err(Stop::Keep(_)) = changeable {
        // Not to be asked again and again whose document it is.
        draft.answers.replacement_proof.forget();
        Answers::asking(draft);
    }
    let account = changeable?;
    let change = Change { elements: &elements, agent: None };
    let proofs = (&bank_matched, &phone_proved);
    if !accounts::change(tx, &account, &change, proofs)? {
        return Err(busy().into());
    }
    outbox::notify(tx, &account.elements.phone, Notice::PhoneReplaced)?;
    let subject = AuditSubject { account: Some(account.id), ..AuditSubject::flow(draft.id) };
    tx.audit(AuditKind::PhoneReplaced, subject)?;
    events::emit(tx, account.id, EventKind::PhoneChanged)?;
    otp::kill(tx.conn, draft.id, draft.purpose())?;
    draft.phone_was_replaced();
    Ok(())
}

/// The account of the person proved, if it is the one that is recovered and
/// may be changed.
fn changeable(tx: &mut Tx<'_>, draft: &Draft, elements: &Elements) -> Result<Account, Stop> {
    let Some(account) = recovered(tx, draft, &elements.document)? else {
        return Err(Stop::Keep(replacement_refused()));
    };
    match account.changes_held_until {
        Some(until) if until > tx.now => Err(Stop::Keep(changes_held(until))),
        _ => Ok(account),
    }
}

/// The account that is recovered, if this document is its person's or, for a
/// unit, its agent's.
fn recovered(
    tx: &mut Tx<'_>,
    draft: &Draft,
    document: &IdDocument,
) -> Result<Option<Account>, DbFault> {
    let bad = |_| draft.bad();
    match (draft.answers.goal, &draft.answers.claim) {
        (Goal::Password, _) => {
            let username = draft.username_key();
            accounts::find_held(tx, Known::Username(&username), document)
        }
        (Goal::Username, Some(Claim::Unit { name, credit_code })) => {
            let name = UnitName::parse(name).map_err(bad)?;
            let key = CreditCode::parse(credit_code).map_err(bad)?.uniqueness_key();
            let found = accounts::find_held(tx, Known::Claimed(&key), document)?;
            Ok(found.filter(|account| account.is_unit_named(&name)))
        }
        (Goal::Username, Some(Claim::Person(who))) => {
            let key = document.uniqueness_key();
            let latest = draft.absolute_expires_at.date_naive();
            let (_, claimed) = who.parse(latest).map_err(|_| draft.bad())?;
            let same = claimed.uniqueness_key() == key;
            let own = if same { accounts::find_by_document(tx, &key)? } else { None };
            Ok(own.filter(|account| account.unit.is_none()))
        }
        (Goal::Username, _) => Ok(None),
    }
}
